"""What the lines of an overlay come to: the decisions in force, by row, and what can be undone and done again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui_finetune.edits.entry import DROP, KEEP, MOVE, NOTE, OK, REDO, SET, UNDO, VOID, WEIGHT, Entry

Key = tuple[str, str]
"""row_id and row_hash."""
_WORDS = {
    "set": "changed",
    "dropped": "dropped",
    "moved": "moved",
    "weighed": "weighed",
    "noted": "noted",
    "ok": "accepted",
}


@dataclass
class RowEdits:
    """The decisions in force about one content of a row, the last one of each field."""

    row_id: str
    row_hash: str
    cells: dict[str, Any] = field(default_factory=dict)
    """Column to new value."""
    dropped: bool = False
    weight: float | None = None
    split: str | None = None
    notes: list[str] = field(default_factory=list)
    ok: bool = False
    """Somebody looked at it and left it as it is."""
    entries: list[Entry] = field(default_factory=list)

    @property
    def changes(self) -> bool:
        """True where a run has another row than the source, or none."""
        return bool(self.cells) or self.dropped or self.weight is not None or self.split is not None

    def take(self, entry: Entry) -> None:
        self.entries.append(entry)
        if entry.kind == SET:
            self.cells[entry.column] = entry.value
        elif entry.kind in (DROP, KEEP):
            self.dropped = entry.kind == DROP
        elif entry.kind == WEIGHT:
            self.weight = float(entry.value)
        elif entry.kind == MOVE:
            self.split = str(entry.value)
        elif entry.kind == NOTE:
            self.notes.append(str(entry.value))
        elif entry.kind == OK:
            self.ok = True

    def as_json(self) -> dict[str, Any]:
        """For a list; of the last decision who and when."""
        last = self.entries[-1]
        return {
            "row_id": self.row_id,
            "row_hash": self.row_hash,
            "set": dict(self.cells),
            "before": {one.column: one.before for one in self.entries if one.kind == SET},
            "dropped": self.dropped,
            "weight": self.weight,
            "split": self.split,
            "notes": list(self.notes),
            "ok": self.ok,
            "who": last.who,
            "t": last.t,
        }


class Overlay:
    """All lines of an overlay, read in their order."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries: list[Entry] = []
        self._acts: dict[str, list[Entry]] = {}
        self._done: list[str] = []
        self._undone: list[str] = []
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        if entry.kind == UNDO:
            _move(entry.of, self._done, self._undone)
        elif entry.kind == REDO:
            _move(entry.of, self._undone, self._done)
        elif entry.act in self._acts:
            self._acts[entry.act].append(entry)
        else:
            self._acts[entry.act] = [entry]
            self._done.append(entry.act)
            self._undone.clear()

    @property
    def ids(self) -> set[str]:
        """Of every entry, in force or not."""
        return {entry.id for entry in self.entries}

    def in_force(self) -> list[Entry]:
        """The entries about rows that were not undone."""
        found = [entry for act in self._done for entry in self._acts[act]]
        void = {entry.of for entry in found if entry.kind == VOID}
        return [entry for entry in found if entry.kind != VOID and entry.id not in void]

    def in_effect(self) -> list[Entry]:
        """Of those the last one of each field of a row; all notes."""
        found = {(one.row_id, one.row_hash, one.id if one.kind == NOTE else one.field): one for one in self.in_force()}
        return list(found.values())

    def rows(self) -> dict[Key, RowEdits]:
        """The decisions in force by row and content."""
        found: dict[Key, RowEdits] = {}
        for entry in self.in_force():
            key = (entry.row_id, entry.row_hash)
            found.setdefault(key, RowEdits(*key)).take(entry)
        return found

    def undoable(self, who: str | None = None) -> list[Entry]:
        """The last act that is in force; of `who` alone where one is named."""
        return self._last(self._done, who)

    def redoable(self, who: str | None = None) -> list[Entry]:
        """The act that was undone last, where nothing was done since."""
        return self._last(self._undone, who)

    def _last(self, acts: Sequence[str], who: str | None) -> list[Entry]:
        for act in reversed(acts):
            if who is None or self._acts[act][0].who == who:
                return self._acts[act]
        return []

    def counts(self) -> dict[str, int]:
        """Rows by what is done to them."""
        return counts_of(self.rows().values())

    def digest(self) -> str:
        """16 hex digits of what is in force: two overlays that change the same in the same way have the same."""
        rows = [
            [key, one.cells, one.dropped, one.weight, one.split]
            for key, one in sorted(self.rows().items())
            if one.changes
        ]
        text = json.dumps(rows, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def counts_of(rows: Iterable[RowEdits]) -> dict[str, int]:
    """Rows in all, and those with new values, dropped, moved, weighed, noted, accepted."""
    found = list(rows)
    return {
        "rows": len(found),
        "set": sum(bool(one.cells) and not one.dropped for one in found),
        "dropped": sum(one.dropped for one in found),
        "moved": sum(one.split is not None and not one.dropped for one in found),
        "weighed": sum(one.weight is not None and not one.dropped for one in found),
        "noted": sum(bool(one.notes) for one in found),
        "ok": sum(one.ok and not one.changes for one in found),
    }


def told(counts: Mapping[str, int]) -> str:
    """The counts in words: `3 changed, 1 dropped`."""
    parts = [f"{counts[name]:,} {word}" for name, word in _WORDS.items() if counts.get(name)]
    return ", ".join(parts) or "none"


def _move(act: str, source: list[str], target: list[str]) -> None:
    """An act that is not there was undone already, by somebody else at the same time."""
    if act in source:
        source.remove(act)
        target.append(act)
