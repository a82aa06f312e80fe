"""Columns that an option names, and what is said where a row has none of that name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from tui_finetune.errors import DataError, Problem

USUAL = ("text", "text_pair")


def text_columns(step: str, options: Mapping[str, Any], row: Collection[str]) -> Sequence[str]:
    """The columns of the option `columns`, else `text` and `text_pair` where they are there. Raises DataError."""
    named = options["columns"]
    found = [name for name in USUAL if name in row] if named is None else list(named)
    if not found:
        raise _missing(step, "columns", "It changes the columns text and text_pair, and neither is there", row)
    check(step, "columns", found, row)
    return found


def check(step: str, option: str, names: Iterable[str], row: Iterable[str]) -> None:
    """Raises DataError where a row has no column of one of the names."""
    row = list(row)
    lost = [name for name in names if name not in row]
    if lost:
        raise _missing(step, option, f"There is no column {', '.join(lost)}", row)


def changed(value: Any, change: Callable[[str], str], step: str, column: str) -> Any:
    """A text, or each text of a list, changed; what is missing stays missing. Raises DataError for other values."""
    if value is None:
        return None
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list) and all(item is None or isinstance(item, str) for item in value):
        return [None if item is None else change(item) for item in value]
    raise DataError(
        Problem(
            f"{step}: column {column} holds {type(value).__name__} values, no text.",
            "preprocess",
            hint='Name the text columns: options = {{ columns = ["..."] }}.',
        )
    )


def _missing(step: str, option: str, what: str, row: Iterable[str]) -> DataError:
    there = ", ".join(sorted(row))
    return DataError(
        Problem(
            f"{step}: {what}; the columns are {there}.", "preprocess", hint=f"Name them in its options: {option} = ..."
        )
    )
