"""Columns of texts as the numbers and truth values that they are. What would lose a character stays text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_INTEGER = r"^(0|-?[1-9][0-9]{0,17})$"
"""`007` and `+7` stay texts: as numbers they would be others than they were."""
_NUMBER = r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,17})?([eE][-+]?[0-9]{1,3})?$"
"""Whole parts of more than 15 digits are names, not amounts."""
_TRUTH = r"^([Tt]rue|[Ff]alse|TRUE|FALSE)$"


def typed(tables: Mapping[str, Sequence[pa.Table]]) -> dict[str, list[pa.Table]]:
    """Tables of texts with every column as integer, number or boolean where all its values are, in every table alike.

    Empty cells are null. `NA`, `null` and the like are texts, as anything else that is no number.
    """
    import pyarrow as pa

    by_name: dict[str, list[pa.ChunkedArray]] = {}
    for table in (table for group in tables.values() for table in group):
        for name, column in zip(table.column_names, table.columns, strict=True):
            by_name.setdefault(name, []).append(column)
    kinds = {name: _kind(columns) for name, columns in by_name.items()}
    return {
        split: [
            pa.table(
                {
                    name: as_kind(column, kinds[name])
                    for name, column in zip(table.column_names, table.columns, strict=True)
                }
            )
            for table in group
        ]
        for split, group in tables.items()
    }


def _kind(columns: Sequence[pa.ChunkedArray]) -> pa.DataType:
    import pyarrow as pa

    values = [column for column in columns if column.null_count < len(column)]
    if not values:
        return pa.string()
    return next((kind for kind in kinds_in_turn() if all(all_are(column, kind) for column in values)), pa.string())


def kinds_in_turn() -> tuple[pa.DataType, ...]:
    """What a column of texts may be, the first that all its values are."""
    import pyarrow as pa

    return pa.int64(), pa.float64(), pa.bool_()


def all_are(column: pa.ChunkedArray, kind: pa.DataType) -> bool:
    """True where every text that is there is an integer, a number, or true or false."""
    import pyarrow as pa

    patterns = {pa.int64(): _INTEGER, pa.float64(): _NUMBER, pa.bool_(): _TRUTH}
    return _all_match(column, patterns[kind])


def _all_match(column: pa.ChunkedArray, pattern: str) -> bool:
    import pyarrow.compute as pc

    if not pc.all(pc.match_substring_regex(column.slice(0, 100), pattern)).as_py():
        return False
    return bool(pc.all(pc.match_substring_regex(column, pattern)).as_py())


def as_kind(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Texts as the kind that they are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_boolean(kind):
        return pc.equal(pc.utf8_lower(column), "true")
    return column if kind == column.type else column.cast(kind)
