"""What closes leaves nothing behind: not its keys in the footer, not its focus."""

from __future__ import annotations

import pytest

from tests.fakes import FakeRun, finished_run
from tests.ui.seeing import showing
from tui_finetune.paths import Home


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


async def test_esc_in_a_field_gives_footer_and_keys_back(home: Home) -> None:
    async with showing(home) as screen:
        await screen.sees("No runs yet")
        await screen.press("6")
        await screen.until(lambda: "f1 Help" in screen.footer, "the footer of the field")
        await screen.press("escape")
        await screen.until(lambda: "? Help" in screen.footer, "the footer of the screen")


async def test_a_key_typed_right_after_esc_is_the_screen_s(home: Home) -> None:
    FakeRun(home, "live").begin().plan().step(10, loss=0.5)
    async with showing(home) as screen:
        await screen.sees("live")
        await screen.pilot.press("s", "escape", "4")
        await screen.sees("[4 Run]")
        await screen.sees_not("esc closes")
