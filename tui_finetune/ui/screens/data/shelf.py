"""What the Data screen has done in threads: data opened, rows read, counted, previewed. It posts messages, touches no widget."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.message import Message

from tui_finetune.data.desk import Desk, DeskSpec, Stopped
from tui_finetune.errors import Problem, UserError
from tui_finetune.live.data_set import Asked, DataSet, Split, opened_set
from tui_finetune.live.data_steps import Preview
from tui_finetune.ui.screens.data import finding, messages
from tui_finetune.ui.screens.data.making import Making
from tui_finetune.ui.screens.data.messages import Key
from tui_finetune.ui.screens.data.reading import Other, Reading

if TYPE_CHECKING:
    from tui_finetune.data.windows import RowReader
    from tui_finetune.ui.bridge import Bridge

VIEWS_KEPT = 4
READERS_KEPT = 2
PREVIEWED = 20
"""Rows that are shown before and after a step."""


class Shelf:
    """One for the page. Its methods return at once."""

    def __init__(self, bridge: Bridge, folder: Path) -> None:
        """folder: what is typed as a relative path starts from it."""
        self._bridge = bridge
        self._folder = folder
        self._numbers = itertools.count(1)
        launch = bridge.started_with()
        self._desk = Desk(DeskSpec(bridge.home, launch.plugin_dirs, launch.third_party))
        self.making = Making(bridge, self._desk, self._progress)
        self._views: dict[Key, Reading] = {}
        self._readers: dict[str, RowReader] = {}
        self._lock = threading.Lock()
        self._written: dict[str, float] = {}
        """When the files of what is open were written, as they were read."""
        self._wanted = 0
        """Number of the opening that counts."""
        bridge.at_end(self._desk.close)

    @property
    def desk_pid(self) -> int | None:
        """The process that works for the screen, while there is one."""
        return self._desk.pid

    # Opening

    def open(self, typed: str, given: Asked | None = None) -> int:
        """Opens what is typed, or what was asked for; the number by which it is known. What was being opened is stopped."""
        number = self._wanted = next(self._numbers)
        self._bridge.latest("data.open", f"Open {typed}", lambda stale: self._open(number, typed, given))
        return number

    def warm(self) -> None:
        """Has the desk ready for what is about to be chosen."""
        self._bridge.do("Begin", self._warm)

    def _warm(self) -> None:
        with contextlib.suppress(Stopped, UserError):  # what it cannot do is told when it is asked for something
            self._desk.ask("warm", {})

    def stop(self) -> None:
        """Ends everything that the desk does."""
        self._wanted = 0
        self._bridge.do("Stop", self._kill)

    def again(self) -> None:
        """The next request is done by a new process: plugins have changed."""
        if self._desk.pid is not None:
            self._bridge.do("Stop", self._kill)

    def _kill(self) -> None:
        self._desk.kill()

    def _open(self, number: int, typed: str, given: Asked | None) -> Message | None:
        asked = given or Asked(path=typed)
        found: list[DataSet] = []

        def told(event: Mapping[str, Any]) -> None:
            found.append(opened_set(asked, event["opened"], partial=bool(event.get("partial"))))
            self._written = finding.written(found[-1])
            self._bridge.post(messages.DataOpened(number, found[-1]))

        try:
            asked = given or finding.asked_for(typed, self._folder, self._bridge.catalog())
            finding.warm(asked.path or "")
            asked = finding.with_model(asked, self._bridge.home)
            self._bridge.post(messages.HeadRead(number, finding.head_of(asked)))
            answer = self._desk.ask(
                "open", asked.as_json(), self._progress(number), told=told, stale=lambda: self._wanted != number
            )
        except Stopped:
            return None
        except UserError as error:
            return messages.DataRefused(number, asked, error.problems)
        return messages.DataLooked(number, found[-1].with_look(answer))

    def _progress(self, number: int) -> Any:
        return lambda what, done, total: self._bridge.post(messages.DataAdvanced(number, what, done, total))

    # Rows

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

    # Columns, steps

    def facts(self, number: int, found: DataSet, split: Split, column: str) -> None:
        """Counts a column."""

        def work(stale: Any) -> Message | None:
            try:
                facts = self._desk.ask(
                    "column", finding.column_request(found, split, column), self._progress(number), stale=stale
                )
            except Stopped:
                return None
            except UserError as error:
                facts = {"failed": str(error.problems[0])}
            return messages.FactsRead(number, split.name, column, facts)

        self._bridge.latest("data.facts", f"Count {column}", work)

    def steps(self) -> None:
        """The preprocessors and tasks there are."""
        self._bridge.latest(
            "data.steps",
            "Look for preprocessors",
            lambda stale: messages.StepsRead(
                finding.steps(self._bridge.catalog()), finding.tasks(self._bridge.catalog())
            ),
        )

    def preview(self, number: int, split: Split, start: int, steps: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Some rows before and after the steps."""

        def work(stale: Any) -> Message | None:
            request = {"arrow": split.arrow, "start": start, "count": PREVIEWED, "steps": [list(one) for one in steps]}
            try:
                answer = self._desk.ask("preview", request, stale=stale)
            except Stopped:
                return None
            except UserError as error:
                return messages.PreviewRead(number, None, str(error.problems[0]))
            names = tuple(name for name, _ in steps)
            return messages.PreviewRead(number, Preview(start, names, **answer))

        self._bridge.latest("data.preview", "Preview", work)

    def check(self, number: int, found: DataSet) -> None:
        """Looks for what is amiss; ends where other data are opened."""

        def work(stale: Any) -> Message | None:
            try:
                answer = self._desk.ask("check", found.asked.as_json(), self._progress(number), stale=stale)
            except Stopped:
                return messages.DataChecked(number, None, "stopped")
            except UserError as error:
                return messages.DataChecked(number, None, str(error.problems[0]))
            return messages.DataChecked(number, answer)

        self._bridge.latest("data.check", "Check the data", work)

    def stop_check(self) -> None:
        """Its findings are not wanted any more."""
        self._bridge.latest("data.check", "Stop", lambda stale: None)

    # What can be opened

    def sources(self) -> None:
        """Those that need no path."""
        self._bridge.latest(
            "data.sources",
            "Look for sources",
            lambda stale: messages.SourcesRead(finding.pathless(self._bridge.catalog())),
        )

    def candidates(self, typed: str, begin: Sequence[Any]) -> None:
        """What what is typed may become: paths, data sets of the Hub."""

        def work(stale: Any) -> Message | None:
            here = finding.candidates_here(typed, begin, self._folder)
            finding.warm(os.path.join(self._folder, os.path.expanduser(typed.strip())))
            if not finding.asks_hub(typed, self._folder):
                return messages.CandidatesRead(typed, here)
            self._bridge.post(messages.CandidatesRead(typed, here, more=True))
            if finding.pause(stale):
                return None
            try:
                answer = self._desk.ask("search", {"text": typed.strip()}, stale=stale)
            except Stopped:
                return None
            return messages.CandidatesRead(typed, [*here, *finding.from_hub(answer)], answer["why"] or "")

        self._bridge.latest("data.candidates", "Look what there is", work)

    def raw(self, found: Asked, problem: Problem) -> None:
        """The lines of a file around a problem, as they stand."""
        self._bridge.do("Read the lines", lambda: finding.lines_around(found, problem))

    def changed(self, number: int, found: DataSet) -> None:
        """Looks whether the files are as they were read."""

        def work(stale: Any) -> Message:
            now = finding.written(found)
            names = [Path(path).name for path, when in now.items() if self._written.get(path, when) != when]
            return messages.FilesChanged(number, names)

        self._bridge.latest("data.files", "Look at the files", work)

    def recipe(self, found: DataSet, steps: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Fills a recipe in, as `config new --data` does."""

        def work() -> Message:
            text, name = finding.recipe_text(found, steps, self._bridge.catalog())
            return messages.RecipeFilledIn(text, name)

        self._bridge.do("New run", work)
