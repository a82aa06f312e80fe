"""VisiData in a pseudo-terminal: when its first rows are seen, when all are there, and what memory that takes."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path

LONGEST = 240.0
"""Seconds after which it is not waited for any more."""


@dataclass(frozen=True)
class Loaded:
    """How it went."""

    first: float
    whole: float | None
    waited: float
    memory: float
    """Megabytes."""


def load(packages: Path, path: Path, rows: int) -> Loaded:
    """Opens a file and waits until it tells all rows, or longest. packages: what `pip install --target` made."""
    pid, terminal = pty.fork()
    if pid == 0:
        environ = {**os.environ, "PYTHONPATH": str(packages), "TERM": "xterm-256color", "HOME": "/nonexistent"}
        os.execve(sys.executable, [sys.executable, "-m", "visidata", str(path)], environ)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    try:
        return _watched(pid, terminal, rows)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def _watched(pid: int, terminal: int, rows: int) -> Loaded:
    started = time.perf_counter()
    first: float | None = None
    tail = b""
    while (now := time.perf_counter() - started) < LONGEST:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            tail = (tail + os.read(terminal, 1 << 16))[-(1 << 17) :]
        except OSError:
            break
        if first is None and b"review number 5" in tail:
            first = time.perf_counter() - started
        if str(rows).encode() in tail:  # the number of its rows, in the last line
            return Loaded(first or now, time.perf_counter() - started, now, _memory(pid))
    return Loaded(first or now, None, now, _memory(pid))


def _memory(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("VmRSS")), 0.0)
