"""Devices as the driver sees them (NVML), other users' processes included; no torch."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

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
    try:
        import pynvml  # late: only a machine with a driver needs it
    except ModuleNotFoundError:
        return []
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


def _device(pynvml: object, index: int) -> Device:
    nvml: object = pynvml
    handle = nvml.nvmlDeviceGetHandleByIndex(index)  # type: ignore[attr-defined]
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)  # type: ignore[attr-defined]
    name = nvml.nvmlDeviceGetName(handle)  # type: ignore[attr-defined]
    processes = len(nvml.nvmlDeviceGetComputeRunningProcesses(handle))  # type: ignore[attr-defined]
    uuid = nvml.nvmlDeviceGetUUID(handle)  # type: ignore[attr-defined]
    return Device(index, _text(name), memory.total, memory.free, processes, _text(uuid))


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
