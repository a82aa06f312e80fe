"""Looking at the interface as a person does: its lines of text, and keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from unittest import mock

from textual.pilot import Pilot

from tests.waiting import wait_for
from tui_finetune.launch.handoff import Launch
from tui_finetune.paths import Home
from tui_finetune.ui.app import TuiFinetune
from tui_finetune.ui.theme import Look

SECONDS = 60.0
"""Nothing that a screen shows, a worker's short run included, takes longer on a busy machine; only what fails waits so long."""


async def _next_turn(min_sleep: float = 0.0, max_sleep: float = 0.0) -> None:
    """The event loop's other tasks have one turn."""
    await asyncio.sleep(0.02)


class Screen:
    """The interface under a test."""

    def __init__(self, app: TuiFinetune, pilot: Pilot[str]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def lines(self) -> list[str]:
        """What is on the screen, line by line."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def head(self) -> str:
        return self.lines[0]

    @property
    def rule(self) -> str:
        return self.lines[2]

    @property
    def said(self) -> str:
        """The message line."""
        return self.lines[-2].strip()

    @property
    def footer(self) -> str:
        return self.lines[-1]

    def line_of(self, text: str) -> str:
        """The first line that has the text; empty where none has."""
        return next((line for line in self.lines if text in line), "")

    @property
    def cursor(self) -> str:
        """The line that has the cursor."""
        return self.line_of("▸")

    async def press(self, *keys: str) -> None:
        """Presses keys, each when the messages of the one before have been handled.

        Textual's pilot waits until the process uses no processor time, up to a second three times a key: a thread that
        reads makes every key slow, and says nothing of what is on the screen.
        """
        for key in keys:
            with mock.patch("textual.app.wait_for_idle", _next_turn):
                await self.pilot.press(key)
            await self.pilot._wait_for_screen()

    async def type(self, text: str) -> None:
        await self.press(*text)

    async def sees(self, text: str) -> None:
        """Waits until the text is on the screen."""
        await self.until(lambda: text in self.text, f"'{text}' on the screen")

    async def sees_not(self, text: str) -> None:
        await self.until(lambda: text not in self.text, f"'{text}' to leave the screen")

    async def says(self, text: str) -> None:
        """Waits until the message line has the text."""
        await self.until(lambda: text in self.said, f"'{text}' on the message line")

    async def at(self, text: str) -> None:
        """Waits until the line with the cursor has the text."""
        await self.until(lambda: text in self.cursor, f"'{text}' under the cursor")

    async def shows(self, condition: Callable[[], object], why: str = "what the test looks for") -> None:
        """Waits until the screen shows something of its lines."""
        await self.until(condition, why)

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Waits for a condition, and for the other panes to be painted too; the screen is in the message where it fails.

        A line of the screen that is not there yet is waited for too.
        """

        def holds() -> object:
            try:
                return condition()
            except IndexError:
                return False

        try:
            await wait_for(holds, what, timeout=SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text}") from None
        await self.pilot._wait_for_screen()


@asynccontextmanager
async def showing(
    home: Home, *, size: tuple[int, int] = (80, 24), look: Look | None = None, **options: Any
) -> AsyncIterator[Screen]:
    """The interface on a home, on a screen of that size."""
    app = TuiFinetune(home, lambda: Launch(home), look=look or Look(), **options)
    async with app.run_test(size=size) as pilot:
        yield Screen(app, pilot)
        app.bridge.stop()
