"""The rows of the data that are open, as the Data screen has them read in threads: views, blocks, one row, its tokens."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.message import Message

from tui_finetune.data.desk import Desk, Stopped
from tui_finetune.errors import UserError
from tui_finetune.live.data_set import DataSet
from tui_finetune.ui.screens.data import finding, messages
from tui_finetune.ui.screens.data.messages import Key
from tui_finetune.ui.screens.data.reading import Other, Reading

if TYPE_CHECKING:
    from tui_finetune.data.windows import RowReader
    from tui_finetune.ui.bridge import Bridge

VIEWS_KEPT = 4
READERS_KEPT = 2


class Views:
    """Rows in the order of a filter, and what is read of them. Its methods return at once."""

    def __init__(self, bridge: Bridge, desk: Desk) -> None:
        self._bridge = bridge
        self._desk = desk
        self._views: dict[Key, Reading] = {}
        self._readers: dict[str, RowReader] = {}
        self._lock = threading.Lock()

    def _progress(self, number: int) -> Any:
        return lambda what, done, total: self._bridge.post(messages.DataAdvanced(number, what, done, total))

    def view(
        self, key: Key, found: DataSet, wish: Mapping[str, Any], keep: int | None = None, among: str | None = None
    ) -> None:
        """Finds the rows of a filter and an order. keep: the number of the row that the cursor is to stay on.

        among: a file of the numbers of the only rows that are looked at.
        """

        def work(stale: Any) -> Message | None:
            split = found.split(key[1])
            if not any(wish.get(name) for name in ("filter", "sort", "reverse")):
                rows = Path(among) if among is not None else None
                whole = Reading(found, split, rows, self._reader, lent=True)
                return self._made(key, whole, (), whole.place_of(keep))
            request = {"arrow": split.arrow, "wish": {**wish, **finding.wish_of(found)}, "among": among}
            try:
                answer = self._desk.ask("view", request, self._progress(key[0]), stale=stale)
            except Stopped:
                return None
            except UserError as error:
                return messages.ViewRefused(key, str(error.problems[0]))
            reading = Reading(found, split, Path(answer["rows"]), self._reader)
            return self._made(key, reading, answer["notes"], reading.place_of(keep))

        self._bridge.latest("data.view", "Find rows", work)

    def _made(self, key: Key, reading: Reading, notes: Sequence[str], at: int | None) -> Message:
        """A view with the rows where the cursor stands."""
        with self._lock:
            self._views[key] = reading
            while len(self._views) > VIEWS_KEPT:
                self._views.pop(next(iter(self._views))).close()
        at = at or 0
        first = self._rows(key, at // reading.block_rows, reading)
        return messages.ViewMade(key, len(reading), notes, at, first, reading.block_rows, reading.looked)

    def _reader(self, arrow: str) -> RowReader:
        """The reader of a split's file: of large ones each holds memory, so that few are kept."""
        from tui_finetune.data.windows import open_reader

        with self._lock:
            if (found := self._readers.get(arrow)) is None:
                while len(self._readers) >= READERS_KEPT:
                    self._readers.pop(next(iter(self._readers))).close()
                found = self._readers[arrow] = open_reader(Path(arrow))
            return found

    def stop_view(self) -> None:
        """What is being found is not wanted any more."""
        self._bridge.latest("data.view", "Stop", lambda stale: None)

    def _reading(self, key: Key) -> Reading | None:
        with self._lock:
            return self._views.get(key)

    def rows(self, key: Key, block: int) -> None:
        """Reads a block of rows, then counts its tokens."""

        def work(stale: Any) -> Message | None:
            reading = self._reading(key)
            return self._rows(key, block, reading) if reading is not None else None

        self._bridge.latest(f"data.rows.{block % 2}", "Read rows", work)

    def _rows(self, key: Key, block: int, reading: Reading) -> messages.RowsRead:
        numbers, cells = reading.block(block * reading.block_rows, reading.block_rows)
        if reading.counts_tokens:
            self._tokens(key, block, reading)
        return messages.RowsRead(key, block, numbers, cells)

    def _count(self, key: Key, block: int, reading: Reading) -> Message:
        counts = reading.token_counts(block * reading.block_rows, reading.block_rows, self._bridge.catalog())
        return messages.TokensCounted(key, block, counts)

    def know(self, key: Key, found: DataSet, blocks: Sequence[int]) -> None:
        """From now on a view's rows have the labels and tokens of what was found out; those of these blocks are counted."""
        reading = self._reading(key)
        if reading is None:
            return
        reading.know(found)
        if reading.counts_tokens:
            for block in blocks:
                self._tokens(key, block, reading)

    def _tokens(self, key: Key, block: int, reading: Reading) -> None:
        self._bridge.latest(f"data.tokens.{block % 2}", "Count tokens", lambda stale: self._count(key, block, reading))

    def row(self, key: Key, index: int, other: Other | None = None) -> None:
        """Reads one row whole, and its tokens; also as the other sees them."""

        def work(stale: Any) -> Message | None:
            reading = self._reading(key)
            if reading is None:
                return None
            number, row = reading.whole(index)
            tokens, why = reading.tokens(row, self._bridge.catalog())
            beside = reading.tokens(row, self._bridge.catalog(), other) if other is not None else (None, "")
            return messages.RowRead(key, index, number, row, tokens, why, *beside)

        self._bridge.latest("data.row", "Read the row", work)

    def other(self, found: DataSet, model: str, max_length: int | None) -> None:
        """Looks for the tokenizer of a model that is to stand beside; of none named it is the one of the data."""

        def work() -> Message:
            name = replace(found, model=model or found.model).model_short
            title = f"{name} at {max_length:,}" if max_length is not None else name
            if not model:
                return messages.OtherFound(Other(title, None, max_length))
            from tui_finetune.inference.tokenizer_files import tokenizer_of

            file = tokenizer_of(model, None, self._bridge.home)
            if file is None:
                return messages.OtherFound(
                    None, f"{model} has no tokenizer here. hf download {model} brings one of the Hub."
                )
            return messages.OtherFound(Other(title, str(file), max_length))

        self._bridge.do("Look for the tokenizer", work)

    def place(self, key: Key, number: int) -> None:
        """Where the row of a number stands."""

        def work(stale: Any) -> Message | None:
            reading = self._reading(key)
            return messages.RowPlaced(key, number, reading.place_of(number)) if reading is not None else None

        self._bridge.latest("data.place", "Find the row", work)

    def find(self, key: Key, found: DataSet, row_id: str) -> None:
        """Shows the split and the place of the row with an id."""

        def work(stale: Any) -> Message | None:
            splits = {one.name: one.arrow for one in found.splits}
            try:
                answer = self._desk.ask(
                    "find", {"splits": splits, "row_id": row_id}, self._progress(key[0]), stale=stale
                )
            except Stopped:
                return None
            except UserError as error:
                return messages.ViewRefused(key, str(error.problems[0]))
            split = found.split(answer["split"])
            return self._made(
                (key[0], split.name, key[2]), Reading(found, split, None, self._reader), (), answer["row"]
            )

        self._bridge.latest("data.view", f"Find row {row_id}", work)
