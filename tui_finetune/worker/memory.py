"""Memory of the device that a run is on: what is there for it, what it takes at most.

On a GPU that is what torch has allocated, against what the driver has free for this process. On a processor it is the
process's resident size, against what the machine, its control groups and the limits of this process leave of it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from tui_finetune.launch.doctor.findings import Machine
from tui_finetune.launch.doctor.limits import memory_left, memory_limit

logger = logging.getLogger(__name__)

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")
MARGIN = 0.08
RESET_PEAK = "5"
"""Written to clear_refs, it makes the largest resident size the present one (proc(5))."""


@dataclass(frozen=True)
class Room:
    """Bytes of the device's memory."""

    total: int
    there: int
    """For this process, what it has already included."""

    def has(self, needed: float) -> bool:
        """True where so much fits with a little left: on a processor what is over is taken from other programs first."""
        return needed <= self.there * (1.0 if on_gpu() else 1.0 - MARGIN)


def on_gpu() -> bool:
    return bool(torch.cuda.is_available())


def room() -> Room:
    """What there is now."""
    if on_gpu():
        free, total = torch.cuda.mem_get_info()
        return Room(total, free + torch.cuda.memory_reserved())
    limit = memory_limit(Machine())
    total = psutil.virtual_memory().total
    total = total if limit is None else min(total, limit)
    return Room(total, min(total, _taken() + _free()))


def taken() -> int:
    """Bytes that this process has now."""
    return torch.cuda.memory_allocated() if on_gpu() else _taken()


def peak() -> int:
    """The most bytes since the last `reset_peak`; since the process began where the system has no such reset."""
    if on_gpu():
        return int(torch.cuda.max_memory_allocated())
    return of_status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def reset_peak() -> None:
    """From now on `peak` counts anew."""
    if on_gpu():
        torch.cuda.reset_peak_memory_stats()
        return
    try:
        CLEAR_REFS.write_text(RESET_PEAK, encoding="ascii")
    except OSError as error:
        logger.debug("the largest resident size cannot be reset: %s", error)


def give_back() -> None:
    """What is not used any more goes back to the device, so that the next figure is that of the next thing tried."""
    gc.collect()
    if on_gpu():
        torch.cuda.empty_cache()
        return
    with contextlib.suppress(OSError, AttributeError):  # another C library than glibc has no malloc_trim
        ctypes.CDLL(None).malloc_trim(0)


@contextlib.contextmanager
def refused_not_killed() -> Iterator[None]:
    """On a processor: more memory than there is becomes an error of the allocator, where the kernel would end the process.

    Linux promises more than it has. The soft limit of private memory is set to what is there, and put back. What was
    promised before can still be filled: come close to the limit with care.
    """
    data = None if on_gpu() else of_status("VmData")
    if data is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    known = [limit for limit in (soft, hard, data + _free()) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(known), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _taken() -> int:
    return int(psutil.Process().memory_info().rss)


def _free() -> int:
    """Bytes that this process may take beside what it has: the least of what machine, control groups and limits leave."""
    left = [int(psutil.virtual_memory().available)]
    if (of_group := memory_left(Machine())) is not None:
        left.append(of_group)
    for limit, name in ((resource.RLIMIT_AS, "VmSize"), (resource.RLIMIT_DATA, "VmData")):
        soft, used = resource.getrlimit(limit)[0], of_status(name)
        if soft != resource.RLIM_INFINITY and used is not None:
            left.append(soft - used)
    return max(0, min(left))


def of_status(name: str) -> int | None:
    """Bytes that /proc/self/status gives under a name; None on other systems."""
    try:
        lines = STATUS.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0]) * 1024
    return None
