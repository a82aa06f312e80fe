"""One line of an overlay: what somebody decided about one row of the source, or about decisions made before."""

from __future__ import annotations

import getpass
import json
import math
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from tui_finetune.errors import DataError, Problem

VERSION = 1
Kind = Literal["set", "drop", "keep", "weight", "move", "note", "ok", "undo", "redo", "void"]

SET: Final = "set"
"""A cell holds another value: a label, a text."""
DROP, KEEP, WEIGHT, MOVE, NOTE, OK = "drop", "keep", "weight", "move", "note", "ok"
UNDO, REDO, VOID = "undo", "redo", "void"
ROW_KINDS: Final = (SET, DROP, KEEP, WEIGHT, MOVE, NOTE, OK)
"""Those that are about a row; the others are about acts and entries made before."""


@dataclass(frozen=True)
class Entry:
    """A line. `row_hash` tells of which content of the row it was made."""

    kind: Kind
    row_id: str = ""
    row_hash: str = ""
    column: str = ""
    """Of `set`: the column of the source."""
    value: Any = None
    """Of `set` the new value as JSON, of `weight` a number, of `move` a split, of `note` a text."""
    before: Any = None
    """Of `set`: what the source has there, for whoever reads the list."""
    of: str = ""
    """Of `undo` and `redo` an act, of `void` an entry's id."""
    id: str = ""
    act: str = ""
    """What was done together has the same: it is undone together."""
    who: str = ""
    t: float = 0.0

    @property
    def field(self) -> str:
        """What it decides of the row: two entries of one field say the same, or stand against each other."""
        if self.kind == SET:
            return f"set {self.column}"
        return DROP if self.kind == KEEP else self.kind

    def as_json(self) -> dict[str, Any]:
        found = {"v": VERSION, **vars(self)}
        always = {"v", "kind", "id", "act", "who", "t"} | ({"value", "before"} if self.kind == SET else set())
        return {name: value for name, value in found.items() if name in always or value not in ("", None)}


def set_cell(row_id: str, row_hash: str, column: str, value: Any, before: Any = None) -> Entry:
    return Entry("set", row_id, row_hash, column, value, before)


def about_row(kind: Kind, row_id: str, row_hash: str, value: Any = None) -> Entry:
    return Entry(kind, row_id, row_hash, value=value)


def signed(entries: Sequence[Entry], who: str | None = None) -> list[Entry]:
    """The entries as one act of now: with ids, who and when."""
    act, now, name = _new_id(), round(time.time(), 3), who or person()
    return [replace(one, id=one.id or _new_id(), act=act, who=one.who or name, t=one.t or now) for one in entries]


def person() -> str:
    """Who works here, by the system's name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        return "somebody"


def _new_id() -> str:
    return uuid.uuid4().hex[:12]


def parsed(line: bytes | str, where: str) -> Entry:
    """An entry of its line. Raises DataError."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(Problem(f"{where} is no edit: it is not JSON.", "data.edits")) from error
    if not isinstance(found, Mapping):
        raise DataError(Problem(f"{where} is no edit: it is not a JSON object.", "data.edits"))
    if found.get("v") != VERSION:
        hint = "A newer program wrote it." if isinstance(found.get("v"), int) else "It is no file of edits."
        raise DataError(Problem(f"{where} has version {found.get('v')!r}, not {VERSION}.", "data.edits", hint=hint))
    fields = {name: value for name, value in found.items() if name in Entry.__dataclass_fields__}
    wrong = why_wrong(fields)
    if wrong is not None:
        raise DataError(Problem(f"{where} is no edit: {wrong}.", "data.edits"))
    return Entry(**fields)


def why_wrong(fields: Mapping[str, Any]) -> str | None:
    """What an entry of these fields lacks."""
    kind = fields.get("kind")
    if kind not in (*ROW_KINDS, UNDO, REDO, VOID):
        return f"kind is {kind!r}"
    needed = ("id", "act", *(("row_id", "row_hash") if kind in ROW_KINDS else ("of",)))
    needed += ("column",) if kind == SET else ()
    for name in needed:
        if not isinstance(fields.get(name), str) or not fields[name]:
            return f"{name} is missing"
    if kind == WEIGHT and why_no_weight(fields.get("value")) is not None:
        return why_no_weight(fields.get("value"))
    if kind in (MOVE, NOTE) and not (isinstance(fields.get("value"), str) and fields["value"].strip()):
        return "value is missing"
    return None


def why_no_weight(value: Any) -> str | None:
    """Why a value is no weight: a number from 0 on."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return f"a weight is a number from 0 on, not {value!r}"
    return None
