"""The one way in which tests wait: for a condition."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], what: str, *, timeout: float = 60.0, every: float = 0.02) -> T:
    """The first true value of `condition`; fails after `timeout` seconds naming `what` was waited for."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout:g} s for {what}; last seen: {value!r}")
        time.sleep(every)


async def wait_for(condition: Callable[[], T], what: str, *, timeout: float = 60.0, every: float = 0.02) -> T:
    """The same where an event loop must go on meanwhile."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout:g} s for {what}; last seen: {value!r}")
        await asyncio.sleep(every)
