"""Rows made up: clean ones, to which a test adds what is to be found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tui_finetune.data.quality.material import Material, Roles, material

NOUNS = ["door", "lamp", "road", "bread", "window", "river", "train", "letter", "garden", "engine", "ticket", "bridge"]
VERBS = ["opens", "breaks", "turns", "waits", "falls", "grows", "shines", "closes", "moves", "stays"]
MORE = ["today", "slowly", "again", "somehow", "outside", "early", "night", "near", "home", "chance", "care", "twice"]

Row = tuple[Any, ...]


def clean(count: int, seed: int, marks: Sequence[str] = ("no", "yes")) -> list[Row]:
    """Texts that differ, with labels that no word of them tells, in no order."""
    draw = np.random.default_rng(seed)
    found: dict[str, str] = {}
    while len(found) < count:
        picked = [*draw.choice(NOUNS, 3), *draw.choice(VERBS, 2), *draw.choice(MORE, 4), f"{seed}x{len(found)}"]
        found.setdefault(" ".join(picked), str(draw.choice(marks)))
    return list(found.items())


def made(train: Sequence[Row], **others: Sequence[Row]) -> Material:
    """Splits of texts and labels; `None` for what is missing."""
    tables = {
        name: pa.table({"row_id": [f"{name}:{i}" for i in range(len(rows))], "text": [r[0] for r in rows],
                        "label": pa.array([r[1] for r in rows])})
        for name, rows in {"train": train, **others}.items()
    }  # fmt: skip
    return material(tables, {name: Roles(("text",), "label") for name in tables})
