"""Devices as the driver sees them (NVML), other users' processes included; no torch."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_finetune.errors import Problem, RecipeError

logger = logging.getLogger(__name__)

VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Device:
    """A GPU; memory in bytes."""

    index: int
    """As the driver counts them."""
    name: str
    memory_total: int
    memory_free: int
    processes: int
    """Processes on it, of every user."""
    uuid: str = ""


def devices() -> list[Device]:
    """All GPUs of this machine, those that CUDA_VISIBLE_DEVICES hides left out; empty without a driver."""
    import pynvml  # late: a verb that starts nothing needs no driver

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        logger.debug("no NVML: %s", error)
        return []
    try:
        found = [_device(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())]
    finally:
        pynvml.nvmlShutdown()
    allowed = os.environ.get(VISIBLE)
    if allowed is None:
        return found
    listed = [part.strip() for part in allowed.split(",") if part.strip()]
    return [device for device in found if any(_names(part, device) for part in listed)]


def _names(part: str, device: Device) -> bool:
    """True where a part of CUDA_VISIBLE_DEVICES means the device: its number, or the beginning of its UUID."""
    return part == str(device.index) or (not part.isdigit() and device.uuid.startswith(part))


def _device(nvml: Any, index: int) -> Device:
    """What the driver tells of a GPU; a part of one, or one that shares the machine's memory, tells less."""
    handle = nvml.nvmlDeviceGetHandleByIndex(index)

    def told(ask: Callable[[Any], Any], otherwise: Any) -> Any:
        try:
            return ask(handle)
        except nvml.NVMLError as error:
            logger.debug("GPU %d: %s", index, error)
            return otherwise

    memory = told(nvml.nvmlDeviceGetMemoryInfo, None)
    return Device(
        index,
        _text(told(nvml.nvmlDeviceGetName, "GPU")),
        memory.total if memory is not None else 0,
        memory.free if memory is not None else 0,
        len(told(nvml.nvmlDeviceGetComputeRunningProcesses, ())),
        _text(told(nvml.nvmlDeviceGetUUID, "")),
    )


def _text(value: str | bytes) -> str:
    """Older drivers' bindings give bytes."""
    return value if isinstance(value, str) else value.decode()


def visible_device(wanted: str) -> str:
    """Value of CUDA_VISIBLE_DEVICES for `[run] device`: one index, or nothing for the CPU.

    auto takes the GPU with most free memory. A named GPU that is not there is a problem of the check, not of this function.
    """
    if wanted == "cpu":
        return ""
    if wanted.startswith("cuda:"):
        return wanted.removeprefix("cuda:")
    there = devices()
    return str(max(there, key=lambda device: device.memory_free).index) if there else ""


def show_only(wanted: str) -> str:
    """Lets this process see no GPU but the one that `wanted` means, and returns its index, or nothing for the CPU. Before torch
    is imported: Trainer would wrap the model in DataParallel over every GPU that it sees."""
    index = os.environ[VISIBLE] = visible_device(wanted)
    # Else CUDA counts the fastest first, and cuda:1 of the driver would be another one of CUDA's.
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    return index


def machine_facts(index: str) -> dict[str, Any]:
    """What of this machine can change a run's last digits: the kind and name of the device (its index, or nothing for the
    CPU), and how many threads a process may use on it."""
    found = next((device for device in devices() if str(device.index) == index), None) if index else None
    name = (found.name if found is not None else f"GPU {index}") if index else _processor()
    return {"device_kind": "cuda" if index else "cpu", "device_name": name, "threads": _threads()}


def _processor() -> str:
    """The processor by its own name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return named or platform.processor() or platform.machine()


def _threads() -> int:
    """As torch counts them before it is asked for another number."""
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def device_problems(wanted: str) -> list[Problem]:
    """What is wrong with `[run] device` on this machine."""
    if not wanted.startswith("cuda"):
        return []
    there = devices()
    names = ", ".join(f"cuda:{device.index} {device.name}" for device in there) or "none"
    if wanted not in {f"cuda:{device.index}" for device in there}:
        return [Problem(f"no device {wanted} on this machine. There are: {names}.", key="run.device")]
    return []


def describe_device(wanted: str) -> str:
    """What `[run] device` means here, in words: `cpu, 2 cores` or `cuda:0 NVIDIA A10, 24.1 GB free`."""
    index = visible_device(wanted)
    if not index:
        return f"cpu, {os.cpu_count()} cores"
    found = next((device for device in devices() if str(device.index) == index), None)
    if found is None:
        raise RecipeError(device_problems(wanted) or [Problem(f"no device {wanted}", key="run.device")])
    return f"cuda:{found.index} {found.name}, {found.memory_free / 1e9:.1f} GB free"
