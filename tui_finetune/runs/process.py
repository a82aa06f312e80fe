"""Which process works on a run, and whether it still does: pid, start ticks, boot id and pid namespace together.

A lock would be inherited by forked data loaders, and a pid alone is soon another process's.
"""

from __future__ import annotations

import functools
import logging
import os
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

_START_TICKS = 19
"""Field of /proc/<pid>/stat after the closing bracket of the name, counted from the state as 0."""


@dataclass(frozen=True)
class ProcessIdentity:
    """Enough to recognise one process of one boot of one machine. None where the platform does not tell."""

    pid: int
    start_ticks: int | None
    host: str
    boot_id: str | None
    pid_namespace: str | None
    oom_kills: int | None = None
    """Processes that the kernel had killed for memory in this control group when this one started."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def this_process() -> ProcessIdentity:
    pid = os.getpid()
    return ProcessIdentity(pid, start_ticks(pid), socket.gethostname(), boot_id(), pid_namespace(), oom_kills())


def is_alive(process: Mapping[str, Any]) -> bool | None:
    """True or False for a process of this machine; None for one elsewhere, of which only the heartbeat tells."""
    pid = process.get("pid")
    if not isinstance(pid, int) or pid <= 0:
        return None
    same_host = process.get("host") == socket.gethostname()
    if process.get("boot_id") != boot_id():
        # The same machine after a restart: nothing of the earlier boot is left.
        return False if same_host and process.get("boot_id") and boot_id() else None
    if process.get("pid_namespace") != pid_namespace() or (boot_id() is None and not same_host):
        return None
    return _runs(pid, process.get("start_ticks"))


def restarted(process: Mapping[str, Any]) -> bool:
    """True when this machine has been started again since that process."""
    return bool(process.get("host") == socket.gethostname() and boot_id() and process.get("boot_id") != boot_id())


def _runs(pid: int, ticks: Any) -> bool:
    if not Path("/proc/self/stat").exists():
        return _answers_signals(pid)
    found = start_ticks(pid)
    return found is not None and (ticks is None or found == ticks)


def _answers_signals(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def start_ticks(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None where it is gone, a zombie, or there is no /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = stat[stat.rfind(b")") + 2 :].split()
    if len(fields) <= _START_TICKS or fields[0] in (b"Z", b"X"):
        return None
    return int(fields[_START_TICKS])


def boot_id() -> str | None:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip() or None
    except OSError:
        return None


def pid_namespace() -> str | None:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return None


def oom_kills() -> int | None:
    """How many processes the kernel has killed for memory in the control group of this one; None where it is not told."""
    for events in _memory_events():
        try:
            lines = events.read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        for line in lines:
            name, _, count = line.partition(" ")
            if name == "oom_kill" and count.strip().isdigit():
                return int(count)
    return None


def _memory_events() -> list[Path]:
    root = Path("/sys/fs/cgroup")
    try:
        own = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found = [root / line[3:].lstrip("/") / "memory.events" for line in own if line.startswith("0::")]
    found += [
        root / "memory" / line.split(":", 2)[2].lstrip("/") / "memory.oom_control" for line in own if ":memory:" in line
    ]
    return [*found, root / "memory.events", root / "memory" / "memory.oom_control"]


def killed_for_memory(pid: int) -> bool:
    """True when the kernel's log, where it may be read, names this pid as killed for memory."""
    return pid in _kernel_kills(int(time.monotonic()))


@functools.lru_cache(maxsize=1)
def _kernel_kills(_when: int) -> frozenset[int]:
    """Pids that the kernel's log names; read at most once a second, however many runs ask."""
    try:
        handle = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return frozenset()
    found: set[int] = set()
    try:
        while True:
            try:
                record = os.read(handle, 16_384)
            except BrokenPipeError:  # the ring buffer moved on: the next read goes on
                continue
            if not record:
                break
            found.update(int(match) for match in re.findall(rb"Killed process (\d+) ", record))
    except OSError as end:
        # EAGAIN is the end of the log; anything else only means that nothing more can be known.
        logger.debug("kernel log: %s", end)
    finally:
        os.close(handle)
    return frozenset(found)
