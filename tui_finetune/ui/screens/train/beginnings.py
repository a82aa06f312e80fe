"""What the Train screen begins with: the list of beginnings, and a recipe that is opened in place of another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tui_finetune.live.train_page import Start
from tui_finetune.live.train_state import TrainState
from tui_finetune.ui.screens.train import messages
from tui_finetune.ui.screens.train.editing import EditActions
from tui_finetune.ui.screens.train.panes import StartsPane
from tui_finetune.ui.wants import TrainWanted
from tui_finetune.ui.widgets.sheet import FieldsSheet


class BeginActions(EditActions):
    """A page that shows a recipe, or what one can begin with."""

    def __init__(self) -> None:
        super().__init__()
        self.choosing = True
        """True while the list of beginnings is shown."""
        self._reading = ""

    def _judge(self) -> None:
        raise NotImplementedError

    def on_screen_resume(self) -> None:
        wanted = self.ui.take_wanted(self.NAME)
        if isinstance(wanted, TrainWanted):
            self._want(wanted)
        elif self.choosing:
            self._list_starts(None)

    def _want(self, wanted: TrainWanted) -> None:
        if wanted.choose:
            self._list_starts(wanted.run_id)
            self._choose(True)
            return
        self._reading = "Reading the recipe …"
        self.workshop.open(wanted)

    def _list_starts(self, run_id: str | None) -> None:
        row = self.ui.row(run_id)
        self.workshop.starts(row.info if row is not None and row.has_recipe else None, self.ui.memory.recipes)

    def _choose(self, choosing: bool) -> None:
        """The list of beginnings in place of the form, or back."""
        self.choosing = choosing
        self.set_class(choosing, "-choosing")
        self.show_tab(self.tab)

    def on_starts_read(self, message: messages.StartsRead) -> None:
        self.query_one(StartsPane).take(message.starts)
        self.repaint_frame()

    def begin(self, start: Start) -> None:
        """Opens one of the beginnings."""
        if start.kind == "file":
            self._ask_for_file()
            return
        self._want(
            TrainWanted(
                draft=start.name if start.kind == "draft" else None,
                run_id=start.name if start.kind == "run" else None,
                sample=start.name if start.kind == "sample" else None,
                task=start.name if start.kind == "task" else None,
                path=Path(start.name) if start.kind == "recent" else None,
            )
        )

    def _ask_for_file(self) -> None:
        def take(values: Sequence[str]) -> str | None:
            if not values[0].strip():
                return "Recipe: a path is needed."
            self._want(TrainWanted(path=self.folder / Path(values[0].strip()).expanduser()))
            return None

        hint = f"a TOML file, relative to {self.folder}"
        self.open_sheet(FieldsSheet("Open a recipe", [("file", "")], take, hint=hint))

    def on_recipe_opened(self, message: messages.RecipeOpened) -> None:
        before = self.state.document if self.state is not None else None
        self.state, self._reading = TrainState(message.document, message.base), ""
        self.tab = "form"
        self._choose(False)
        self.form.take((), None)
        self.form.cursor = self.form.top = 0
        self._judge()
        if message.document.origin.path is not None:
            self.remember_recipe(message.document.origin.path)
        if before is not None and before.changed and before.draft != message.document.draft:
            self.say(
                f"{before.origin.title} is kept as a draft with its changes; {self.ui.keymap.shown('item.new')} lists it."
            )

    def do_item_new(self) -> None:
        self._list_starts(None)
        self._choose(True)

    def on_draft_dropped(self, message: messages.DraftDropped) -> None:
        self._list_starts(None)
        self.say(f"The draft of {message.title} is gone.")
