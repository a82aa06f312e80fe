"""Device figures, sampled by the worker into events: the interface never asks a driver."""

from __future__ import annotations

import logging
import sys
import threading
from typing import Any

import psutil

from tui_finetune.worker.attempt import Attempt, disk_free

logger = logging.getLogger(__name__)

SAMPLE_SECONDS = 10.0


class DeviceSampler:
    """A daemon thread that writes a `device` event every ten seconds."""

    def __init__(self, attempt: Attempt, interval: float = SAMPLE_SECONDS) -> None:
        self._attempt = attempt
        self._interval = interval
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
                "rss_bytes": self._process.memory_info().rss,
                "disk_free_bytes": disk_free(self._attempt.paths.root),
                **cuda_figures(),
            }
        except (OSError, psutil.Error) as error:
            logger.warning("no device sample: %s", error)
            return
        self._attempt.events.write("device", **figures)


def cuda_figures() -> dict[str, Any]:
    """Memory (and utilisation where NVML answers) of the current CUDA device; empty on a CPU."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return {}
    free, total = torch.cuda.mem_get_info()
    figures: dict[str, Any] = {"memory_bytes": total - free, "memory_total_bytes": total}
    try:
        figures["utilisation"] = torch.cuda.utilization()
    except (RuntimeError, ModuleNotFoundError) as error:
        logger.debug("no utilisation: %s", error)
    return figures
