"""The home screen, key by key, on run directories of every state."""

from __future__ import annotations

import json

import pytest

from tests.fakes import FakeRun, finished_run, many_ended
from tests.ui.seeing import Screen, showing
from tests.waiting import wait_for
from tui_finetune.paths import Home
from tui_finetune.runs.control import RequestReader
from tui_finetune.runs.store import RunStore


@pytest.fixture
def some(home: Home) -> FakeRun:
    """Four runs; the live one is returned."""
    finished_run(home, "old")
    FakeRun(home, "dead").begin().plan().step(10).die()
    finished_run(home, "new")
    return FakeRun(home, "live").begin().plan().step(10, loss=0.9)


async def test_rows_come_live_first_and_the_lines_below_follow_the_cursor(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("● running")
        await screen.shows(
            lambda: [line[17:22].strip() for line in screen.lines[4:8]] == ["live", "dead", "new", "old"]
        )
        await screen.sees("[All 4]")
        await screen.sees("Live 1")
        await screen.shows(lambda: "Needs a look 1" in screen.rule)
        await screen.sees("loss 0.900")
        await screen.press("j")
        await screen.at("dead")
        await screen.sees("process gone without a result")
        await screen.press("G")
        await screen.at("old")
        await screen.press("k", "g")
        await screen.at("live")


async def test_a_live_row_moves_by_itself(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("10 %")
        some.step(60, loss=0.5)
        await screen.sees("60 %")
        await screen.sees("loss 0.500")
        some.end("finished", metrics={"test_accuracy": 0.91})
        await screen.sees("0.910 accuracy test")
        await screen.shows(lambda: "live" in screen.cursor, "the row stays under the cursor though it has ended")
        await screen.shows(lambda: "live" in screen.lines[4])
        await screen.press("j", "k")
        await screen.sees("✓ finished")


async def test_what_becomes_of_a_run_is_said_by_its_name_wherever_one_is(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("● running")
        await screen.press("7")
        await screen.sees("[7 Plugins]")
        some.end("finished", metrics={"test_accuracy": 0.91})
        await screen.says(f"live ({some.short}) finished, 0.910 accuracy test")


async def test_a_clock_that_jumps_changes_nothing_that_counts(
    home: Home, some: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Back by a day and on by two: the run is as alive as before, and no age is below nothing."""
    import time

    real, ahead = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + ahead[0])
    async with showing(home, open_run=some.id) as screen:
        await screen.sees("● running, training")
        for jump in (-86_400.0, 86_400.0):
            ahead[0] = jump
            some.step(60 if jump < 0 else 70, loss=0.5)
            await screen.sees(f"step {60 if jump < 0 else 70} of 100")
            await screen.shows(lambda: "● running, training" in screen.lines[1])
            assert "-" not in screen.line_of("left, ends about")
        await screen.press("q")
        await screen.sees("● running")


async def test_the_filter_follows_what_is_typed_and_esc_clears_it(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("● running")
        await screen.press("/")
        await screen.type("state:fin")
        await screen.sees("[All 2]")
        assert "live" not in screen.text.replace("Live", "")
        await screen.shows(lambda: "f1 Help" in screen.footer)
        await screen.press("enter")
        await screen.says("state:fin")
        await screen.at("new")
        await screen.press("escape")
        await screen.sees("[All 4]")
        await screen.press("/")
        await screen.type("nothing has this")
        await screen.sees("No run matches nothing has this. esc clears the filter.")
        await screen.press("escape")
        await screen.sees("[All 4]")


async def test_letters_are_text_in_a_field(home: Home, some: FakeRun) -> None:
    """q, ?, : and [ do nothing there but be typed."""
    async with showing(home) as screen:
        await screen.sees("● running")
        await screen.press("/")
        await screen.type("q?:[")
        await screen.sees("/ q?:[")
        assert screen.app.is_running


async def test_tabs_and_sorting(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("● running")
        await screen.press("]")
        await screen.sees("[Live 1]")
        await screen.press("]")
        await screen.sees("[Needs a look 1]")
        await screen.at("dead")
        await screen.press("[", "[")
        await screen.sees("[All 4]")
        await screen.press("o", "o")
        await screen.shows(lambda: "run ↓" in screen.lines[3])
        await screen.shows(
            lambda: [line[17:22].strip() for line in screen.lines[4:8]] == ["dead", "live", "new", "old"]
        )
        await screen.press("O")
        await screen.shows(lambda: "run ↑" in screen.lines[3])
        await screen.shows(
            lambda: [line[17:22].strip() for line in screen.lines[4:8]] == ["old", "new", "live", "dead"]
        )


async def test_a_run_that_died_needs_no_look_once_it_was_opened(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("Needs a look 1")
        await screen.press("j", "enter")
        await screen.says("Not seen yet: it died at")
        await screen.press("q")
        await screen.sees("Needs a look 0")
        await screen.press("4")
        await screen.sees("The process is gone")
        await screen.sees_not("Not seen yet")


async def test_a_run_that_died_is_seen_where_the_program_was_opened_on_it(home: Home, some: FakeRun) -> None:
    dead = next(run.id for run in RunStore(home).list() if run.name == "dead")
    async with showing(home, open_run=dead) as screen:
        await screen.sees("Not seen yet: it died at")
        await screen.press("q")
        await screen.sees("Needs a look 0")


async def test_name_tags_and_note_are_one_sheet(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("● running")
        await screen.press("T")
        await screen.sees("Name, tags and note of live")
        await screen.press("end", "-", "2", "tab")
        await screen.type("paper x")
        await screen.press("tab")
        await screen.type("it works")
        await screen.press("enter")
        await screen.sees("live-2")
        await screen.says("Saved: live-2 paper x")
        label = json.loads(some.paths.label_json.read_text())
        assert (label["name"], label["tags"], label["note"]) == ("live-2", ["paper", "x"], "it works")
        await screen.press("T")
        await screen.sees("Name, tags and note of live-2")
        for _ in range(8):
            await screen.press("backspace")
        await screen.press("enter")
        await screen.says("Name: it cannot be empty.")
        await screen.press("escape")
        await screen.sees_not("Name, tags and note of")


async def test_delete_asks_keeps_by_default_and_can_be_undone(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("● running")
        await screen.press("ctrl+d")
        await screen.says("Delete: Stop it first.")
        await screen.press("G", "ctrl+d")
        await screen.sees("▸ keep")
        await screen.press("enter")
        await screen.sees_not("▸ keep")
        assert len(RunStore(home).list()) == 4
        await screen.press("ctrl+d", "j", "enter")
        await screen.says("old moved to the trash; u brings back.")
        await screen.sees("[All 3]")
        assert [info.name for info in RunStore(home).trashed()] == ["old"]
        await screen.press("u")
        await screen.says("Back: old")
        await screen.sees("[All 4]")
        await screen.press("u")
        await screen.says("Bring back: Nothing was moved to the trash since the start.")


async def test_marked_runs_are_deleted_together(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("● running")
        await screen.press("G", "space", "k", "k", "space")
        await screen.sees("Marked 2")
        await screen.shows(lambda: [line[17:22].strip() for line in screen.lines if line[2] == "+"] == ["dead", "old"])
        await screen.press("ctrl+d")
        await screen.sees("Delete 2 runs")
        await screen.press("j", "enter")
        await screen.says("2 runs moved to the trash; u brings back.")
        await screen.sees("Marked 0")


async def test_stop_asks_sends_and_tells_the_answer(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("● running")
        await screen.press("s")
        await screen.sees("▸ save a checkpoint and stop")
        await screen.press("enter")
        await screen.says("stop sent to live")
        (request,) = await wait_for(RequestReader(some.paths).poll, "the request")
        assert (request.action, request.attempt) == ("stop", 1)
        some.accept("stop", request=request.id)
        await screen.says("live: stop accepted: after this step, with a checkpoint")
        await screen.press("j", "s")
        await screen.says("Stop: Run already died.")


async def test_abort_wants_its_word(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("● running")
        await screen.press("A")
        await screen.sees("type abort")
        await screen.type("abo")
        await screen.press("enter")
        await screen.says("Not typed: abort.")
        assert RequestReader(some.paths).poll() == []
        await screen.type("rt")
        await screen.press("enter")
        await screen.says("abort sent to live")
        (request,) = await wait_for(RequestReader(some.paths).poll, "the request")
        assert request.action == "abort"


async def test_a_key_that_does_nothing_says_so(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("● running")
        await screen.press("z")
        await screen.says("z does nothing here; ? shows the keys.")
        await screen.press("9")
        await screen.says("No screen 9. There are 1 Runs,")
        await screen.press("r")
        await screen.says("Resume: Run is running.")


async def test_help_and_palette_have_every_action_and_do_it(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("● running")
        await screen.press("?")
        await screen.sees("Help: list of the Runs screen")
        await screen.shows(lambda: "live" in screen.lines[4], "the lines above stay in sight")
        await screen.press("escape")
        await screen.sees_not("Help:")
        await screen.press(":")
        await screen.type("resu")
        await screen.sees("off: Run is running.")
        await screen.press("enter")
        await screen.says("Resume: Run is running.")
        await screen.press("ctrl+p")
        await screen.type("sort")
        await screen.press("enter")
        await screen.says("Sorted by state.")
        await screen.press(":")
        await screen.type("run dead")
        await screen.press("enter")
        await screen.sees("[4 Run]")
        await screen.shows(lambda: "dead" in screen.lines[1])


async def test_a_directory_that_cannot_be_read_stays_with_its_reason(home: Home, some: FakeRun) -> None:
    some.close()
    some.paths.run_json.write_text("{")
    async with showing(home) as screen:
        await screen.sees("! unreadable")
        await screen.shows(lambda: "run.json" in screen.line_of("! unreadable"))
        await screen.press("g")
        while "unreadable" not in screen.cursor:
            before = screen.cursor
            await screen.press("j")
            await screen.until(lambda before=before: screen.cursor != before, "the cursor to move")  # type: ignore[misc]
        await screen.press("T")
        await screen.says("run.json")


async def test_the_runs_folder_goes_away_and_comes_back(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("● running")
        some.close()
        home.runs.rename(home.root / "elsewhere")
        await screen.says("is gone; trying every second")
        await screen.sees("dead")
        (home.root / "elsewhere").rename(home.runs)
        await screen.shows(lambda: "is gone" not in screen.said, "the folder to be back")


async def test_a_thousand_runs_are_listed_and_moved_through(home: Home) -> None:
    many_ended(home, 1_000)
    async with showing(home) as screen:
        await screen.sees("All 1,000")
        await screen.press("G")
        await screen.at("bulk-")
        last = screen.cursor
        await screen.press("pageup", "pageup", "g", "pagedown")
        await screen.until(lambda: screen.cursor != last, "the cursor on another row")
        await screen.shows(lambda: screen.text.count("✓ finished") == 10)


async def test_an_empty_home_offers_three_ways_and_tells_of_the_machine(home: Home) -> None:
    async with showing(home) as screen:
        await screen.sees("No runs yet. Three ways to start:")
        await screen.shows(lambda: "no runs yet" in screen.head)
        await screen.at("Try the demo")
        await screen.sees("✓ disk")
        await screen.press("j")
        await screen.at("Train on my data")
        await screen.press("enter")
        await screen.sees("[2 Data]")
        await screen.sees("─ Open data")
        await screen.press("escape", "1")
        await screen.sees("Three ways to start:")
        await screen.press("j", "enter")
        await screen.sees("Choose what the recipe begins with")
        await screen.shows(lambda: screen.cursor, "the presets")
        await screen.press("G")
        await screen.at("a file …")
        await screen.press("enter")
        await screen.sees("Open a recipe")
        await screen.type("/nowhere.toml")
        await screen.press("enter")
        await screen.says("Open the recipe: /nowhere.toml: no such file.")
        await screen.press("escape")
        await screen.sees("New here?")
        await screen.press("k", "k", "enter")
        await screen.sees("demo  a preset")
        await screen.sees("[3 Train]")


async def test_what_happened_meanwhile_is_said_once(home: Home, some: FakeRun) -> None:
    import time

    from tui_finetune.ui.memory import memory_file

    away = {"t": time.time() - 840, "steps": {some.id: 4}}
    memory_file(home.root).write_text(json.dumps({"v": 1, "away": away}))
    async with showing(home) as screen:
        await screen.says("Since you last looked, 14 m ago: live +6 steps")


async def test_a_small_terminal_gets_the_short_answer(home: Home, some: FakeRun) -> None:
    async with showing(home, size=(40, 8)) as screen:
        await screen.sees("● running")
        await screen.sees("live")
        await screen.sees("10 %")
        await screen.sees("Needs 80x24")
        await screen.pilot.resize_terminal(80, 24)
        await screen.sees("[1 Runs]")
        await screen.pilot.resize_terminal(20, 4)
        await screen.sees("● running")


async def test_wide_screens_show_more_columns(home: Home, some: FakeRun) -> None:
    async with showing(home, size=(200, 60)) as screen:
        await screen.sees("● running")
        for title in ("loss", "model", "tags", "data", "device"):
            await screen.shows(lambda: title in screen.lines[3])  # noqa: B023 - it is called before the next turn


async def test_tall_screens_show_the_chart_of_the_run_under_the_cursor(home: Home, some: FakeRun) -> None:
    for step in range(20, 50, 10):
        some.step(step, loss=1 / step)
    async with showing(home, size=(120, 40)) as screen:
        await screen.sees("loss  ── training 0.025")
        some.step(60, loss=0.01)
        await screen.sees("loss  ── training 0.010")
        await screen.press("G")
        await screen.at("old")
        await screen.sees("◆ validation 0.300 at step 100")
        await screen.pilot.resize_terminal(120, 30)
        await screen.sees_not("── training")
        await screen.pilot.resize_terminal(120, 40)
        await screen.sees("◆ validation 0.300 at step 100")


async def test_copy_goes_to_a_file_too(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("● running")
        await screen.press("y")
        await screen.says(f"Copied {len(some.id)} characters; also in")
        assert (home.root / "copied.txt").read_text() == some.id


async def test_the_mouse_moves_opens_and_turns_tabs(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("● running")
        await screen.pilot.click(offset=(20, 6))
        await screen.pilot.pause()
        await screen.shows(lambda: "new" in screen.cursor)
        await screen.pilot.click(offset=(13, 2))
        await screen.pilot.pause()
        await screen.shows(lambda: "[Live 1]" in screen.rule)
        await screen.pilot.click(offset=(screen.head.index("4 Run"), 0))
        await screen.sees("[4 Run]")


async def goes_on(screen: Screen) -> str:
    await screen.press("q")
    await wait_for(lambda: not screen.app.is_running or screen.app.return_value is not None, "the end")
    return screen.app.return_value or ""


async def test_leaving_says_that_runs_go_on(home: Home, some: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("● running")
        assert await goes_on(screen) == f"live ({some.short}) goes on. tui-finetune shows it again."


async def test_marked_runs_are_compared(home: Home) -> None:
    finished_run(home, "low")
    finished_run(home, "high", metrics={"accuracy": 0.93, "test_accuracy": 0.91})
    async with showing(home) as screen:
        await screen.sees("All 2")
        await screen.press("g", "=")
        await screen.says("Compare: Mark two or more runs with space.")
        await screen.press("space", "space", "=")
        await screen.sees("Compare ")
        row = screen.line_of("test_accuracy").split()
        assert {"0.880", "0.910"} <= set(row)
        assert {"+0.030", "-0.030"} & set(row)
        await screen.press("esc")
        await screen.sees_not("Compare ")
