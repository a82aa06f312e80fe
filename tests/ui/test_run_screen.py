"""The screen of one run, key by key, on run directories of every kind and state."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from textual.message import Message

from tests.fakes import FakeRun, finished_run
from tests.model_folders import model_folder
from tests.ui.seeing import Screen, showing
from tests.waiting import wait_for
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.paths import Home
from tui_finetune.plugin_api import LabelSet
from tui_finetune.runs.control import RequestReader
from tui_finetune.worker.checkpoints import write_whole

STEPS = 4_221
RECIPE = """version = 1
kind = "train"
task = "text-classification"
[data]
source = "files"
path = "x.csv"
[model]
path = "m"
"""


@pytest.fixture
def live(home: Home) -> FakeRun:
    """A run at step 2,000 of 4,221, with one evaluation and its checkpoint."""
    run = FakeRun(home, "imdb-bert").begin().plan(steps=STEPS, steps_per_epoch=1_407, epochs=3.0)
    trained(run, range(100, 1_401, 100))
    run.evaluate(1_407, accuracy=0.921, loss=0.214).checkpoint(1_407)
    trained(run, range(1_500, 2_001, 100))
    return run


def trained(run: FakeRun, steps: Iterable[int]) -> None:
    for step in steps:
        run.step(step, loss=0.2 + 0.5 / (1 + step / 100), epoch=step / 1_407)


def test_nothing_is_left_out() -> None:
    """Each state of the closed list has its picture below."""
    from tui_finetune.runs.states import ENDED, LIVE

    assert {state for state, *_ in STATES} == {*LIVE, *ENDED} - {"running"}


async def test_a_live_run_moves_by_itself(home: Home, live: FakeRun) -> None:
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("[4 Run]")
        await screen.sees("step 2,000 of 4,221")
        await screen.shows(lambda: screen.lines[1].startswith(f" imdb-bert {live.short}  ● running, training"))
        await screen.shows(lambda: "bert-base-uncased on imdb" in screen.lines[1])
        await screen.shows(lambda: "[Live]" in screen.rule)
        await screen.sees("Checkpoints 1")
        await screen.shows(lambda: "47 %" in screen.text)
        await screen.sees("2 steps/s")
        await screen.sees("◆ validation 0.214 at step 1,407")
        await screen.shows(lambda: "left, ends about" in screen.text)
        await screen.shows(lambda: "validation accuracy 0.921" in screen.text)
        await screen.shows(lambda: "✓ health: loss finite, falling" in screen.text)
        trained(live, [2_532])
        await screen.sees("step 2,532 of 4,221")
        await screen.sees("60 %")
        live.evaluate(2_814, accuracy=0.936, loss=0.187)
        await screen.says("validation at step 2,814: accuracy 0.936, loss 0.187")
        await screen.sees("validation accuracy 0.936, best so far")
        live.checkpoint(2_814)
        await screen.says("checkpoint at step 2,814")
        await screen.sees("Checkpoints 2")
        live.end("finished", metrics={"accuracy": 0.936, "test_accuracy": 0.93})
        await screen.sees("✓ accuracy 0.930 on test")
        await screen.shows(lambda: "✓ finished" in screen.lines[1])


async def test_the_chart_is_zoomed_scrolled_read_and_followed(home: Home, live: FakeRun) -> None:
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("loss  ── training")
        await screen.press("pageup")
        await screen.says("Earlier steps: The whole run is shown.")
        await screen.press("+", "+")
        await screen.says("Steps 1,500 to 2,500; it goes along with the newest.")
        assert steps_below(screen) == ("1,500", "2,500")
        trained(live, range(2_100, 2_601, 100))
        await wait_for(lambda: steps_below(screen)[0] != "1,500", "the chart to go along")
        assert steps_below(screen) == ("2,000", "3,000")
        await screen.press("pageup")
        await screen.says("Steps 1,500 to 2,500.")
        await screen.press("left")
        await screen.sees("step 2,500: 0.219")
        for _ in range(6):
            await screen.press("left")
        await screen.sees("step 1,900: 0.225")
        await screen.press("escape")
        await screen.sees("── training")
        await screen.press("G")
        assert steps_below(screen) == ("2,000", "3,000")
        await screen.press("-", "-")
        await screen.says("The whole run.")
        await screen.press("+", "0")
        assert steps_below(screen)[-1] == "4,221"
        await screen.press("+", "escape")
        assert steps_below(screen)[-1] == "4,221"
        assert screen.app.screen.NAME == "run"  # type: ignore[attr-defined]


def steps_below(screen: Screen) -> tuple[str, str]:
    """The first and the last label below the chart's axis."""
    _, first, *_, last = screen.line_of("  step ").split()
    return first, last


async def test_the_wheel_zooms_the_chart(home: Home, live: FakeRun) -> None:
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("loss  ── training")
        await screen.pilot._post_mouse_events([_scroll_up()], "#live", button=0)
        await screen.says("Steps 1,000 to 3,000; it goes along with the newest.")


def _scroll_up() -> type:
    from textual.events import MouseScrollUp

    return MouseScrollUp


async def test_metrics_scale_full_screen_and_attempts(home: Home, live: FakeRun) -> None:
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("loss  ── training")
        await screen.press("m")
        await screen.sees("learning rate  ── 2e-5")
        await screen.press("m")
        await screen.sees("gradient norm  ── 1.5")
        while "loss  ── training" not in screen.text:
            await screen.press("m")
        await screen.press("L")
        await screen.sees("  0.10 ┤")
        await screen.press("L", "a")
        await screen.says("Attempts: No attempt went back behind another.")
        await screen.press("f")
        await screen.sees_not("health:")
        await screen.shows(lambda: "step 2,000 of 4,221" in screen.text)
        await screen.press("escape")
        await screen.sees("health:")
        live.begin(from_step=1_407, checkpoint="checkpoint-1407").phase("training")
        trained(live, [1_500])
        await screen.sees("step 1,500 of 4,221")
        await screen.sees("attempt 2")
        before = screen.text
        await screen.press("a")
        await screen.shows(lambda: screen.text != before, "the points of attempt 1")
        await screen.shows(lambda: "┊" in screen.text)
        await screen.shows(lambda: screen.line_of("events").rstrip().endswith("vwr"))


async def test_tabs_keep_their_place(home: Home, live: FakeRun) -> None:
    live.prints("first line\nsecond line\n")
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("step 2,000 of 4,221")
        for title, seen in (("Log", "second line"), ("Events", "checkpoint at step 1,407"),
                            ("Recipe", 'task = "text-classification"'), ("Checkpoints 1", "1,407"),
                            ("Control 0", "Nothing was asked of this run.")):  # fmt: skip
            await screen.press("]")
            await screen.sees(f"[{title}]")
            await screen.sees(seen)
        await screen.press("q")
        await screen.sees("[1 Runs]")
        await screen.says("imdb-bert goes on.")
        await screen.press("4")
        await screen.sees("[Control 0]")
        await screen.press("escape")
        await screen.sees("[Live]")
        await screen.press("escape")
        await screen.sees("[1 Runs]")


async def test_the_log_is_filtered_and_follows_until_it_is_scrolled(home: Home, live: FakeRun) -> None:
    live.prints("".join(f"line {number}\n" for number in range(200)))
    live.prints("Warning: slow\nTraceback (most recent call last):\nValueError: boom\n")
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("step 2,000 of 4,221")
        await screen.press("l")
        await screen.sees("✗ ValueError: boom")
        await screen.shows(lambda: "! Warning: slow" in screen.text)
        await screen.shows(lambda: "✗ Traceback" in screen.text)
        live.prints("the newest\n")
        await screen.sees("the newest")
        await screen.press("k", "k", "k")
        live.prints("out of sight\n")
        await wait_for(lambda: "out of sight" in log_of(screen), "the line to be read")
        assert "out of sight" not in screen.text
        await screen.press("G")
        await screen.sees("out of sight")
        await screen.press("g")
        await screen.sees("line 0")
        await screen.press("/")
        await screen.type("line 19")
        await screen.shows(lambda: "line 2" not in screen.text, "only what matches")
        await screen.shows(lambda: "line 199" in screen.text)
        await screen.press("enter")
        await screen.says("filter line 19  12 of 205 lines; esc clears it")
        await screen.press("escape")
        await screen.sees("line 0")
        await screen.press("l")
        await screen.sees("[Live]")


def log_of(screen: Screen) -> list[str]:
    from tui_finetune.ui.screens.run.text_panes import LogPane

    return screen.app.screen.query_one(LogPane).newest(5)


async def test_events_are_lines_with_their_time(home: Home, live: FakeRun) -> None:
    live.events.write("warning", message="validation loss above training")
    live.events.write("of_a_newer_version", colour="blue")
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("step 2,000 of 4,221")
        await screen.press("]", "]")
        await screen.sees("! validation loss above training")
        await screen.sees("of_a_newer_version  colour blue")
        await screen.press("/")
        await screen.type("checkpoint")
        await screen.press("enter")
        await screen.says("filter checkpoint  1 of ")
        assert "attempt 1 begins" not in screen.text


async def test_the_recipe_as_resolved_and_as_asked_for(home: Home) -> None:
    run = FakeRun(home, recipe='version = 1\ntask = "text-classification"\n').begin()
    run.paths.recipe_toml.write_text('version = 1\ntask = "text-classification"\n[train]\nseed = 42\n')
    async with showing(home, open_run=run.id) as screen:
        await screen.sees("fake")
        await screen.press("]", "]", "]")
        await screen.sees("seed = 42")
        await screen.sees("as it was resolved")
        await screen.press("m")
        await screen.sees("as it was asked for")
        assert "seed = 42" not in screen.text


async def test_checkpoints_are_listed_opened_and_copied(home: Home, live: FakeRun) -> None:
    live.checkpoint(1_999, whole=False)
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("Checkpoints 2")
        await screen.press("[", "[")
        await screen.sees("accuracy 0.921")
        await screen.shows(lambda: "whole" in screen.line_of("1,407"))
        await screen.shows(lambda: "not whole" in screen.line_of("1,999"))
        await screen.press("d")
        await screen.sees("checkpoint-1407 ─")
        await screen.sees("validation  accuracy 0.921, loss 0.214")
        await screen.press("escape", "y")
        await screen.says("Copied")
        assert (home.root / "copied.txt").read_text() == str(live.paths.checkpoint(1_407))


async def test_a_stop_is_asked_sent_answered_and_seen(home: Home, live: FakeRun) -> None:
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("step 2,000 of 4,221")
        await screen.press("s")
        await screen.sees("▸ save a checkpoint and stop")
        await screen.shows(lambda: "step 2,000 of 4,221" in screen.text, "the lines above stay in sight")
        await screen.press("j", "enter")
        await screen.sees_not("save a checkpoint and stop")
        assert RequestReader(live.paths).poll() == []
        await screen.press("s", "enter")
        await screen.says("stop sent to imdb-bert")
        (request,) = await wait_for(RequestReader(live.paths).poll, "the request")
        assert (request.action, request.attempt) == ("stop", 1)
        live.accept("stop", request=request.id)
        await screen.says("imdb-bert: stop accepted: after this step, with a checkpoint")
        await screen.sees("‖ stopping")
        await screen.press("s")
        await screen.says("Stop: Run is stopping already.")
        live.checkpoint(2_001).end("stopped", step=2_001, steps=STEPS)
        await screen.sees("■ It was stopped, and saved before.")
        await screen.sees("checkpoint-2001, whole")
        await screen.press("s")
        await screen.says("Stop: Run already stopped.")


async def test_an_abort_says_what_is_lost_and_wants_its_word(home: Home, live: FakeRun) -> None:
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("Checkpoints 1")
        await screen.sees("loss  ── training")
        await screen.press("A")
        await screen.sees("Abort now: 593 steps since checkpoint-1407, 5 m of work, are lost. Stop saves")
        await screen.press("enter")
        await screen.says("Not typed: abort. Nothing was done; esc closes.")
        await screen.type("abort")
        await screen.press("enter")
        (request,) = await wait_for(RequestReader(live.paths).poll, "the request")
        assert request.action == "abort"
        live.accept("abort", "now", request.id)
        await screen.says("abort accepted: now")


async def test_a_request_that_is_refused_says_why(home: Home, live: FakeRun) -> None:
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("step 2,000 of 4,221")
        await screen.press("s", "enter")
        (request,) = await wait_for(RequestReader(live.paths).poll, "the request")
        live.events.write("request", id=request.id, action="stop", answer="refused", why="meant for attempt 1")
        await screen.says("imdb-bert: stop refused: meant for attempt 1")


async def test_resume_asks_and_says_where_it_goes_on(home: Home, live: FakeRun) -> None:
    live.die()
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("✗ The process is gone and left no result.")
        await screen.press("r")
        await screen.sees("died at step 2,000")
        await screen.sees("as attempt 2")
        await screen.sees("▸ resume")
        await screen.press("j", "enter")
        await screen.sees_not("▸ leave it as it is")
        assert not live.paths.attempt(2).exists()


Picture = tuple[str, list[str], list[str]]


def make(run: FakeRun, state: str) -> None:
    """Brings a run at step 1,000 into a state."""
    if state == "queued":
        run.phase("queued")
    elif state == "starting":
        run.phase("loading", "data")
        run.events.write("progress", what="encoding train", done=1_000, total=4_000)
    elif state == "paused":
        run.events.write("applied", id="p", action="pause", step=1_000)
        run.phase("paused")
    elif state == "stopping":
        run.accept("stop")
    elif state == "stalled":
        run.prints("worker 3 waits for a lock\n").beat(idle=700)
    elif state == "unreachable":
        run.beat(age=200).move_elsewhere()
    elif state == "died":
        run.prints("RuntimeError: boom\n").die()
    elif state == "failed":
        run.prints("FloatingPointError\n")
        run.end("failed", reason="loss is nan", advice="Lower learning_rate: 1e-5.", step=1_000, steps=STEPS)
    elif state == "preempted":
        run.end("preempted", reason="SIGTERM", step=1_000, steps=STEPS)
    else:
        run.end(state, step=1_000, steps=STEPS, metrics={"accuracy": 0.9, "test_accuracy": 0.88})


STATES: list[Picture] = [
    ("queued", ["○ queued", "It starts when its device is free"], []),
    ("starting", ["○ starting, loading", "encoding train 1,000 of 4,000", "25 %", "3 Pre-flight  ●", "2 Handoff     ✓"], []),
    ("paused", ["at step 1,000; device memory kept", "time left –", "p lets it go on"], ["m left"]),
    ("stopping", ["‖ stopping"], []),
    ("stalled", ["! no progress for 12 m", "alive, since", "what to do      l shows what it printed; s asks it to stop",
                 "last lines      worker 3 waits for a lock", "time left –"], ["m left"]),
    ("unreachable", ["! no heartbeat for 3 m; on gpu1, cannot tell more", "look at that machine", "time left –"], ["m left"]),
    ("finished", ["✓ accuracy 0.880 on test", "validation      accuracy 0.900"], ["what is safe"]),
    ("stopped", ["■ It was stopped, and saved before.", "step 1,000 of 4,221 (24 %)", "r resumes from step 1,000"], []),
    ("aborted", ["■ It was ended at once, as asked.", "what is safe    checkpoint-1000, whole"], []),
    ("preempted", ["■ It had to make room, and saved before.", "what is known   SIGTERM."], []),
    ("failed", ["✗ It ended with an error.", "what is known   Loss is nan.", "last lines      FloatingPointError",
                "Lower learning_rate: 1e-5."], []),
    ("died", ["✗ The process is gone and left no result.", "last sign", "phase training", "last lines      RuntimeError: boom",
              "what to do      r resumes from step 1,000; same recipe, same order of rows"], []),
]  # fmt: skip
"""What is said in each state, and what is not."""


@pytest.mark.parametrize(("state", "said", "unsaid"), STATES, ids=[state for state, *_ in STATES])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_each_state_says_what_is_known_and_what_to_do(
    home: Home, state: str, said: list[str], unsaid: list[str], size: tuple[int, int]
) -> None:
    run = FakeRun(home, "imdb-bert").begin()
    if state not in ("queued", "starting"):
        run.plan(steps=STEPS, steps_per_epoch=1_407, epochs=3.0)
        trained(run, range(100, 1_001, 100))
        run.checkpoint(1_000)
    make(run, state)
    async with showing(home, open_run=run.id, size=size) as screen:
        for text in said:
            await screen.sees(text)
        await screen.shows(lambda: state in screen.lines[1])
        assert not [text for text in unsaid if text in screen.text]
        await screen.shows(lambda: max(len(line) for line in screen.lines) <= size[0])


async def test_an_evaluation_shows_its_bar_then_its_result(home: Home) -> None:
    run = FakeRun(home, "eval-b2m7", kind="evaluate").begin().phase("evaluating", "test")
    run.events.write("progress", what="evaluating test", done=1_200, total=3_080)
    async with showing(home, open_run=run.id) as screen:
        await screen.sees("evaluating test 1,200 of 3,080")
        await screen.shows(lambda: "39 %" in screen.text)
        await screen.shows(lambda: "█" in screen.text)
        run.evaluate(0, "test", final=True, accuracy=0.912)
        run.end("finished", metrics={"test_accuracy": 0.912}, step=None, steps=None)
        await screen.sees("✓ accuracy 0.912 on test")
        await screen.sees("test: accuracy 0.912")
        await screen.press("r")
        await screen.says("Resume: Run is finished;")


async def test_a_run_of_a_persons_own_script(home: Home) -> None:
    run = FakeRun(home, "script", recipe=None, model=None, data=None, task=None).begin().phase("training")
    for step in range(10, 200, 10):
        run.step(step, loss=1 / step)
    async with showing(home, open_run=run.id) as screen:
        await screen.sees("training  step 190     2 steps/s")
        await screen.shows(lambda: "loss  ── training 0.005" in screen.text)
        await screen.press("]", "]", "]")
        await screen.sees("No recipe: a script of its own made this run.")
        run.end("stopped", step=190, steps=None)
        await screen.sees("■ stopped")
        await screen.press("r")
        await screen.says("Resume: Made by a script of its own; only that script can go on.")


async def test_without_a_run_the_screen_says_where_they_are(home: Home, live: FakeRun) -> None:
    async with showing(home) as screen:
        await screen.sees("● running")
        await screen.press("4")
        await screen.sees("No run open. 1 lists them, n starts one.")
        await screen.press("s")
        await screen.says("Stop: No run under the cursor.")
        await screen.press("+")
        await screen.says("Zoom in: There is no chart yet.")


async def test_another_run_takes_its_place_without_a_trace(home: Home, live: FakeRun) -> None:
    """From the palette, on the Run screen itself."""
    other = finished_run(home, "other")
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("step 2,000 of 4,221")
        await screen.press("]", "]", "/")
        await screen.type("checkpoint")
        await screen.press("enter", ":")
        await screen.type(f"run other {other.short}")
        await screen.press("enter")
        await screen.shows(lambda: screen.lines[1].startswith(f" other {other.short}"), "the other run")
        await screen.sees("baseline tfidf on test: accuracy 0.820")
        await screen.press("g")
        await screen.sees("attempt 1 begins")
        assert "1,407" not in screen.text
        trained(live, [2_100])
        await screen.press("[", "[")
        await screen.sees("✓ accuracy 0.880 on test")


async def test_a_directory_that_goes_away_and_comes_back(home: Home, live: FakeRun) -> None:
    live.close()
    elsewhere = home.root / "elsewhere"
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("loss  ── training")
        live.paths.root.rename(elsewhere)
        await screen.sees("is not there; trying every second")
        await screen.shows(lambda: "loss  ── training" in screen.text, "what was read stays")
        elsewhere.rename(live.paths.root)
        await screen.sees_not("is not there")
        trained(live, [2_100])
        await screen.sees("step 2,100 of 4,221")


async def test_a_run_of_a_newer_version_is_shown_as_far_as_it_can_be(home: Home, live: FakeRun) -> None:
    content = json.loads(live.paths.run_json.read_text())
    live.paths.run_json.write_text(json.dumps({**content, "v": 99}))
    async with showing(home) as screen:
        await screen.sees("! unreadable")
        await screen.press("enter")
        await screen.sees("[4 Run]")
        await screen.sees("The run directory cannot be read.")
        await screen.sees("Written by a newer version of the program")
        await screen.press("s")
        await screen.says("Stop: Run cannot be read.")


async def test_a_long_run_is_told_in_brief_first_and_then_whole(home: Home) -> None:
    run = FakeRun(home, "long").begin().plan(steps=20_000)
    padding = "x" * 150
    for step in range(1, 12_001):
        run.events.write("step", step=step, loss=0.5, learning_rate=2e-5, note=padding)
    run.beat(step=12_000)
    async with showing(home, open_run=run.id) as screen:
        await screen.sees("step 12,000 of 20,000")
        await screen.press("]", "]")
        await screen.sees("step 12,000 of 20,000  60 %")
        await wait_for(lambda: not screen.app.screen._reading, "the whole of it", timeout=60)  # type: ignore[attr-defined]
        await screen.press("g")
        await screen.sees("attempt 1 begins")
        await screen.press("/")
        await screen.type("step 11,9")
        await screen.press("enter")
        await screen.says("filter step 11,9  100 of 12,00")


async def test_read_again_begins_from_the_disk(home: Home, live: FakeRun) -> None:
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("step 2,000 of 4,221")
        await screen.press("R")
        await screen.says("Read again.")
        await screen.sees("step 2,000 of 4,221")
        await screen.sees("loss  ── training 0.224")


async def test_wide_screens_show_what_the_tabs_hold(home: Home, live: FakeRun) -> None:
    live.events.write("device", memory_bytes=9.1e9, memory_total_bytes=24.1e9, utilisation=97)
    async with showing(home, size=(120, 40), open_run=live.id) as screen:
        await screen.sees("Evaluations, validation")
        for title in ("Health", "Device", "Checkpoints", "gradient norm  ──", "learning rate  ──", "9.1 of 24.1 GB"):
            await screen.sees(title)
        await screen.press("left", "left")
        await screen.sees("step 1,900: ")


async def test_small_terminals_get_the_answer_of_five_seconds(home: Home, live: FakeRun) -> None:
    async with showing(home, size=(45, 6), open_run=live.id) as screen:
        await screen.sees("step 2,000 of 4,221  47 %")
        await screen.shows(lambda: screen.lines[0].startswith(f"imdb-bert {live.short}  ● running"))
        await screen.sees("loss 0.224")
        await screen.shows(lambda: "m left" in screen.text)
        await screen.shows(lambda: "Needs 80x24 for the rest. Training goes on." in screen.text)
        await screen.pilot.resize_terminal(20, 4)
        await screen.sees("47 %")
        await screen.pilot.resize_terminal(80, 24)
        await screen.sees("[4 Run]")


async def test_deleting_the_run_leads_back_to_the_list(home: Home) -> None:
    run = finished_run(home, "old")
    async with showing(home, open_run=run.id) as screen:
        await screen.sees("✓ accuracy 0.880 on test")
        await screen.press("ctrl+d", "j", "enter")
        await screen.sees("[1 Runs]")
        await screen.says("old moved to the trash; u brings back.")


async def test_a_run_that_a_sheet_has_followed_is_shown_from_its_first_event(home: Home, live: FakeRun) -> None:
    """The launch sheet follows the run that it starts; the screen that opens next, and the one before, lack nothing."""
    other = FakeRun(home, "started").begin().plan(steps=STEPS)
    trained(other, [100])
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("step 2,000 of 4,221")
        seen: list[str] = []
        post = screen.app.bridge.post

        def told(message: Message) -> None:
            seen.append(getattr(message, "run_id", ""))
            post(message)

        screen.app.bridge.post = told  # type: ignore[method-assign]
        screen.app.bridge.follow(other.id)
        await screen.until(lambda: other.id in seen, "the events of the other run to be told")
        screen.app.open_run(other.id)
        await screen.sees("step 100 of 4,221")
        await screen.press("]", "]", "g")
        await screen.sees("attempt 1 begins")
        await screen.sees("plan: rows train")
        await screen.press("]")
        await screen.sees('task = "text-classification"')
        screen.app.bridge.follow(live.id)
        screen.app.bridge.follow(other.id)
        screen.app.open_run(other.id, tab="events")
        trained(other, [200])
        await screen.sees("step 200")
        told_lines = screen.lines[3:-2]
        assert sum("attempt 1 begins" in one for one in told_lines) == 1
        assert sum("  step 100 " in one for one in told_lines) == 1


async def test_a_checkpoint_is_exported_into_the_folder_that_is_typed(home: Home, tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        model_folder(folder)
        TaskCard("text-classification", "builtin", LabelSet.of(["neg", "pos"]), 64).write(folder)
        (folder / "optimizer.pt").write_bytes(b"state")

    run = FakeRun(home, "exported", recipe=None).begin().plan()
    run.paths.recipe_toml.write_text(RECIPE)
    write_whole(run.paths.checkpoint(20), fill, {"step": 20})
    run.events.write("checkpoint", step=20, path="checkpoints/checkpoint-20", bytes=7, seconds=0.4)
    async with showing(home, open_run=run.id) as screen:
        await screen.sees("Checkpoints 1")
        await screen.press("[", "[")
        await screen.shows(lambda: "whole" in screen.line_of("20"))
        await screen.press("X")
        await screen.sees("Export checkpoint-20")
        await screen.press("end", "ctrl+u")
        await screen.type(str(tmp_path / "model"))
        await screen.press("enter")
        await screen.sees("checkpoint-20, ")
    assert {path.name for path in (tmp_path / "model").iterdir()} == {
        "README.md", "config.json", "model.safetensors", "task.json", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip
