"""ctrl+c while a run is handed over: held, so that it finds the run either not there or belonging to the machine."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class HeldInterrupts:
    """Between entering and `release` ctrl+c is noted instead of raised; whoever waits meanwhile looks at `asked`.

    with HeldInterrupts() as held:
        started = start(checked, Launch(home, interrupted=held.asked))
        try:
            held.release()
            ...
        except KeyboardInterrupt:
            ...  # the run goes on

    Outside the main thread, and where ctrl+c is ignored or handled by somebody else, it changes nothing.
    """

    def __init__(self) -> None:
        self._asked = False
        self._holding = False
        self._before: Any = None

    def asked(self) -> bool:
        """True once ctrl+c was pressed."""
        return self._asked

    def __enter__(self) -> HeldInterrupts:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._note)
            self._holding = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.release()
        else:
            self._stop()

    def release(self) -> None:
        """From here on ctrl+c is raised again, and one that was held is raised now. A second call does nothing."""
        holding = self._holding
        self._stop()
        if holding and self._asked:
            raise KeyboardInterrupt

    def _stop(self) -> None:
        if self._holding:
            self._holding = False
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
