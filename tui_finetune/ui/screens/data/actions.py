"""What can be done with the data that are open, and why not."""

from __future__ import annotations

import json

from textual import on
from textual.widgets import Input

from tui_finetune.live import data_rows
from tui_finetune.live.data_findings import FindingRows
from tui_finetune.live.data_row import texts_of
from tui_finetune.live.data_steps import Step
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.ui.screens.data import asking, messages
from tui_finetune.ui.screens.data.following import DataFollowing
from tui_finetune.ui.screens.data.row_panes import RowPane
from tui_finetune.ui.wants import PredictWanted

LENGTH = "length"


class DataActions(DataFollowing):
    """A page that has data open, or none, and does what is asked of them."""

    @property
    def mode(self) -> str:
        """Which panes have the screen."""
        raise NotImplementedError

    def show_within(self, rows: FindingRows, split: str) -> None:
        """Shows the rows of a finding in a split."""
        raise NotImplementedError

    def open_offer(self) -> Offer:
        return ON if self.found is not None else off("No data open.")

    def rows_offer(self) -> Offer:
        if self.mode != "rows":
            return off("It is of the Rows tab." if self.found is not None else "No data open.")
        return ON

    def row_offer(self) -> Offer:
        if self.mode not in ("rows", "row"):
            return off("No row here.")
        return ON if self.count else off("No row under the cursor.")

    def choose_offer(self) -> Offer:
        return ON if self.found is not None or self.problems else off("No data open.")

    def tokens_offer(self) -> Offer:
        if not self.row_offer().on:
            return self.row_offer()
        if self.found is not None and self.found.looked and self.found.tokenizer is None:
            return off(f"{self.found.model or 'No model'} has no tokenizer here; m chooses a model.")
        return ON

    def reload_offer(self) -> Offer:
        return ON if self.asked is not None and not self.opening else off("No data open.")

    def new_offer(self) -> Offer:
        if self.found is None:
            return off("No data open.")
        if not self.found.looked:
            return off("Labels and lengths are being looked at still.")
        if self.choosing:
            return off("What was chosen is being looked at still.")
        if self.found.look.get("run") is None:
            return off("Its problems come first; Prepared lists them.")
        return ON

    def try_offer(self) -> Offer:
        if not self.row_offer().on:
            return self.row_offer()
        return ON if self.found is not None and self.found.inputs else off("No column here is read by a model.")

    def do_data_source(self) -> None:
        asking.ask_for_source(self)

    def do_item_choose(self) -> None:
        asking.choose(self)

    def do_item_details(self) -> None:
        asking.show_details(self)

    def ask_options(self, step: Step) -> None:
        asking.ask_options(self, step)

    def do_item_new(self) -> None:
        assert self.found is not None
        self.say("Filling a recipe in …", "muted")
        self.shelf.recipe(self.found, list(self.chosen.items()))

    def lengths_offer(self) -> Offer:
        """Whether maximum lengths can be measured."""
        if self.found is None or not self.found.looked or not self.found.inputs:
            return off("No column here is read by a model.")
        return ON

    def do_item_write(self) -> None:
        asking.write_recipe(self)

    def do_item_tokens(self) -> None:
        pane = self.query_one(RowPane)
        if self.mode == "row":
            pane.ids = not pane.ids
            self.repaint()
        else:
            self.open_row()

    def do_item_compare(self) -> None:
        asking.ask_beside(self)

    def do_item_copy(self) -> None:
        self.with_row(lambda read: self.ui.copy_text(json.dumps(read.row, ensure_ascii=False, default=str)))

    def do_item_try(self) -> None:
        def show(read: messages.RowRead) -> None:
            assert self.found is not None
            text, *pair = texts_of(self.found, read.row) or [""]
            self.ui.show_screen("predict", PredictWanted(text=text, pair=pair[0] if pair else None))

        self.with_row(show)

    def do_view_reload(self) -> None:
        if self.asked is not None:
            self.open(self.asked.typed, self.asked)

    def do_list_sort(self) -> None:
        assert self.found is not None
        orders = [
            "",
            *(one.name for one in data_rows.column_order(self.found)),
            *([LENGTH] if self.found.inputs else []),
        ]
        place = orders.index(self.sort) if self.sort in orders else 0
        self.sort, self.reverse = orders[(place + 1) % len(orders)], False
        self.say(f"Sorted by {self.sort}." if self.sort else "In the order of the data.")
        self.look(keep=False)

    def jump_offer(self) -> Offer:
        return self.rows_offer() if self.count or not self.rows_offer().on else off("No row here.")

    def do_list_jump(self) -> None:
        asking.ask_for_row(self)

    def do_list_turn(self) -> None:
        self.reverse = not self.reverse
        self.look(keep=False)

    def do_list_filter(self) -> None:
        self.open_filter(self.filter)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        """The rows follow what is typed."""
        if self.filter_open and self.found is not None:
            event.stop()
            self.filter = event.value
            self.look()

    def filter_closed(self, kept: bool) -> None:
        if not kept and self.found is not None:
            self.filter = ""
            self.look()
