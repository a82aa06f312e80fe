"""The field for a new value, with the ladder of values around the one in force beside it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widget import Widget

from tui_finetune.live.spans import Line, clip, line, muted, span
from tui_finetune.ui.widgets.field import Field, Label
from tui_finetune.ui.widgets.painted import Painted

FIELD_CELLS = 14


class _Ladder(Painted):
    """` ]   ladder 5e-6 · 1e-5 · 2e-5   (up, down)`."""

    DEFAULT_CSS = "_Ladder { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.steps: Sequence[str] = ()
        self.typed = ""

    def picture(self, width: int, height: int) -> Sequence[Line]:
        if not self.steps:
            return [line("]")]
        pieces: list[object] = ["]   ", muted("ladder ")]
        for place, one in enumerate(self.steps):
            pieces += [muted(" · ")] if place else []
            pieces.append(span(one, "accent" if one == self.typed else "text"))
        return [clip(line(*pieces, muted("   (up, down)")), width)]


class ValueRow(Widget):
    """` new value  [1e-5          ]   ladder …`."""

    DEFAULT_CSS = "ValueRow { layout: horizontal; height: 1; width: 1fr; }"

    def compose(self) -> ComposeResult:
        yield Label(" new value  [")
        yield Field(id="value")
        yield _Ladder()

    def on_mount(self) -> None:
        self.field.styles.width = FIELD_CELLS

    @property
    def field(self) -> Field:
        return self.query_one(Field)

    @property
    def ladder(self) -> Sequence[str]:
        return self.query_one(_Ladder).steps

    def begin(self, ladder: Sequence[str]) -> None:
        """An empty field for another setting."""
        self.query_one(_Ladder).steps = ladder
        self.field.value = ""

    def on_input_changed(self) -> None:
        self.query_one(_Ladder).typed = self.field.value.strip()
