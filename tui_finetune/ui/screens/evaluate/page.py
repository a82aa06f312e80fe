"""Evaluate: how well a model does, where it errs, on which rows; another evaluation beside it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Container

from tui_finetune.live import evaluation_page, words
from tui_finetune.live.confusion import cell_words
from tui_finetune.live.spans import EMPTY, Line, line, muted, span, wrap
from tui_finetune.ui.messages import RunsRead
from tui_finetune.ui.screens.evaluate import messages
from tui_finetune.ui.screens.evaluate.compare_panes import CompareHead, GroupsPane, MovedPane
from tui_finetune.ui.screens.evaluate.editing import Editing
from tui_finetune.ui.screens.evaluate.looking import WRONG, Looking
from tui_finetune.ui.screens.evaluate.panes import (
    ConfusedPane,
    FiguresPane,
    GridPane,
    LabelsPane,
    PairsPane,
    WeakestPane,
)
from tui_finetune.ui.screens.evaluate.places import EVALUATE
from tui_finetune.ui.screens.evaluate.rows_panes import RowDetail, RowPane, RowsPane
from tui_finetune.ui.screens.evaluate.sheets import EvaluationSheet
from tui_finetune.ui.screens.evaluate.work import Evaluations
from tui_finetune.ui.wants import EvaluateWanted

TABS = ("summary", "labels", "confusion", "rows", "compare")
FIRST = {"summary": "#weakest", "labels": "#labels", "confusion": "#pairs", "rows": "#rows", "compare": "#groups"}
"""The pane that has the keys when a tab is shown."""
WIDE = 110
"""From this width on a grid stands beside the figures."""
FIGURES = 7
"""Lines of the figures at most."""


class EvaluatePage(Editing):
    """The screen of the evaluation that was opened last."""

    NAME = "evaluate"
    PLACE = EVALUATE
    DEFAULT_CSS = """
    EvaluatePage Container.tab { display: none; height: 1fr; layout: vertical; }
    EvaluatePage.-summary #tab-summary, EvaluatePage.-labels #tab-labels { display: block; }
    EvaluatePage.-confusion #tab-confusion, EvaluatePage.-rows #tab-rows { display: block; }
    EvaluatePage.-compare #tab-compare { display: block; }
    EvaluatePage .half { layout: vertical; width: 1fr; height: 1fr; }
    EvaluatePage #left { height: auto; }
    EvaluatePage #weakest { height: 6; margin: 0 0 1 0; }
    EvaluatePage #around { display: none; }
    EvaluatePage #pairs { height: 8; }
    EvaluatePage #groups { height: 4; margin: 0 0 1 0; }
    EvaluatePage #row { display: none; }
    EvaluatePage.-whole #row { display: block; }
    EvaluatePage.-whole #rows, EvaluatePage.-whole RowDetail { display: none; }
    EvaluatePage.-wide #tab-summary, EvaluatePage.-wide #tab-confusion { layout: horizontal; }
    EvaluatePage.-wide #left { height: 1fr; }
    EvaluatePage.-wide #weakest, EvaluatePage.-wide #pairs { height: 1fr; }
    EvaluatePage.-wide #pairs { width: 52; }
    EvaluatePage.-wide #around { display: block; height: 12; margin: 0 0 1 0; }
    EvaluatePage.-wide RowDetail { height: 16; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.tab = "summary"
        self._current: str | None = None
        """The run that was current when an evaluation was last opened for it."""
        self._lives = False
        """The run that is looked at is still at work: it may measure more."""
        self._unread = ""
        """Why nothing is open."""
        self._opening = False
        self._other_wanted: str | None = None
        """A run that is to stand beside the one that is being opened."""

    def content(self) -> ComposeResult:
        with Container(id="tab-summary", classes="tab"):
            with Container(id="left", classes="half"):
                yield FiguresPane()
                yield WeakestPane()
            with Container(classes="half"):
                yield GridPane("around")
                yield ConfusedPane()
        with Container(id="tab-labels", classes="tab"):
            yield LabelsPane()
        with Container(id="tab-confusion", classes="tab"):
            yield PairsPane()
            yield GridPane()
        with Container(id="tab-rows", classes="tab"):
            yield RowsPane()
            yield RowDetail()
            yield RowPane()
        with Container(id="tab-compare", classes="tab"):
            yield CompareHead()
            yield GroupsPane()
            yield MovedPane()

    def on_mount(self) -> None:
        self.work = Evaluations(self.ui.bridge)
        self.show_tab(self.tab)

    def on_screen_resume(self) -> None:
        wanted = self.ui.take_wanted(self.NAME)
        if isinstance(wanted, EvaluateWanted):
            self._other_wanted = wanted.other_id
            self._open_of(wanted.run_id)
        elif self.about is None or self._current != self.ui.current_run:
            self.open_current()
        self.show_tab(self.tab)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-wide")

    def open_current(self) -> None:
        """The evaluation of the run that was opened last; without one that of the newest run with a model."""
        rows = self.ui.listing.rows
        row = self.ui.row(self.ui.current_run) or next((one for one in rows if one.has_model), None)
        if row is not None:
            self._open_of(row.id)
        else:
            self.work.find(rows)

    def _open_of(self, run_id: str) -> None:
        self.about, self._current, self._opening = run_id, self.ui.current_run, True
        self.work.open_of(run_id, self.ui.listing.rows)

    # What it says

    def thing(self, width: int) -> Line:
        return evaluation_page.thing_line(self.looking.measured if self.looking else None, width, time.time())

    def tabs(self) -> Sequence[tuple[str, str]]:
        looking = self.looking
        if looking is None:
            return (("summary", "Summary"),)
        kind = "Entities" if looking.measured.entities else "Labels"
        count = f" {len(looking.figures):,}" if looking.figures else ""
        return (
            ("summary", "Summary"), ("labels", f"{kind}{count}"), ("confusion", "Confusion"),
            ("rows", looking.rows_title()), ("compare", "Compare"),
        )  # fmt: skip

    def nothing(self, width: int) -> list[Line]:
        """In place of figures."""
        row = self.ui.row(self.about)
        if self._opening:
            return [EMPTY, line("   ", muted("–"))]
        if self._unread:
            return [EMPTY, *(line("   ", *part) for part in wrap(self._unread, max(20, width - 6), token="bad"))]
        if row is None or not row.has_model:
            return [
                EMPTY,
                line("   Nothing evaluated yet: a training measures its model when it ends."),
                line("   ", muted("1 shows the runs; m chooses another evaluation.")),
            ]
        said = f"Nothing evaluated yet. v evaluates {row.info.title} on what it kept out of training."
        return [EMPTY, *(line("   ", *part) for part in wrap(said, max(20, width - 6)))]

    def quiet(self) -> Line:
        looking = self.looking
        if self.waiting is not None and (told := self._waiting_words()):
            return line(span("● ", "live"), muted(told))
        if looking is None:
            return line(muted("Reading the evaluation …")) if self._opening else EMPTY
        if self.tab == "rows" and looking.narrowed:
            return line(muted("rows  "), looking.rows_words(), muted("  esc shows all errors"))
        if isinstance(self.focused, GridPane) and looking.confusion is not None:
            return line(muted(cell_words(looking.confusion, *looking.grid.cell(looking.confusion))))
        if self.tab == "labels" and looking.label_words:
            return line(muted("filter "), looking.label_words, muted("  esc clears it"))
        if self.tab == "summary" and (told := evaluation_page.beaten_words(looking.measured)):
            return line(span(told, "warn"))
        return EMPTY

    def _waiting_words(self) -> str:
        row = self.ui.row(self.waiting)
        if row is None:
            return "An evaluation is starting …"
        doing = row.figures.doing if row.figures is not None else None
        share = f", {words.share(doing.done, doing.total)}" if doing is not None and doing.total else ""
        return f"{row.info.name}: {row.status.words}{share}"

    def why_no_rows(self) -> str:
        """In place of rows."""
        looking = self.looking
        if looking is None or looking.stored is None:
            problem = looking.problem if looking is not None else ""
            return problem or "No predictions are stored with this evaluation."
        if looking.numbers is None:
            return "–"
        if not looking.narrowed:
            return "No errors: every row was predicted as it is labelled."
        return f"No row matches {looking.rows_words()}. esc shows all errors."

    def small(self, width: int, height: int) -> Sequence[Line]:
        if self.looking is None:
            return [line("no evaluation open"), line(muted("Needs 80x24."))]
        found = self.looking.measured
        lines = [line(f"{found.name} {found.short}"), line(f"{found.split}, {found.rows:,} rows")]
        lines += [line(f"{name} {words.score(value)}") for name, value in found.metrics.items()]
        return [*lines[: height - 1], line(muted("Needs 80x24 for the rest."))]

    # What happened

    def on_runs_read(self, message: RunsRead) -> None:
        if self.about is None and self.looking is None and message.listing.rows:
            self.open_current()
        about = message.listing.get(self.about)
        if about is not None and self._lives and not about.status.live:
            self._lives = False
            self._open_of(about.id)
        row = message.listing.get(self.waiting)
        if row is None:
            return
        if row.status.live:
            self.repaint_frame()
            return
        self.waiting = None
        if row.status.state == "finished":
            self._open_of(row.id)
        self.say(f"{row.info.name}: {row.status.words}", "text" if row.status.state == "finished" else "bad")

    def on_evaluations_found(self, message: messages.EvaluationsFound) -> None:
        self.found = message.found
        if isinstance(sheet := self.sheet, EvaluationSheet):
            sheet.find()
        self.repaint_frame()

    def on_evaluation_read(self, message: messages.EvaluationRead) -> None:
        self._unread, self._opening = "", False
        self.looking = Looking(
            message.measured, message.rows, message.errors, message.tagged, message.labels, message.problem
        )
        if message.problem:
            self.say(message.problem, "bad")
        for table in self.query("#weakest, #labels, #confused, #pairs, #rows, #groups, #moved"):
            table.cursor = table.top = 0  # type: ignore[attr-defined]
        row = self.ui.row(message.measured.about)
        self._lives = row is not None and row.status.live
        self.query_one(FiguresPane).styles.height = min(FIGURES, 2 + len(message.measured.metrics))
        if message.rows is not None:
            self.ask_rows(WRONG)
        other, self._other_wanted = self._other_wanted, None
        if other is not None:
            self.compare_with_run(other)
        self.repaint()

    def on_evaluation_unread(self, message: messages.EvaluationUnread) -> None:
        self.looking, self._unread, self._opening = None, message.problem, False
        self.query_one(FiguresPane).styles.height = FIGURES
        self.show_tab("summary")

    def on_comparison_made(self, message: messages.ComparisonMade) -> None:
        if self._is_open(message.key) and self.looking is not None:
            self.looking.compared, self.looking.refused = message.look, ""
            self.query_one(GroupsPane).cursor = 0
            self.show_tab("compare")

    def on_comparison_refused(self, message: messages.ComparisonRefused) -> None:
        if self._is_open(message.key) and self.looking is not None:
            self.looking.compared, self.looking.refused = None, message.problem
            self.show_tab("compare")
            self.say(message.problem, "warn")

    def on_table_written(self, message: messages.TableWritten) -> None:
        self.say(f"{message.path} written: {message.rows:,} {'line' if message.rows == 1 else 'lines'}.")

    def on_evaluation_started(self, message: messages.EvaluationStarted) -> None:
        self.waiting = message.run_id
        self.say(f"{message.name} has started, a run of its own.")

    def on_evaluation_refused(self, message: messages.EvaluationRefused) -> None:
        self.say(message.problem, "bad")

    # What it does

    def show_tab(self, name: str) -> None:
        self.tab = name if name in TABS else "summary"
        for tab in TABS:
            self.set_class(tab == self.tab, f"-{tab}")
        self.set_class(False, "-whole")
        self.query_one(FIRST[self.tab]).focus()
        self.call_after_refresh(self.repaint)

    def do_app_back(self) -> None:
        if self.has_class("-whole"):
            self.set_class(False, "-whole")
            self.query_one(RowsPane).focus()
            self.call_after_refresh(self.repaint)
        elif not self.clear_filter():
            if self.tab != "summary":
                self.show_tab("summary")
            else:
                super().do_app_back()


def make() -> EvaluatePage:
    return EvaluatePage()
