"""The terminal's driver with what the library's lacks: it knows when the terminal is behind, bytes that are no UTF-8 end
nothing, and the mouse is quiet.
"""

from __future__ import annotations

import asyncio
import codecs
import signal
from typing import Any

from textual import events
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message

from tui_finetune.ui.frames import Frames
from tui_finetune.ui.pasted import PasteFilter
from tui_finetune.ui.taken import Taken
from tui_finetune.ui.writing import ended, pieces, unbounded

ANSWER_SECONDS = 1.0
"""The program's end, and its suspension, wait so long for an answer of the terminal that is on its way."""


class _Decoder:
    """Puts U+FFFD where bytes are no text, since a garbled byte must not end the program, and makes pastes plain."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._pastes = PasteFilter()

    def decode(self, data: bytes, final: bool = False) -> str:
        return self._pastes(self._decoder.decode(data, final))


def _tolerant(encoding: str) -> Any:
    return lambda: _Decoder(encoding)


class Driver(LinuxDriver):
    """Only clicks and the wheel are asked for: what a mouse does on its way is not worth the bytes on a thin line."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.frames = Frames()
        self.stuck = False
        """The terminal took not even that it is given back: whoever writes to it waits for good."""
        self._taken = Taken()
        self._asks = False
        """Only while answers are read, and not shown."""

    def behind(self) -> bool:
        """True while the terminal has not taken all that was painted."""
        return self._unsent() > 0 or self._taken.behind()

    def _unsent(self) -> int:
        """Pieces that the writing thread has not written: it waits for a terminal that takes nothing."""
        return pieces(self._writer_thread).qsize() if self._writer_thread is not None else 0

    def start_application_mode(self) -> None:
        self.frames.forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        # The library's handler reads the size itself: one that another interrupts tells its older size after the newer.
        loop = asyncio.get_running_loop()
        signal.signal(signal.SIGWINCH, lambda *_: loop.call_soon_threadsafe(self._tell_size))
        if self._writer_thread is not None:
            unbounded(self._writer_thread)
        self._taken = Taken()
        self._asks = self._key_thread is not None and self._key_thread.is_alive()
        self.flush()

    def _tell_size(self) -> None:
        if not self._in_band_window_resize:
            size = Size(*self._get_terminal_size())
            self.send_message(events.Resize(size, size))

    def close(self) -> None:
        """Waits until everything is written, and not longer than a terminal takes it."""
        if self._writer_thread is not None:
            self.stuck = not ended(self._writer_thread, self.fileno)

    def disable_input(self) -> None:
        if self._asks:
            self._asks = False
            self._taken.settle(ANSWER_SECONDS)
        super().disable_input()

    def flush(self) -> None:
        """The library calls it after each paint."""
        if self._asks and (question := self._taken.question()):
            self.write(question)

    def process_message(self, message: Message) -> None:
        if not isinstance(message, events.CursorPosition):
            super().process_message(message)
        elif question := self._taken.answered(again=self._asks and not self._unsent()):
            self.write(question)

    def run_input_thread(self) -> None:
        from tui_finetune.ui.keys_apart import KeyParser

        vars(linux_driver)["getincrementaldecoder"] = _tolerant
        vars(linux_driver)["XTermParser"] = KeyParser
        super().run_input_thread()

    def _enable_mouse_support(self) -> None:
        if not self._mouse:
            return
        self.write("\x1b[?1000h")
        self.write("\x1b[?1006h")
        self.flush()

    def _disable_mouse_support(self) -> None:
        if not self._mouse:
            return
        self.write("\x1b[?1000l")
        self.write("\x1b[?1006l")
        self.flush()
