"""Editing on the Train screen: a value in its place, mends, defaults, undo, and finding fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.widgets import Input

from tui_finetune.errors import Problem, UserError
from tui_finetune.live.form import REST, Difference, FormField, Row, best_match
from tui_finetune.live.form_lines import Beside
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.train_state import TrainState
from tui_finetune.ui.screens.train import messages
from tui_finetune.ui.screens.train.files import FileActions
from tui_finetune.ui.screens.train.form_pane import FormPane
from tui_finetune.ui.screens.train.panes import Below, ProblemsPane

if TYPE_CHECKING:
    from tui_finetune.live.recipe_edit import Mend


class EditActions(FileActions):
    """A page with a form."""

    def __init__(self) -> None:
        super().__init__()
        self.state: TrainState | None = None
        self.beside = Beside({}, {})
        self.problems: Sequence[Problem] = ()
        self.changes: Sequence[Difference] = ()
        self._goto = ""
        """The row that the cursor goes to once it is there."""

    @property
    def form(self) -> FormPane:
        return self.query_one(FormPane)

    def refresh_form(self) -> None:
        """Rows, problems and changes anew."""
        raise NotImplementedError

    def edit(self, change: Callable[[str], str], goto: str = "") -> bool:
        """Changes the text; False where it cannot be done, which is said."""
        assert self.state is not None
        try:
            text = change(self.state.document.text)
        except UserError as error:
            self.say(error.problems[0], "warn")
            return False
        self._goto = goto
        self.changed(text)
        return True

    def mend_of(self, row: Row | None) -> Mend | None:
        """The way out that a row's problem offers."""
        if row is None or not row.problems or self.state is None or self.state.form is None:
            return None
        from tui_finetune.live.recipe_edit import mend_of

        return mend_of(row.problems[0], self.state.form)

    def open_row(self) -> None:
        """`enter` on a row of the form."""
        state, row = self.state, self.form.row_here
        if state is None or row is None or state.form is None:
            return
        if row.kind in ("heading", "rest"):
            state.toggle(row.group or REST)
            self.refresh_form()
            return
        mend, form = self.mend_of(row), state.form
        if mend is not None:
            self.edit(lambda text: mend.apply(text, form), goto=state.show(mend.to))
        else:
            self.form.edit()

    def try_value(self, field: FormField, typed: str) -> None:
        if self.state is not None:
            self.workshop.attempt(self.state.document, field, typed)

    def on_value_tried(self, message: messages.ValueTried) -> None:
        if (editor := self.form.editor) is not None:
            editor.tried(message.trial)
            self.query_one(Below).repaint()

    def value_chosen(self) -> None:
        self.query_one(Below).repaint()

    def accept_value(self, field: FormField, typed: str) -> None:
        """`enter` in a value: it stands in the recipe, right or wrong; what is wrong is marked."""
        from tui_finetune.live.recipe_edit import add, put

        editor, state = self.form.editor, self.state
        if editor is None or state is None:
            return
        if field.key == "+preprocess":
            done = not typed.strip() or self.edit(lambda text: add(text, typed))
        elif field.written and typed == field.text:
            done = True
        else:
            state.kept.add(field.key)
            done = self.edit(lambda text: put(text, field, typed))
        if done:
            editor.close()

    def value_closed(self, pane: FormPane) -> None:
        self.set_focus(pane)
        self.soon(self.refresh_form)

    def set_default(self) -> None:
        from tui_finetune.live.recipe_edit import take_out

        row, state = self.form.row_here, self.state
        assert row is not None
        assert row.field is not None
        assert state is not None
        key = row.field.key
        state.kept.add(key)
        self.edit(lambda text: take_out(text, key))

    def undo_offer(self) -> Offer:
        return ON if self.state is not None and self.state.document.can_undo else off("Nothing to undo.")

    def redo_offer(self) -> Offer:
        return ON if self.state is not None and self.state.document.can_redo else off("Nothing was taken back.")

    def do_item_undo(self) -> None:
        assert self.state is not None
        self.state.document.undo()
        self.changed(self.state.document.text)

    def do_item_redo(self) -> None:
        assert self.state is not None
        self.state.document.redo()
        self.changed(self.state.document.text)

    # Finding

    def go_to(self, key: str) -> None:
        """Shows the row of a key, wherever it was hidden."""
        if self.state is not None:
            self._goto = self.state.show(key)
            self.show_tab("form")

    def go_to_line(self, line: int) -> None:
        if self.state is not None and (key := self.state.key_of_line(line)):
            self.go_to(key)

    def go_to_problem(self) -> None:
        here = self.query_one(ProblemsPane).here
        if here is None:
            return
        if here.key:
            self.go_to(here.key)
        else:
            self.show_tab("file")

    def do_list_filter(self) -> None:
        assert self.state is not None
        self.show_tab("form")
        self.open_filter(self.state.search)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if self.filter_open:
            event.stop()
            self.search(event.value)

    def search(self, words: str) -> None:
        """Only fields that have the words; nothing typed is the form as it was."""
        state = self.state
        if state is None:
            return
        state.search = words
        rows = state.rows()
        if words.strip():
            self.form.take(rows, None)
            self.form.move(best_match(rows, words))
        self.refresh_form()

    def filter_closed(self, kept: bool) -> None:
        if not kept:
            self.search("")
