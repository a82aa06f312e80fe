"""What a row can be given while labelling, and what is meant by what is typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from tui_finetune.edits.overlay import RowEdits
from tui_finetune.live.data_rows import cell_text
from tui_finetune.live.data_set import DataSet
from tui_finetune.live.label_lists import can_be_typed
from tui_finetune.live.spans import Line, line, muted, span
from tui_finetune.text import cut_middle

LONGEST = 10_000
"""Characters of a text that a field can hold."""
LINE_END = "⏎"
NAME_CELLS = 50


@dataclass(frozen=True)
class Option:
    """One of the things that can be done with a row."""

    kind: Literal["label", "labels", "text", "note", "drop", "keep"]
    words: str
    column: str = ""
    value: Any = None
    number: int | None = None
    """What is typed for it, of labels whose names are no numbers."""
    new: bool = False
    """A label that no row has yet."""


@dataclass(frozen=True)
class Labels:
    """What rows of these data can be labelled with."""

    column: str = ""
    """Where the label stands; empty where none can be chosen."""
    options: tuple[Option, ...] = ()
    typed: Literal["", "text", "number"] = ""
    """Another value may be typed: a new label, or any number."""
    why: str = ""
    """Why no label can be chosen."""


def labels_of(found: DataSet) -> Labels:
    """The labels in the order of the model's outputs."""
    column = found.roles.get(found.gold or "", "")
    info = found.column(column)
    kind = found.kinds.get(found.gold or "", "")
    if info is None:
        return Labels(why="No column of labels is known here.")
    if kind == "number":
        return Labels(column, typed="number")
    if info.holds in ("texts", "list", "other"):
        return Labels(column, why="Lists of labels are typed, not chosen.")
    values = found.names_of(column)
    plain = any(name.strip().lstrip("-").isdigit() for name in values.values())
    options = tuple(
        Option("label", name, column, value, None if plain else at)
        for at, (value, name) in enumerate(values.items(), 1)
    )
    return Labels(column, options, "text" if info.holds == "text" else "")


def texts_in(found: DataSet) -> list[str]:
    """The columns whose text a person can correct: those that a model reads."""
    columns = [found.column(name) for name in found.inputs]
    return [one.name for one in columns if one is not None and one.holds == "text"]


def options_of(found: DataSet, edits: RowEdits | None) -> list[Option]:
    """All that can be done with a row, labels first."""
    texts = texts_in(found)
    correct = [Option("text", f"correct {name} …", name) for name in texts]
    labels = labels_of(found)
    if can_be_typed(found, labels.column):
        correct.insert(0, Option("labels", f"other {labels.column} …", labels.column))
    dropped = edits is not None and edits.dropped
    drop = Option("keep", "keep the row after all") if dropped else Option("drop", "drop the row")
    return [*labels.options, *correct, Option("note", "note …"), drop]


def matching(options: Sequence[Option], typed: str, labels: Labels) -> list[Option]:
    """The options that are meant, the likeliest first. Digits are a label's number, letters the beginning of its name."""
    wanted = typed.strip().casefold()
    if not wanted:
        return list(options)
    if labels.typed == "number":
        number = _number(typed)
        if number is not None:
            return [Option("label", typed.strip(), labels.column, number)]
    ranks = [(rank, at) for at, one in enumerate(options) if (rank := _rank(one, wanted)) is not None]
    found = [options[at] for _, at in sorted(ranks)]
    if labels.typed == "text" and not any(one.words.casefold() == wanted for one in found):
        found.append(Option("label", typed.strip(), labels.column, typed.strip(), new=True))
    return found


def _number(typed: str) -> int | float | None:
    try:
        number = float(typed)
    except ValueError:
        return None
    return int(number) if number.is_integer() and "." not in typed else number


def _rank(option: Option, wanted: str) -> int | None:
    name = option.words.casefold()
    if name == wanted:
        return 0
    if option.number is not None and str(option.number) == wanted:
        return 1
    if option.number is not None and str(option.number).startswith(wanted):
        return 2
    if name.startswith(wanted):
        return 3
    return 4 if any(part.startswith(wanted) for part in name.replace("_", " ").replace("-", " ").split()) else None


def option_line(option: Option, now: bool) -> Line:
    """`3  refund   now`"""
    number = f"{option.number:>3}  " if option.number is not None else "     "
    if option.new:
        return line(muted(number), muted("new label "), span(option.words))
    name = span(cut_middle(option.words, NAME_CELLS), "text" if option.kind == "label" else "muted")
    return line(muted(number), name, muted("  now") if now else "")


# Rows as they are edited


def edited_cells(edits: RowEdits | None, cells: Mapping[str, Any]) -> Mapping[str, Any]:
    """Cells of a row with their new values."""
    if edits is None or not edits.cells:
        return cells
    return {name: edits.cells.get(name, value) for name, value in cells.items()}


def told_edits(found: DataSet, edits: RowEdits, *, changed: bool = False) -> list[str]:
    """What was decided of a row, a line each."""
    before = {one.column: one.before for one in edits.entries if one.kind == "set"}
    told = [
        f"{name}: {_short(found, name, before.get(name))} → {_short(found, name, value)}"
        for name, value in edits.cells.items()
    ]
    told += ["dropped"] if edits.dropped else []
    told += [f"moved to {edits.split}"] if edits.split else []
    told += [f"weight {edits.weight:g}"] if edits.weight is not None else []
    told += ["accepted as it is"] if edits.ok and not edits.changes else []
    told += [f"note: {note}" for note in edits.notes]
    who = edits.entries[-1].who
    stale = "; the row has changed since, so it is not applied" if changed else ""
    return [f"{one} ({who}){stale}" for one in told]


def in_short(found: DataSet, edits: RowEdits) -> str:
    """The same in one line, beside the edited text itself."""
    texts = [name for name in edits.cells if name in texts_in(found)]
    others = {name: value for name, value in edits.cells.items() if name not in texts}
    told = told_edits(found, replace(edits, cells=others))
    return "; ".join([*(f"{name} corrected" for name in texts), *told])


def _short(found: DataSet, column: str, value: Any) -> str:
    return cut_middle(cell_text(found, column, value).replace("\n", LINE_END), 60)


def as_field(text: str) -> str | None:
    """A text as one line of a field; None where it cannot be told back from it."""
    if len(text) > LONGEST or LINE_END in text or "\r" in text:
        return None
    return text.replace("\n", LINE_END)


def from_field(value: str) -> str:
    return value.replace(LINE_END, "\n")
