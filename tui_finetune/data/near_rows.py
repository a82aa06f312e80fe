"""Rows that are nearly the same as numbers: what has one number comes to one side of a split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui_finetune.data.quality.material import Roles, coded, material
from tui_finetune.data.quality.near import TEXTS, near_groups
from tui_finetune.data.splitting import PIECE
from tui_finetune.plugin_api import ROW_ID, Task

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


def near_numbers(train: pa.Table, task: Task) -> NDArray[np.int64]:
    """A number for each row of a table by role: the same for rows of one text, of nearly one text (see
    `tui_finetune.data.quality.near`), and for pieces of one row. Shape [rows]."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    inputs = tuple(role.name for role in task.roles if not role.gold and role.name in train.column_names)
    texts = coded([material({"train": train}, {"train": Roles(inputs)}).train.texts])
    near = near_groups(texts.values.slice(0, TEXTS))
    origins = np.unique([PIECE.sub("", row) for row in train.column(ROW_ID).to_pylist()], return_inverse=True)[1]
    # A graph of rows, origins, texts and groups of texts: what hangs together is one.
    rows, known = train.num_rows, texts.codes >= 0
    grouped = np.flatnonzero(near >= 0)
    first_text, first_group = rows + rows, rows + rows + len(texts.values)
    starts = np.concatenate([np.arange(rows), np.flatnonzero(known), first_text + grouped])
    ends = np.concatenate([rows + origins, first_text + texts.codes[known], first_group + near[grouped]])
    size = first_group + len(texts.values)
    graph = coo_array((np.ones(len(starts), dtype=np.int8), (starts, ends)), shape=(size, size))
    numbers: NDArray[np.int64] = connected_components(graph, directed=False)[1][:rows].astype(np.int64)
    return numbers
