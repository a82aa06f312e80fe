"""Names with levels in them, `sport/ball/tennis`: how right a prediction is as far as each level."""

from __future__ import annotations

from typing import Any

import numpy as np

from tui_finetune.evaluation.classes import as_ids, count, ratio
from tui_finetune.plugin_api import Decoded


def level_report(decoded: Decoded, separator: str) -> dict[str, Any]:
    """`levels`: of each its number of names, accuracy and macro F1, names being cut after it; and `hierarchical_f1`: micro F1
    over all beginnings of the names (Kiritchenko, Matwin, Nock and Famili 2006). Empty without gold, or where no name has two."""
    paths = [tuple(name.split(separator)) for name in decoded.labels.names]
    deepest = max(map(len, paths), default=0)
    if decoded.gold is None or not len(decoded.gold) or deepest < 2:
        return {}
    gold, said = as_ids(decoded.gold), as_ids(decoded.predicted)
    levels = [_level(paths, level, gold, said) for level in range(1, deepest + 1)]
    depth = np.asarray([len(path) for path in paths])
    shared = sum(_shared(paths[g], paths[s]) for g, s in zip(gold, said, strict=True))
    f1 = float(ratio(2 * shared, depth[gold].sum() + depth[said].sum()))
    return {"levels": levels, "hierarchical_f1": f1}


def _level(paths: list[tuple[str, ...]], level: int, gold: np.ndarray, said: np.ndarray) -> dict[str, Any]:
    names = sorted({path[:level] for path in paths})
    place = {name: index for index, name in enumerate(names)}
    of = np.asarray([place[path[:level]] for path in paths])
    counts = count(of[gold], of[said], len(names))
    f1 = float(counts.f1()[counts.present].mean())
    return {"level": level, "labels": len(names), "accuracy": float(np.mean(of[gold] == of[said])), "f1": f1}


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many parts two names begin with alike."""
    alike = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        alike += 1
    return alike
