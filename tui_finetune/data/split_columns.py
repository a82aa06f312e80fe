"""Shares of train by a column of its own: groups that stay together, or the newest rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tui_finetune.config.checks import GROUPS_OR_TIME
from tui_finetune.data.splitting import Divided, divide_groups, divide_newest
from tui_finetune.errors import DataError, Problem, did_you_mean
from tui_finetune.plugin_api import ROW_HASH, ROW_ID

if TYPE_CHECKING:
    import pyarrow as pa

    from tui_finetune.data.splitting import Indices


class SplitColumns:
    """What `data.groups` and `data.time` say of how a share of train is taken."""

    def __init__(self, groups: str | None, time: str | None) -> None:
        if groups is not None and time is not None:
            raise DataError(GROUPS_OR_TIME)
        self.groups, self.time = groups, time
        self._ids: Any = None
        self._values: Any = None
        self._since: Any = None

    @property
    def used(self) -> bool:
        return self.groups is not None or self.time is not None

    @property
    def why_none(self) -> str | None:
        return None if self.groups is None else f"all rows have the same {self.groups}, and it stays together"

    def words(self, seed: int) -> str | None:
        """How a share is taken, or None where by chance alone."""
        if self.groups is not None:
            return f"whole groups of {self.groups}, seed {seed}"
        return None if self.time is None else f"the newest by {self.time}, from {self._since} on"

    def read(self, train: pa.Table) -> None:
        """Keeps the column of train's rows. Raises DataError where there is none, or it cannot be used so."""
        import pyarrow as pa

        if not self.used:
            return
        key, name = ("data.groups", self.groups) if self.groups is not None else ("data.time", self.time)
        there = [column for column in train.column_names if column not in (ROW_ID, ROW_HASH)]
        if name not in there:
            raise DataError(
                Problem(
                    f"There is no column {name} in train; there are {', '.join(there)}.",
                    key,
                    hint=did_you_mean(str(name), there) or None,
                )
            )
        values = train.column(name)
        if pa.types.is_nested(values.type):
            raise DataError(Problem(f"Column {name} holds {values.type}, no single values.", key))
        if self.time is not None and values.null_count:
            raise DataError(
                Problem(
                    f"Column {name} has no value in {values.null_count:,} rows: when they were is not known.",
                    key,
                    hint="Leave these rows out, or give them a time.",
                )
            )
        self._ids, self._values = train.column(ROW_ID), values

    def divide(self, ids: pa.ChunkedArray, count: int, seed: int, what: str) -> Divided:
        """`count` of the rows with these ids, or as near to it as whole groups come."""
        import pyarrow.compute as pc

        if self.time is not None:
            values = self._of(ids)
            order = pc.sort_indices(values).to_numpy().astype(np.int64)
            self._since = values[int(order[-count])].as_py()
            return divide_newest(order, count)
        return divide_groups(self.numbers(ids), count, seed, what)

    def numbers(self, ids: pa.ChunkedArray) -> Indices:
        """A number from 0 for each of the rows with these ids: the same where they stay together."""
        import pyarrow.compute as pc

        # A row without a group stands for itself.
        codes = pc.fill_null(pc.dictionary_encode(self._of(ids).combine_chunks()).indices, -1)
        numbers: Indices = codes.to_numpy(zero_copy_only=False).astype(np.int64)
        alone = numbers < 0
        numbers[alone] = numbers.max(initial=-1) + 1 + np.arange(int(alone.sum()))
        return numbers

    def _of(self, ids: pa.ChunkedArray) -> pa.ChunkedArray:
        import pyarrow.compute as pc

        return self._values.take(pc.index_in(ids, value_set=self._ids.combine_chunks()))
