"""What can be done on the Predict screen: choose and free models, predict a file, look at tokens and facts, copy, filter."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from textual import on
from textual.widgets import Input

from tui_finetune.live import predict_page
from tui_finetune.live.batch_page import BatchLook
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.predict_page import Side, same_labels
from tui_finetune.live.spans import fact_lines
from tui_finetune.ui.page import Page
from tui_finetune.ui.screens.predict.models import Models
from tui_finetune.ui.screens.predict.panes import HistoryPane
from tui_finetune.ui.screens.predict.sheets import Asked, ModelSheet, file_sheet
from tui_finetune.ui.screens.predict.trying import Trying
from tui_finetune.ui.widgets.sheet import TextSheet

NO_MODEL = off("No model yet.")


class PredictActions(Page):
    """A page that tries models."""

    def __init__(self) -> None:
        super().__init__()
        self.models: Models
        self.trying: Trying
        """From the mount on, both."""
        self.batch_look: BatchLook | None = None
        self.batch_number = 0
        self.second = False
        """The open sheet of models is for the second place."""
        self._asked = Asked()

    @property
    def sides(self) -> list[Side]:
        return self.trying.sides

    @property
    def side(self) -> Side | None:
        return self.trying.first

    def use(self, place: int, query: str, name: str) -> None:
        """Puts a model in the first or the second place."""
        raise NotImplementedError

    # Models

    def offered(self) -> Sequence[predict_page.Usable]:
        usable = self.trying.usable or ()
        return same_labels(usable, self.side) if self.second else usable

    def _warm(self) -> list[str]:
        return [side.query for side in self.sides if side.state == "ready"]

    def do_item_choose(self) -> None:
        self.second = False
        self.models.find(self.ui.listing.rows)
        self.open_sheet(ModelSheet("Model", self.offered, self._warm(), lambda q, name: self.use(0, q, name)))

    def compare_offer(self) -> Offer:
        return predict_page.compare_offer(self.trying.usable, self.side)

    def do_item_compare(self) -> None:
        assert self.side is not None
        self.second = True
        self.models.find(self.ui.listing.rows)
        title = f"Beside {self.side.short}, for the same labels"
        self.open_sheet(ModelSheet(title, self.offered, self._warm(), self._compare, folders=False))

    def _compare(self, query: str, name: str) -> None:
        self.use(1, query, name)
        self.show_tab("compare")

    def reload_offer(self) -> Offer:
        return ON if self.sides else NO_MODEL

    def do_view_reload(self) -> None:
        self.trying.restart()
        self.repaint()

    def stop_offer(self) -> Offer:
        if self.tab == "batch":
            return ON if self.batch_look is not None and self.batch_look.live else off("No file is being predicted.")
        going = any(side.state in ("ready", "loading") for side in self.sides)
        return ON if going else off("No model is in memory.")

    def do_run_stop(self) -> None:
        if self.tab == "batch":
            self.models.stop_batch()
            return
        self.trying.free()
        self.say("Freed: the next text loads the model again.")
        self.repaint()

    # A file

    def batch_offer(self) -> Offer:
        if self.side is None:
            return NO_MODEL
        return off("One file at a time; s stops it.") if self.batch_look is not None and self.batch_look.live else ON

    def ask_for_file(self) -> None:
        self.open_sheet(file_sheet(self._asked, self._predict_file))

    def _predict_file(self, asked: Asked, columns: dict[str, str]) -> None:
        assert self.side is not None
        self._asked = asked
        file = Path(asked.file).expanduser().absolute()
        target = Path(asked.target).expanduser().absolute() if asked.target else None
        self.batch_number = self.models.predict_file(self.side.query, file, target, columns)

    # Everything else

    def tokens_offer(self) -> Offer:
        answered = self.side.answered if self.side is not None else None
        return ON if answered is not None and answered.tokens else off("No text has been answered yet.")

    def do_item_tokens(self) -> None:
        side = self.side
        assert side is not None
        answered, facts = side.answered, side.facts
        assert answered is not None
        assert facts is not None
        title = f"{answered.length:,} tokens of {facts.max_length:,}, as {side.short} sees them"
        self.open_sheet(TextSheet(title, lambda width: predict_page.token_lines(answered, width)))

    def copy_offer(self) -> Offer:
        return ON if any(side.answered is not None for side in self.sides) else off("No answer yet.")

    def do_item_copy(self) -> None:
        shown = self.sides if self.tab == "compare" else self.sides[:1]
        answers = [{"model": side.query, **side.answered.answer} for side in shown if side.answered is not None]
        self.ui.copy_text(json.dumps(answers[0] if len(answers) == 1 else answers, ensure_ascii=False, indent=1))

    def do_item_details(self) -> None:
        sides = self.sides if self.tab == "compare" else self.sides[:1]
        facts = [fact for side in sides for fact in predict_page.details(side)]
        self.open_sheet(TextSheet("Details of the model", lambda width: fact_lines(facts, width)))

    def filter_offer(self) -> Offer:
        return ON if self.tab == "history" else off("It filters the History tab.")

    def do_list_filter(self) -> None:
        self.open_filter(self.query_one(HistoryPane).wanted)

    @on(Input.Changed)
    def _filtered(self, event: Input.Changed) -> None:
        if self.filter_open:
            event.stop()
            self.filter_history(event.value)

    def filter_history(self, wanted: str) -> None:
        history = self.query_one(HistoryPane)
        history.wanted = wanted
        history.cursor = 0
        history.repaint()

    def filter_closed(self, kept: bool) -> None:
        if not kept:
            self.filter_history("")
