"""Marked runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from tui_finetune.live.comparison import Comparison, compare, comparison_lines, side_of
from tui_finetune.live.comparison_chart import chart_lines
from tui_finetune.runs.info import RunInfo
from tui_finetune.ui.messages import Told
from tui_finetune.ui.widgets.sheet import TextSheet


@dataclass
class RunsCompared(Told):
    """The figures and recipes of some runs were read."""

    comparison: Comparison


def read(infos: Sequence[RunInfo]) -> Message:
    """Blocking: reads the runs."""
    return RunsCompared(compare([side_of(info, curve=True) for info in infos]))


def sheet(found: Comparison, *, ascii: bool) -> TextSheet:
    names = [side.info.name for side in found.sides]
    title = f"{names[0]} and {names[1]}" if len(names) == 2 else f"{len(names)} runs"
    return TextSheet(
        f"Compare {title}",
        lambda width: comparison_lines(found, width, chart_lines(found, width, ascii=ascii)),
    )
