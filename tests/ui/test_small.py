"""A terminal that becomes too small for a while, as a phone that is turned: no key is lost, none does things unseen."""

from __future__ import annotations

from tests.fakes import FakeRun, finished_run
from tests.ui.seeing import showing
from tui_finetune.paths import Home
from tui_finetune.runs.control import RequestReader


async def test_the_keys_are_where_they_were_once_there_is_room_again(home: Home) -> None:
    finished_run(home, "first")
    finished_run(home, "second")
    async with showing(home) as screen:
        await screen.sees("first")
        await screen.press("j")
        await screen.until(lambda: "first" in screen.cursor, "the cursor on the second row")
        footer = screen.footer
        await screen.pilot.resize_terminal(60, 15)
        await screen.sees("Needs 80x24")
        await screen.pilot.resize_terminal(80, 22)  # 80x24 less the lines of state of tmux or screen
        await screen.sees("[1 Runs]")
        await screen.until(lambda: screen.footer == footer, "the footer as it was")
        await screen.pilot.resize_terminal(80, 24)
        await screen.until(lambda: len(screen.lines) == 24, "the whole height")
        await screen.until(lambda: screen.footer == footer, "the footer as it was")
        await screen.press("k")
        await screen.until(lambda: "second" in screen.cursor, "the cursor on the first row")


async def test_what_is_typed_into_a_field_stays_and_goes_on(home: Home) -> None:
    finished_run(home, "first")
    async with showing(home) as screen:
        await screen.sees("first")
        await screen.press("/")
        await screen.type("fi")
        await screen.pilot.resize_terminal(60, 15)
        await screen.sees("Needs 80x24")
        await screen.pilot.resize_terminal(80, 24)
        await screen.until(lambda: "f1 Help" in screen.footer, "the field to have the keys")
        await screen.type("rs")
        await screen.until(lambda: "firs" in screen.lines[-2], "the text in the field")


async def test_nothing_is_stopped_by_keys_whose_sheet_cannot_be_seen(home: Home) -> None:
    run = FakeRun(home, "live").begin().plan().step(10, loss=0.5)
    async with showing(home, size=(60, 15)) as screen:
        await screen.sees("Needs 80x24")
        await screen.press("s", "enter", "4", "s", "enter")
        assert screen.app.page.sheet is None
        await screen.pilot.resize_terminal(80, 24)
        await screen.sees("[4 Run]")
        assert RequestReader(run.paths).poll() == []
