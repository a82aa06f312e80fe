"""A file that is predicted as it is told: how far it is, which labels it has so far, its first rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tui_finetune.live import words
from tui_finetune.live.answers import LABEL_CELLS, latency
from tui_finetune.live.answers import bar as eighths
from tui_finetune.live.columns import Column, fit, head_line, row_line
from tui_finetune.live.runs_page import bar
from tui_finetune.live.spans import EMPTY, Line, Span, blanks, ends, line, muted, span, wrap
from tui_finetune.text import Shown, cell_width, cut_front, cut_middle, pad

BatchState = Literal["loading", "going", "done", "stopped", "failed"]
ROWS_KEPT = 1_000
"""Rows that can be looked at here; all of them are in the file that is written."""
LABELS_SHOWN = 5
NO_FILE = "No file yet: enter chooses one. CSV, JSON lines, Parquet, CoNLL, a text on each line …"
WHAT_FOR = "Every row is predicted and written to a file of your choice; typing goes on meanwhile."


@dataclass(frozen=True)
class BatchRow:
    """A row and its answer in short."""

    text: str
    brief: str
    score: float | None


@dataclass(frozen=True)
class BatchLook:
    """All that is known of a batch at one moment."""

    number: int
    file: Path
    target: Path
    model: str
    state: BatchState = "loading"
    done: int = 0
    total: int | None = None
    seconds: float = 0.0
    """Since the first row was asked for."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Rows by label."""
    rows: Sequence[BatchRow] = ()
    notes: Sequence[str] = ()
    problem: str = ""

    @property
    def live(self) -> bool:
        return self.state in ("loading", "going")


def head_lines(look: BatchLook | None, width: int) -> list[Line]:
    """What stands above the rows."""
    if look is None:
        return [
            EMPTY,
            *(line("   ", *part) for part in wrap(NO_FILE, width - 6)),
            *(line("   ", *part) for part in wrap(WHAT_FOR, width - 6, token="muted")),
        ]
    half = (width - 6) // 2
    lines = [line(" ", span(cut_front(str(look.file), half)), muted(" → "), span(cut_front(str(look.target), half)))]
    lines.append(_progress_line(look, width))
    lines += [line(" ", *part) for part in wrap(look.problem, width - 2, token="bad")] if look.problem else []
    lines += [line(" ", muted(note)) for note in look.notes]
    lines += [EMPTY, *_count_lines(look, width)] if look.counts else []
    return [*lines, EMPTY]


def _progress_line(look: BatchLook, width: int) -> Line:
    if look.state == "loading":
        return line(" ", muted(f"Loading {look.model} …"))
    speed = look.done / look.seconds if look.seconds > 0 and look.done else None
    rate = f"{words.speed(speed, 'rows', 'row')}"
    if look.state == "done":
        took = latency(look.seconds)
        return line(" ", span("✓ written", "good", bold=True), f"  {look.done:,} rows in {took}", muted(f"  {rate}"))
    if look.state == "failed":
        return line(" ", span("✗ nothing written", "bad", bold=True), muted(f"  after {look.done:,} rows"))
    if look.state == "stopped":
        return line(" ", span("■ stopped, nothing written", bold=True), muted(f"  after {look.done:,} rows"))
    if look.total is None:
        return line(f" {look.done:,} rows", muted(f"  {rate}"))
    left = (look.total - look.done) / speed if speed else None
    head = f" {look.done:,} of {look.total:,}  "
    tail = f"  {words.share(look.done, look.total)}"
    right = line(muted(f"{rate}  {words.coarse(left)} left "))
    cells = max(8, min(40, width - len(head) - len(tail) - len(right[0].text) - 3))
    drawn = span(bar(look.done / look.total if look.total else None, cells), "accent")
    return ends(line(head, drawn, span(tail, bold=True)), right, width)


def _count_lines(look: BatchLook, width: int) -> list[Line]:
    """The commonest labels: rows, and their share as a bar."""
    total = sum(look.counts.values())
    ordered = sorted(look.counts.items(), key=lambda one: (-one[1], one[0]))
    labels = ordered[:LABELS_SHOWN]
    names = [cut_middle(label, LABEL_CELLS) for label, _ in labels]
    wide, digits = max(cell_width(name) for name in names), max(len(f"{count:,}") for _, count in labels)
    cells = max(0, min(40, width - wide - digits - 16))
    lines = []
    for name, (_, count) in zip(names, labels, strict=True):
        drawn = eighths(count / total, cells)
        figures = f"  {count:,}".rjust(digits + 2)
        lines.append(
            line("   ", Span(pad(name, wide)), "  ", Span(Shown(drawn), "series-1"), blanks(cells - len(drawn)), figures,
                 muted(f"  {words.share(count, total)}"))
        )  # fmt: skip
    more = len(ordered) - len(labels)
    return [*lines, *([line("   ", muted(f"+ {more:,} more label{'' if more == 1 else 's'}"))] if more > 0 else [])]


COLUMNS = (
    Column("row", "row", 6, right=True),
    Column("answer", "answer", 22, stretch=36),
    Column("score", "score", 5, right=True),
    Column("text", "text", 34, stretch=240, free=True),
)


def rows_head(width: int) -> Line:
    return head_line(fit(COLUMNS, width))


def row_of(look: BatchLook, index: int, width: int) -> Line:
    """A row of the file with its answer."""
    row = look.rows[index]
    return row_line(
        fit(COLUMNS, width),
        {
            "row": span(f"{index:,}"),
            "answer": span(row.brief),
            "score": span(words.score(row.score) if row.score is not None else ""),
            "text": span(row.text),
        },
    )


def row_facts(look: BatchLook, index: int) -> list[tuple[str, str]]:
    """All of a row, as plain lines."""
    row = look.rows[index]
    score = [("score", words.score(row.score))] if row.score is not None else []
    return [("answer", row.brief), *score, ("text", row.text)]


def quiet_words(look: BatchLook | None) -> str:
    """What the message line says of a batch while nothing else is said."""
    if look is None or not look.rows:
        return ""
    if look.done > len(look.rows):
        return f"The first {len(look.rows):,} of {look.done:,} rows; all of them are in the file."
    return ""


def cut_off_words(look: BatchLook | None) -> str:
    """What is said where the program ends before the file does."""
    if look is None or not look.live:
        return ""
    return f"{look.file.name} is not predicted: {look.done:,} rows were done, nothing was written."


def ended_words(look: BatchLook) -> str:
    """What is said when it has ended."""
    if look.state == "done":
        return f"{look.target.name} written: {look.done:,} rows."
    if look.state == "stopped":
        return f"{look.file.name}: stopped, nothing was written."
    return look.problem
