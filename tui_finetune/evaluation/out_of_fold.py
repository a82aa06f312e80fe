"""Out-of-fold predictions: what runs said of the rows that each of them held out, every row of the data once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.errors import Problem, UserError, cannot_write
from tui_finetune.plugin_api import ROW_ID
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.layout import PREDICTIONS, STAGING_PREFIX

if TYPE_CHECKING:
    import pyarrow as pa

RUN = "run"
"""The column with the id of the run that said it."""
HELD_OUT = "validation"


def write_out_of_fold(infos: Sequence[RunInfo], target: Path) -> int:
    """Writes the predictions of all runs for their validation rows as one parquet file; the number of its rows.

    Raises UserError where a run has none, where they are of other labels, or where two runs held out the same row.
    """
    import pyarrow.parquet as pq

    if target.suffix != ".parquet":
        raise UserError(Problem(f"{target}: predictions are written as .parquet.", "--out-of-fold"))
    table = out_of_fold(infos)
    beside = target.with_name(f"{STAGING_PREFIX}{os.getpid()}-{target.name}")
    try:
        pq.write_table(table, beside, compression="zstd")
        os.replace(beside, target)
    except OSError as error:
        raise UserError(cannot_write(target, error)) from error
    finally:
        beside.unlink(missing_ok=True)
    return int(table.num_rows)


def out_of_fold(infos: Sequence[RunInfo]) -> pa.Table:
    """The rows of all of them, the run of each in front, in the order of the runs."""
    import pyarrow as pa

    tables = [_predictions(info) for info in infos]
    _check_alike(infos, tables)
    _check_apart(infos, tables)
    named = [
        table.add_column(0, RUN, pa.array([info.id] * table.num_rows, pa.string()))
        for info, table in zip(infos, tables, strict=True)
    ]
    return pa.concat_tables(named)


def _predictions(info: RunInfo) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = info.paths.evaluation(HELD_OUT) / PREDICTIONS
    try:
        return pq.read_table(path)
    except FileNotFoundError as error:
        hint = "A run measures its validation rows when it ends."
        raise UserError(Problem(f"{info.title} has no predictions for its validation rows.", hint=hint)) from error
    except (OSError, pa.ArrowInvalid) as error:
        raise UserError(f"{path} cannot be read: {error}.") from error


def _check_alike(infos: Sequence[RunInfo], tables: Sequence[pa.Table]) -> None:
    first = tables[0].schema
    for info, table in zip(infos[1:], tables[1:], strict=True):
        if not table.schema.equals(first, check_metadata=True):
            hint = "Name the labels in the recipe, as data.labels, where a fold may lack one."
            raise UserError(Problem(f"{info.title} has other columns or labels than {infos[0].title}.", hint=hint))


def _check_apart(infos: Sequence[RunInfo], tables: Sequence[pa.Table]) -> None:
    held_out: dict[str, RunInfo] = {}
    for info, table in zip(infos, tables, strict=True):
        ids = table.column(ROW_ID).to_pylist()
        twice = [row for row in ids if row in held_out]
        if twice:
            message = (
                f"{held_out[twice[0]].title} and {info.title} both held out {len(twice)} rows, such as {twice[0]}."
            )
            hint = "Folds of one recipe hold out each row once: train RECIPE --set data.folds=5 --over data.fold=1..5."
            raise UserError(Problem(message, hint=hint))
        held_out |= dict.fromkeys(ids, info)
