"""`[data] split_file`: which rows of train are trained on and which are held out, row by row, as `data split -o` writes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tui_finetune.data.splitting import PIECE
from tui_finetune.errors import DataError, Problem, first_line
from tui_finetune.plugin_api import ROW_ID

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

KEY = "data.split_file"
NAMES = ("train", "validation", "test")
COLUMN = "split"


def split_numbers(path: Path, train: pa.Table) -> NDArray[np.int64]:
    """For each row its place in NAMES, or -1 where the file has no such row. Shape [rows]. A piece of a row goes with the
    row. Raises DataError where the file cannot be used, or is of other data."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ids, names = _read(path)
    rows = pc.replace_substring_regex(train.column(ROW_ID).combine_chunks(), PIECE.pattern, "")
    place = pc.index_in(rows, value_set=ids)
    known = pc.take(pc.index_in(names, value_set=pa.array(NAMES)), place)
    numbers: NDArray[np.int64] = pc.fill_null(known, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    if train.num_rows and not (numbers >= 0).any():
        hint = (
            f"It names rows such as {ids[0].as_py()}, the data have {rows[0].as_py()}." if len(ids) else "It is empty."
        )
        raise DataError(Problem(f"{path} names no row of these data.", KEY, hint=hint))
    if not (numbers == 0).any():
        raise DataError(Problem(f"{path} names no row of these data for train.", KEY))
    return numbers


def _read(path: Path) -> tuple[pa.Array, pa.Array]:
    """Ids and names of splits, one a row."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    hint = "tui-finetune data split PATH -o FILE writes one: a CSV with the columns row_id and split."
    try:
        options = csv.ConvertOptions(column_types={ROW_ID: pa.string(), COLUMN: pa.string()}, strings_can_be_null=False)
        table = csv.read_csv(str(path), convert_options=options)
    except OSError as error:
        raise DataError(
            Problem(f"{path} cannot be read: {error.strerror or first_line(error)}.", KEY, hint=hint)
        ) from error
    except pa.ArrowInvalid as error:
        raise DataError(Problem(f"{path} is no table: {first_line(error)}.", KEY, hint=hint)) from error
    lost = [name for name in (ROW_ID, COLUMN) if name not in table.column_names]
    if lost:
        raise DataError(Problem(f"{path} has no column {' and no column '.join(lost)}.", KEY, hint=hint))
    ids, names = (table.column(name).combine_chunks() for name in (ROW_ID, COLUMN))
    problems = [*_unknown(path, names), *_twice(path, ids)]
    if problems:
        raise DataError(problems)
    return ids, pc.cast(names, pa.string())


def _unknown(path: Path, names: pa.Array) -> Sequence[Problem]:
    other = [name for name in names.unique().to_pylist() if name not in NAMES]
    if not other:
        return ()
    return [Problem(f"{path} names the split {other[0]!r}; there are {', '.join(NAMES)}.", KEY)]


def _twice(path: Path, ids: pa.Array) -> Sequence[Problem]:
    import pyarrow.compute as pc

    counted = ids.value_counts()
    several = counted.filter(pc.greater(counted.field("counts"), 1))
    if not len(several):
        return ()
    return [Problem(f"{path} names {several[0]['values'].as_py()} twice.", KEY)]
