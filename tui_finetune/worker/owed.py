"""A checkpoint that is wanted and could not be written: when it is tried again, and when training waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """How long training goes on without the checkpoint that it owes."""

    retry_seconds: float
    pause_seconds: float


class Owed:
    """One debt: from the first checkpoint that could not be written until one is."""

    def __init__(self, patience: Callable[[], Patience], clock: Callable[[], float] = time.monotonic) -> None:
        self._patience = patience
        self._clock = clock
        self._since: float | None = None
        self._tried = 0.0
        self._fell_due = 0

    def __bool__(self) -> bool:
        return self._since is not None

    @property
    def patience(self) -> Patience:
        return self._patience()

    @property
    def seconds(self) -> float:
        """How long it has been owed."""
        return 0.0 if self._since is None else self._clock() - self._since

    def failed(self, *, due: bool) -> None:
        """It could not be written. due: the strategy or a person wanted one at this step; else it was tried again."""
        self._tried = self._clock()
        self._since = self._tried if self._since is None else self._since
        self._fell_due += due

    def paid(self) -> None:
        """One was written: of a later step, which is as good."""
        self._since, self._fell_due = None, 0

    def go_on(self) -> None:
        """A person wants to go on without it: the wait begins anew."""
        self._since, self._fell_due = (None if self._since is None else self._clock()), 0

    def retry(self) -> bool:
        """True where it is time to try again."""
        return self._since is not None and self._clock() - self._tried >= self.patience.retry_seconds

    def waits(self, *, regular: bool) -> bool:
        """True where training should not go on without it: after the larger of `pause_seconds` and one save interval.

        regular: checkpoints fall due at intervals, so that the interval has passed when another one did.
        """
        return self.seconds >= self.patience.pause_seconds and (self._fell_due > 1 or not regular)
