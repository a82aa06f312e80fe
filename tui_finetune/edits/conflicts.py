"""Edits that no longer fit the source: its rows were changed, moved or taken away since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from tui_finetune.edits.entry import Entry
from tui_finetune.edits.overlay import Key, Overlay, RowEdits
from tui_finetune.plugin_api import ROW_HASH, ROW_ID

if TYPE_CHECKING:
    import pyarrow as pa

Why = Literal["changed", "moved", "gone"]
WORDS = {
    "changed": "the row has another content now",
    "moved": "the row stands elsewhere now",
    "gone": "the row is not there any more",
}


@dataclass(frozen=True)
class Conflict:
    """Edits of one row that are not applied."""

    why: Why
    row_id: str
    row_hash: str
    """Of the content that was edited."""
    now_id: str | None = None
    """Where the content stands now, of `moved`."""
    now_hash: str | None = None
    """What the row's content is now, of `changed`."""

    def __str__(self) -> str:
        if self.why == "moved":
            return f"{self.row_id}: its content stands at {self.now_id} now"
        return f"{self.row_id}: {WORDS[self.why]}"

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "told": str(self)}


@dataclass(frozen=True)
class Judged:
    """Which edits fit a source."""

    fitting: Mapping[Key, RowEdits]
    conflicts: tuple[Conflict, ...]
    elsewhere: tuple[Key, ...]
    """Of rows of files that are not among those that were read: no conflict, and not applied."""
    splits: Mapping[str, str]
    """Of each row that is there, by its id, the split that it stands in."""


def judged(rows: Mapping[Key, RowEdits], tables: Iterable[tuple[str, pa.Table]]) -> Judged:
    """Compares the edits with the rows of all splits, each with its name, by id and hash."""
    ids = {row_id for row_id, _ in rows}
    there: dict[str, str] = {}
    splits: dict[str, str] = {}
    places: set[str] = set()
    tables = list(tables)
    for name, table in tables:
        found = _hashes_of(table, ids)
        there |= found
        splits |= dict.fromkeys(found, name)
        places |= _places(table, ids - there.keys())
    fitting = {key: one for key, one in rows.items() if there.get(key[0]) == key[1]}
    left = [key for key in rows if key not in fitting]
    elsewhere = tuple(key for key in left if key[0] not in there and _place(key[0]) not in places)
    wrong = [key for key in left if key not in elsewhere]
    stand = _standing((table for _, table in tables), {row_hash for _, row_hash in wrong})
    conflicts = tuple(_conflict(key, there.get(key[0]), stand.get(key[1], [])) for key in wrong)
    return Judged(fitting, conflicts, elsewhere, splits)


def _conflict(key: Key, now_hash: str | None, stands: Sequence[str]) -> Conflict:
    if len(stands) == 1:
        return Conflict("moved", *key, now_id=stands[0])
    return Conflict("gone", *key) if now_hash is None else Conflict("changed", *key, now_hash=now_hash)


def _hashes_of(table: pa.Table, ids: set[str]) -> dict[str, str]:
    """id to hash of those rows that are here."""
    found = table.filter(_among(table.column(ROW_ID), ids)).select([ROW_ID, ROW_HASH])
    return dict(zip(found.column(ROW_ID).to_pylist(), found.column(ROW_HASH).to_pylist(), strict=True))


def _standing(tables: Iterable[pa.Table], hashes: set[str]) -> dict[str, list[str]]:
    """hash to the ids of the rows that have it."""
    found: dict[str, list[str]] = {}
    for table in tables if hashes else ():
        rows = table.filter(_among(table.column(ROW_HASH), hashes)).select([ROW_ID, ROW_HASH])
        for row_id, row_hash in zip(*(rows.column(name).to_pylist() for name in (ROW_ID, ROW_HASH)), strict=True):
            found.setdefault(row_hash, []).append(row_id)
    return found


def _among(column: pa.ChunkedArray, wanted: set[str]) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.is_in(column, value_set=pa.array(sorted(wanted), column.type))


def _places(table: pa.Table, missing: set[str]) -> set[str]:
    """The files, as ids name them, that the missing rows would be of and of which there are rows here."""
    import pyarrow.compute as pc

    wanted = {_place(row_id) for row_id in missing}
    column = table.column(ROW_ID)
    return {place for place in wanted if pc.any(pc.starts_with(column, f"{place}:")).as_py()}


def _place(row_id: str) -> str:
    return row_id.rpartition(":")[0]


def settled(overlay: Overlay, conflicts: Sequence[Conflict], *, keep: bool) -> list[Entry]:
    """What ends conflicts: edits given up; or kept, for the row's content of now and the place where it stands now.

    Those of rows that are gone are given up in both ways.
    """
    rows = overlay.rows()
    found: list[Entry] = []
    for conflict in conflicts:
        for entry in rows[conflict.row_id, conflict.row_hash].entries:
            found.append(Entry("void", of=entry.id))
            if keep and conflict.why != "gone":
                row_id = conflict.now_id or entry.row_id
                row_hash = conflict.now_hash or entry.row_hash
                found.append(replace(entry, row_id=row_id, row_hash=row_hash, id="", act=""))
    return found
