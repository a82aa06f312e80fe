"""Events to plugins, on a thread of their own: a plugin that waits for a network never holds up training."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import Catalog

WAITING = 10_000
"""Events that wait for slow plugins; later ones are dropped and counted, so that memory stays bounded."""


class Listeners:
    """Tells the plugins of a catalog what happens in one run. Does nothing where none listens."""

    def __init__(self, catalog: Catalog, run: str) -> None:
        self.dropped = 0
        self._catalog = catalog
        self._run = run
        self._queue: queue.Queue[Mapping[str, Any] | None] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        if catalog.listens("run_event"):
            self._thread = threading.Thread(target=self._work, name="plugin-listeners", daemon=True)
            self._thread.start()

    def tell(self, event: Mapping[str, Any]) -> None:
        """Hands an event over; never waits."""
        if self._thread is None:
            return
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            self.dropped += 1

    def close(self, timeout: float = 5.0) -> bool:
        """Waits up to `timeout` seconds until all were told; False where some were not."""
        if self._thread is None:
            return True
        try:
            self._queue.put(None, timeout=timeout)
        except queue.Full:
            return False
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (event := self._queue.get()) is not None:
            self._catalog.run_event(self._run, event)
