"""The rows that an evaluation shows, as a queue on the Data screen: looked at, relabelled, dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui_finetune.errors import UserError
from tui_finetune.live.data_set import Asked
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.runs.layout import RunPaths
from tui_finetune.ui.messages import Told
from tui_finetune.ui.screens.evaluate.actions import NO_EVALUATION
from tui_finetune.ui.screens.evaluate.rows import Rows
from tui_finetune.ui.wants import RowsWanted

if TYPE_CHECKING:
    from tui_finetune.config.schema import Recipe

MOST = 5_000
"""Rows of a queue."""


@dataclass
class RowsToEdit(Told):
    """The ids of the rows, and whose data they are; or why there are none."""

    key: str
    wanted: RowsWanted | None
    why: str = ""


class Editing(Rows):
    """An Evaluate page whose rows can be edited where their data are."""

    def edit_offer(self) -> Offer:
        if self.looking is None:
            return NO_EVALUATION
        if self.tab != "rows" or not self.looking.numbers:
            return off("No rows are shown.")
        return ON

    def do_item_edit(self) -> None:
        looking = self.looking
        assert looking is not None
        found, numbers = looking.measured, list(looking.numbers or ())[:MOST]
        title = f"{looking.rows_title()} of {found.name} {found.short} on {found.split}"
        self.say("Looking for the rows in their data …", "muted")
        paths = RunPaths(self.ui.home.runs / found.run_id)

        def work() -> Message:
            try:
                wanted = RowsWanted(data_of(paths, found.split), tuple(self.work.ids(found.key, numbers)), title)
            except UserError as error:
                return RowsToEdit(found.key, None, str(error.problems[0]))
            return RowsToEdit(found.key, wanted)

        self.ui.bridge.do("Edit rows", work)

    def on_rows_to_edit(self, message: RowsToEdit) -> None:
        if self.looking is None or message.key != self.looking.measured.key:
            return
        if message.wanted is None:
            self.say(message.why, "warn")
        else:
            self.ui.show_screen("data", message.wanted)


def data_of(paths: RunPaths, split: str) -> Asked:
    """The data that a run measured on. Raises UserError."""
    from tui_finetune.config.write import read_resolved

    if not paths.recipe_toml.is_file():
        raise UserError("The run has no recipe that names its data: it was made by a script of its own.")
    return asked_for(read_resolved(paths.recipe_toml), split)


def asked_for(recipe: Recipe, split: str) -> Asked:
    """The data of a split as the Data screen opens them. Raises UserError where they are of several paths."""
    data = recipe.data
    own = getattr(data, split, None) if split in ("validation", "test") else None
    if isinstance(own, str) and "/" in own:  # paths of a resolved recipe are absolute
        return Asked(path=own, task=recipe.task)
    if isinstance(data.path, list) or isinstance(own, list):
        raise UserError("The run read several paths, and the Data screen opens one: data edits takes them.")
    return Asked(path=data.path, source=data.source, subset=data.subset, task=recipe.task)
