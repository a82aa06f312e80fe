"""Prepared: rows before and after each preprocessing step, changed parts marked."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_finetune.live.data_rows import cell_text
from tui_finetune.live.data_set import DataSet
from tui_finetune.live.spans import EMPTY, Line, Span, line, muted, span, wrap
from tui_finetune.text import cell_width, cut_end, shown

STEP_CELLS = 16
"""Of a step's name and the blanks behind it."""
COUNTED_ROWS = 100_000
"""Up to so many rows what a chain does to all of them is counted by itself."""
DIFFED = 4_000
"""Characters of a text that are compared; longer ones are shown as they begin."""
_PARTS = re.compile(r"\s+|\w+|[^\w\s]")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """A preprocessor that can be used."""

    name: str
    help: str
    options: tuple[tuple[str, str, str], ...] = ()
    """Key, default and title of each."""


@dataclass(frozen=True)
class Preview:
    """Some rows, before and after the chosen steps."""

    start: int
    names: tuple[str, ...]
    """The steps, in their order."""
    before: Sequence[Row]
    after: Sequence[Sequence[Sequence[Row]]]
    """By row, then by step: the rows that it became."""
    choosing: Sequence[str] = ()
    """Steps that choose among all rows of a split, which these few cannot tell."""


# Steps


def step_line(
    step: Step, chosen: Mapping[str, Mapping[str, Any]], counts: Sequence[Mapping[str, Any]], width: int
) -> Line:
    """A preprocessor in the list; of one that is used its place, what it does to all rows, as far as counted, and its options."""
    name = f"{step.name.ljust(STEP_CELLS)} "
    if step.name not in chosen:
        return line("   ", span(name, "muted"), muted(cut_end(step.help, max(10, width - STEP_CELLS - 4))))
    place = list(chosen).index(step.name)
    said = ", ".join(f"{key} {value}" for key, value in chosen[step.name].items())
    told = count_words(counts[place]) if place < len(counts) else span("")
    room = max(10, width - STEP_CELLS - 4 - cell_width(told.text))
    rest = muted(cut_end(f"{said}  {step.help}".strip(), room))
    return line(span(f"{place + 1}. ", "accent"), span(name), told, rest)


def count_words(count: Mapping[str, Any]) -> Span:
    """`12 changed, 3 left out  `; why a step fails."""
    if "failed" in count:
        return span(f"{count['failed']}  ", "bad")
    names = (("changed", "changed"), ("out", "left out"), ("made", "made"))
    told = ", ".join(f"{count[key]:,} {name}" for key, name in names if count[key])
    return span(f"{told or 'nothing changed'}  ", "text" if told else "muted")


def moved(chosen: Mapping[str, Mapping[str, Any]], name: str, by: int) -> dict[str, Mapping[str, Any]]:
    """The chosen steps with one of them a place earlier or later."""
    names = list(chosen)
    place = names.index(name)
    names.insert(max(0, place + by), names.pop(place))
    return {one: chosen[one] for one in names}


USUAL = ("text", "text_pair")
"""Columns that a step changes where its options name none."""


def options_for(step: Step, found: DataSet) -> dict[str, Any]:
    """What a step needs to work on these data: the columns of texts and labels, where they are not called as usual."""
    keys = {key: default for key, default, _ in step.options}
    texts, label = [found.roles[role] for role in USUAL if role in found.roles], found.roles.get("label")
    given: dict[str, Any] = {}
    if "columns" in keys and texts and not set(texts) & set(USUAL):
        given["columns"] = texts
    if keys.get("column") == '"text"' and texts and "text" not in texts:
        given["column"] = texts[0]
    if keys.get("column") == '"label"' and label not in (None, "label"):
        given["column"] = label
    return given


def following(
    chosen: Mapping[str, Mapping[str, Any]], steps: Sequence[Step], before: DataSet, now: DataSet
) -> dict[str, Mapping[str, Any]]:
    """The chosen steps where columns play other parts: those that worked on the usual columns go along."""
    by_name = {step.name: step for step in steps}

    def options(name: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        step = by_name.get(name)
        return options_for(step, now) if step is not None and given == options_for(step, before) else given

    return {name: options(name, given) for name, given in chosen.items()}


def preview_lines(found: DataSet, preview: Preview | None, chosen: Sequence[str], width: int) -> list[Line]:
    """Each row before and after each step, what changed marked."""
    if not chosen:
        return [
            line(" ", muted("space uses the step under the cursor; rows before and after it are shown here.")),
            line(" ", muted("Task, columns, splits and length stand above: tab goes there, enter chooses.")),
        ]
    if preview is None:
        return [line(" ", muted("–"))]
    lines: list[Line] = []
    for place, before in enumerate(preview.before):
        lines += [EMPTY] if lines else []
        lines.append(line(" ", muted("row "), f"{preview.start + place:,}"))
        now: Sequence[Row] = [before]
        for name, after in zip(preview.names, preview.after[place], strict=True):
            if name in preview.choosing:
                lines.append(line("   ", span(name, "accent"), muted("  chooses among all rows of the split")))
            else:
                lines += _step_lines(found, name, now, after, width)
            now = after
    return lines


def _step_lines(found: DataSet, name: str, before: Sequence[Row], after: Sequence[Row], width: int) -> list[Line]:
    head = line("   ", span(name, "accent"))
    if not before:
        return [line(*head, muted("  not reached: the row was left out"))]
    if not after:
        return [line(*head, span("  leaves the row out", "warn"))]
    if len(after) > 1 or len(before) > 1:
        lines = [line(*head, f"  makes {len(after):,} rows of it")]
        for row in after[:4]:
            lines += _plain_lines(found, row, width)
        return lines
    changed = [key for key in {**before[0], **after[0]} if before[0].get(key) != after[0].get(key)]
    if not changed:
        return [line(*head, muted("  changes nothing"))]
    lines = [head]
    for key in changed:
        lines += _change_lines(found, key, before[0].get(key), after[0].get(key), width)
    return lines


def _plain_lines(found: DataSet, row: Row, width: int) -> list[Line]:
    text = "  ".join(f"{cell_text(found, key, value)}" for key, value in row.items())
    return [line("     ", *part) for part in wrap(cut_end(text, 2 * width), width - 6)][:2]


def _change_lines(found: DataSet, key: str, before: Any, after: Any, width: int) -> list[Line]:
    old, new = cell_text(found, key, before)[:DIFFED], cell_text(found, key, after)[:DIFFED]
    out, into = changes(old, new)
    room = width - 8
    return [
        line("     ", muted(key)),
        *(line("     ", span("-", "bad"), " ", *part) for part in wrapped(out, room)),
        *(line("     ", span("+", "good"), " ", *part) for part in wrapped(into, room)),
    ]


def changes(old: str, new: str) -> tuple[list[Span], list[Span]]:
    """Both texts in pieces; those that differ are bold."""
    a, b = _PARTS.findall(old), _PARTS.findall(new)
    left: list[Span] = []
    right: list[Span] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        same = kind == "equal"
        left += [span("".join(a[i:j]), "muted" if same else "text", bold=not same)] if j > i else []
        right += [span("".join(b[k:m]), "text", bold=not same)] if m > k else []
    return left, right


def wrapped(pieces: Sequence[Span], width: int) -> list[Line]:
    """Pieces in lines of at most `width` cells; each line is broken where it is full."""
    lines: list[Line] = []
    current: list[Span] = []
    room = max(1, width)
    for piece in pieces:
        text = piece.text
        while text:
            head = _fitting(text, room)
            if head:
                current.append(piece._replace(text=shown(head)))
                room -= cell_width(head)
                text = shown(text[len(head) :])
            if text or room <= 0:
                lines.append(tuple(current))
                current, room = [], max(1, width)
                if not head and text and cell_width(text[0]) > room:
                    return lines  # a sign that is wider than the line
    return [*lines, tuple(current)] if current or not lines else lines


def _fitting(text: str, room: int) -> str:
    taken = 0
    for index, char in enumerate(text):
        taken += cell_width(char)
        if taken > room:
            return text[:index]
    return text


# The recipe


def recipe_tables(steps: Sequence[tuple[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """`[[preprocess]]` of the chosen steps."""
    return [{"use": name, **({"options": dict(options)} if options else {})} for name, options in steps]
