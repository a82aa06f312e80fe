"""Objects within rows as columns of their own: `{"ticket": {"body": …}}` has a column `ticket.body`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui_finetune.data.problems import listed
from tui_finetune.errors import DataError, Problem

if TYPE_CHECKING:
    import pyarrow as pa


def flattened(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """The splits without columns of objects; lists stay lists. Raises DataError where two columns get one name."""
    return {split: _flat(table, split) for split, table in tables.items()}


def _flat(table: pa.Table, split: str) -> pa.Table:
    import pyarrow as pa

    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    if twice := [name for name, times in Counter(table.column_names).items() if times > 1]:
        hint = "Rename the columns with a dot, or the objects."
        raise DataError(Problem(f"{split} has {listed(twice)} twice: as a column and within an object.", hint=hint))
    return table
