"""What closes leaves nothing behind: not its keys in the footer, not its focus."""

from __future__ import annotations

import pytest
from textual import events

from tests.fakes import FakeRun, finished_run
from tests.ui.seeing import showing
from tui_finetune.errors import Problem
from tui_finetune.live.reader import Listing
from tui_finetune.paths import Home
from tui_finetune.ui import messages


@pytest.mark.parametrize("opens", [":", "?", "d", "T", "ctrl+d", ","])
async def test_the_footer_is_the_screen_s_once_a_sheet_has_closed(home: Home, opens: str) -> None:
    finished_run(home, "first")
    async with showing(home) as screen:
        await screen.sees("first")
        before = screen.footer
        await screen.press(opens)
        await screen.sees("esc closes")
        await screen.until(lambda: screen.footer != before, "the footer of the sheet")
        await screen.press("escape")
        await screen.sees_not("esc closes")
        await screen.until(lambda: screen.footer == before, "the footer of the list")


async def test_a_key_typed_right_after_esc_is_the_screen_s(home: Home) -> None:
    FakeRun(home, "live").begin().plan().step(10, loss=0.5)
    async with showing(home) as screen:
        await screen.sees("live")
        await screen.pilot.press("s", "escape", "4")
        await screen.sees("[4 Run]")
        await screen.sees_not("esc closes")


async def test_without_a_model_digits_go_to_screens_for_no_text_could_be_answered(home: Home) -> None:
    async with showing(home) as screen:
        await screen.sees("No runs yet")
        await screen.press("6")
        await screen.sees("No run here has a model yet")
        await screen.press("7")
        await screen.sees("[7 Plugins]")


async def test_what_is_told_and_typed_while_the_screens_close_hurts_nothing(home: Home) -> None:
    """A thread's message and a key typed ahead come at any moment, also when no screen is left."""
    async with showing(home) as screen:
        await screen.sees("No runs yet")
        app = screen.app
        stacks = {name: list(stack) for name, stack in app._screen_stacks.items()}
        for stack in app._screen_stacks.values():
            stack.clear()
        app.on_work_failed(messages.WorkFailed("Read the runs", (Problem("gone"), Problem("and gone"))))
        app.on_runs_read(messages.RunsRead(Listing()))
        app.typing.take(events.Key("q", "q"), app)
        await screen.until(lambda: app.typing._task is not None and app.typing._task.done(), "the key to be dropped")
        assert app._exception is None
        for name, stack in stacks.items():
            app._screen_stacks[name].extend(stack)
