"""What a run would have of the data, and choosing it: task, columns, splits, length."""

from __future__ import annotations

from tui_finetune.live.data_run import RunItem, fall_lines, run_items
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.spans import Line
from tui_finetune.ui.screens.data import choosing
from tui_finetune.ui.screens.data.panes import Pane, QuietTable
from tui_finetune.ui.screens.data.places import RUN
from tui_finetune.ui.widgets.sheet import TextSheet


class RunPane(Pane, QuietTable):
    """A line each; `enter` chooses."""

    PLACE = RUN

    def __init__(self) -> None:
        super().__init__(id="run")

    def _items(self) -> list[RunItem]:
        found = self.data_page.found
        return run_items(found, (self.size.width or 80) - 4) if found is not None else []

    @property
    def current(self) -> RunItem | None:
        items = self._items()
        return items[self.cursor] if 0 <= self.cursor < len(items) else None

    def count(self) -> int:
        return len(self._items())

    def row(self, index: int, width: int) -> Line:
        return self._items()[index].line

    def choose_offer(self) -> Offer:
        item = self.current
        if item is None or not item.key:
            return off("Nothing is chosen on this line.")
        if item.key == "length":
            return self.data_page.lengths_offer()
        return ON

    def fall_offer(self) -> Offer:
        found = self.data_page.found
        return ON if found is not None and found.fall else off("There are no labels to count, or no splits yet.")

    def do_item_details(self) -> None:
        found = self.data_page.found
        if found is not None:
            self.data_page.open_sheet(TextSheet("How labels fall", lambda width: fall_lines(found, width)))

    def do_list_open(self) -> None:
        item = self.current
        if item is not None:
            choosing.choose_item(self.data_page, item.key)
