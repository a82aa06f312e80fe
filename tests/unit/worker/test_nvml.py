"""The driver's bindings, played by an object that answers or raises, as they do."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from tui_finetune.worker import nvml


class Error(Exception):
    """As NVMLError."""


def gives(value: Any) -> Callable[..., Any]:
    return lambda *asked: value


def not_supported(*asked: Any) -> None:
    raise Error("Not Supported")


def driver(reasons: int = 0) -> SimpleNamespace:
    def handle(uuid: str) -> str:
        if uuid != "GPU-1":
            raise Error("Not Found")
        return "handle"

    return SimpleNamespace(
        NVMLError=Error,
        nvmlDeviceGetHandleByUUID=handle,
        nvmlDeviceGetUtilizationRates=gives(SimpleNamespace(gpu=97, memory=12)),
        nvmlDeviceGetPowerUsage=gives(148_200),
        nvmlDeviceGetClockInfo=gives(1_410),
        nvmlDeviceGetTemperature=not_supported,
        nvmlDeviceGetCurrentClocksThrottleReasons=gives(reasons),
    )


def looked(monkeypatch: pytest.MonkeyPatch, library: Any, uuid: str = "GPU-1") -> nvml.Gpu | None:
    monkeypatch.setattr(nvml, "_driver", lambda: library)
    return nvml.look(uuid)


def test_figures_and_what_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked(monkeypatch, driver()) == nvml.Gpu(97.0, 1410.0, None, 148.2, ())


def test_heat_and_brake_are_told_and_a_power_cap_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    idle_and_cap, heat_twice, brake = 0x01 | 0x04, 0x20 | 0x40, 0x80
    for bits, words in ((idle_and_cap, ()), (heat_twice, ("heat",)), (heat_twice | brake, ("heat", "the power brake"))):
        found = looked(monkeypatch, driver(bits))
        assert found is not None
        assert found.slowed_by == words


def test_without_a_driver_or_of_another_device_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked(monkeypatch, None) is None
    assert looked(monkeypatch, driver(), "GPU-2") is None


def test_the_bindings_have_every_call_and_bit_that_is_used() -> None:
    for name in vars(driver()):
        assert hasattr(pynvml, name), name
    assert (pynvml.NVML_CLOCK_SM, pynvml.NVML_TEMPERATURE_GPU) == (nvml.CLOCK_SM, nvml.TEMPERATURE_GPU)
    assert {
        pynvml.nvmlClocksThrottleReasonHwSlowdown,
        pynvml.nvmlClocksThrottleReasonSwThermalSlowdown,
        pynvml.nvmlClocksThrottleReasonHwThermalSlowdown,
        pynvml.nvmlClocksThrottleReasonHwPowerBrakeSlowdown,
    } == set(nvml.SLOWED_BY)
