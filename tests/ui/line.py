"""A pseudo-terminal at the end of a line of a given rate and delay. What it sends arrives with the time at which it does.

There is no network in it: what is not taken yet waits in the kernel's buffer of the terminal, as with a slow serial line.
"""

from __future__ import annotations

import contextlib
import fcntl
import heapq
import os
import pty
import re
import select
import signal
import struct
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from tests.conftest import REPOSITORY
from tests.ui.emulator import Emulator
from tests.ui.terminal import INTERFACE, plain

SECONDS = 60.0
_ANSWERS = {
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
    b"\x1b[?2048$p": b"\x1b[?2048;0$y",
}
"""What a terminal of today says when it is asked: where the cursor is, that it paints whole frames, no sizes in band."""
_QUESTIONS = re.compile(b"|".join(re.escape(question) for question in _ANSWERS))


class Line:
    """A program in a terminal. `with Line(...) as line:` kills what is left of it at the end."""

    def __init__(
        self,
        *arguments: str,
        command: Sequence[str] = INTERFACE,
        size: tuple[int, int] = (80, 24),
        environ: Mapping[str, str] | None = None,
        rate: float | None = None,
        delay: float = 0.0,
        answers: bool = True,
    ) -> None:
        """rate: bytes per second, None for as fast as it goes. delay: seconds one way. answers: whether it answers questions."""
        self._rate, self._delay, self._answers = rate, delay, answers
        self._came: list[tuple[float, bytes]] = []
        self._up: list[tuple[float, bytes]] = []
        self._more_up = threading.Condition()
        self._news = threading.Condition()
        self._asked = b""
        self.screen = Emulator(*size)
        self._fed = 0
        """Pieces that the screen shows."""
        self._taking = threading.Event()
        self._taking.set()
        self.closed = False
        terminal = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "HF_HUB_OFFLINE": "1"}
        whole = {**os.environ, **terminal, **(environ or {})}
        self.started = time.perf_counter()
        self.pid, self._master = pty.fork()
        if not self.pid:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            os.chdir(REPOSITORY)
            os.execve(command[0], [*command, *arguments], whole)
        for work in (self._read, self._send):
            threading.Thread(target=work, daemon=True).start()

    def __enter__(self) -> Line:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.closed = True
        self._taking.set()
        with self._more_up:
            self._more_up.notify()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._master)

    def _read(self) -> None:
        free = 0.0
        piece = 65_536 if self._rate is None else max(16, int(self._rate / 100))
        while not self.closed:
            self._taking.wait()
            try:
                ready, _, _ = select.select([self._master], [], [], 0.05)
                data = os.read(self._master, piece) if ready else b""
            except OSError:
                return
            if not data:
                continue
            now = time.perf_counter()
            if self._rate is not None:
                free = max(now, free) + len(data) / self._rate
                time.sleep(max(0.0, free - now))
            arrives = max(now, free) + self._delay
            with self._news:
                self._came.append((arrives, data))
                self._news.notify_all()
            self._answer(data, arrives)

    def _answer(self, data: bytes, arrives: float) -> None:
        asked = self._asked + data
        found = list(_QUESTIONS.finditer(asked)) if self._answers else []
        self._asked = asked[found[-1].end() :][-9:] if found else asked[-9:]
        for one in found:
            self._give(arrives + self._delay, _ANSWERS[one[0]])

    def _give(self, due: float, data: bytes) -> None:
        with self._more_up:
            heapq.heappush(self._up, (due, data))
            self._more_up.notify()

    def _send(self) -> None:
        while not self.closed:
            with self._more_up:
                left = self._up[0][0] - time.perf_counter() if self._up else 1.0
                if left > 0:
                    self._more_up.wait(left)
                    continue
                data = heapq.heappop(self._up)[1]
            with contextlib.suppress(OSError):
                os.write(self._master, data)

    def type(self, keys: str) -> float:
        """Presses keys; the moment at which they were pressed."""
        now = time.perf_counter()
        if self._delay:
            self._give(now + self._delay, keys.encode())
        else:
            os.write(self._master, keys.encode())
        return now

    def hold(self) -> None:
        """The terminal takes nothing any more."""
        self._taking.clear()

    def take(self) -> None:
        """It does again."""
        self._taking.set()

    def since(self, moment: float = 0.0) -> list[tuple[float, bytes]]:
        """What has arrived after a moment, with the time at which it did."""
        now, found = time.perf_counter(), []
        for t, data in reversed(list(self._came)):
            if t <= moment:
                break
            if t <= now:
                found.append((t, data))
        return found[::-1]

    def text(self, moment: float = 0.0) -> str:
        """The same as text, without what moves the cursor and sets colours."""
        return plain(b"".join(data for _, data in self.since(moment)))

    def bytes(self, moment: float = 0.0) -> int:
        return sum(len(data) for _, data in self.since(moment))

    def until(self, condition: Callable[[], object], what: str, *, seconds: float = SECONDS) -> None:
        """Waits, at most so long; what arrived last is told where it does not come."""
        end = time.perf_counter() + seconds
        while not condition():
            if time.perf_counter() > end:
                raise AssertionError(f"waited {seconds:g} s for {what}; the screen was sent\n{self.text()[-2000:]}")
            with self._news:  # what is on its way over a line with a delay comes without news
                self._news.wait(0.002 if self._delay else 0.02)

    def sees(self, text: str, moment: float = 0.0) -> float:
        """Waits until the terminal shows a text, at the earliest after a moment; when the piece arrived that completed it."""
        found: list[float] = []

        def shown() -> bool:
            if not moment and self._fed and text in self.screen.text:
                found.append(self._came[self._fed - 1][0])
            while not found and self._fed < len(self._came) and self._came[self._fed][0] <= time.perf_counter():
                t, data = self._came[self._fed]
                self._fed += 1
                self.screen.feed(data)
                if t > moment and text in self.screen.text:
                    found.append(t)
            return bool(found)

        self.until(shown, f"{text!r}")
        return found[0]

    @property
    def lines(self) -> list[str]:
        """What the terminal shows."""
        while self._fed < len(self._came) and self._came[self._fed][0] <= time.perf_counter():
            self.screen.feed(self._came[self._fed][1])
            self._fed += 1
        return self.screen.lines

    def settle(self, quiet: float = 0.5, *, after: float = 0.0) -> float:
        """Waits until something has arrived after a moment and then nothing for so long; the moment of the last that did."""
        self.until(
            lambda: self.since(after) and time.perf_counter() - self._came[-1][0] > quiet, "something, then quiet"
        )
        return self._came[-1][0]

    def memory(self, *, children: bool = False) -> dict[str, int]:
        """Bytes of the process: `rss`, and `pss`, in which what is shared with others counts by share; with its children's."""
        found = {"rss": 0, "pss": 0}
        for pid in _family(self.pid) if children else [self.pid]:
            with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                for text in file:
                    name, _, value = text.partition(":")
                    if name.lower() in found:
                        found[name.lower()] += int(value.split()[0]) * 1024
        return found


def _family(pid: int) -> list[int]:
    """The process and all that it has started, and they."""
    found = [pid]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found += _family(int(stat.parent.name))
    return found
