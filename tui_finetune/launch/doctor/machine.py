"""Processor, memory, GPUs, shared memory, disk and the home."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

from tui_finetune.launch.check import ROOM
from tui_finetune.launch.devices import VISIBLE, Device, devices
from tui_finetune.launch.doctor.findings import Finding, Machine, gigabytes, ok, problem, warning
from tui_finetune.launch.doctor.limits import cpu_limit, memory_limit
from tui_finetune.paths import HOME_VARIABLE, Home, existing

MEMORY_NEEDED = 2_000_000_000
"""Bytes that loading the libraries and fine-tuning a small encoder take."""
DISK_WANTED = 5_000_000_000
"""Room for a base-size model, its download and three checkpoints."""
SHARED_NEEDED = 256 * 1024 * 1024
"""Containers come with 64 MB of /dev/shm, which data loader workers outgrow."""


def processor(machine: Machine) -> Finding:
    """Cores that may be used, and whether reduced precision pays here."""
    cores, flags = _cores(machine), _cpu_flags(machine)
    features = [name for name in ("amx_bf16", "avx512_bf16", "avx512f", "avx2") if name in flags]
    words = f"{cores:g} core{'' if cores == 1 else 's'}"
    threads = machine.environ.get("OMP_NUM_THREADS")
    words += f", OMP_NUM_THREADS={threads}" if threads else ""
    facts = {"cores": cores, "features": features}
    if "amx_bf16" in flags:
        return ok("processor", f"{words}, AMX: bf16 is several times faster than fp32 on it", **facts)
    if flags and "avx2" not in flags:
        fix = "Training works and is slow; use a newer machine or a GPU."
        return warning("processor", f"{words}, no AVX2", fix, **facts)
    best = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "features unknown"
    advice = "" if "avx512_bf16" in flags else "; bf16 on it is far slower than fp32, leave [train] bf16 off"
    return ok("processor", f"{words}, {best}{advice}", **facts)


def _cores(machine: Machine) -> float:
    """The fewest of what the kernel lets this process run on and what its control groups give it."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = cpu_limit(machine)
    return allowed if limit is None else min(allowed, round(limit, 1))


def _cpu_flags(machine: Machine) -> frozenset[str]:
    for line in (machine.read("proc/cpuinfo") or "").splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            return frozenset(value.split())
    return frozenset()


def memory(machine: Machine) -> Finding:
    """What is there, what is free now, and what a container leaves of it."""
    sizes = {}
    for line in (machine.read("proc/meminfo") or "").splitlines():
        key, _, value = line.partition(":")
        if (number := value.split()) and number[0].isdigit():
            sizes[key] = int(number[0]) * 1024
    total, available, limit = sizes.get("MemTotal"), sizes.get("MemAvailable"), memory_limit(machine)
    if total is None or available is None:
        return ok("memory", "not known on this system")
    usable = available if limit is None else min(available, limit)
    words = f"{gigabytes(total)}, {gigabytes(available)} available"
    words += f", this container is limited to {gigabytes(limit)}" if limit is not None and limit < total else ""
    facts = {"total": total, "available": available, "limit": limit}
    if usable < MEMORY_NEEDED:
        fix = (
            "End other programs, or take a machine or a container with more; the kernel ends a run that asks for more."
        )
        return warning("memory", f"{words}; a small encoder needs about {gigabytes(MEMORY_NEEDED)}", fix, **facts)
    return ok("memory", words, **facts)


def gpus(machine: Machine, found: Sequence[Device] | None = None) -> list[Finding]:
    """Each GPU with its room and the processes on it; or why there is none."""
    found = devices() if found is None else found
    if found:
        return [_gpu(device) for device in found]
    hidden = machine.environ.get(VISIBLE)
    if not machine.has("proc/driver/nvidia/version"):
        return [ok("gpu", "none; everything trains on the processor", devices=[])]
    if hidden is not None:
        fix = f"unset {VISIBLE} lets runs use the GPUs again."
        return [warning("gpu", f"hidden by {VISIBLE}={hidden!r}", fix, devices=[])]
    fix = "nvidia-smi must list them; a container needs them passed in."
    return [warning("gpu", "a driver is loaded, but its GPUs cannot be listed", fix, devices=[])]


def _gpu(device: Device) -> Finding:
    name = f"cuda:{device.index}"
    words = f"{device.name}, {gigabytes(device.memory_total)}, {gigabytes(device.memory_free)} free"
    facts = {
        "index": device.index,
        "name": device.name,
        "memory_total": device.memory_total,
        "memory_free": device.memory_free,
        "processes": device.processes,
    }
    if device.processes:
        words += f", {device.processes} process{'es' if device.processes > 1 else ''} on it, of any user"
    if device.memory_free < MEMORY_NEEDED:
        fix = f"[run] device = auto takes the GPU with most free memory; nvidia-smi says who uses {name}."
        return warning(name, words, fix, **facts)
    return ok(name, words, **facts)


def shared_memory(machine: Machine) -> Finding:
    """/dev/shm, through which the workers of a data loader pass batches."""
    folder = machine.root / "dev/shm"
    if not folder.is_dir():
        return ok("shared memory", "no /dev/shm on this system")
    size = shutil.disk_usage(folder).total
    words = f"/dev/shm has {gigabytes(size)}"
    if size < SHARED_NEEDED:
        fix = "Leave [train] dataloader_num_workers at 0, or give the container more (docker run --shm-size=2g)."
        return warning("shared memory", f"{words}: workers of a data loader outgrow that and end", fix, size=size)
    return ok("shared memory", words, size=size)


def disk(home: Home) -> Finding:
    """Room where runs are written."""
    place = existing(home.root)
    free = shutil.disk_usage(place).free
    words, facts = f"{gigabytes(free)} free in {home.root}", {"path": str(home.root), "free": free}
    fix = f"tui-finetune trash empty, or another place with --home or {HOME_VARIABLE}."
    if free < ROOM:
        return problem("disk", f"{words}: no run starts with less than {gigabytes(ROOM)}", fix, **facts)
    if free < DISK_WANTED:
        return warning("disk", f"{words}: a base-size model with its checkpoints takes about 5 GB", fix, **facts)
    return ok("disk", words, **facts)


def home_rights(home: Home) -> Finding:
    """Whether runs can be written, and read by their owner only."""
    place = existing(home.root)
    facts = {"path": str(home.root), "exists": place == home.root}
    other = f"Choose another place with --home or {HOME_VARIABLE}."
    if not place.is_dir():
        return problem("home", f"{home.root} cannot be made: {place} is not a folder", other, **facts)
    if not os.access(place, os.W_OK | os.X_OK):
        return problem("home", f"{home.root} cannot be written", other, **facts)
    if place != home.root:
        return ok("home", f"{home.root} will be made at the first run", **facts)
    open_to = _open_to_others(home.root)
    if open_to is not None:
        fix = f"chmod go-rwx {home.root}"
        return warning("home", f"{home.root} can be {open_to} by other users of this machine", fix, **facts)
    return ok("home", f"{home.root}, yours alone", **facts)


def _open_to_others(folder: Path) -> str | None:
    mode = folder.stat().st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "written"
    return "read" if mode & (stat.S_IRGRP | stat.S_IROTH | stat.S_IXGRP | stat.S_IXOTH) else None
