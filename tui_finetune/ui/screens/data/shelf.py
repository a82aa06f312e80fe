"""What the Data screen has done in threads: data opened, rows read, counted, previewed. It posts messages, touches no widget."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.message import Message

from tui_finetune.data.desk import Desk, DeskSpec, Stopped
from tui_finetune.errors import Problem, UserError
from tui_finetune.live.data_set import Asked, DataSet, Split, opened_set
from tui_finetune.live.data_steps import Preview
from tui_finetune.ui.screens.data import finding, messages
from tui_finetune.ui.screens.data.making import Making
from tui_finetune.ui.screens.data.views import Views

if TYPE_CHECKING:
    from tui_finetune.ui.bridge import Bridge

PREVIEWED = 20
"""Rows that are shown before and after a step."""


class Shelf(Views):
    """One for the page. Its methods return at once."""

    def __init__(self, bridge: Bridge, folder: Path) -> None:
        """folder: what is typed as a relative path starts from it."""
        launch = bridge.started_with()
        super().__init__(bridge, Desk(DeskSpec(bridge.home, launch.plugin_dirs, launch.third_party)))
        self._folder = folder
        self._numbers = itertools.count(1)
        self.making = Making(bridge, self._desk, self._progress)
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
