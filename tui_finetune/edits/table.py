"""Edits as a plain table: a row for each decision in force."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

from tui_finetune.edits.entry import Entry
from tui_finetune.edits.overlay import Overlay

COLUMNS = ("row_id", "row_hash", "kind", "column", "before", "value", "who", "when")


def as_csv(overlay: Overlay) -> str:
    """What is in effect, in the order in which it was decided."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_cells(entry) for entry in overlay.in_effect())
    return out.getvalue()


def _cells(entry: Entry) -> list[str]:
    when = datetime.fromtimestamp(entry.t, UTC).isoformat(timespec="seconds")
    return [
        entry.row_id,
        entry.row_hash,
        entry.kind,
        entry.column,
        as_text(entry.before),
        as_text(entry.value),
        entry.who,
        when,
    ]


def as_text(value: Any) -> str:
    """A value as a cell has it: texts as they are, all else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
