"""What a container or a service manager lets this process use: limits of control groups, both versions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from tui_finetune.launch.doctor.findings import Machine

GROUPS = "sys/fs/cgroup"
NO_LIMIT = 1 << 60
"""Version 1 writes a number of this size where nothing is limited."""


def memory_limit(machine: Machine) -> int | None:
    """Bytes; None where nothing limits it."""
    found = [*_numbers(machine, "", "memory.max"), *_numbers(machine, "memory", "memory.limit_in_bytes")]
    return min((size for size in found if 0 < size < NO_LIMIT), default=None)


def memory_left(machine: Machine) -> int | None:
    """Bytes that the control groups of this process leave it beside what is used; None where nothing limits it.

    Cached files that are not in use count as left: the kernel gives them up first.
    """
    groups = (
        ("", "memory.max", "memory.current", "inactive_file"),
        ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    )
    left = []
    for controller, limit, used, cached in groups:
        limits, usages = _texts(machine, controller, limit), _texts(machine, controller, used)
        for most, now, stat in zip(limits, usages, _texts(machine, controller, "memory.stat"), strict=False):
            if most.isdigit() and now.isdigit() and 0 < int(most) < NO_LIMIT:
                left.append(int(most) - int(now) + _of_stat(stat, cached))
    return min(left, default=None)


def _of_stat(text: str, name: str) -> int:
    """A figure of memory.stat, `inactive_file 4096`."""
    found = (line.partition(" ")[2].strip() for line in text.splitlines() if line.partition(" ")[0] == name)
    return int(next(found, "0") or 0)


def cpu_limit(machine: Machine) -> float | None:
    """Cores' worth of time; None where nothing limits it."""
    shares = []
    for text in _texts(machine, "", "cpu.max"):
        quota, _, period = text.partition(" ")
        if quota.isdigit() and period.strip().isdigit():
            shares.append(int(quota) / int(period))
    quotas = list(_numbers(machine, "cpu", "cpu.cfs_quota_us"))
    periods = list(_numbers(machine, "cpu", "cpu.cfs_period_us"))
    shares += [quota / period for quota, period in zip(quotas, periods, strict=False) if quota > 0 and period > 0]
    return min(shares, default=None)


def _numbers(machine: Machine, controller: str, name: str) -> Iterator[int]:
    for text in _texts(machine, controller, name):
        if text.lstrip("-").isdigit():
            yield int(text)


def _texts(machine: Machine, controller: str, name: str) -> Iterator[str]:
    """The file `name` of this process's group and of all above it: the smallest limit counts."""
    group = PurePosixPath(_own_group(machine, controller).lstrip("/"))
    for folder in (group, *group.parents):
        text = machine.read(str(PurePosixPath(GROUPS, controller, folder, name)))
        if text is not None:
            yield text.strip()


def _own_group(machine: Machine, controller: str) -> str:
    """Lines are `4:memory:/path`, version 2's `0::/path`."""
    for line in (machine.read("proc/self/cgroup") or "").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controller in controllers.split(","):
            return path
    return "/"
