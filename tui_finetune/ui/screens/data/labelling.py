"""Rows edited on the Data screen: the sheet, undo and redo, what is marked, and the recipe that names the edits."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui_finetune.edits.entry import Entry, about_row, set_cell
from tui_finetune.edits.overlay import RowEdits, told
from tui_finetune.live import labelling
from tui_finetune.live.data_set import DataSet, Split
from tui_finetune.live.labelling import Option
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.ui.screens.data import messages
from tui_finetune.ui.screens.data.actions import DataActions
from tui_finetune.ui.screens.data.labelling_sheet import LabellingSheet
from tui_finetune.ui.screens.data.labelling_work import EditsRead, LabellingWork, QueueFound
from tui_finetune.ui.wants import RowsWanted

NONE = EditsRead(0, "", Path())
"""The edits of data that are not open."""


class Labelling(DataActions):
    """A page whose rows can be edited; the source is never written."""

    def __init__(self) -> None:
        super().__init__()
        self.edits = NONE
        """As they were read last, of the split that is shown."""
        self._arrived: asyncio.Future[None] | None = None
        """Done when the row that the sheet waits for is there."""
        self._queue: RowsWanted | None = None
        """Rows that are to be shown alone once their data are open."""

    @functools.cached_property
    def work(self) -> LabellingWork:
        return LabellingWork(self.ui.bridge)

    @property
    def open_split(self) -> tuple[int, Split]:
        """The number of what is open, and the split that is shown."""
        return self.key[0], self.split_shown

    @property
    def undo_key(self) -> str:
        return self.ui.keymap.shown("item.undo")

    def edits_of(self, number: int | None) -> RowEdits | None:
        """What is decided of a row of the split that is shown."""
        return self.edits.rows.get(number) if number is not None and self.edits.split == self.split else None

    def edited(self, number: int | None, cells: Mapping[str, Any]) -> Mapping[str, Any]:
        """The cells of a row with their new values."""
        return labelling.edited_cells(self.edits_of(number), cells)

    # What can be done

    def edit_offer(self) -> Offer:
        if not self.row_offer().on:
            return self.row_offer()
        assert self.found is not None
        if self.found.partial:
            return off("The whole of the file is being read still.")
        if not self.found.looked:
            return off("Labels and lengths are being looked at still.")
        return ON if self._edits_are_here else off("The edits are being read still.")

    def undo_offer(self) -> Offer:
        if self.found is None:
            return off("No data open.")
        return ON if self._edits_are_here and self.edits.undoable else off("No edits.")

    def redo_offer(self) -> Offer:
        if self.found is None:
            return off("No data open.")
        return ON if self._edits_are_here and self.edits.redoable else off("No edit was undone.")

    @property
    def _edits_are_here(self) -> bool:
        return (self.edits.number, self.edits.split) == (self.key[0], self.key[1])

    def do_item_edit(self) -> None:
        self.open_sheet(LabellingSheet(self))

    def do_item_undo(self) -> None:
        self.work.undo(*self.open_split)

    def do_item_redo(self) -> None:
        self.work.redo(*self.open_split)

    def do_item_new(self) -> None:
        self._name_edits()
        super().do_item_new()

    def do_item_write(self) -> None:
        self._name_edits()
        super().do_item_write()

    def _name_edits(self) -> None:
        """A recipe of these data names their edits, where a run would have other rows by them."""
        if self.found is not None:
            counts = self.edits.counts if self._edits_are_here else {}
            changes = any(counts.get(name) for name in ("set", "dropped", "moved", "weighed"))
            self.found = replace(self.found, edits=str(self.edits.path) if changes else None)

    # Rows that another screen names

    def open_queue(self, wanted: RowsWanted) -> None:
        """Shows rows alone; what is open already is not read again."""
        self._queue = wanted
        if self.found is not None and self.found.looked and self.found.asked.same_rows(wanted.asked):
            self._find_queue(self.found)
        else:
            self.open(wanted.asked.typed, wanted.asked)

    def _find_queue(self, found: DataSet) -> None:
        if self._queue is not None:
            self.work.queue(self._number, found, self._queue.rows, self._queue.title)
            self._queue = None

    def on_data_looked(self, message: messages.DataLooked) -> None:
        super().on_data_looked(message)
        if message.number == self._number and self.found is not None:
            self._find_queue(self.found)

    def on_queue_found(self, message: QueueFound) -> None:
        if message.number != self._number:
            return
        if not message.rows.files:
            self.say("None of these rows is here: the data have changed since, or were others.", "warn")
            return
        self.show_within(message.rows, max(message.rows.counts, key=lambda name: message.rows.counts[name]))
        if message.missing:
            self.say(f"{message.missing:,} of the rows are not here: the data have changed since.", "warn")

    # For the sheet

    def read_for_labelling(self, sheet: LabellingSheet) -> None:
        """Shows the row under the cursor in the sheet; the next key is taken after that."""
        self._arrived = asyncio.get_running_loop().create_future()
        self.changing(self._arrived)
        arrived = self._arrived

        def show(read: messages.RowRead) -> None:
            if not sheet.closing:
                sheet.show(read)
            if not arrived.done():
                arrived.set_result(None)

        self.with_row(show)

    def why_no_text(self) -> str | None:
        """Why texts cannot be corrected here."""
        if self.found is not None and self.found.asked.recipe is not None and self.found.steps:
            return "These rows have been through the recipe's steps; open the data themselves to correct a text."
        return None

    def decide(self, option: Option, read: messages.RowRead, typed: Any = "") -> None:
        """Keeps what was decided of a row. typed: the new text, note or list of labels."""
        row_id, row_hash = str(read.row["row_id"]), str(read.row["row_hash"])
        before = self.edits_of(read.number)
        entry: Entry
        if option.kind == "label":
            now = labelling.edited_cells(before, read.row).get(option.column)
            if option.value == now:
                entry = about_row("ok", row_id, row_hash)
                said = f"Row {read.number:,} accepted."
            else:
                entry = set_cell(row_id, row_hash, option.column, option.value, read.row.get(option.column))
                said = f"Row {read.number:,}: {option.words}."
        elif option.kind == "text" or option.kind == "labels":
            entry = set_cell(row_id, row_hash, option.column, typed, read.row.get(option.column))
            said = f"Row {read.number:,}: {option.column} corrected."
        elif option.kind == "note":
            entry, said = about_row("note", row_id, row_hash, typed), f"Row {read.number:,}: noted."
        else:
            entry = about_row(option.kind, row_id, row_hash)
            said = f"Row {read.number:,} {'dropped' if option.kind == 'drop' else 'kept'}."
        if option.kind not in ("text", "labels", "note") and read.index + 1 >= self.count:
            said += " That was the last one."
        self.work.add(*self.open_split, [entry], said)

    # What happened

    def on_view_made(self, message: messages.ViewMade) -> None:
        """Another split, or other data, have edits of their own."""
        super().on_view_made(message)
        if self.found is None or message.key[0] != self._number or self.found.partial:
            return
        if (self.edits.number, self.edits.split) != message.key[:2]:
            self.work.read(message.key[0], self.found, self.found.split(message.key[1]))

    def on_edits_read(self, message: EditsRead) -> None:
        if message.number != self._number:
            return
        first = self.edits.number != message.number
        self.edits = message
        if message.said:
            self.say(
                message.said if message.refused else f"{message.said} Edits {self._told()}.",
                "warn" if message.refused else "text",
            )
        elif first and message.rows:
            stale = f"; {len(message.changed):,} no longer fit: data edits conflicts" if message.changed else ""
            self.say(f"Edits {self._told()}{stale}.", "warn" if stale else "text")
        for sheet in self.query(LabellingSheet):
            sheet.repaint()
        self.repaint()

    def _told(self) -> str:
        return told(self.edits.counts)
