"""Data: rows, columns and what a run would have of them, looked at before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.widget import Widget

from tui_finetune.errors import Problem
from tui_finetune.live import data_rows
from tui_finetune.live.data_findings import FindingRows, rows_of
from tui_finetune.live.data_set import summary_words
from tui_finetune.live.data_steps import options_for
from tui_finetune.live.spans import EMPTY, Line, line, muted, span
from tui_finetune.ui.messages import PluginsRead
from tui_finetune.ui.screens.data import asking, messages
from tui_finetune.ui.screens.data.check_panes import FindingsTable
from tui_finetune.ui.screens.data.fact_panes import ColumnsTable, FactsPane, PreviewPane, StepsTable
from tui_finetune.ui.screens.data.labelling import Labelling
from tui_finetune.ui.screens.data.panes import ProblemsPane, RowsTable, SourcesPane, WaitingPane
from tui_finetune.ui.screens.data.places import DATA
from tui_finetune.ui.screens.data.row_panes import Below, Beside, RowPane
from tui_finetune.ui.screens.data.run_pane import RunPane
from tui_finetune.ui.wants import DataWanted, RowsWanted, TrainWanted

TABS = ("rows", "columns", "prepared", "findings")
PREPARED = ("run", "steps", "preview")
"""Panes of that tab: what a person works in there keeps the keys."""
WIDE = 110
"""From this width on the row under the cursor stands whole beside the table."""
FILES_SECONDS = 5.0
"""Between two looks at the files."""


class Shown(Widget):
    """Rows, and the row under the cursor beside them."""

    DEFAULT_CSS = "Shown { layout: horizontal; height: 1fr; }"


class DataPage(Labelling):
    """The screen of the data that were opened last."""

    NAME = "data"
    PLACE = DATA
    DEFAULT_CSS = """
    DataPage SourcesPane, DataPage WaitingPane, DataPage ProblemsPane, DataPage RowsTable, DataPage Below,
    DataPage RowPane, DataPage ColumnsTable, DataPage FactsPane, DataPage RunPane, DataPage StepsTable,
    DataPage PreviewPane, DataPage FindingsTable { display: none; }
    DataPage.-sources SourcesPane, DataPage.-waiting WaitingPane, DataPage.-problems ProblemsPane,
    DataPage.-rows RowsTable, DataPage.-rows Below, DataPage.-row RowPane, DataPage.-findings FindingsTable,
    DataPage.-columns ColumnsTable,
    DataPage.-columns FactsPane, DataPage.-facts FactsPane, DataPage.-prepared RunPane,
    DataPage.-prepared StepsTable, DataPage.-prepared PreviewPane { display: block; }
    DataPage.-columns ColumnsTable { height: 40%; }
    DataPage.-prepared StepsTable { margin: 1 0 0 0; }
    DataPage Shown { display: none; }
    DataPage.-rows Shown { display: block; }
    DataPage.-wide.-rows Beside { display: block; width: 45%; margin: 0 0 0 1; }
    DataPage.-wide Below { height: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.tab = "rows"
        self._row_open = False
        self._zoomed = False
        """True while values and lengths of a column have the whole screen."""

    def content(self) -> ComposeResult:
        yield SourcesPane()
        yield WaitingPane()
        yield ProblemsPane()
        with Shown():
            yield RowsTable()
            yield Beside()
        yield Below()
        yield RowPane()
        yield ColumnsTable()
        yield FactsPane()
        yield RunPane()
        yield StepsTable()
        yield PreviewPane()
        yield FindingsTable()

    def on_mount(self) -> None:
        self.set_interval(FILES_SECONDS, self._look_at_files)
        self.shelf.sources()
        self.settle()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-wide")
        self.cursor_moved()

    def on_screen_resume(self) -> None:
        wanted = self.ui.take_wanted(self.NAME)
        if isinstance(wanted, RowsWanted):
            self.open_queue(wanted)
        elif isinstance(wanted, DataWanted):
            asking.open_wanted(self, wanted)
        self._look_at_files()

    def _look_at_files(self) -> None:
        if self.is_current and self.found is not None and self.found.files and not self.opening:
            self.shelf.changed(self.key[0], self.found)

    # What it shows

    @property
    def mode(self) -> str:
        """Which panes have the screen."""
        if self.opening:
            return "waiting"
        if self.problems:
            return "problems"
        if self.found is None:
            return "sources"
        if self.tab == "columns":
            return "facts" if self._zoomed else "columns"
        return "row" if self.tab == "rows" and self._row_open else self.tab

    def settle(self) -> None:
        mode = self.mode
        for name in ("sources", "waiting", "problems", "rows", "row", "columns", "facts", "prepared", "findings"):
            self.set_class(name == mode, f"-{name}")
        if mode == "prepared":
            self._fit_prepared()
        wanted = {"prepared": "steps"}.get(mode, mode)
        stays = mode == "prepared" and self.focused is not None and self.focused.id in PREPARED
        if self.sheet is None and not self.in_field and not stays:
            self.query_one(f"#{wanted}").focus()
        self.call_after_refresh(self.repaint)

    def _fit_prepared(self) -> None:
        """What a run would have takes up to half of the lines, the steps the rest; where some are used, a third and a quarter,
        and rows before and after the rest."""
        room = max(8, self.size.height - 5)
        run, steps = self.query_one(RunPane), self.query_one(StepsTable)
        lines = max(1, min(run.count(), room // 3 if self.chosen else room // 2))
        run.styles.height = lines
        steps.styles.height = max(1, min(steps.count(), room // 4 if self.chosen else room - lines - 5))

    def thing(self, width: int) -> Line:
        if self.opening and self.asked is not None:
            return line(" ", span(self.asked.title), muted("  being read"))
        if self.problems and self.asked is not None:
            return line(" ", span(self.asked.title), muted("  cannot be opened"))
        if self.found is None:
            return data_rows.thing_line(None, "", "", width)
        return data_rows.thing_line(self.found, self.split, summary_words(self.found, self.split_shown), width)

    def tabs(self) -> Sequence[tuple[str, str]]:
        if self.found is None:
            return ()
        whole = self.split_shown.rows
        first = "first " if self.found.partial else ""
        rows = f"Rows {self.count:,} of {first}{whole:,}" if self.filter or self.within else f"Rows {first}{whole:,}"
        return [
            ("rows", rows),
            ("columns", f"Columns {len(self.found.columns)}"),
            ("prepared", "Prepared"),
            ("findings", self._findings_title()),
        ]

    def _findings_title(self) -> str:
        table = self.query_one(FindingsTable)
        return "Findings" if table.document is None else f"Findings {table.count()}"

    def quiet(self) -> Line:
        if self.waits:
            checking = self.tab == "findings" and self.checking
            stoppable = self.opening or self.converting or self.finding_long or checking
            return line(muted(self.waits), muted("  esc stops") if stoppable else "")
        if self.changed_files:
            key = self.ui.keymap.shown("view.reload")
            return (span(f"! {self.changed_files[0]} changed on disk; {key} reads it again.", "warn"),)
        if self.filter and self.found is not None:
            within = f"{self.within.title}: " if self.within is not None else ""
            return line(within, muted("filter "), self.filter, muted(f"  {self.count:,} rows; esc clears it"))
        if self.within is not None:
            return line(self.within.title, muted(f"  {self.count:,} rows; esc shows all"))
        return EMPTY

    def small(self, width: int, height: int) -> Sequence[Line]:
        return data_rows.small_lines(self.found, self.split)

    def cursor_moved(self) -> None:
        if self.found is None:
            return
        if self.mode == "row" or self.has_class("-wide"):
            self.ask_row()
        self.query_one(Below).repaint()
        self.repaint_frame()

    def on_plugins_read(self, message: PluginsRead) -> None:
        """What plugins add may be otherwise now."""
        if message.again:
            self.shelf.again()
            self.shelf.sources()
            self.shelf.steps()

    def on_lines_read(self, message: messages.LinesRead) -> None:
        asking.show_lines(self, message)

    def on_recipe_filled_in(self, message: messages.RecipeFilledIn) -> None:
        self.ui.show_screen("train", TrainWanted(text=message.text, name=message.name))

    def on_recipe_is_there(self, message: messages.RecipeIsThere) -> None:
        asking.ask_over(self, message.path)

    def on_recipe_of_data_written(self, message: messages.RecipeOfDataWritten) -> None:
        self.say(f"Written: {message.path}")

    # What it does

    def show_tab(self, name: str) -> None:
        if self.found is None:
            return
        self.tab = name if name in TABS else "rows"
        self._zoomed = False
        self.settle()
        if self.tab == "columns":
            self.ask_facts()
        elif self.tab == "prepared":
            self.ask_preview()
        elif self.tab == "findings":
            self.ask_findings()

    def show_finding(self, finding: Mapping[str, Any], files: Mapping[str, str]) -> None:
        """All rows of a finding, of the split that is shown, else of the first that has some."""
        rows = rows_of(finding, files, [one.name for one in self.found.splits] if self.found is not None else [])
        if not rows.files:
            self.say("Its rows are of a split that is not shown here.", "warn")
            return
        split = self.split if self.split in rows.files else next(iter(rows.files))
        self.show_within(rows, split)
        if more := rows.elsewhere(split):
            key = self.ui.keymap.shown("item.choose")
            self.say(f"Rows of {split}; there are {more} too: {key} shows them.")

    def show_within(self, rows: FindingRows, split: str) -> None:
        self.tab, self._zoomed, self._row_open = "rows", False, False
        self.look_within(rows, split)
        self.settle()

    def mend_by(self, name: str) -> None:
        """Uses a step on the columns that these data have, where it is not used yet."""
        step = next(one for one in self.query_one(StepsTable).steps if one.name == name)
        if name not in self.chosen:
            self.use_step(step, options_for(step, self.found) if self.found is not None else {})
        self.say(f"{name} is used; Prepared shows rows before and after.")

    def open_row(self) -> None:
        self._row_open = True
        self.query_one(RowPane).top = 0
        self.ask_row()
        self.settle()

    def zoom_facts(self, zoomed: bool) -> None:
        self._zoomed = zoomed
        self.query_one(FactsPane).to_first()
        self.settle()

    def show_filtered(self, wanted: str) -> None:
        """The rows that a value stands for."""
        self.filter, self.tab, self._zoomed, self._row_open, self.within = wanted, "rows", False, False, None
        self.look(keep=False)
        self.settle()

    def show_raw(self, problem: Problem) -> None:
        if self.asked is not None:
            self.shelf.raw(self.asked, problem)

    def do_app_back(self) -> None:
        mode = self.mode
        if self.filter_open:
            self.close_filter(keep=False)
        elif mode == "waiting":
            self.stop_reading()
        elif mode == "problems":
            self.problems = ()
            self.asked = self.found.asked if self.found is not None else None
            self.settle()
        elif mode == "facts":
            self.zoom_facts(False)
        elif mode == "row":
            self._row_open = False
            self.settle()
        elif self.tab == "findings" and self.checking:
            self.stop_checking()
        elif self.finding_long:
            self.stop_finding()
        elif self.converting:
            self.stop_converting()
        elif self.tab != "rows":
            self.show_tab("rows")
        elif self.filter:
            self.filter = ""
            self.look()
        elif self.within is not None:
            self.within = None
            self.look()
        else:
            super().do_app_back()


def make() -> DataPage:
    return DataPage()
