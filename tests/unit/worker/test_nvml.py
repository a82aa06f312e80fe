"""The driver's library, played by an object that fills in what it is handed, as the real one does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tui_finetune.worker import nvml


def driver(reasons: int = 0, *, knows: bool = True) -> SimpleNamespace:
    """NVML's calls: 0 is success. `byref(x)._obj` is x."""

    def fill(name: str, value: Any) -> Any:
        def call(*arguments: Any) -> int:
            setattr(arguments[-1]._obj, name, value)
            return 0

        return call

    return SimpleNamespace(
        nvmlDeviceGetHandleByUUID=lambda uuid, device: 0 if knows and uuid == b"GPU-1" else 6,
        nvmlDeviceGetUtilizationRates=fill("gpu", 97),
        nvmlDeviceGetPowerUsage=fill("value", 148_200),
        nvmlDeviceGetClockInfo=fill("value", 1_410),
        nvmlDeviceGetTemperature=lambda *arguments: 3,  # not supported
        nvmlDeviceGetCurrentClocksThrottleReasons=fill("value", reasons),
    )


def looked(monkeypatch: pytest.MonkeyPatch, library: Any, uuid: str = "GPU-1") -> nvml.Gpu | None:
    monkeypatch.setattr(nvml, "_library", lambda: library)
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
