"""A pseudo-terminal for tests: a program runs in it, is typed at, and what it writes is read, byte for byte."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

from tests.conftest import REPOSITORY
from tests.ui.emulator import Emulator
from tests.waiting import wait_until
from tui_finetune.paths import Home

INTERFACE = (sys.executable, "-m", "tui_finetune")
SECONDS = 60.0
_BEGIN = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
"""The terminal becomes that of the session, so that a hang-up reaches it; then the program takes the process over."""
_ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?<>=]*[ -/]*[@-~]|[()][A-Z0-9]|[=>NOM78c]|\][^\x07\x1b]*(?:\x07|\x1b\\))")


class Terminal:
    """The program in its terminal. `with Terminal(home) as terminal:` kills what is left of it at the end."""

    def __init__(
        self,
        home: Home,
        *arguments: str,
        size: tuple[int, int] = (80, 24),
        environ: Mapping[str, str] | None = None,
        command: Sequence[str] = INTERFACE,
    ) -> None:
        self._written = bytearray()
        self._new = bytearray()
        """Not on the screen yet."""
        self._screen = Emulator(*size)
        self._lock = threading.Lock()
        self._taking = threading.Event()
        self._taking.set()
        self.master, slave = pty.openpty()
        self.resize(*size)
        self.attributes = termios.tcgetattr(slave)
        usual = {
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "TUI_FINETUNE_HOME": str(home.root),
            "HF_HUB_OFFLINE": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", _BEGIN, *command, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=REPOSITORY,
            env={**os.environ, **usual, **(environ or {})},
            start_new_session=True,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.hang_up()

    def _read(self) -> None:
        while True:
            self._taking.wait()
            try:
                ready, _, _ = select.select([self.master], [], [], 0.2)
                data = os.read(self.master, 65_536) if ready else b""
            except (OSError, ValueError):
                return
            with self._lock:
                self._written += data
                self._new += data

    @property
    def raw(self) -> bytes:
        """All that was written."""
        with self._lock:
            return bytes(self._written)

    @property
    def text(self) -> str:
        """The same without what moves the cursor and sets colours."""
        return plain(self.raw)

    def forget(self) -> None:
        """From now on `raw` and `text` hold only what comes."""
        with self._lock:
            self._written.clear()

    def type(self, keys: str | bytes) -> None:
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def sees(self, text: str) -> None:
        """Waits until the text was written, or stands there with what stood there before: only what changes is written."""
        self.until(lambda: text in self.text or text in self.shown, f"{text!r} to be written")

    @property
    def shown(self) -> str:
        """What stands on the screen."""
        with self._lock:
            self._screen.feed(bytes(self._new))
            self._new.clear()
            return self._screen.text

    def until(self, condition: Callable[[], Any], what: str) -> None:
        """Waits for a condition; the end of what was written is told where it does not come."""
        try:
            wait_until(condition, what, timeout=SECONDS)
        except AssertionError as error:
            raise AssertionError(
                f"{error}\nexit code {self.process.poll()}\n{self.text[-3000:]}\n{self.shown}"
            ) from None

    def scribble(self, text: str) -> None:
        """Another program writes to the same terminal, at its top."""
        shown = self.shown
        with self._lock:
            self._screen.feed(f"\x1b[1;1H{text}")
        assert shown != self.shown

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        with self._lock:
            self._screen.feed(bytes(self._new))
            self._new.clear()
            self._screen.resize(columns, rows)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """The exit code."""
        self.until(lambda: self.process.poll() is not None, "the program to end")
        code = self.process.poll()
        assert code is not None
        time_to_read = time.monotonic() + 5
        while self._reader.is_alive() and time.monotonic() < time_to_read and self._more():
            continue
        return code

    def _more(self) -> bool:
        """True while something that was written has not been read."""
        ready, _, _ = select.select([self.master], [], [], 0)
        return bool(ready)

    def hold(self) -> None:
        """The terminal takes nothing any more."""
        self._taking.clear()

    def take(self) -> None:
        """It does again."""
        self._taking.set()

    def hang_up(self) -> None:
        """The window is closed, or the line is gone."""
        self.take()
        master, self.master = self.master, -1
        if master >= 0:
            os.close(master)

    @property
    def restored(self) -> bool:
        """True where the terminal is as it was before: other screen left, cursor shown, mouse and paste off, line edited."""
        raw = self.raw
        ends = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[?2004l")
        begun = (b"\x1b[?1049h", b"\x1b[?25l", b"\x1b[?1000h", b"\x1b[?2004h")
        left = all(raw.rfind(end) > raw.rfind(begin) for begin, end in zip(begun, ends, strict=True))
        return left and termios.tcgetattr(self.master)[:4] == self.attributes[:4]


def plain(raw: bytes) -> str:
    """Text without escape sequences."""
    return _ESCAPES.sub(b"", raw).decode("utf-8", "replace")
