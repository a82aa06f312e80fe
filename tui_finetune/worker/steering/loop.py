"""What `Controls` knows of a training loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tui_finetune.runs.control import Request


class Loop(Protocol):
    """The training loop's side: what it refuses, when it will obey, and what it does while it is held."""

    @property
    def can_release(self) -> bool:
        """Whether there is a device's memory to release."""

    def refusal(self, request: Request) -> str | None:
        """Why it cannot obey, in words; called with `Controls.lock` held, as `accept` is after it."""

    def accept(self, request: Request) -> str:
        """When the request takes effect. What has to be kept for that is on the disk when this returns."""

    def serve(self, *, held: bool = False) -> None:
        """Does what was asked to be done between two steps: saves, evaluates."""

    def release(self) -> Callable[[], None] | None:
        """Takes the model off its device; the function brings it back. None where there is nothing to take off."""
