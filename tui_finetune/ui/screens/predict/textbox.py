"""The field for a text to try: several lines, wrapped; what is pasted keeps its line ends and nothing else that is no text."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.widgets import TextArea

from tui_finetune.text import shown
from tui_finetune.ui.filters import UNSAFE

PLAIN_KEYS = frozenset({"enter", "tab", "escape", "shift+tab"})
"""Keys that are actions of the page, here too."""


class TextBox(TextArea):
    """Typed text in a frame. Its text is raw: it is what the model is given."""

    DEFAULT_CSS = """
    TextBox, TextBox:focus {
        border: solid ansi_bright_black; padding: 0 1; height: 4; margin: 0 1; width: 1fr;
        background: ansi_default; color: ansi_default; scrollbar-size-vertical: 0;
    }
    TextBox:focus { border: solid ansi_bright_blue; }
    TextBox.-ascii, TextBox.-ascii:focus { border: ascii ansi_bright_black; }
    TextBox .text-area--cursor { text-style: reverse; background: ansi_default; color: ansi_default; }
    TextBox .text-area--cursor-line { background: ansi_default; }
    TextBox .text-area--selection { text-style: reverse; background: ansi_default; color: ansi_default; }
    TextBox .text-area--placeholder { color: ansi_bright_black; background: ansi_default; }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id, soft_wrap=True, show_line_numbers=False, highlight_cursor_line=False, classes="field")
        self.cursor_blink = False

    def suggest(self, text: str) -> None:
        """A muted text in the empty field."""
        self.placeholder = Content(shown(text))

    def put(self, text: str) -> None:
        """Another text, the cursor at its end."""
        self.load_text(text)
        self.move_cursor(self.document.end)

    @property
    def in_first_line(self) -> bool:
        return self.wrapped_document.location_to_offset(self.cursor_location).y == 0

    @property
    def in_last_line(self) -> bool:
        return self.wrapped_document.location_to_offset(self.cursor_location).y >= self.wrapped_document.height - 1

    async def _on_key(self, event: events.Key) -> None:
        if event.key in PLAIN_KEYS:
            event.prevent_default()  # the page answers them

    async def _on_paste(self, event: events.Paste) -> None:
        text = event.text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
        self.insert("\n".join(UNSAFE.sub("", one) for one in text.split("\n")))
        event.stop()
        event.prevent_default()
