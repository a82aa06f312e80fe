"""A drawn sample of the rows of large splits, the same each time: what is said of them is said of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_finetune.data.scan.stored import Stored, is_list, stored_in
from tui_finetune.plugin_api import Opened, Progress, SplitTable, no_progress

if TYPE_CHECKING:
    import pyarrow as pa

    from tui_finetune.data.windows import RowReader

SAMPLE_ROWS = 100_000
SAMPLE_BYTES = 64 << 20
"""What a sample takes in memory at most, about: of long rows it is smaller."""
SEED = 0
_PROBE = 100
"""Rows by which it is reckoned what one takes."""


@dataclass(frozen=True)
class Drawn(SplitTable):
    """A sample of a split, in memory."""

    drawn: pa.Table
    numbers: tuple[int, ...]
    """Of its rows, in the order of the split."""

    def table(self) -> pa.Table:
        return self.drawn


def sample_of(opened: Opened, progress: Progress = no_progress, most: int = SAMPLE_ROWS) -> Opened | None:
    """What was opened, with samples in place of splits that are larger than that; None where none is."""
    large = [name for name, split in opened.splits.items() if split.rows > most or is_list(split.arrow)]
    if not large:
        return None
    splits = {name: _drawn(split, progress, most) if name in large else split for name, split in opened.splits.items()}
    return replace(opened, splits=splits)


def numbers_of(rows: int, count: int) -> list[int]:
    """`count` of the row numbers, in order; the same for the same figures."""
    return list(range(rows)) if count >= rows else sorted(random.Random(SEED).sample(range(rows), count))


def _drawn(split: SplitTable, progress: Progress, most: int) -> Drawn:
    import pyarrow as pa

    progress(f"drawing a sample of {split.name}", 0, None)
    if not is_list(split.arrow):
        numbers = numbers_of(split.rows, most)
        return Drawn(split.name, split.arrow, len(numbers), split.table().take(pa.array(numbers)), tuple(numbers))
    from tui_finetune.data.windows import reader_of

    stored = stored_in(split.arrow)
    reader = reader_of(stored)
    try:
        numbers = numbers_of(stored.rows, min(most, _fitting(stored, reader)))
        return Drawn(split.name, split.arrow, len(numbers), reader.identified(numbers), tuple(numbers))
    finally:
        reader.close()


def _fitting(stored: Stored, reader: RowReader) -> int:
    """Rows of which a sample has room."""
    probe = reader.identified(numbers_of(stored.rows, _PROBE))
    return max(_PROBE, int(SAMPLE_BYTES / max(1.0, probe.nbytes / max(1, probe.num_rows))))
