"""Train: a recipe in a form beside its file, checked while it is typed, kept while it is not written, started from here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.widget import Widget

from tui_finetune.live import form_lines
from tui_finetune.live.form import Form
from tui_finetune.live.offers import Offer, off
from tui_finetune.live.spans import EMPTY, Line, line, muted, wrap
from tui_finetune.live.train_page import quiet_line, start_offer, thing_line
from tui_finetune.ui import messages as told
from tui_finetune.ui.launches import RecipeSource
from tui_finetune.ui.screens.train import messages
from tui_finetune.ui.screens.train.beginnings import BeginActions
from tui_finetune.ui.screens.train.forecast_pane import ForecastPane
from tui_finetune.ui.screens.train.form_pane import FormPane
from tui_finetune.ui.screens.train.panes import Below, ChangesPane, FilePane, ProblemsPane, StartsPane
from tui_finetune.ui.screens.train.places import TRAIN
from tui_finetune.ui.screens.train.work import Workshop
from tui_finetune.ui.widgets.sheet import Choice, ChoiceSheet

TABS = ("form", "file", "forecast", "problems", "changes")
LOOK_SECONDS = 2.0
"""Between two looks at the recipe's own file."""
COMPARED = 12
"""Newest runs that a recipe can be compared with; more would not fit into a sheet."""
WIDE = 110
"""From this width on the file stands beside the form."""


class Left(Widget):
    """The form and what takes its place."""

    DEFAULT_CSS = "Left { layout: vertical; width: 1fr; height: 1fr; }"


class Columns(Widget):
    """Form and file side by side, where there is room."""

    DEFAULT_CSS = "Columns { layout: horizontal; height: 1fr; }"


class TrainPage(BeginActions):
    """The screen of the recipe that was opened last."""

    NAME = "train"
    PLACE = TRAIN
    DEFAULT_CSS = """
    TrainPage FilePane { display: none; }
    TrainPage.-wide Left { width: 45%; min-width: 78; }
    TrainPage.-wide FilePane { display: block; }
    TrainPage.-file Left { display: none; }
    TrainPage.-file FilePane { display: block; }
    TrainPage.-choosing Left { display: block; width: 1fr; }
    TrainPage.-choosing FilePane, TrainPage.-choosing Below { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.tab = "form"
        self._launched: str | None = None
        """The text that the open launch sheet checks."""

    def content(self) -> ComposeResult:
        with Columns():
            with Left():
                yield FormPane()
                yield ForecastPane()
                yield ProblemsPane()
                yield ChangesPane()
                yield StartsPane()
                yield Below()
            yield FilePane()

    def on_mount(self) -> None:
        self.folder = Path.cwd()
        self.workshop = Workshop(self.ui.bridge, self.folder)
        self.set_interval(LOOK_SECONDS, self._look)
        self._choose(True)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-wide")
        self.call_after_refresh(self._place_editor)

    def _place_editor(self) -> None:
        if (editor := self.form.editor) is not None:
            editor.place()

    def changed(self, text: str) -> None:
        assert self.state is not None
        self.state.document.change(text)
        self.workshop.keep(self.state.document)
        self._judge()

    def on_work_failed(self, message: told.WorkFailed) -> None:
        self._reading = ""
        self.repaint_frame()

    def ask_forecast(self) -> None:
        """Looks at data and model, where the tab is open and the text is another one."""
        if self.tab == "forecast" and not self.choosing and self.state is not None:
            document = self.state.document
            if self.query_one(ForecastPane).ask(document.text):
                self.workshop.plan(document)

    def on_run_planned(self, message: messages.RunPlanned) -> None:
        self.query_one(ForecastPane).take(message)

    def _judge(self) -> None:
        assert self.state is not None
        self.workshop.judge(self.state.document)
        self.refresh_form()

    def on_recipe_judged(self, message: messages.RecipeJudged) -> None:
        if self.state is not None and message.judged.text == self.state.document.text:
            self.state.take(message.judged)
            self.refresh_form()

    def refresh_form(self) -> None:
        """Rows, problems and changes anew; the cursor stays on its row."""
        state = self.state
        if state is None:
            return
        self.beside, self.problems, self.changes = state.beside, state.problems, state.changes
        form = self.form
        if form.editor is None:
            keep = self._goto or (form.row_here.id if form.row_here is not None else None)
            form.take(state.rows(), keep)
            if self._goto and form.row_here is not None and form.row_here.id == self._goto:
                self._goto = ""
        self.query_one(FilePane).take(state.document.text, self.problems)
        self.ask_forecast()
        self.cursor_moved()
        self.repaint()

    def cursor_moved(self) -> None:
        """What is said below follows the cursor, and the file beside the form too."""
        row = self.form.row_here
        if self.tab == "form" and row is not None and self.state is not None:
            at = self.state.line_of(row)
            if at is not None:
                self.query_one(FilePane).move(at - 1)
        self.query_one(Below).repaint()

    def detail(self, width: int) -> Sequence[Line]:
        if self.tab == "forecast":
            return ()
        if self.tab == "problems":
            here = self.query_one(ProblemsPane).here
            return form_lines.problem_detail(here, width) if here is not None else ()
        if self.tab == "changes":
            one = self.query_one(ChangesPane).here
            return form_lines.difference_detail(one, width) if one is not None else ()
        if self.tab == "file":
            return form_lines.file_detail(self.query_one(FilePane).line_here, width)
        editor = self.form.editor
        if editor is not None:
            return form_lines.trial_lines(editor.field, editor.trial, editor.chosen, width)
        row = self.form.row_here
        mend = self.mend_of(row)
        meant = (
            self.state.form.field(mend.to) if mend is not None and self.state is not None and self.state.form else None
        )
        words = f"{self.ui.keymap.shown('list.open')} mends it: {mend.words}." if mend is not None else ""
        return form_lines.detail(row, words, meant, width)

    def no_form(self, width: int) -> Sequence[Line]:
        """In place of rows."""
        state = self.state
        if state is None or state.judged is None:
            return [line("   ", muted("–"))]
        if state.search:
            return [EMPTY, line("   ", muted(f"No field has {state.search}; esc shows the form again."))]
        told = (part for one in self.problems[:4] for part in wrap(one, width - 6))
        return [EMPTY, *(line("   ", *part) for part in told)]

    def thing(self, width: int) -> Line:
        if self.state is None:
            return line(" ", muted(self._reading or "no recipe open"))
        return thing_line(self.state.document, self.state.judged, self.state.disk, width)

    def tabs(self) -> Sequence[tuple[str, str]]:
        if self.choosing:
            return (("starts", f"New recipe {self.query_one(StartsPane).count()}"),)
        counts = {"problems": len(self.problems), "changes": len(self.changes)}
        return [(name, f"{name.capitalize()} {counts[name]}" if name in counts else name.capitalize()) for name in TABS]

    def quiet(self) -> Line:
        state = self.state
        if self._reading:
            return line(muted(self._reading))
        if (editor := self.form.editor) is not None and editor.replaces:
            return line(muted("Typing replaces the value; end goes on with it, esc leaves it."))
        if self.choosing or state is None:
            drafts = sum(1 for one in self.query_one(StartsPane).starts if one.kind == "draft")
            unsaved = "1 draft has" if drafts == 1 else f"{drafts} drafts have"
            return line(f"{unsaved} changes that are in no file; enter goes on with one.") if drafts else EMPTY
        if state.search:
            found = sum(1 for row in self.form.rows if row.field is not None)
            return line(muted("search "), state.search, muted(f"  {found} fields; esc shows the form again"))
        keys = {id: self.ui.keymap.shown(id) for id in ("item.write", "view.reload", "train.start")}
        return quiet_line(state.document, state.judged, state.found, state.disk, keys)

    def show_tab(self, name: str) -> None:
        self.tab = name if name in TABS else "form"
        shown = "starts" if self.choosing else self.tab
        self.set_class(shown == "file", "-file")
        for pane in ("form", "forecast", "problems", "changes", "starts"):
            self.query_one(f"#{pane}").display = pane == shown
        self.query_one(f"#{shown}").focus()
        self.call_after_refresh(self.refresh_form)
        self.call_after_refresh(self.repaint)

    def do_app_back(self) -> None:
        if self.choosing and self.state is not None:
            self._choose(False)
        elif self.state is not None and self.state.search:
            self.search("")
        elif self.tab != "form" and not self.choosing:
            self.show_tab("form")
        else:
            super().do_app_back()

    # Comparing

    def do_item_compare(self) -> None:
        rows = [row for row in self.ui.listing.rows if row.has_recipe and row.info.kind == "train"][:COMPARED]
        if not rows:
            self.say("Compare: no run here has a recipe.", "warn")
            return
        choices = [Choice(row.info.title, lambda info=row.info: self.workshop.compare(info)) for row in rows]  # type: ignore[misc]
        back = Choice("with where it came from", lambda: self._compared(None))
        self.open_sheet(ChoiceSheet("Compare this recipe with", [], [back, *choices]))

    def on_other_read(self, message: messages.OtherRead) -> None:
        self._compared((message.words, message.form))

    def _compared(self, against: tuple[str, Form] | None) -> None:
        if self.state is not None:
            self.state.against = against
            self.show_tab("changes")

    # Starting

    def start_offer(self) -> Offer:
        state = self.state
        if state is None or self.choosing:
            return off("Choose what to start from first.")
        judged = state.judged if state.judged is not None and state.judged.text == state.document.text else None
        return start_offer(state.document, judged, state.found)

    def do_train_start(self) -> None:
        from tui_finetune.ui.launch_sheet import LaunchSheet

        assert self.state is not None
        document = self.state.document
        self._launched = document.text
        self.open_sheet(LaunchSheet(RecipeSource(document.origin.title, document.place, text=document.text)))

    def on_launch_advanced(self, message: told.LaunchAdvanced) -> None:
        """Problems that the check has found go to their rows; the rows that it has counted beside their values."""
        state = self.state
        if state is None or self._launched != state.document.text or self.sheet is None:
            return
        if message.ready or message.failed:
            state.checked(self._launched, message.problems, message.splits)
            self.refresh_form()

    def _look(self) -> None:
        if self.state is not None and self.is_current:
            self.workshop.look(self.state.document)

    def small(self, width: int, height: int) -> Sequence[Line]:
        return [self.thing(width), line(" ", *self.quiet()), line(" ", muted("Needs 80x24 for the form."))]


def make() -> TrainPage:
    return TrainPage()
