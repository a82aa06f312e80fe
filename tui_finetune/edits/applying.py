"""Edits put onto the rows of a source: tables in, tables out; the source's own files are not touched."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_finetune.edits.entry import SET, Entry
from tui_finetune.edits.overlay import Key, RowEdits
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import ROW_HASH, ROW_ID

if TYPE_CHECKING:
    import pyarrow as pa

ClassNames = Mapping[str, Sequence[str]]
"""Of columns of whole numbers the names that these stand for."""


def applied(
    tables: Mapping[str, pa.Table], rows: Mapping[Key, RowEdits], class_names: ClassNames | None = None
) -> dict[str, pa.Table]:
    """The splits with those edits that fit, by id and hash. row_id and row_hash stay the source's own.

    A row that is moved stands at the end of its new split, which is made where there is none. Raises DataError with all
    values that their columns cannot hold.
    """
    import pyarrow as pa

    problems: list[Problem] = []
    kept: dict[str, pa.Table] = {}
    moved: dict[str, list[pa.Table]] = {}
    for name, table in tables.items():
        found = _found(table, rows)
        changed = _with_cells(table, found, class_names or {}, problems)
        going = {at: one.split for at, one in found if one.split not in (None, name) and not one.dropped}
        for at, split in going.items():
            moved.setdefault(str(split), []).append(changed.slice(at, 1))
        gone = {at for at, one in found if one.dropped} | set(going)
        kept[name] = _without(changed, gone)
    if problems:
        raise DataError(problems)
    for split, pieces in moved.items():
        own = [kept[split]] if split in kept else []
        try:
            kept[split] = pa.concat_tables([*own, *pieces], promote_options="permissive").combine_chunks()
        except pa.ArrowInvalid as error:
            hint = "Its rows have other columns."
            raise DataError(
                Problem(f"edits: no row can be moved to {split}: {error}.", "data.edits", hint=hint)
            ) from error
    return kept


def _found(table: pa.Table, rows: Mapping[Key, RowEdits]) -> list[tuple[int, RowEdits]]:
    """Position and edits of the rows that have some, in the order of the table."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array(sorted({row_id for row_id, _ in rows}), table.column(ROW_ID).type)
    at = pc.indices_nonzero(pc.is_in(table.column(ROW_ID), value_set=wanted)).to_pylist()
    pieces = [table.select([ROW_ID, ROW_HASH]).slice(one, 1).to_pylist()[0] for one in at]
    keys = [(piece[ROW_ID], piece[ROW_HASH]) for piece in pieces]
    return [(one, rows[key]) for one, key in zip(at, keys, strict=True) if key in rows and rows[key].changes]


def _with_cells(
    table: pa.Table, found: Iterable[tuple[int, RowEdits]], class_names: ClassNames, problems: list[Problem]
) -> pa.Table:
    by_column: dict[str, dict[int, Any]] = {}
    ids: dict[int, str] = {}
    for at, one in found:
        ids[at] = one.row_id
        for column, value in one.cells.items():
            by_column.setdefault(column, {})[at] = value
    for column, cells in by_column.items():
        if column not in table.column_names or column in (ROW_ID, ROW_HASH):
            row_id = ids[next(iter(cells))]
            there = ", ".join(name for name in table.column_names if name not in (ROW_ID, ROW_HASH))
            problems.append(Problem(f"edits of {row_id}: no column '{column}'. There are: {there}.", "data.edits"))
            continue
        place = table.schema.get_field_index(column)
        field = table.schema.field(place)
        values = {at: _scalar(value, field, class_names, ids[at], problems) for at, value in cells.items()}
        if any(value is None for value in values.values()):
            continue
        table = table.set_column(place, field, _replaced(table.column(place), values))
    return table


def _scalar(
    value: Any, field: pa.Field, class_names: ClassNames, row_id: str, problems: list[Problem]
) -> pa.Array | None:
    """The value as an array of one, of the column's type; None where it cannot hold it."""
    import pyarrow as pa

    given = typed(value, field.type, class_names.get(field.name))
    try:
        if _is_list(field.type) and isinstance(given, str):
            raise TypeError("a text is not a list of its letters")
        return pa.array([given], field.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, ValueError, TypeError):
        told = f"edits of {row_id}: {field.name} holds {field.type}, which {value!r} is not"
        names = class_names.get(field.name)
        hint = f"Its names: {', '.join(names[:10])}." if names else None
        hint = (
            'A list is written as JSON: ["joy", "anger"].' if _is_list(field.type) and isinstance(given, str) else hint
        )
        problems.append(Problem(f"{told}.", "data.edits", hint=hint))
        return None


def typed(value: Any, kind: pa.DataType, class_names: Sequence[str] | None = None) -> Any:
    """A value as a person gives it, a text most of the time, as the column has it where that can be told."""
    import pyarrow as pa

    if _is_list(kind):
        given = _from_json(value) if isinstance(value, str) else value
        return [typed(one, kind.value_type, class_names) for one in given] if isinstance(given, list) else given
    if class_names and isinstance(value, str) and value in class_names and pa.types.is_integer(kind):
        return class_names.index(value)
    if isinstance(value, str):
        text = value.strip()
        try:
            if pa.types.is_integer(kind):
                return int(text)
            if pa.types.is_floating(kind):
                return float(text)
        except ValueError:
            return value
        if pa.types.is_boolean(kind) and text.lower() in ("true", "false"):
            return text.lower() == "true"
    elif pa.types.is_string(kind) and isinstance(value, int | float):
        return str(value)
    return value


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _from_json(text: str) -> Any:
    """A list that is written as JSON; any other text as it is."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, list) else text


def in_type(entries: Iterable[Entry], schema: pa.Schema, class_names: ClassNames) -> list[Entry]:
    """The entries with cells as their columns have them: what two people decide can be compared then."""
    return [
        replace(one, value=typed(one.value, schema.field(one.column).type, class_names.get(one.column)))
        if one.kind == SET and one.column in schema.names
        else one
        for one in entries
    ]


def _replaced(column: pa.ChunkedArray, values: Mapping[int, pa.Array]) -> pa.ChunkedArray:
    """The column with other values at some places; what lies between is not copied piece by piece."""
    import pyarrow as pa

    parts: list[Any] = []
    start = 0
    for at in sorted(values):
        parts += [*column.slice(start, at - start).chunks, values[at]]
        start = at + 1
    parts += column.slice(start).chunks
    return pa.chunked_array(parts, column.type).combine_chunks()


def _without(table: pa.Table, gone: set[int]) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    if not gone:
        return table
    kept = np.ones(table.num_rows, dtype=bool)
    kept[sorted(gone)] = False
    return table.filter(pa.array(kept))
