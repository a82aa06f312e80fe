"""`[data] mix`: rows of further sets beside those of the trained split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_finetune.data.problems import listed
from tui_finetune.data.selecting import Selected
from tui_finetune.data.splitting import sample
from tui_finetune.errors import Problem
from tui_finetune.plugin_api import ROW_ID

if TYPE_CHECKING:
    import pyarrow as pa

KEY = "data.mix"


@dataclass(frozen=True)
class Added:
    """A further set by role, and how much of it is trained on."""

    name: str
    part: Selected
    weight: float | None
    """Its rows for each row of the main set; None for all."""


def unlike(main: Selected, one: Added, gold: str) -> Problem | None:
    """Why the labels of a further set are not those of the main one."""
    if gold not in one.part.table.column_names:
        return None
    mine, other = (part.table.schema.field(gold).type for part in (main, one.part))
    if mine != other:
        hint = "The step map-labels gives labels other names."
        return Problem(f"{one.name} has labels of {other}, the main set of {mine}.", KEY, hint=hint)
    if one.part.classes and main.classes and one.part.classes != main.classes:
        hint = f"The main set's are {listed(main.classes, 12)}. Write one of them out with names in place of numbers."
        return Problem(f"{one.name} numbers other labels: {listed(one.part.classes, 12)}.", KEY, hint=hint)
    return None


def chunked(columns: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Columns of one type, one behind the other."""
    import pyarrow as pa

    return pa.chunked_array([chunk for column in columns for chunk in column.chunks], columns[0].type)


def with_added(
    train: pa.Table, added: Sequence[Added], seed: int, gold: str | None
) -> tuple[pa.Table, list[str], list[str]]:
    """Train with the rows of the further sets behind it; what was added, in words; what there was too little of.

    A sample is drawn by `seed`, labels in proportion. Ids that are in train already get the number of the set before them.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found, words, warnings = train, [], []
    for number, one in enumerate(added, 1):
        table = one.part.table
        wanted = table.num_rows if one.weight is None else max(1, round(one.weight * train.num_rows))
        if wanted > table.num_rows:
            warnings.append(
                f"{one.name} has {table.num_rows:,} rows, and {wanted:,} are wanted by its weight: all are taken."
            )
        labels = table.column(gold) if gold is not None and gold in table.column_names else None
        table = table.take(sample(table.num_rows, wanted, seed, labels))
        if pc.any(pc.is_in(table.column(ROW_ID), value_set=found.column(ROW_ID).combine_chunks())).as_py():
            ids = pc.binary_join_element_wise(pa.scalar(f"mix{number}"), table.column(ROW_ID), "/")
            table = table.set_column(
                table.column_names.index(ROW_ID), ROW_ID, ids.cast(found.schema.field(ROW_ID).type)
            )
        found = pa.concat_tables([found, table], promote_options="permissive")
        words.append(f"{table.num_rows:,} rows of {one.name}")
    return found.combine_chunks(), words, warnings
