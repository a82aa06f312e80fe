"""What the Data screen is told: data opened and looked at, views made, rows read, and what became of what was asked."""

from __future__ import annotations

from tui_finetune.live.data_set import DataSet
from tui_finetune.live.data_steps import following
from tui_finetune.ui.screens.data import messages
from tui_finetune.ui.screens.data.check_panes import FindingsTable
from tui_finetune.ui.screens.data.choosing import choose_length
from tui_finetune.ui.screens.data.fact_panes import PreviewPane, StepsTable
from tui_finetune.ui.screens.data.looking import Looking
from tui_finetune.ui.screens.data.messages import RowRead
from tui_finetune.ui.screens.data.panes import SourcesPane, WaitingPane


class DataFollowing(Looking):
    """A page that has data open, or none, and takes what is told of them."""

    def on_chain_counted(self, message: messages.ChainCounted) -> None:
        if message.number != self._number:
            return
        self.waits = "" if self.found is not None and self.found.looked and not self.choosing else self.waits
        if list(message.names) == list(self.chosen):
            self.chain_counts = message.counts
            self.query_one(StepsTable).repaint()
        self.repaint_frame()

    def on_lengths_read(self, message: messages.LengthsRead) -> None:
        if message.number == self._number:
            self.waits = ""
            choose_length(self, message.answer)
            self.repaint_frame()

    def on_choice_refused(self, message: messages.ChoiceRefused) -> None:
        if message.number == self._number and self.found is not None:
            self.choosing, self.waits, self.asked = False, "", self.found.asked
            self.say(message.why, "warn")

    def on_data_advanced(self, message: messages.DataAdvanced) -> None:
        if message.number not in (self.opening, self._number):
            return
        share = f"{message.done:,}" if message.done else ""
        if message.total:
            share = f"{100 * message.done // message.total} %" if message.done else ""
        self.waits = f"{message.what} … {share}".rstrip()
        if self.finding_long and self._said is not None:
            self._put_off, self._said = self._said, None
        self.repaint_frame()

    def on_head_read(self, message: messages.HeadRead) -> None:
        if message.number == self.opening:
            waiting = self.query_one(WaitingPane)
            waiting.raw = message.lines
            waiting.repaint()

    def on_data_opened(self, message: messages.DataOpened) -> None:
        follows = message.number == self._number and self.found is not None and self.found.partial
        if message.number != self.opening and not follows:
            return
        found = message.found
        again = self.found is not None and self.found.asked.same_rows(found.asked)
        self.opening, self._number, self.found = 0, message.number, found
        self.asked, self.problems, self.changed_files = found.asked, (), ()
        names = [one.name for one in found.splits]
        self.split = self.split if again and self.split in names else names[0]
        if not again:
            self.filter, self.sort, self.reverse, self.chosen = "", "", False, {}
            self.table.first_column = 0
        self.choosing = False
        self.columns.facts.clear()
        self.query_one(FindingsTable).document = None
        if not follows:
            self.within = None
            self.notes, self.row_read, self.count = (), None, 0
            self.table.forget()
        self.look(keep=follows)
        self.ui.memory = self.ui.memory.with_data(found.asked.typed)
        self.waits = "converting the whole of it …" if found.partial else "looking at labels and lengths …"
        self.settle()

    def on_data_looked(self, message: messages.DataLooked) -> None:
        if message.number != self._number:
            return
        if message.again and self.found is not None:
            steps = self.query_one(StepsTable).steps
            self.chosen = following(self.chosen, steps, self.found, message.found)
            self._checked_anew()
        self.found, self.waits, self.choosing = message.found, "", False
        self.chosen = dict(self.found.steps) if not self.chosen else self.chosen
        self.columns.facts.clear()
        self.shelf.steps()
        if self._find is not None:
            self.find_row(self._find)
            self._find = None
        elif self.filter or self.sort:
            self.look()
        else:
            self.shelf.know(self.key, self.found, self.table.keep_in_sight())
            self.row_read = None
            self.cursor_moved()
        if self.tab == "columns":
            self.ask_facts()
        elif self.tab == "findings":
            self.ask_findings()
        if self.found.problems or self.found.look.get("warnings"):
            self.say(self._what_is_amiss(self.found), "warn")
        elif len(self.found.sets) > 1 and not message.again:
            self.say(f"{len(self.found.sets)} sets are here; this is {self.found.set}. m chooses another.")
        self.settle()

    def _checked_anew(self) -> None:
        """The findings are of what was chosen before."""
        table = self.query_one(FindingsTable)
        table.document, table.asked = None, 0

    def _what_is_amiss(self, found: DataSet) -> str:
        problems, warnings = len(found.problems), len(found.look.get("warnings") or ())
        count = f"{problems} problem{'' if problems == 1 else 's'}" if problems else ""
        more = f"{warnings} warning{'' if warnings == 1 else 's'}" if warnings else ""
        return f"{' and '.join(part for part in (count, more) if part)} in Prepared: ] ] goes there."

    def on_data_refused(self, message: messages.DataRefused) -> None:
        if message.number not in (self.opening, self._number):
            return
        if message.number == self._number:  # opened, but the look at it failed
            self.waits = ""
            self.say(str(message.problems[0]), "warn")
            return
        self.opening, self.waits = 0, ""
        self.asked, self.problems = message.asked, message.problems
        self.settle()

    def on_view_made(self, message: messages.ViewMade) -> None:
        if message.key[0] != self._number or message.key[2] != self._view:
            return
        if self._put_off is not None and self._said is None:
            self._said = self._put_off
        self._put_off = None
        self._shown, self._kept, self.finding = message.key, (self.filter, self.sort, self.reverse, self.within), False
        self.split, self.count, self.notes = message.key[1], message.count, message.notes
        self.waits = "" if self.found is not None and self.found.looked else self.waits
        self.table.forget(message.block_rows)
        self.table.take(message.first.block, message.first.numbers, message.first.cells)
        self.table.cursor = message.at
        self.row_read = None
        if self.found is not None and self.found.looked and not message.looked:
            self.shelf.know(self.key, self.found, [message.first.block])
        self.cursor_moved()
        self.repaint()
        if self.notes and not self.filter_open:
            self.say(self.notes[0], "warn")

    def on_view_refused(self, message: messages.ViewRefused) -> None:
        if message.key[0] == self._number and message.key[2] == self._view:
            self.finding, self.waits = False, ""
            self.say(message.why, "warn")

    def on_row_placed(self, message: messages.RowPlaced) -> None:
        if message.key != self.key:
            return
        if message.at is None:
            self.say(f"Row {message.number:,} is not among those that are shown.", "warn")
        else:
            self.table.move(message.at)

    def on_rows_read(self, message: messages.RowsRead) -> None:
        if message.key == self.key:
            self.table.take(message.block, message.numbers, message.cells)
            self.repaint()

    def on_tokens_counted(self, message: messages.TokensCounted) -> None:
        if message.key == self.key:
            self.table.take_tokens(message.block, message.counts)
            self.table.repaint()

    def on_row_read(self, message: RowRead) -> None:
        if message.key == self.key and message.index == self.table.cursor:
            self.row_read = message
            self.repaint()
            then, self._then = self._then, None
            if then is not None:
                then(message)

    def on_other_found(self, message: messages.OtherFound) -> None:
        if message.other is None:
            self.say(message.why, "warn")
            return
        self.other, self.row_read = message.other, None
        self.open_row()

    def open_row(self) -> None:
        """Shows the row under the cursor whole."""
        raise NotImplementedError

    def on_facts_read(self, message: messages.FactsRead) -> None:
        if message.number == self._number:
            self.waits = "" if self.found is not None and self.found.looked else self.waits
            self.columns.facts[message.split, message.column] = message.facts
            self.repaint()

    def on_data_checked(self, message: messages.DataChecked) -> None:
        if message.number == self._number:
            self.waits = "" if self.found is not None and self.found.looked else self.waits
            table = self.query_one(FindingsTable)
            table.document, table.why, table.cursor = message.document, message.why, 0
            self.repaint()
            self.repaint_frame()

    def on_steps_read(self, message: messages.StepsRead) -> None:
        table = self.query_one(StepsTable)
        table.steps, self.tasks = message.steps, message.tasks
        names = {step.name for step in message.steps}
        self.chosen = {name: options for name, options in self.chosen.items() if name in names}
        self.settle()
        if self.tab == "prepared":
            self.ask_preview()

    def on_preview_read(self, message: messages.PreviewRead) -> None:
        if message.number == self._number:
            pane = self.query_one(PreviewPane)
            pane.preview, pane.why = message.preview, message.why
            self.repaint()

    def on_sources_read(self, message: messages.SourcesRead) -> None:
        from tui_finetune.live.data_sources import begin_with

        pane = self.query_one(SourcesPane)
        pane.found = begin_with(self.ui.memory.data, message.sources)
        pane.repaint()

    def on_files_changed(self, message: messages.FilesChanged) -> None:
        if message.number == self._number and list(message.names) != list(self.changed_files):
            self.changed_files = message.names
            self.repaint_frame()

    def cursor_moved(self) -> None:
        """The cursor stands on another row."""
        raise NotImplementedError
