"""A value of the form while it is typed: a field in its place, with choices where they are known."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Input

from tui_finetune.live.form import FormField, Row, Trial
from tui_finetune.live.form_hints import last_item
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.ui.actions import Place
from tui_finetune.ui.screens.train.places import VALUE
from tui_finetune.ui.widgets.field import Field

if TYPE_CHECKING:
    from tui_finetune.ui.screens.train.form_pane import FormPane
    from tui_finetune.ui.screens.train.page import TrainPage

STEP = FormField("+preprocess", "step", "text", "A transform of the rows, by the name that its plugin gave it.")
"""Stands for the field of a row that adds a step."""


class ValueEditor(Widget):
    """Over the value of the row under the cursor."""

    PLACE: ClassVar[Place] = VALUE
    FIELD_PLACE: ClassVar[Place] = VALUE
    DEFAULT_CSS = "ValueEditor { dock: top; layout: horizontal; height: 1; background: ansi_default; }"

    def __init__(self, row: Row, typed: str | None = None) -> None:
        super().__init__()
        self.field = row.field if row.field is not None else STEP
        self.chosen = 0
        self.trial: Trial | None = None
        self._typed = typed if typed is not None else (self.field.text if self.field.written else "")
        self._picking = False

    @property
    def pane(self) -> FormPane:
        return cast("FormPane", self.parent)

    @property
    def train(self) -> TrainPage:
        return cast("TrainPage", self.screen)

    def compose(self) -> ComposeResult:
        yield Field(self._typed, placeholder=self.field.default)

    def on_mount(self) -> None:
        self.place()
        field = self.query_one(Field)
        field.focus()
        field.select_all()
        self.train.try_value(self.field, self._typed)
        self.train.repaint_frame()

    def place(self) -> None:
        """Lies where the value is."""
        column, line, width = self.pane.value_place()
        self.styles.offset = (column, line)
        self.styles.width = width

    @property
    def replaces(self) -> bool:
        """True while what is typed takes the place of the value."""
        return any(not field.selection.is_empty for field in self.query(Field))

    @property
    def typed(self) -> str:
        return self.query_one(Field).value

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._picking:
            self._picking = False
            return
        self.chosen = 0
        self.train.try_value(self.field, event.value)

    def tried(self, trial: Trial) -> None:
        """What is typed was checked."""
        if trial.key == self.field.key and trial.typed == self.typed:
            self.trial = trial
            self.chosen = min(self.chosen, max(0, len(trial.choices) - 1))

    @property
    def choices(self) -> tuple[str, ...]:
        return self.trial.choices if self.trial is not None else self.field.choices

    def choice_offer(self) -> Offer:
        return ON if self.choices else off("There is nothing to choose from.")

    def _pick(self, by: int) -> None:
        choices = self.choices
        at = self._current()
        self.chosen = (at + by) % len(choices) if at is not None else (0 if by > 0 else len(choices) - 1)
        self._fill(choices[self.chosen])

    def _current(self) -> int | None:
        """The choice that is typed."""
        item = last_item(self.typed)[1] if self.field.kind in ("texts", "values") else self.typed.strip()
        return next((place for place, one in enumerate(self.choices) if one == item), None)

    def _fill(self, choice: str) -> None:
        before = last_item(self.typed)[0] if self.field.kind in ("texts", "values") else ""
        field = self.query_one(Field)
        if self.trial is not None:
            self.trial = replace(self.trial, typed=before + choice, problem="", advice="")
        if field.value != before + choice:
            self._picking = True
            field.value = before + choice
            field.cursor_position = len(field.value)
        self.train.value_chosen()

    def do_list_down(self) -> None:
        self._pick(1)

    def do_list_up(self) -> None:
        self._pick(-1)

    def do_pane_next(self) -> None:
        """As far as all choices that begin so agree; the first one where they agree on no more."""
        item = last_item(self.typed)[1] if self.field.kind in ("texts", "values") else self.typed.strip()
        begin = [one for one in self.choices if one.startswith(item)] or list(self.choices)
        common = os.path.commonprefix(begin)  # noqa: RUF071 - texts, not paths
        self._fill(common if len(common) > len(item) else begin[0])
        self.train.try_value(self.field, self.typed)

    def do_list_open(self) -> None:
        self.train.accept_value(self.field, self.typed)

    def do_app_back(self) -> None:
        self.close()

    def close(self) -> None:
        """Gives the keys back to the form."""
        pane, train = self.pane, self.train
        train.changing(self.remove())
        train.value_closed(pane)
