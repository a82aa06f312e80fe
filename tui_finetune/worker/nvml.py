"""What NVIDIA's driver tells of a GPU: by the driver's own bindings, no process."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

logger = logging.getLogger(__name__)

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


def look(uuid: str) -> Gpu | None:
    """The GPU with that UUID (`GPU-…`, as torch tells it); None where there is no driver that answers."""
    nvml = _driver()
    if nvml is None:
        return None
    try:
        device = nvml.nvmlDeviceGetHandleByUUID(uuid)
    except nvml.NVMLError as error:
        logger.debug("%s: %s", uuid, error)
        return None

    def told(ask: Callable[..., Any], *more: Any) -> Any:
        try:
            return ask(device, *more)
        except nvml.NVMLError:  # a GPU that does not tell this: at each look, so no line in the log
            return None

    used, watts = told(nvml.nvmlDeviceGetUtilizationRates), told(nvml.nvmlDeviceGetPowerUsage)
    return Gpu(
        utilisation=None if used is None else float(used.gpu),
        clock_mhz=_number(told(nvml.nvmlDeviceGetClockInfo, CLOCK_SM)),
        temperature=_number(told(nvml.nvmlDeviceGetTemperature, TEMPERATURE_GPU)),
        watts=None if watts is None else watts / 1000,
        # The older name of the same call: every driver has it.
        slowed_by=_reasons(told(nvml.nvmlDeviceGetCurrentClocksThrottleReasons) or 0),
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _reasons(bits: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words for bit, words in SLOWED_BY.items() if bits & bit))


@functools.cache
def _driver() -> Any:
    """The bindings, begun once for the process; None where there is no driver."""
    import pynvml  # late: only a run on a GPU asks

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        logger.debug("no NVML: %s", error)
        return None
    return pynvml
