"""The form of a recipe as lines: its rows, what is said of the one under the cursor, its problems, its differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui_finetune.errors import Problem
from tui_finetune.live.form import NOTHING, Difference, FormField, Row, Trial
from tui_finetune.live.spans import EMPTY, Line, Span, blanks, clip, fill, line, muted, span, width_of, wrap
from tui_finetune.text import Shown, cell_width, cut_end, cut_front, cut_middle

NAME = 28
"""Cells of a key; the longest that is asked for often is `per_device_train_batch_size`."""
NOTE = 19
DETAIL = 3
PATHS = frozenset({"data.path", "data.validation", "data.test", "model.path"})


@dataclass(frozen=True)
class Beside:
    """What the third column says besides defaults and problems, by key."""

    was: Mapping[str, str]
    """The value before it was changed here."""
    facts: Mapping[str, str]
    """What follows from it."""


def value_column(width: int) -> tuple[int, int]:
    """Where the value stands in a row of this width, and how wide it is."""
    return NAME, max(8, width - NAME - NOTE - 1)


def row_line(row: Row, width: int, beside: Beside) -> Line:
    """A row of the form without cursor and mark."""
    if row.kind == "heading":
        return _heading(row, width)
    if row.kind == "add":
        return _cells(muted("+ step"), muted("a preprocessor"), EMPTY, width)
    if row.kind == "rest":
        note = "all shown" if row.opened else f"+ {row.hidden} more, default"
        return _cells(muted("the other tables"), EMPTY, (muted(note),), width)
    assert row.field is not None
    return _field(row, row.field, width, beside)


def _heading(row: Row, width: int) -> Line:
    if row.problems:
        note: Line = (span(_short(row.problems[0]), "bad"),)
    elif row.opened:
        note = (muted("all shown"),)
    else:
        note = (muted(f"+ {row.hidden} more, default"),) if row.hidden else EMPTY
    return _cells(span(row.id, "accent"), EMPTY, note, width)


def _field(row: Row, one: FormField, width: int, beside: Beside) -> Line:
    _, room = value_column(width)
    token = "bad" if row.problems else "muted" if one.is_default else "text"
    cut = cut_place if one.key in PATHS and "/" in one.shown else cut_end
    return _cells(
        span(cut_middle(one.name, NAME - 1), "text" if one.known else "bad"),
        span(cut(one.shown, room - 1), token),
        (_note(row, one, beside),),
        width,
    )


def cut_place(text: str, width: int) -> Shown:
    """A path without its front, a Hub id without its owner, where there is no room for them."""
    owner, slash, name = text.partition("/")
    is_id = bool(owner) and "/" not in name and owner not in (".", "..", "~")
    short = f"…{slash}{name}" if is_id and cell_width(text) > width else text
    return cut_front(short, width)


def _note(row: Row, one: FormField, beside: Beside) -> Span:
    if row.problems:
        return span(_short(row.problems[0]), "bad")
    if one.key in beside.was:
        return span(f"was {beside.was[one.key]}", "accent")
    if one.key in beside.facts:
        return muted(beside.facts[one.key])
    return muted(one.origin) if one.is_default and one.shown != NOTHING else span("")


def _short(problem: Problem) -> str:
    return problem.message.rstrip(".")


def _cells(name: Span, value: Span | Line, note: Line, width: int) -> Line:
    _, room = value_column(width)
    middle: Line = (value,) if isinstance(value, Span) else value
    return clip((*fill((name,), NAME), *fill(middle, room), blanks(1), *clip(note, NOTE)), width)


def mark(row: Row, beside: Beside) -> Span:
    """What stands before a row: a problem, a change, or nothing."""
    if row.problems:
        return span("✗", "bad")
    return span("~", "accent") if row.field is not None and row.field.key in beside.was else span(" ")


def detail(row: Row | None, mend: str, meant: FormField | None, width: int) -> list[Line]:
    """The lines below the form: what is wrong with the row, how it is mended, what it is.

    mend: said of the way out; meant: the field that a mended key becomes.
    """
    if row is None:
        return []
    lines: list[Line] = []
    for problem in row.problems[:1]:
        line_ = f"   (line {problem.line})" if problem.line is not None else ""
        hint = f" {problem.hint}" if problem.hint else ""
        told, room = f"{row.id}: {problem.message}{hint}{line_}", DETAIL - (meant is not None) - bool(mend)
        lines += [line(" ", span(part)) for part in wrapped(told, width - 2, room)]
    if meant is not None:
        lines += [line(" ", muted(part)) for part in wrapped(meant.help, width - 2, 1)]
    if mend:
        lines.append(line(" ", muted(mend)))
    lines += _about(row, width, DETAIL - len(lines))
    return lines[:DETAIL]


def _about(row: Row, width: int, room: int) -> list[Line]:
    if row.field is None:
        text = {
            "add": "A transform of the rows, before they are split and encoded; steps are done in order.",
            "rest": "Tables of which nothing is set here; enter shows them all.",
        }.get(row.kind, "enter shows the fields that are as usual, and hides them again.")
        return [line(" ", muted(text))]
    one = row.field
    head = f"{one.name}: {one.expected}" if one.expected else one.name
    default = f"default {one.default}" if one.default else ""
    parts = [part for part in (head, default) if part] if one.known else []
    lines = [line(" ", span(", ".join(parts)))] if parts and room > 0 else []
    return lines + [line(" ", muted(part)) for part in wrapped(one.help, width - 2, room - len(lines))]


def wrapped(text: str, width: int, lines: int) -> list[str]:
    """Text in at most so many lines; what does not fit ends in `…`."""
    parts = ["".join(one.text for one in part) for part in wrap(text, width)] if text and lines > 0 else []
    if len(parts) <= lines:
        return parts
    return [*parts[: lines - 1], cut_end(f"{parts[lines - 1]} {parts[lines]}", width)]


def trial_lines(one: FormField, trial: Trial | None, chosen: int, width: int) -> list[Line]:
    """The lines below the form while a value is typed: what is wrong with it, what it is, what it may be."""
    current = trial if trial is not None and trial.key == one.key else None
    lines: list[Line] = []
    if current is not None and current.problem:
        room = DETAIL - 1 if current.choices else DETAIL
        for place, part in enumerate(wrapped(current.problem, width - 4, room)):
            lines.append(line(" ", span("✗" if not place else " ", "bad"), " ", span(part)))
    elif current is not None and current.advice:
        lines.append(line(" ", span("!", "warn"), " ", span(current.advice)))
    else:
        default = f", default {one.default}" if one.default else ""
        lines.append(line(" ", span(f"{one.name}: {one.expected}{default}" if one.expected else one.name)))
    choices = current.choices if current is not None else one.choices
    room = DETAIL - len(lines) - bool(choices)
    lines += [line(" ", muted(part)) for part in wrapped(one.help, width - 2, room)]
    if choices:
        lines.append(choice_line(choices, chosen, width))
    return lines[:DETAIL]


def choice_line(choices: Sequence[str], chosen: int, width: int) -> Line:
    """Choices side by side, from a place from which the chosen one is in sight."""
    start = 0
    while start < chosen and _cells_of(choices[start : chosen + 1]) > width - 4:
        start += 1
    spans: list[Span] = [span("… " if start else " ", "muted")]
    for place in range(start, len(choices)):
        name = span(("▸" if place == chosen else " ") + choices[place], "accent" if place == chosen else "text")
        if width_of(spans) + width_of((name,)) + 3 > width and place > max(start, chosen):
            spans.append(muted(" …"))
            break
        spans += [name, blanks(1)]
    return clip(tuple(spans), width)


def _cells_of(choices: Sequence[str]) -> int:
    return sum(width_of((span(one),)) + 2 for one in choices)


def problem_line(problem: Problem, width: int) -> Line:
    """A row of the list of problems."""
    where = problem.key or problem.file or ""
    at = f"{problem.line}" if problem.line is not None else ""
    return clip(
        (*fill((span(cut_middle(where, NAME - 1)),), NAME), *fill((muted(at),), 5), span(problem.message)), width
    )


def problem_detail(problem: Problem, width: int) -> list[Line]:
    return [line(" ", *part) for part in wrap(str(problem), width - 2)[:DETAIL]]


def difference_line(one: Difference, width: int) -> Line:
    """A row of the list of differences: key, before, after."""
    room = max(8, (width - NAME - 8) // 2)
    arrow = muted(" → ")
    before, after = span(cut_end(one.before, room), "muted"), span(cut_end(one.after, room))
    return clip((*fill((span(cut_middle(_tail(one.key), NAME - 1)),), NAME), before, arrow, after), width)


def difference_detail(one: Difference, width: int) -> list[Line]:
    """Key, before and after, as much of them as there is room for."""
    lines = [line(" ", span(one.key))]
    for name, text in (("before", one.before), ("after", one.after)):
        lines.append(line(" ", muted(name.ljust(8)), cut_end(text, width - 11)))
    return lines


def _tail(key: str) -> str:
    """The key without `train.`, which most have."""
    return key.removeprefix("train.")


NUMBER = 8
"""Cells before a line of the file: cursor, mark, number."""


def file_detail(text: str, width: int) -> list[Line]:
    """The line under the cursor as much as there is room for, where its row cuts it."""
    bare = text.strip()
    if len(text) + NUMBER <= width:
        return []
    return [line(" ", span(part)) for part in wrapped(bare[: 4 * DETAIL * width], width - 2, DETAIL)]


def file_line(text: str, number: int, bad: bool, width: int) -> Line:
    """A line of the recipe's text with its number."""
    bare = text.rstrip("\r")[: 4 * width + 4]
    token = "muted" if bare.lstrip().startswith("#") else "accent" if bare.lstrip().startswith("[") else "text"
    at, _, comment = bare.partition("  # ") if token == "text" else (bare, "", "")
    spans = [muted(f"{number:>3} "), span("✗" if bad else " ", "bad"), span(at, token)]
    return clip((*spans, *((muted(f"  # {comment}"),) if comment else ())), width)
