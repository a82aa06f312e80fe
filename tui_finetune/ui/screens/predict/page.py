"""Predict: type and see what a model says; two models beside each other, a whole file, what was kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal

from tui_finetune.live import batch_page, predict_page, words
from tui_finetune.live.predict_page import needs_pair
from tui_finetune.live.spans import EMPTY, Line, line, muted, span, wrap
from tui_finetune.ui.actions import Place
from tui_finetune.ui.messages import RunsRead
from tui_finetune.ui.screens.predict import messages
from tui_finetune.ui.screens.predict.models import Models
from tui_finetune.ui.screens.predict.panes import (
    AnswerPane,
    BatchHead,
    BatchPane,
    BoxHead,
    ComparePane,
    HistoryPane,
)
from tui_finetune.ui.screens.predict.places import FIELD, PREDICT
from tui_finetune.ui.screens.predict.sheets import ModelSheet
from tui_finetune.ui.screens.predict.textbox import TextBox
from tui_finetune.ui.screens.predict.trying import Trying
from tui_finetune.ui.screens.predict.typed_text import TypedText
from tui_finetune.ui.wants import PredictWanted

TABS = ("one", "batch", "compare", "history")
PANES = {"one": "#one", "batch": "#batch-rows", "compare": "#compare", "history": "#history"}
WIDE = 110
"""From this width on the history stands beside the answer."""
TALL = 32
"""From this height on there is more room to type."""


class PredictPage(TypedText):
    """The screen that tries models."""

    NAME = "predict"
    PLACE = PREDICT
    FIELD_PLACE: ClassVar[Place] = FIELD
    DEFAULT_CSS = """
    PredictPage #answers { layout: horizontal; height: 1fr; }
    PredictPage #one, PredictPage #batch, PredictPage #compare, PredictPage #history { display: none; }
    PredictPage.-one #one, PredictPage.-batch #batch { display: block; }
    PredictPage.-compare #compare, PredictPage.-history #history { display: block; }
    PredictPage.-tall TextBox, PredictPage.-tall TextBox:focus { height: 7; }
    PredictPage.-wide.-one #history { display: block; width: 52; margin: 0 0 0 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.tab = "one"
        self._run: str | None = None
        """The run that was current when a model was last chosen for it."""

    def content(self) -> ComposeResult:
        yield BoxHead("text", counts=True)
        yield TextBox("text")
        yield BoxHead("second text")
        yield TextBox("pair")
        with Horizontal(id="answers"):
            yield AnswerPane()
            yield ComparePane()
            yield HistoryPane()
            yield BatchPane()

    def on_mount(self) -> None:
        self.models = Models(self.ui.bridge)
        self.trying = Trying(self.models)
        self.models.read_history()
        for box in self.query(TextBox):
            box.set_class(self.ui.look.ascii, "-ascii")
        self.show_tab(self.tab)

    def on_screen_resume(self) -> None:
        self.models.find(self.ui.listing.rows)
        wanted = self.ui.take_wanted(self.NAME)
        if isinstance(wanted, PredictWanted):
            self._take_wanted(wanted)
        else:
            self._choose_current()
        self._focus_field()

    def _focus_field(self) -> None:
        """What is typed is a text to try; where no model could answer it, keys stay keys."""
        if self.side is None:
            self.query_one(PANES[self.tab]).focus()
        elif self.tab in ("one", "compare"):
            self.box.focus()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-wide")
        self.set_class(event.size.height >= TALL, "-tall")

    def _take_wanted(self, wanted: PredictWanted) -> None:
        if wanted.model is not None and (self.side is None or self.side.query != wanted.model):
            self.use(0, wanted.model, self._short(wanted.model))
            self._run = self.ui.current_run
        elif self.side is None:
            self._choose_current()
        if wanted.text is not None:
            self.put(wanted.text, wanted.pair or "")
            self.show_tab("one")

    def _short(self, query: str) -> str:
        row = self.ui.row(query)
        return row.info.short if row is not None else query

    def _choose_current(self) -> None:
        """The model of the run that was opened last; without one the newest that there is."""
        current = self.ui.row(self.ui.current_run)
        about = current.info.of.get("run") if current is not None and current.info.of else None
        row = self.ui.row(str(about)) if about else current
        if row is not None and row.has_model and self._run != self.ui.current_run:
            self._run = self.ui.current_run
            if self.side is None or self.side.query != row.id:
                self.use(0, row.id, row.info.short)
        elif self.side is None and (newest := next((one for one in self.ui.listing.rows if one.has_model), None)):
            self._run = self.ui.current_run
            self.use(0, newest.id, newest.info.short)

    def use(self, place: int, query: str, name: str) -> None:
        first = self.side is None
        self.trying.choose(place, query, name)
        self._fit_boxes()
        if first and self.is_current and self.sheet is None and not self.filter_open:
            self._focus_field()
        self.repaint()

    # What is shown

    def thing(self, width: int) -> Line:
        return predict_page.thing_line(self.sides if self.tab == "compare" else self.sides[:1], width)

    def tabs(self) -> Sequence[tuple[str, str]]:
        share = ""
        if self.batch_look is not None and self.batch_look.live:
            share = f" {words.share(self.batch_look.done, self.batch_look.total)}" if self.batch_look.total else " …"
        history = f"History {len(self.kept):,}"
        return (("one", "One text"), ("batch", f"Batch{share}"), ("compare", "Compare"), ("history", history))

    def nothing(self, width: int) -> list[Line]:
        """In place of an answer where there is no model."""
        keys = self.ui.keymap
        told = "No run here has a model yet: it is there when a training has ended."
        then = f"1 starts one; {keys.shown('item.choose')} names a folder with a model."
        return [EMPTY, *wrap(told, width, indent=3), *wrap(then, width, token="muted", indent=3)]

    def quiet(self) -> Line:
        if self.tab == "batch":
            return line(muted(batch_page.quiet_words(self.batch_look)))
        history = self.query_one(HistoryPane)
        if self.tab == "history":
            return line(muted("filter "), history.wanted, muted("  esc clears it")) if history.wanted else EMPTY
        side = self.side
        if side is None:
            return EMPTY
        if any(one.newer for one in self.sides):
            name = next(one.short for one in self.sides if one.newer)
            return line(span(f"! {name} has newer weights: R loads them", "warn"))
        if self.trying.refused:
            return line(span(self.trying.refused, "warn"))
        if (missing := needs_pair(side, self.text, self.pair)) and (self.text.strip() or self.pair.strip()):
            return line(muted(missing))
        if not self.text.strip():
            sample = self.trying.sample
            return line(muted(f"enter tries this text of {sample.split}; or type one.")) if sample else EMPTY
        if side.answered is not None and side.state == "ready":
            return line(muted("enter keeps this answer in History"))
        return EMPTY

    def ends_with_it(self) -> str:
        return batch_page.cut_off_words(self.batch_look)

    def small(self, width: int, height: int) -> Sequence[Line]:
        side = self.side
        if side is None:
            return [line("no model"), line(muted("Needs 80x24."))]
        answered = side.answered
        lines = [line(side.short)]
        if answered is not None:
            lines += [(*one,) for one in predict_page.one_lines(side, answered.text, answered.pair, width, height)]
        return [*lines[: height - 1], line(muted("Needs 80x24 for the rest."))]

    # What happened

    def on_runs_read(self, message: RunsRead) -> None:
        if self.side is None:
            self._choose_current()
        for side in self.sides:
            row = message.listing.get(side.query)
            if row is not None and row.status.ended is not None and self.trying.run_ended(row.id, row.status.ended):
                self.repaint_frame()

    def on_models_found(self, message: messages.ModelsFound) -> None:
        self.trying.usable = message.usable
        if isinstance(sheet := self.sheet, ModelSheet):
            sheet.find()
        self.repaint_frame()

    def on_model_loaded(self, message: messages.ModelLoaded) -> None:
        self.trying.loaded(message.number, message.facts)
        if self.tab == "compare" and len(self.sides) < 2:
            self.show_tab("one")
        self._fit_boxes()
        self.trying.pair_known(self.pair)
        self.repaint()

    def on_model_failed(self, message: messages.ModelFailed) -> None:
        self.trying.failed(message.number, message.problem)
        self.repaint()

    def on_text_answered(self, message: messages.TextAnswered) -> None:
        kept = self.trying.answered(message.number, message.answered)
        if kept is not None:
            self._say_kept(kept)
        self.repaint()

    def on_text_refused(self, message: messages.TextRefused) -> None:
        self.trying.text_refused(message.number, message.problem, message.asked)
        self.repaint_frame()

    def on_kept_read(self, message: messages.KeptRead) -> None:
        self.trying.history_read(message.kept)
        self.repaint()

    def on_batch_advanced(self, message: messages.BatchAdvanced) -> None:
        if message.look.number != self.batch_number:
            return
        self.batch_look = message.look
        self._fit_batch()
        self.repaint()
        if not message.look.live:
            self.say(batch_page.ended_words(message.look), "bad" if message.look.state == "failed" else "text")

    def _fit_boxes(self) -> None:
        """The second field where the model reads pairs."""
        facts = self.side.facts if self.side is not None else None
        paired = facts is not None and facts.pair != "no"
        here = self.tab in ("one", "compare")
        self.box.display = here
        self.query_one("#head-text").display = here
        self.pair_box.display = self.query_one("#head-second").display = here and paired

    def _fit_batch(self) -> None:
        head = self.query_one(BatchHead)
        head.styles.height = len(batch_page.head_lines(self.batch_look, head.size.width or self.size.width))

    # What it does

    def show_tab(self, name: str) -> None:
        self.tab = name if name in TABS else "one"
        for tab in TABS:
            self.set_class(tab == self.tab, f"-{tab}")
        self._fit_boxes()
        self._fit_batch()
        if not self.in_field or self.tab in ("batch", "history"):
            self.query_one(PANES[self.tab]).focus()
        self.call_after_refresh(self.repaint)

    def do_app_back(self) -> None:
        history = self.query_one(HistoryPane)
        if self.in_field:
            self.query_one(PANES[self.tab]).focus()
            self.call_after_refresh(self.repaint)
        elif self.tab == "history" and history.wanted:
            self.filter_history("")
            self.repaint_frame()
        elif self.tab != "one":
            self.show_tab("one")
        else:
            super().do_app_back()


def make() -> PredictPage:
    return PredictPage()
