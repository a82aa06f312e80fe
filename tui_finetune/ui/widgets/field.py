"""A text field of one line. What is typed or pasted into it is one line of text and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Input

from tui_finetune.live.spans import Line, muted
from tui_finetune.text import cell_width, shown
from tui_finetune.ui.widgets.painted import Painted

if TYPE_CHECKING:
    from tui_finetune.ui.page import Page


LONGEST = 10_000
"""Characters of a field."""


class Field(Input):
    """A field without a frame; `enter` and `esc` are actions of its page or sheet."""

    DEFAULT_CSS = """
    Field, Field:focus {
        border: none; padding: 0; height: 1; width: 1fr;
        background: ansi_default; color: ansi_default;
    }
    Field > .input--cursor { text-style: reverse; background: ansi_default; color: ansi_default; }
    Field > .input--placeholder { color: ansi_bright_black; background: ansi_default; }
    Field > .input--selection { text-style: reverse; background: ansi_default; color: ansi_default; }
    """

    def __init__(self, value: str = "", *, placeholder: str = "", id: str | None = None) -> None:
        super().__init__(
            value=value[:LONGEST],
            placeholder=shown(placeholder),
            id=id,
            classes="field",
            select_on_focus=False,
            compact=True,
            max_length=LONGEST,
        )
        self.cursor_blink = False

    def _on_paste(self, event: events.Paste) -> None:
        """Only the first line of what is pasted, its control characters left out."""
        first = next(iter(event.text[: 2 * LONGEST].splitlines()), "")
        text = "".join(char for char in first if char.isprintable())
        room = LONGEST - len(self.value)
        self.insert_text_at_cursor(text[:room])
        if len(text) > room:
            cast("Page", self.screen).say(f"A field takes {LONGEST:,} characters; what was pasted is longer.", "warn")
        event.stop()
        event.prevent_default()


class Label(Painted):
    """The muted words before a field, as wide as they are."""

    DEFAULT_CSS = "Label { height: 1; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = shown(text)

    def on_mount(self) -> None:
        self.styles.width = cell_width(self._text)

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return [(muted(self._text),)]


class FieldRow(Widget):
    """A label and its field on one line."""

    DEFAULT_CSS = "FieldRow { layout: horizontal; height: 1; width: 1fr; }"

    def __init__(self, label: str, field: Field) -> None:
        super().__init__()
        self._label = label
        self.field = field

    def compose(self) -> ComposeResult:
        yield Label(f" {self._label} ")
        yield self.field
