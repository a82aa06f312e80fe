"""What NVIDIA's driver tells of a GPU, asked through its own library: no package, no process."""

from __future__ import annotations

import ctypes
import functools
import logging
from dataclasses import dataclass
from typing import Any

logger = logging.getLogger(__name__)

LIBRARY = "libnvidia-ml.so.1"
SLOWED_BY = {0x08: "a slowdown of the hardware", 0x20: "heat", 0x40: "heat", 0x80: "the power brake"}
"""Bits of nvmlDeviceGetCurrentClocksEventReasons that mean trouble; idle, set clocks and a power cap do not."""
CLOCK_SM, TEMPERATURE_GPU = 1, 0


@dataclass(frozen=True)
class Gpu:
    """A look at one GPU; None for what it does not tell."""

    utilisation: float | None = None
    clock_mhz: float | None = None
    temperature: float | None = None
    watts: float | None = None
    slowed_by: tuple[str, ...] = ()


class _Utilisation(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


def look(uuid: str) -> Gpu | None:
    """The GPU with that UUID (`GPU-…`, as torch tells it); None where there is no driver that answers."""
    library = _library()
    if library is None:
        return None
    device = ctypes.c_void_p()
    if library.nvmlDeviceGetHandleByUUID(uuid.encode(), ctypes.byref(device)):
        return None
    used = _Utilisation()
    busy = None if library.nvmlDeviceGetUtilizationRates(device, ctypes.byref(used)) else float(used.gpu)
    watts = _number(library.nvmlDeviceGetPowerUsage, device)
    return Gpu(
        utilisation=busy,
        clock_mhz=_number(library.nvmlDeviceGetClockInfo, device, CLOCK_SM),
        temperature=_number(library.nvmlDeviceGetTemperature, device, TEMPERATURE_GPU),
        watts=watts / 1000 if watts is not None else None,
        slowed_by=_reasons(library, device),
    )


def _number(ask: Any, *arguments: Any) -> float | None:
    found = ctypes.c_uint()
    return None if ask(*arguments, ctypes.byref(found)) else float(found.value)


def _reasons(library: Any, device: ctypes.c_void_p) -> tuple[str, ...]:
    bits = ctypes.c_ulonglong()
    # The older name of the same call: every driver has it.
    if library.nvmlDeviceGetCurrentClocksThrottleReasons(device, ctypes.byref(bits)):
        return ()
    return tuple(dict.fromkeys(words for bit, words in SLOWED_BY.items() if bits.value & bit))


@functools.cache
def _library() -> Any:
    """The driver's library, begun; None where there is none."""
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as error:
        logger.debug("no NVML: %s", error)
        return None
    return None if library.nvmlInit_v2() else library
