"""Checkpoints as rows of a table, and one of them whole."""

from __future__ import annotations

import os

from tui_finetune.live import words
from tui_finetune.live.columns import Column, fit, row_line
from tui_finetune.live.lines import metric_words
from tui_finetune.live.points import Evaluation
from tui_finetune.live.series import History
from tui_finetune.live.spans import Line, clip, span
from tui_finetune.runs.records import CheckpointRecord
from tui_finetune.text import cut_front

COLUMNS = (
    Column("step", "step", 9, right=True),
    Column("size", "size", 9, right=True),
    Column("whole", "", 11),
    Column("metric", "validation", 24, stretch=32),
    Column("path", "path", 20, stretch=80),
)


def columns(width: int) -> tuple[Column, ...]:
    return fit(COLUMNS, width)


def checkpoint_line(one: CheckpointRecord, history: History, width: int) -> Line:
    """Step, size, whether it is whole, how it measured, where it lies."""
    shown = columns(width)
    path = next(column.width for column in shown if column.name == "path")
    return row_line(
        shown,
        {
            "step": span(f"{one.step:,}"),
            "size": span(words.size(one.bytes)),
            "whole": span(whole_words(one), "text" if one.whole else "warn"),
            "metric": span(_main(measured(one, history))),
            "path": span(cut_front(str(one.path), path)),
        },
    )


def branch_line(one: CheckpointRecord, history: History, width: int) -> Line:
    """`checkpoint-2814  1.3 GB  whole, best  accuracy 0.936`: for a list to choose from."""
    found = f"checkpoint-{one.step}".ljust(22) + words.size(one.bytes).rjust(9) + "  " + whole_words(one).ljust(13)
    return clip((span(found), span(_main(measured(one, history)))), width)


def whole_words(one: CheckpointRecord) -> str:
    return ("whole, best" if one.best else "whole") if one.whole else "not whole"


def measured(one: CheckpointRecord, history: History) -> Evaluation | None:
    """The validation at its step."""
    return next((e for e in history.evaluations if e.step == one.step and e.split == "validation"), None)


def _main(found: Evaluation | None) -> str:
    if found is None or not found.metrics:
        return words.NOTHING
    name = next((key for key in found.metrics if key != "loss"), "loss")
    return f"{name} {words.score(found.metrics[name])}"


def checkpoint_facts(one: CheckpointRecord, history: History) -> list[tuple[str, str]]:
    """Everything that is known of one, as names and values."""
    facts = [("step", f"{one.step:,}"), ("state", whole_words(one)), ("size", words.size(one.bytes))]
    found = measured(one, history)
    if found is not None:
        facts.append(("validation", metric_words(found.metrics, 12)))
    note = history.checkpoints.get(one.step)
    if note is not None and note.seconds is not None:
        facts.append(("written in", words.duration(note.seconds)))
    return [*facts, ("path", os.fspath(one.path))]
