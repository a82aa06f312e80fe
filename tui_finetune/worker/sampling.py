"""Device figures, sampled by the worker into events: the interface never asks a driver."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

import psutil

from tui_finetune.launch.doctor.findings import Machine
from tui_finetune.launch.doctor.limits import memory_left
from tui_finetune.live.health.facts import Sample
from tui_finetune.runs.heartbeat import uptime
from tui_finetune.worker import nvml
from tui_finetune.worker.attempt import Attempt, disk_free

logger = logging.getLogger(__name__)

SAMPLE_SECONDS = 10.0


class DeviceSampler:
    """A daemon thread that writes a `device` event every ten seconds, and hands it on to `tell`."""

    def __init__(
        self, attempt: Attempt, interval: float = SAMPLE_SECONDS, *, tell: Callable[[Sample], None] | None = None
    ) -> None:
        self._attempt = attempt
        self._interval = interval
        self._tell = tell
        self._closing = threading.Event()
        self._process = psutil.Process()
        self._thread = threading.Thread(target=self._run, name="device sampler", daemon=True)

    def start(self) -> None:
        self._process.cpu_percent()  # the first call only sets the reference point
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread with a last sample, so that even a short run has one."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
            self._sample()

    def _run(self) -> None:
        while not self._closing.wait(self._interval):
            self._sample()

    def _sample(self) -> None:
        try:
            figures: dict[str, Any] = {
                "cpu_percent": self._process.cpu_percent(),
                **self._host_figures(),
                "disk_free_bytes": disk_free(self._attempt.paths.root),
                **(cuda_figures() or {"clock_mhz": cpu_clock()}),
            }
        except (OSError, psutil.Error) as error:
            logger.warning("no device sample: %s", error)
            return
        figures = {key: value for key, value in figures.items() if value is not None}
        self._attempt.events.write("device", **figures)
        if self._tell is not None:
            self._tell(sample_of(figures, uptime()))

    def _host_figures(self) -> dict[str, Any]:
        """Main memory of this process: all of it, that which no file backs, and what it may still take."""
        memory = self._process.memory_info()
        of_group, of_machine = memory_left(Machine()), psutil.virtual_memory().available
        return {
            "rss_bytes": memory.rss,
            "own_bytes": memory.rss - getattr(memory, "shared", 0),
            "host_free_bytes": of_machine if of_group is None else min(of_group, of_machine),
        }


def sample_of(figures: Mapping[str, Any], t: float) -> Sample:
    """A `device` event's figures as the health rules take them."""
    used, total = figures.get("memory_bytes"), figures.get("memory_total_bytes")
    return Sample(
        t=t,
        cpu_percent=figures.get("cpu_percent"),
        utilisation=figures.get("utilisation"),
        host_bytes=figures.get("own_bytes"),
        host_free_bytes=figures.get("host_free_bytes"),
        device_bytes=used,
        device_free_bytes=total - used if total is not None and used is not None else None,
        disk_free_bytes=figures.get("disk_free_bytes"),
        clock_mhz=figures.get("clock_mhz"),
        temperature=figures.get("temperature"),
        slowed_by=tuple(figures.get("slowed_by") or ()),
    )


def cuda_figures() -> dict[str, Any]:
    """Memory of the current CUDA device, and what its driver tells; empty on a CPU."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return {}
    free, total = torch.cuda.mem_get_info()
    figures: dict[str, Any] = {"memory_bytes": total - free, "memory_total_bytes": total}
    uuid = getattr(torch.cuda.get_device_properties(torch.cuda.current_device()), "uuid", None)
    gpu = nvml.look(f"GPU-{uuid}") if uuid is not None else None
    if gpu is not None:
        figures |= {
            "utilisation": gpu.utilisation,
            "clock_mhz": gpu.clock_mhz,
            "temperature": gpu.temperature,
            "watts": gpu.watts,
            "slowed_by": list(gpu.slowed_by) or None,
        }
    return figures


def cpu_clock() -> float | None:
    """Mean clock of the processor in MHz, where the system tells it."""
    try:
        found = psutil.cpu_freq()
    except (OSError, NotImplementedError, RuntimeError) as error:
        logger.debug("no clock: %s", error)
        return None
    return float(found.current) if found is not None and found.current else None
