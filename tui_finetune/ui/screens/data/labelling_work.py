"""Edits of the open data, read and written in threads: one after the other, in the order in which they were asked for."""

from __future__ import annotations

import collections
import itertools
import re
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from tui_finetune.edits.entry import Entry
from tui_finetune.edits.overlay import Overlay, RowEdits
from tui_finetune.edits.store import EditsFile
from tui_finetune.errors import UserError
from tui_finetune.live.data_findings import FindingRows
from tui_finetune.live.data_set import Asked, DataSet, Split
from tui_finetune.ui.messages import Told

if TYPE_CHECKING:
    from tui_finetune.ui.bridge import Bridge


_PIECE = re.compile(r"(#\d+)+$")
"""End of the id of a row that a preprocessor made of another."""


@dataclass
class EditsRead(Told):
    """The edits of the open data, as they are now."""

    number: int
    split: str
    path: Path
    rows: Mapping[int, RowEdits] = field(default_factory=dict)
    """By the number of the row in the split."""
    changed: frozenset[int] = frozenset()
    """Of those the rows whose content is another one now."""
    counts: Mapping[str, int] = field(default_factory=dict)
    undoable: bool = False
    redoable: bool = False
    said: str = ""
    """What was done."""
    refused: bool = False
    """`said` is why it was not done."""


@dataclass
class QueueFound(Told):
    """Rows by their ids were looked for."""

    number: int
    rows: FindingRows
    missing: int = 0


class LabellingWork:
    """One for the page. Its methods return at once."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._jobs: collections.deque[Callable[[], Message | None]] = collections.deque()
        self._lock = threading.Lock()
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._files = itertools.count(1)
        self._file: EditsFile | None = None
        self._numbers: dict[tuple[str, str], tuple[int, str] | None] = {}
        """Split's file and row id to the row's number and hash; None where it is not there."""

    def read(self, number: int, found: DataSet, split: Split) -> None:
        """Reads the edits of data that were opened."""

        def job() -> Message:
            self._file = EditsFile(Path(place_of(found.asked, self._bridge)))
            return self._state(number, split)

        self._do("Read the edits", job)

    def add(self, number: int, split: Split, entries: Sequence[Entry], said: str) -> None:
        self._change(number, split, lambda file: file.add(entries), said)

    def undo(self, number: int, split: Split) -> None:
        self._change(number, split, EditsFile.undo, "Undone")

    def redo(self, number: int, split: Split) -> None:
        self._change(number, split, EditsFile.redo, "Done again")

    def queue(self, number: int, found: DataSet, ids: Sequence[str], title: str) -> None:
        """Looks for rows by their ids, in the order of these."""

        def work() -> Message:
            wanted = list(dict.fromkeys(_PIECE.sub("", one) for one in ids))
            files: dict[str, str] = {}
            counts: dict[str, int] = {}
            for split in found.splits:
                there = found_rows(split.arrow, set(wanted))
                numbers = [there[one][0] for one in wanted if one in there]
                if numbers:
                    files[split.name], counts[split.name] = self._numbered(numbers), len(numbers)
            return QueueFound(number, FindingRows(title, files, counts), len(wanted) - sum(counts.values()))

        self._bridge.do("Find rows", work)

    def _numbered(self, numbers: Sequence[int]) -> str:
        """A file of row numbers."""
        import numpy as np

        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="tui-finetune-queue-")
            self._bridge.at_end(self._scratch.cleanup)
        path = Path(self._scratch.name) / f"{next(self._files)}.i8"
        np.asarray(numbers, dtype=np.int64).tofile(path)
        return str(path)

    def _change(self, number: int, split: Split, act: Callable[[EditsFile], Overlay | list[Entry]], said: str) -> None:
        def job() -> Message:
            assert self._file is not None
            try:
                done = act(self._file)
            except UserError as error:
                return self._state(number, split, str(error.problems[0]), refused=True)
            if isinstance(done, list):
                ids = dict.fromkeys(one.row_id for one in done if one.row_id)
                return self._state(number, split, f"{said}: {', '.join(ids)}.")
            return self._state(number, split, said)

        self._do("Edit rows", job)

    def _do(self, what: str, job: Callable[[], Message | None]) -> None:
        """In the order of the calls, though each has a thread of its own."""
        self._jobs.append(job)

        def work() -> Message | None:
            with self._lock:
                return self._jobs.popleft()()

        self._bridge.do(what, work)

    def _state(self, number: int, split: Split, said: str = "", *, refused: bool = False) -> EditsRead:
        assert self._file is not None
        overlay = self._file.read()
        edits = overlay.rows()
        places = self._places(split, {row_id for row_id, _ in edits})
        rows: dict[int, RowEdits] = {}
        changed: set[int] = set()
        for (row_id, row_hash), one in edits.items():
            place = places.get(row_id)
            if place is None:
                continue
            at, now = place
            if now == row_hash:
                rows[at] = one
                changed.discard(at)
            elif at not in rows:
                rows[at] = one
                changed.add(at)
        return EditsRead(
            number,
            split.name,
            self._file.path,
            rows,
            frozenset(changed),
            overlay.counts(),
            bool(overlay.undoable()),
            bool(overlay.redoable()),
            said,
            refused,
        )

    def _places(self, split: Split, ids: set[str]) -> dict[str, tuple[int, str]]:
        """Number and hash of those rows of the split."""
        missing = {one for one in ids if (split.arrow, one) not in self._numbers}
        found = found_rows(split.arrow, missing) if missing else {}
        self._numbers |= {(split.arrow, one): found.get(one) for one in missing}
        kept = {one: self._numbers[split.arrow, one] for one in ids}
        return {one: place for one, place in kept.items() if place is not None}


def place_of(asked: Asked, bridge: Bridge) -> str:
    """The file of edits of data: a recipe's own, else the usual place."""
    from tui_finetune.edits.place import usual_place

    if asked.recipe is not None:
        from tui_finetune.config.load import load_recipe

        data = load_recipe(Path(asked.recipe), catalog=bridge.catalog()).recipe.data
        return data.edits or usual_place(bridge.home, data.path, data.subset, data.source)
    return usual_place(bridge.home, asked.path, asked.subset, asked.source)


def found_rows(arrow: str, ids: set[str]) -> dict[str, tuple[int, str]]:
    """Of the rows of a split's file with these ids the number and the hash."""
    import pyarrow.compute as pc

    from tui_finetune.data.scan.stored import is_list, stored_in
    from tui_finetune.data.windows import open_reader

    path = Path(arrow)
    if is_list(path):
        from tui_finetune.data.scan.finding import number_of

        stored = stored_in(path)
        numbers = [at for one in sorted(ids) if (at := number_of(stored, one)) is not None]
        reader = open_reader(path)
        try:
            table = reader.identified(numbers)
        finally:
            reader.close()
    else:
        import pyarrow as pa

        whole = pa.ipc.open_stream(pa.memory_map(arrow)).read_all().select(["row_id", "row_hash"])
        wanted = pc.is_in(whole.column("row_id"), value_set=pa.array(sorted(ids), whole.column("row_id").type))
        numbers, table = pc.indices_nonzero(wanted).to_pylist(), whole.filter(wanted)
    rows = zip(table.column("row_id").to_pylist(), numbers, table.column("row_hash").to_pylist(), strict=True)
    return {row_id: (at, row_hash) for row_id, at, row_hash in rows}
