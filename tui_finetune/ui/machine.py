"""Looking at this machine for the home screen; in a thread, never on the way to a paint."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from tui_finetune.launch.devices import devices
from tui_finetune.live import words
from tui_finetune.live.runs_page import MachineFigures
from tui_finetune.paths import Home, existing


def sample(home: Home) -> MachineFigures:
    """What changes: room on the disk, memory of the devices."""
    return MachineFigures(shutil.disk_usage(existing(home.runs)).free, device_words())


def device_words() -> str:
    """`cuda:0 9.1 of 24.1 GB`, of several GPUs the one that a run would take; `cpu, 2 cores` without one."""
    there = devices()
    if not there:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return f"cpu, {cores} core{'' if cores == 1 else 's'}"
    best = max(there, key=lambda device: device.memory_free)
    used = (best.memory_total - best.memory_free) / 1e9
    more = f" and {len(there) - 1} more" if len(there) > 1 else ""
    return f"cuda:{best.index} {used:.1f} of {words.size(best.memory_total)}{more}"


def findings(home: Home) -> Sequence[tuple[str, str, str]]:
    """Level, name and sentence of what an empty home says: whether the demo works, devices, room, what logout does."""
    from tui_finetune.launch.doctor import machine as hardware
    from tui_finetune.launch.doctor import software, surroundings
    from tui_finetune.launch.doctor.findings import Machine

    place = Machine()
    found = [
        software.demo_model(home),
        hardware.processor(place),
        *hardware.gpus(place),
        hardware.disk(home),
        surroundings.logout(place),
        surroundings.hub(place),
    ]
    return [(one.level, one.name, one.text) for one in found]
