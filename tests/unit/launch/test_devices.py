"""Devices as a driver tells them, by a made-up one: no machine of the tests has a GPU."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from tui_finetune.launch import devices

GIB = 1 << 30


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """cuda:0 with 4 GiB free and two processes, cuda:1 with 20 GiB free and none."""
    free, names, uuids = [4 * GIB, 20 * GIB], [b"NVIDIA A10", "NVIDIA A10"], ["GPU-aaaa1", "GPU-bbbb2"]
    nvml: Any = SimpleNamespace(
        NVMLError=type("NVMLError", (Exception,), {}),
        nvmlInit=lambda: None,
        nvmlShutdown=lambda: None,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetMemoryInfo=lambda index: SimpleNamespace(total=24 * GIB, free=free[index]),
        nvmlDeviceGetName=lambda index: names[index],
        nvmlDeviceGetUUID=lambda index: uuids[index],
        nvmlDeviceGetComputeRunningProcesses=lambda index: [1, 2] if index == 0 else [],
    )
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.delenv(devices.VISIBLE, raising=False)


@pytest.mark.usefixtures("two_gpus")
class TestTwoGpus:
    def test_are_told_with_memory_and_processes(self) -> None:
        first, second = devices.devices()
        assert (first.name, first.processes, second.memory_free) == ("NVIDIA A10", 2, 20 * GIB)

    def test_auto_takes_the_one_with_most_free_memory(self) -> None:
        assert devices.visible_device("auto") == "1"
        assert devices.visible_device("cuda:0") == "0"
        assert devices.visible_device("cpu") == ""

    @pytest.mark.parametrize(("visible", "index"), [("0", "0"), ("GPU-aaaa", "0"), ("GPU-bbbb2", "1"), ("", "")])
    def test_what_the_environment_hides_is_not_taken(
        self, visible: str, index: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(devices.VISIBLE, visible)
        assert devices.visible_device("auto") == index

    def test_one_that_tells_little_is_a_device_all_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A part of a GPU has no list of processes, one that shares the machine's memory no memory."""
        nvml = sys.modules["pynvml"]

        def not_supported(_: Any) -> None:
            raise nvml.NVMLError("Not Supported")

        monkeypatch.setattr(nvml, "nvmlDeviceGetComputeRunningProcesses", not_supported)
        monkeypatch.setattr(nvml, "nvmlDeviceGetMemoryInfo", not_supported)
        assert [(one.name, one.memory_total, one.processes) for one in devices.devices()] == [("NVIDIA A10", 0, 0)] * 2
        assert devices.visible_device("auto") == "0"

    def test_a_process_sees_that_one_alone_as_the_driver_counts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in (devices.VISIBLE, "CUDA_DEVICE_ORDER"):
            monkeypatch.setenv(name, "0,1")
        devices.show_only("cuda:1")
        assert (os.environ[devices.VISIBLE], os.environ["CUDA_DEVICE_ORDER"]) == ("1", "PCI_BUS_ID")

    def test_one_that_is_not_there_is_a_problem_that_names_the_others(self) -> None:
        (problem,) = devices.device_problems("cuda:7")
        assert "no device cuda:7" in problem.message
        assert "cuda:1 NVIDIA A10" in problem.message


def test_no_driver_means_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    error = type("NVMLError", (Exception,), {})

    def no_driver() -> None:
        raise error("no driver")

    monkeypatch.setitem(sys.modules, "pynvml", SimpleNamespace(NVMLError=error, nvmlInit=no_driver))
    assert devices.devices() == []
    assert devices.visible_device("auto") == ""
