"""What is shown of pairs of answers: by margin, and one pair whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tui_finetune.builtin.tasks.reward import Reward
from tui_finetune.evaluation.preferences import BINS
from tui_finetune.live.evaluation_page import Measured
from tui_finetune.live.margin_page import margin_lines, pair_lines
from tui_finetune.live.row_page import row_lines
from tui_finetune.live.spans import Line, plain, width_of
from tui_finetune.plugin_api import LabelSet

ROW: dict[str, Any] = {
    "row_id": "a.json:3", "prompt": "Sum?\x1b[31m", "chosen": "Four. " * 30, "rejected": "Five.", "gold": "chosen",
    "predicted": "rejected", "score": 0.3, "margin": -0.75, "chosen_rating": 0.25, "rejected_rating": 1.0, "length": 4,
    "truncated": False,
}  # fmt: skip


def report() -> dict[str, Any]:
    raw = [np.array([margin, 0.0]) for margin in np.linspace(-1, 3, 41)]
    decoded = Reward().decode(raw, {"other_ids": [[1]] * 41}, LabelSet.of(["reward"]), {})
    return Reward().report(decoded)


def said(lines: list[Line]) -> list[str]:
    return [" ".join(plain(one).split()) for one in lines]


@pytest.mark.parametrize(("height", "bins"), [(40, BINS), (14, 8), (6, 2)])
def test_pairs_by_margin(height: int, bins: int) -> None:
    margins = report()["margins"]
    lines = margin_lines(margins, 60, height)
    assert sum(one.startswith("from ") for one in said(lines)) == bins
    counts = [int(one.split()[2].replace(",", "")) for one in said(lines) if one.startswith("from ")]
    assert sum(counts) == 41
    assert sum(counts[: bins // 2]) == 10, "those that are behind are in a half of their own"
    assert said(lines)[-1].endswith("11 pairs the wrong way round")
    assert all(width_of(one) <= 60 for one in lines)
    drawn = [plain(one) for one in margin_lines(margins, 60, height, ascii=True)]
    assert all(one.isascii() for one in drawn if "from " in one)


def test_nothing_to_draw() -> None:
    assert said(margin_lines({}, 60, 20))[0] == "pairs by margin"


def test_a_pair_whole() -> None:
    lines = row_lines(ROW, 3, "test", (), 60, ("x9", {**ROW, "margin": 0.5}))
    found = said(lines)
    assert "preferred 0.250" in found
    assert "other 1.000" in found
    assert found[-2:] == ["margin -0.750", "x9 margin 0.500"]
    assert all(width_of(one) <= 60 for one in lines)
    assert "\x1b" not in "".join(plain(one) for one in lines)
    assert pair_lines({**ROW, "prompt": None, "chosen_rating": None}, 60)


def test_a_report_of_pairs_has_parts() -> None:
    found = Measured("x/test", "x", "x", "name", "b2m7", "test", 0.0, {"task": "dpo", "rows": 41, **report()}, {})
    assert (found.parted, found.graded) == (True, False)
    assert found.margins["wrong"] == 11
