"""Two people's overlays brought together: what the other one has is added, and where they disagree it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from tui_finetune.edits.entry import DROP, KEEP, NOTE, OK, SET, Entry
from tui_finetune.edits.overlay import Key, Overlay

Prefer = Literal["ours", "theirs", "newest"]


@dataclass(frozen=True)
class Disagreement:
    """One row of which two overlays say different things."""

    ours: Entry
    theirs: Entry

    @property
    def row_id(self) -> str:
        return self.ours.row_id

    def __str__(self) -> str:
        return f"{self.row_id}: {_words(self.ours)}, and {_words(self.theirs)}"

    def as_json(self) -> dict[str, Any]:
        return {"row_id": self.row_id, "ours": self.ours.as_json(), "theirs": self.theirs.as_json(), "told": str(self)}


@dataclass(frozen=True)
class Merge:
    """What a merge would do."""

    new: tuple[Entry, ...]
    """The other's entries in force that are not here."""
    disagreements: tuple[Disagreement, ...]

    def entries(self, prefer: Prefer | None = None) -> list[Entry]:
        """What is to be added, as one act. Without `prefer` there must be no disagreement."""
        left = {one.theirs.id for one in self.disagreements if not _theirs(one, prefer)}
        void = [Entry("void", of=one.ours.id) for one in self.disagreements if _theirs(one, prefer)]
        added = [replace(one, act="") for one in self.new if one.id not in left]
        return [*void, *added]


def merge(ours: Overlay, theirs: Overlay) -> Merge:
    """What `theirs` has and `ours` has not."""
    known = ours.ids
    new = [entry for entry in theirs.in_effect() if entry.id not in known]
    mine: dict[Key, list[Entry]] = {}
    for entry in ours.in_effect():
        mine.setdefault((entry.row_id, entry.row_hash), []).append(entry)
    found: dict[tuple[str, str], Disagreement] = {}
    for entry in new:
        for other in mine.get((entry.row_id, entry.row_hash), ()):
            if against(other, entry):
                found[other.id, entry.id] = Disagreement(other, entry)
    same = {entry.id for entry in new if _said(entry, mine.get((entry.row_id, entry.row_hash), ()))}
    return Merge(tuple(entry for entry in new if entry.id not in same), tuple(found.values()))


def against(one: Entry, other: Entry) -> bool:
    """True where one row cannot have both: another value in the same cell, dropped and changed."""
    if NOTE in (one.kind, other.kind):
        return False
    if one.field == other.field:
        return (one.kind, one.value) != (other.kind, other.value)
    kinds = {one.kind, other.kind}
    return (DROP in kinds and KEEP not in kinds) or (OK in kinds and SET in kinds)


def _said(entry: Entry, others: Sequence[Entry]) -> bool:
    """True where ours says the same already."""
    return any((entry.kind, entry.column, entry.value) == (one.kind, one.column, one.value) for one in others)


def _theirs(one: Disagreement, prefer: Prefer | None) -> bool:
    return prefer == "theirs" or (prefer == "newest" and one.theirs.t > one.ours.t)


def _words(entry: Entry) -> str:
    """`anna has label = 'good'`."""
    if entry.kind == SET:
        return f"{entry.who} has {entry.column} = {entry.value!r}"
    words = {DROP: "drops it", KEEP: "keeps it", OK: "accepts it as it is"}
    return f"{entry.who} {words.get(entry.kind, f'has {entry.kind} = {entry.value!r}')}"
