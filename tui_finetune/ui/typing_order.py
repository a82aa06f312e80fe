"""Keys are taken one at a time, in the order in which they were typed.

On a slow line people type ahead: a key that opens a sheet or a field must have done so before the next one is looked up,
or a letter of a filter stops a run.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual import events
from textual.app import App, ScreenStackError
from textual.message_pump import MessagePump

from tui_finetune.ui.page import Page

WAIT_SECONDS = 5.0
"""A widget that does not come to the keys before it within that time is not waited for."""


class TypingOrder:
    """Owned by the app, which gives it every key and every paste."""

    def __init__(
        self, forward: Callable[[events.Event], Awaitable[None]], failed: Callable[[Exception], object]
    ) -> None:
        """forward: as the library handles an event; failed: told of a defect in what a key does."""
        self._forward = forward
        self._failed = failed
        self._waiting: deque[events.Event] = deque()
        self._changes: list[Awaitable[Any]] = []
        self._task: asyncio.Task[None] | None = None

    def take(self, event: events.Event, app: App[Any]) -> None:
        """It is handled after those before it; the app's own loop is not held up by it."""
        self._waiting.append(event)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(app))

    def after(self, change: Awaitable[Any]) -> None:
        """The next key waits for a change that the one before has begun: a sheet opening or closing, another screen."""
        self._changes.append(change)

    async def _work(self, app: App[Any]) -> None:
        while self._waiting:
            event = self._waiting.popleft()
            try:
                await self._one(event, app)
            except ScreenStackError:  # the program has closed its screens: nothing is left that a key could mean
                self._waiting.clear()
            except Exception as error:  # noqa: BLE001 - as a defect in any handler: shown whole, and the program ends
                self._failed(error)
                return

    async def _one(self, event: events.Event, app: App[Any]) -> None:
        for one in _apart(event, app.screen):
            page = app.screen
            if isinstance(page, Page) and isinstance(one, events.Key) and page.takes(one):
                page.take_key(one)
            else:
                await self._forward(one)
            await self._done(app)

    async def _done(self, app: App[Any]) -> None:
        """Waits until what the key did can be seen by the next one: its widget has it, a sheet is open, the focus is set."""
        await _reached(app.focused)
        while self._changes:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_done(self._changes.pop(0)), WAIT_SECONDS)
        await _reached(app.screen)
        await _reached(app)


async def _done(change: Awaitable[Any]) -> None:
    await change


def _apart(event: events.Event, page: Any) -> list[events.Event]:
    """`esc` and a letter that came in one piece over a slow line look like `alt` with that letter: they are two keys."""
    if not isinstance(event, events.Key) or not event.key.startswith("alt+") or event.character is None:
        return [event]
    if isinstance(page, Page) and page.in_field:
        return [event]
    return [events.Key("escape", "\x1b"), events.Key(event.key.removeprefix("alt+"), event.character)]


async def _reached(pump: MessagePump | None) -> None:
    """Waits until everything that was posted to it before has been handled."""
    reached = asyncio.Event()
    if pump is not None and pump.is_running and pump.call_later(reached.set):
        try:
            await asyncio.wait_for(reached.wait(), WAIT_SECONDS)
        except TimeoutError:
            return
