"""The terminal's driver with what the library's lacks: bytes that are no UTF-8 end nothing, and the mouse is quiet."""

from __future__ import annotations

import codecs
from typing import Any

from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

from tui_finetune.ui.pasted import PasteFilter


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

    def behind(self) -> bool:
        """True while the terminal has not taken all that was written: the writing thread waits for it."""
        thread = self._writer_thread
        return thread is not None and vars(thread)["_queue"].qsize() > 0

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
