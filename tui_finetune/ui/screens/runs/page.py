"""Runs: every job with state, progress and result; filtered, sorted, marked; what can be done with it."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Input

from tui_finetune.live.listing import SORTS, TABS, Filter, Tab, View, arrange, parse_filter
from tui_finetune.live.offers import ON, Offer, off, report_offer
from tui_finetune.live.reader import RunRow
from tui_finetune.live.runs_page import machine_line, small_lines
from tui_finetune.live.since import since_words
from tui_finetune.live.spans import EMPTY, Line, line, muted, span
from tui_finetune.text import cut_front
from tui_finetune.ui import messages
from tui_finetune.ui.run_actions import RunActions
from tui_finetune.ui.screens.runs.empty import EmptyHome
from tui_finetune.ui.screens.runs.places import RUNS
from tui_finetune.ui.screens.runs.table import Detail, RunsTable
from tui_finetune.ui.wants import DataWanted, TrainWanted
from tui_finetune.ui.widgets.frame import MessageLine

if TYPE_CHECKING:
    from tui_finetune.ui.screens.runs.preview import Preview, RunCharted

TALL = 36
"""Lines of a screen on which the chart of the run under the cursor has room below the list."""


class RunsPage(RunActions):
    """The home screen."""

    NAME = "runs"
    PLACE = RUNS
    DEFAULT_CSS = """
    RunsPage RunsTable { height: 1fr; }
    RunsPage EmptyHome { display: none; }
    RunsPage.-empty EmptyHome { display: block; }
    RunsPage.-empty RunsTable, RunsPage.-empty Detail { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.view = View()
        self.marked: set[str] = set()
        self._settled = False
        """True once all runs were listed in this view: from then on the row under the cursor stays where it is."""
        self._since = ""
        self.preview: Preview | None = None
        """The chart below the list; where there is no room for one its code is not imported."""
        self._host = socket.gethostname().partition(".")[0]

    def content(self) -> ComposeResult:
        yield RunsTable()
        yield Detail()
        yield EmptyHome()

    def on_mount(self) -> None:
        memory = self.ui.memory
        names = [name for name, _ in TABS]
        self.tab = memory.tab if memory.tab in names else "all"
        self.view = View(
            next((name for name in names if name == self.tab), "all"),
            parse_filter(memory.filter),
            memory.sort if memory.sort in SORTS else "",
            memory.reverse,
        )
        self.table.focus()

    @property
    def table(self) -> RunsTable:
        return self.query_one(RunsTable)

    @property
    def row(self) -> RunRow | None:
        return self.table.current

    def chosen(self) -> Sequence[RunRow]:
        marked = [row for row in self.ui.listing.rows if row.id in self.marked]
        return marked or super().chosen()

    @property
    def empty(self) -> bool:
        """True where there is no run at all; False while that is not known yet."""
        return self.ui.listing.whole and not self.ui.listing.rows and self.ui.listing.problem is None

    # What it says

    def thing(self, width: int) -> Line:
        listing = self.ui.listing
        return machine_line(self._host, f"…/{self.ui.home.runs.name}", self.ui.machine, len(listing.rows), width)

    def tabs(self) -> Sequence[tuple[str, str]]:
        counts = self.table.arranged.counts if not self.empty else {"all": 0}
        shown = TABS if not self.empty else TABS[:1]
        return [(name, f"{title} {counts.get(name, 0):,}") for name, title in shown]

    def quiet(self) -> Line:
        listing = self.ui.listing
        if listing.problem is not None:
            return (span(f"! {cut_front(listing.problem, 54)}; trying every second", "warn"),)
        if self.view.filter.text:
            return line(muted("filter "), self.view.filter.text, muted("  esc clears it"))
        if not listing.whole:
            return line(muted(f"Reading the runs … {len(listing.rows):,}" if listing.rows else ""))
        if self.empty:
            return line("New here?  ? shows the keys of what you look at; ctrl+p finds every action.")
        return line(self._since) if self._since else EMPTY

    def why_empty(self) -> str:
        """What is said in place of rows."""
        if not self.ui.listing.whole:
            return "–"
        if self.view.filter.text:
            return f"No run matches {self.view.filter.text}. esc clears the filter."
        return {
            "live": "Nothing runs.",
            "look": "Nothing needs a look.",
            "marked": "Nothing is marked; space marks.",
        }.get(self.view.tab, "")

    def small(self, width: int, height: int) -> Sequence[Line]:
        return small_lines(self.ui.listing.rows, time.time())

    # What happened

    def on_runs_read(self, message: messages.RunsRead) -> None:
        if not self._since and message.listing.whole:
            self._since = since_words(self.ui.memory.away, message.listing, message.listing.t)
        self.marked &= {row.id for row in message.listing.rows}
        was_empty = self.has_class("-empty")
        self.set_class(self.empty, "-empty")
        self.rearrange()
        if self.empty and not was_empty:
            self.query_one(EmptyHome).focus()
            self.ui.bridge.look_at_machine()
        elif was_empty and not self.empty:
            self.table.focus()

    def on_run_charted(self, message: RunCharted) -> None:
        if self.preview is not None and self.preview.take(message):
            self.query_one(Detail).repaint()

    def on_resize(self, event: events.Resize) -> None:
        tall = event.size.height >= TALL
        self.query_one(Detail).set_class(tall, "-tall")
        if tall and self.preview is None:
            from tui_finetune.ui.screens.runs.preview import Preview

            self.preview = Preview(self.ui.bridge)
        self._preview()

    def _preview(self) -> None:
        """The chart of the run under the cursor is wanted where there is room for it."""
        if self.preview is not None and self.is_current and self.query_one(Detail).has_class("-tall"):
            self.preview.want(self.row)

    def on_machine_looked_at(self, message: messages.MachineLookedAt) -> None:
        empty = self.query_one(EmptyHome)
        empty.findings = message.findings
        empty.repaint()

    def on_machine_sampled(self, message: messages.MachineSampled) -> None:
        self.repaint_frame()

    def on_runs_trashed(self, message: messages.RunsTrashed) -> None:
        self.marked.clear()

    def rearrange(self) -> None:
        """Orders the rows anew; the one under the cursor stays where it is."""
        table, listing = self.table, self.ui.listing
        keep = table.current.id if table.current is not None else None
        held = (keep, table.cursor) if keep is not None and self._settled else None
        found = arrange(listing.rows, self.view, marked=self.marked, seen=self.ui.memory.seen, held=held)
        self._settled = listing.whole
        table.show(found, keep)
        self._preview()
        self.query_one(Detail).repaint()
        self.repaint_frame()

    def cursor_moved(self) -> None:
        self._preview()
        self.query_one(Detail).repaint()
        self.repaint_frame()

    def _look(self, view: View) -> None:
        """Another tab, filter or order: the cursor goes to the top, unless its run is still there."""
        self.view = view
        self._settled = False
        memory = self.ui.memory
        self.ui.memory = replace(memory, tab=view.tab, filter=view.filter.text, sort=view.sort, reverse=view.reverse)
        self.rearrange()

    # What it does

    def show_tab(self, name: str) -> None:
        self.tab = name
        self._look(replace(self.view, tab=cast("Tab", name)))

    def open_offer(self) -> Offer:
        if self.empty or self.row is not None:
            return ON
        return off("No run under the cursor.")

    def filter_offer(self) -> Offer:
        return off("There are no runs yet.") if self.empty else ON

    def do_list_open(self) -> None:
        if self.empty:
            self._start(self.query_one(EmptyHome).cursor)
        elif (row := self.row) is not None and row.info.kind == "evaluate" and report_offer(row).on:
            self.do_run_evaluate()
        elif row is not None:
            self.ui.open_run(row.id)

    def _start(self, way: int) -> None:
        if way == 0:
            self.ui.show_screen("train", TrainWanted(sample="demo"))
        elif way == 1:
            self.ui.show_screen("data", DataWanted())
        else:
            self.do_item_new()

    def do_run_log(self) -> None:
        if (row := self.row) is not None:
            self.ui.open_run(row.id, tab="log")

    def do_list_mark(self) -> None:
        row = self.row
        assert row is not None
        self.marked ^= {row.id}
        self.table.move(self.table.cursor + 1)
        self.rearrange()

    def compare_offer(self) -> Offer:
        return ON if len(self.marked) > 1 else off("Mark two or more runs with space.")

    def do_item_compare(self) -> None:
        self.compare([row.info for row in self.chosen()])

    def do_list_sort(self) -> None:
        place = SORTS.index(self.view.sort)
        sort = SORTS[(place + 1) % len(SORTS)]
        self._look(replace(self.view, sort=sort, reverse=False))
        self.say(f"Sorted by {sort}." if sort else "Live first, then what needs a look, then newest.")

    def do_list_turn(self) -> None:
        self._look(replace(self.view, reverse=not self.view.reverse))

    def do_view_reload(self) -> None:
        self.ui.bridge.read_again()
        self.say("Read again.")

    def do_list_filter(self) -> None:
        self.open_filter(self.view.filter.text)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        """The list follows what is typed into the filter."""
        if self.filter_open:
            event.stop()
            self._look(replace(self.view, filter=parse_filter(event.value)))

    def filter_closed(self, kept: bool) -> None:
        if not kept:
            self._look(replace(self.view, filter=Filter()))
        elif (problem := self.view.filter.problem) is not None:
            self.say(problem, "warn")
        self.query_one(MessageLine).repaint()

    def do_app_back(self) -> None:
        if self.filter_open or self.view.filter.text:
            self.close_filter(keep=False)
        elif self.marked:
            self.marked.clear()
            self.rearrange()


def make() -> RunsPage:
    return RunsPage()
