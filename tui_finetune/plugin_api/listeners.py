"""Events to plugins, on threads of their own: a plugin that waits for a network holds up neither training nor another plugin."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import Catalog

logger = logging.getLogger(__name__)

WAITING = 10_000
"""Events that wait for a slow plugin; later ones are dropped and counted, so that memory stays bounded."""
NOTICE = {"channel": str, "what": str, "ok": bool}
"""What a plugin must give back to have it told."""

Told = Callable[[Mapping[str, Any]], None]


class Listeners:
    """Tells the plugins of a catalog what happens in one run. Does nothing where none listens.

    told: given what a plugin wants to have told: `channel`, `what`, `ok`, `why`.
    """

    def __init__(self, catalog: Catalog, run: str, told: Told | None = None) -> None:
        self._listeners = [_Listener(catalog, run, name, told) for name in catalog.listening("run_event")]

    @property
    def dropped(self) -> int:
        """Events that were not told, for too many waited."""
        return sum(one.dropped for one in self._listeners)

    def tell(self, event: Mapping[str, Any]) -> None:
        """Hands an event over; never waits."""
        for one in self._listeners:
            one.tell(event)

    def settle(self, timeout: float) -> bool:
        """Waits up to `timeout` seconds until each has done with what it was told so far; False where one has not."""
        end = time.monotonic() + timeout
        waiting = [one.mark() for one in self._listeners]
        return all(mark.wait(max(0.0, end - time.monotonic())) for mark in waiting)

    def close(self, timeout: float = 5.0) -> bool:
        """The same, and nothing is told any more."""
        done = self.settle(timeout)
        for one in self._listeners:
            one.close()
        return done


class _Listener:
    """One plugin and its thread."""

    def __init__(self, catalog: Catalog, run: str, name: str, told: Told | None) -> None:
        self.dropped = 0
        self._catalog = catalog
        self._run = run
        self._name = name
        self._told = told
        self._closed = False
        self._queue: queue.Queue[Mapping[str, Any] | threading.Event | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name=f"plugin {name}", daemon=True)
        self._thread.start()

    def tell(self, event: Mapping[str, Any]) -> None:
        if self._queue.qsize() >= WAITING:
            self.dropped += 1
        elif not self._closed:
            self._queue.put_nowait(event)

    def mark(self) -> threading.Event:
        """Set once all that was told before has been dealt with."""
        reached = threading.Event()
        self._queue.put_nowait(reached)
        return reached

    def close(self) -> None:
        self._closed = True
        self._queue.put_nowait(None)

    def _work(self) -> None:
        while (one := self._queue.get()) is not None:
            if isinstance(one, threading.Event):
                one.set()
                continue
            for given in self._catalog.run_event(self._run, one, self._name):
                self._pass_on(given)

    def _pass_on(self, given: Any) -> None:
        if self._told is None:
            return
        if isinstance(given, Mapping) and all(isinstance(given.get(name), kind) for name, kind in NOTICE.items()):
            self._told(given)
        else:
            logger.warning("plugin %s gave back what is no notice: %r", self._name, given)
