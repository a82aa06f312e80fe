"""The number of a row by its id."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import numpy as np

from tui_finetune.data.scan.locked import name_of, quoted
from tui_finetune.data.scan.running import numbers_into
from tui_finetune.data.scan.stored import ROW, Stored, connected
from tui_finetune.plugin_api import ROW_ID, Progress, no_progress

_COUNTED = re.compile(r"(?P<place>.*):(?P<number>\d+)$", re.S)


def number_of(stored: Stored, row_id: str, progress: Progress = no_progress) -> int | None:
    """Where the row stands; None where there is none of that id. Ids that only count are not looked for but reckoned."""
    if not stored.has_ids:
        return _reckoned(stored, row_id)
    query = f"SELECT {name_of(ROW)} FROM {stored.relation} WHERE {name_of(ROW_ID)} = {quoted(row_id)} LIMIT 1"
    with tempfile.TemporaryDirectory(prefix="tui-finetune-scan-") as scratch, connected(stored) as duck:
        target = Path(scratch) / "row.i8"
        count = numbers_into(duck, query, target, row_id, "looking for the row", stored.rows, progress)
        return int(np.fromfile(target, dtype=np.int64)[0]) if count else None


def _reckoned(stored: Stored, row_id: str) -> int | None:
    match = _COUNTED.match(row_id)
    for piece in stored.pieces if match is not None else ():
        if match is not None and match["place"] == piece.place and int(match["number"]) < piece.rows:
            return piece.first + int(match["number"])
    return None
