"""What the Data screen holds, and what is asked for it: data, a view of their rows, a run of them."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui_finetune.errors import Problem
from tui_finetune.live.data_findings import FindingRows
from tui_finetune.live.data_run import trained_split, with_choice
from tui_finetune.live.data_set import Asked, DataSet, Split
from tui_finetune.live.data_steps import Step
from tui_finetune.live.spans import Line
from tui_finetune.ui.page import Page
from tui_finetune.ui.screens.data.check_panes import FindingsTable
from tui_finetune.ui.screens.data.choosing import ask_length
from tui_finetune.ui.screens.data.fact_panes import ColumnsTable, PreviewPane
from tui_finetune.ui.screens.data.making import Making
from tui_finetune.ui.screens.data.messages import Key, RowRead
from tui_finetune.ui.screens.data.panes import RowsTable, WaitingPane
from tui_finetune.ui.screens.data.reading import Other
from tui_finetune.ui.screens.data.shelf import Shelf

FOLLOW_SECONDS = 0.3
"""A wait that is longer says how far it is."""


class Looking(Page):
    """A page that has data open, or none."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Asked | None = None
        """What is being opened, or could not be."""
        self.typed = ""
        self.found: DataSet | None = None
        self.problems: Sequence[Problem] = ()
        self.split = ""
        self.count = 0
        """Rows of the view."""
        self.filter = ""
        self.within: FindingRows | None = None
        """The finding whose rows alone are shown."""
        self.sort = ""
        self.reverse = False
        self.notes: Sequence[str] = ()
        self.row_read: RowRead | None = None
        self.other: Other | None = None
        """Whose tokens stand beside those of an opened row."""
        self.chosen: dict[str, Mapping[str, Any]] = {}
        """Steps that are used, with their options."""
        self.chain_counts: Sequence[Mapping[str, Any]] = ()
        """What each of them does to all rows, as far as that was counted."""
        self.changed_files: Sequence[str] = ()
        self.opening = 0
        """Number of what is being opened; 0 where nothing is."""
        self.waits = ""
        """What is being waited for, and how far it is."""
        self.finding = False
        """True while rows are being found or sorted; those of the view before are shown meanwhile."""
        self._put_off: Line | None = None
        """A message that waits until the rows are found: how far that is stands in its place."""
        self._number = 0
        """Number of what is open."""
        self._view = 0
        """Number of the view that was asked for last."""
        self._shown: Key = (0, "", 0)
        """The view whose rows are shown."""
        self._kept: tuple[str, str, bool, FindingRows | None] = ("", "", False, None)
        """Filter, order and its turn, and the finding, of the view that is shown."""
        self._find: str | None = None
        """Id of the row that is to be shown once the data are open."""
        self._then: Callable[[RowRead], None] | None = None
        """What is to be done with the row under the cursor once it has been read."""
        self._since = 0.0
        self.choosing = False
        """True while what was chosen for a run is being looked at."""
        self.tasks: Sequence[tuple[str, str]] = ()
        """Tasks that there are, with their help."""

    @property
    def making(self) -> Making:
        return self.shelf.making

    @functools.cached_property
    def shelf(self) -> Shelf:
        return Shelf(self.ui.bridge, Path.cwd())

    @property
    def table(self) -> RowsTable:
        return self.query_one(RowsTable)

    @property
    def columns(self) -> ColumnsTable:
        return self.query_one(ColumnsTable)

    @property
    def key(self) -> Key:
        """Of the view that is shown."""
        return self._shown

    @property
    def converting(self) -> bool:
        """True while only the first rows are there, and the others are being brought."""
        return self.found is not None and self.found.partial and bool(self.waits)

    @property
    def split_shown(self) -> Split:
        assert self.found is not None
        return self.found.split(self.split)

    def settle(self) -> None:
        """Shows the panes that belong to what there is."""
        raise NotImplementedError

    # Asking

    def open(self, typed: str, given: Asked | None = None, row_id: str | None = None) -> None:
        """Opens data; what is open stays until they are there."""
        self.typed, self.asked = typed, given or Asked(path=typed)
        self.problems, self._find = (), row_id
        self.opening = self.shelf.open(typed, given)
        self.waits, self._since = f"Reading {self.asked.title} …", time.monotonic()
        waiting = self.query_one(WaitingPane)
        waiting.title, waiting.raw, waiting.top = self.asked.title, (), 0
        self.settle()

    def stop_reading(self) -> None:
        """Nothing is being opened any more."""
        title = self.asked.title if self.asked is not None else self.typed
        self.opening, self.waits = 0, ""
        self.shelf.stop()
        self.settle()
        self.say(f"Stopped: {title} is not open.")

    def stop_converting(self) -> None:
        """The first rows stay open."""
        self.waits = ""
        self.shelf.stop()
        self.say(f"Stopped: only the first {self.count:,} rows are here. r reads them all.")
        self.repaint()

    @property
    def finding_long(self) -> bool:
        """True where rows are being found for so long that a person sees it, and may stop it."""
        return self.finding and bool(self.waits) and time.monotonic() - self._since > FOLLOW_SECONDS

    def stop_finding(self) -> None:
        """What is shown stays as it is."""
        self.finding, self.waits, self._put_off = False, "", None
        self._view += 1
        self.filter, self.sort, self.reverse, self.within = self._kept
        self.split = self._shown[1]
        self.shelf.stop_view()
        self.say("Stopped: the rows are as they were.")
        self.repaint()

    def _ask_view(self) -> Key:
        """The key of a view that is to be made."""
        self._view += 1
        self.finding, self._since = True, time.monotonic()
        return (self._number, self.split, self._view)

    def look(self, *, keep: bool = True) -> None:
        """Finds the rows of the filter and the order. keep: the cursor stays on its row."""
        assert self.found is not None
        number, _, _ = self.table.read(self.table.cursor) if keep else (None, None, None)
        wish = {"filter": self.filter, "sort": self.sort, "reverse": self.reverse}
        among = self.within.files[self.split] if self.within is not None else None
        self.shelf.view(self._ask_view(), self.found, wish, number, among)

    def jump(self, number: int) -> None:
        """Puts the cursor on the row of a number, where the view has it."""
        self.shelf.place(self.key, number)

    def find_row(self, row_id: str) -> None:
        """Shows the row of an id, among all of its split."""
        assert self.found is not None
        self.filter, self.sort, self.reverse, self.within = "", "", False, None
        self.shelf.find(self._ask_view(), self.found, row_id)

    def ask_rows(self, block: int) -> None:
        self.shelf.rows(self.key, block)

    def ask_row(self) -> None:
        """The row under the cursor, whole."""
        if self.count:
            self.shelf.row(self.key, self.table.cursor, self.other)

    def with_row(self, then: Callable[[RowRead], None]) -> None:
        """Does something with the whole row under the cursor."""
        read = self.row_read
        if read is not None and read.key == self.key and read.index == self.table.cursor:
            then(read)
        else:
            self._then = then
            self.ask_row()

    def ask_facts(self) -> None:
        """The column under the cursor, counted; once for each split."""
        info = self.columns.current
        if info is not None and self.found is not None and self.columns.facts_of(info.name) is None:
            self.shelf.facts(self._number, self.found, self.split_shown, info.name)
        self.repaint()

    def ask_findings(self) -> None:
        """What is amiss, looked for once."""
        table = self.query_one(FindingsTable)
        if self.found is not None and self.found.looked and table.document is None and table.asked != self._number:
            table.why, table.asked = "", self._number
            self.shelf.check(self._number, self.found)
        self.repaint()

    def look_within(self, within: FindingRows, split: str) -> None:
        """The rows of a finding in a split, and no others."""
        self.filter, self.sort, self.reverse, self.within, self.split = "", "", False, within, split
        self.look(keep=False)

    def stop_checking(self) -> None:
        """What the check had found is not kept; it is begun anew where it is asked for."""
        table = self.query_one(FindingsTable)
        table.asked, table.why, self.waits = 0, "The check was stopped; enter checks.", ""
        self.shelf.stop_check()
        self.repaint()
        self.repaint_frame()

    @property
    def checking(self) -> bool:
        """True while the data are being checked."""
        table = self.query_one(FindingsTable)
        return table.document is None and bool(self._number) and table.asked == self._number and not table.why

    def ask_preview(self) -> None:
        """Rows from the cursor on, before and after the chosen steps."""
        pane = self.query_one(PreviewPane)
        pane.why, self.chain_counts = "", ()
        if self.chosen and self.found is not None:
            number, _, _ = self.table.read(self.table.cursor)
            self.shelf.preview(self._number, self.split_shown, number or 0, list(self.chosen.items()))
            self.making.count_chain(self._number, self.found, list(self.chosen.items()))
        else:
            pane.preview = None
        self.repaint()

    def use_step(self, step: Step, options: Mapping[str, Any] | None) -> None:
        """Uses a step, or leaves it out."""
        self.chosen.pop(step.name, None)
        if options is not None:
            self.chosen[step.name] = options
        self.ask_preview()
        self.settle()

    def reorder(self, chosen: dict[str, Mapping[str, Any]]) -> None:
        """The same steps in another order."""
        self.chosen = chosen
        self.ask_preview()

    # A run of it

    def choose_for_run(self, values: Mapping[str, Any]) -> None:
        """Another task, column, split or length for a run: the rows stay, what a run would have is looked at again.

        Another set or option is another reading: the rows are opened anew.
        """
        if self.found is None:
            return
        asked = with_choice(self.found.asked, values)
        if not asked.same_rows(self.found.asked):
            self.open(asked.typed, asked)
            return
        self.asked, self.choosing, self.waits = asked, True, "looking what a run would have …"
        self.making.look_again(self._number, replace(self.found, asked=asked))
        self.repaint_frame()

    def measure_lengths(self) -> None:
        """What each maximum length would cut; the choice is asked once it is known."""
        found = self.found
        if found is None:
            return
        if found.tokenizer is None:
            ask_length(self)
            return
        self.waits = "measuring lengths …"
        self.making.lengths(self._number, found, found.split(trained_split(found)))
        self.repaint_frame()

    def reread(self, **changes: Any) -> None:
        """Opens the same again, some of it otherwise."""
        if self.asked is not None:
            self.open(self.asked.typed, replace(self.asked, **changes))
