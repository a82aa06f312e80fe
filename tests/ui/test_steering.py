"""Steering a run from its screen, key by key: change, pause, save, evaluate, branch; findings; who asked what."""

from __future__ import annotations

import json
import time

import pytest

from tests.fakes import FakeRun
from tests.ui.seeing import Screen, showing
from tests.waiting import wait_for
from tui_finetune.launch.differences import Difference
from tui_finetune.paths import Home
from tui_finetune.runs.control import Request, RequestReader
from tui_finetune.ui.memory import memory_file

STEPS = 4_221
RECIPE = """\
version = 1
task = "text-classification"
[data]
path = "rows.csv"
[model]
path = "google-bert/bert-base-uncased"
[train]
learning_rate = 2e-5
weight_decay = 0.01
eval_strategy = "epoch"
"""


@pytest.fixture
def live(home: Home) -> FakeRun:
    """The run of the screens: step 2,480 of 4,221, measured and saved at 1,407."""
    run = FakeRun(home, "imdb-bert", recipe=RECIPE).begin()
    run.plan(steps=STEPS, steps_per_epoch=1_407, epochs=3.0, rows={"train": 22_500, "validation": 2_500})
    trained(run, 20, 1_400)
    run.evaluate(1_407, accuracy=0.921, loss=0.214).checkpoint(1_407)
    return trained(run, 1_420, 2_480)


def trained(run: FakeRun, first: int, last: int) -> FakeRun:
    for step in range(first, last + 1, 20):
        rate = 2e-5 * (1 - step / STEPS)
        run.step(step, loss=0.15 + 0.5 / (1 + step / 100), epoch=step / 1_407, learning_rate=rate, grad_norm=2.6)
    return run


async def the_request(run: FakeRun) -> Request:
    (request,) = await wait_for(RequestReader(run.paths).poll, "the request")
    RequestReader(run.paths).answered(request)
    return request


async def test_the_line_was_lost_and_the_rate_is_lowered(home: Home, live: FakeRun) -> None:
    """Flow (b) of the design, key by key."""
    away = {"t": time.time() - 14 * 60, "steps": {live.id: 690}, "evaluations": {live.id: 0}}
    memory_file(home.root).write_text(json.dumps({"v": 1, "away": away}))
    async with showing(home) as screen:
        await screen.says("Since you last looked, 14 m ago: imdb-bert +1,790 steps, one evaluation.")
        await screen.shows(lambda: "imdb-bert" in screen.cursor)
        await screen.press("enter")
        await screen.sees("step 2,480 of 4,221")
        await screen.says("Since you last looked, 14 m ago: +1,790 steps, one evaluation, one checkpoint.")
        await screen.sees("Checkpoints 1")
        await screen.press("c")
        await screen.sees("─ Change a running value")
        await screen.shows(lambda: screen.cursor.split() == ["▸", "learning_rate", "2e-5", "next", "step"])
        await screen.shows(lambda: "off: warm-up ended at step 0" in screen.line_of("warmup_steps"))
        await screen.shows(lambda: "step 2,480 of 4,221" in screen.text, "the run stays in sight")
        await screen.press("enter")
        await screen.sees("ladder 5e-6 · 1e-5 · 2e-5 · 5e-5")
        await screen.type("1e-5")
        await screen.sees("goes 8.25e-6 → 4.12e-6")
        await screen.says("not sent yet")
        assert RequestReader(live.paths).poll() == []
        await screen.press("tab")
        await screen.type("high")
        await screen.press("enter")
        await screen.sees_not("Change a running value")
        request = await the_request(live)
        assert (request.action, request.attempt) == ("set", 1)
        assert request.values == {"set": {"learning_rate": 1e-5}, "reason": "high"}
        answered(live, request, "from step 2,556")
        await screen.says("imdb-bert: set accepted: from step 2,556")
        trained(live, 2_500, 2_560)
        live.apply("set", 2_556, request.id, old={"learning_rate": 2e-5}, new={"learning_rate": 1e-5}, by=request.by)
        await screen.says("applied at step 2,556: learning_rate 2e-5 → 1e-5")
        await screen.shows(lambda: screen.line_of("events").split()[1:] == ["vw", "c"])
        await screen.shows(lambda: "┊" in screen.text)
        await screen.press("[")
        await screen.sees("[Control 1]")
        row = screen.cursor
        assert "learning_rate 2e-5 → 1e-5" in row
        assert "2,556" in row
        assert "applied" in row
        await screen.press("enter")
        await screen.sees("why            high")
        await screen.press("escape", "ctrl+q")
    assert screen.app.return_value == f"imdb-bert ({live.short}) goes on. tui-finetune shows it again."


def answered(run: FakeRun, request: Request, when: str) -> None:
    run.events.write(
        "request", id=request.id, action=request.action, answer="accepted", when=when, by=request.by,
        values=dict(request.values), reason=request.values.get("reason"),
    )  # fmt: skip


@pytest.mark.slow
async def test_the_ladder_the_rest_of_the_settings_and_what_is_refused(home: Home, live: FakeRun) -> None:
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("step 2,480 of 4,221")
        await screen.sees("Checkpoints 1")
        await screen.press("c", "enter", "down")
        await screen.sees("[1e-5")
        await screen.press("up", "up")
        await screen.sees("[5e-5")
        await screen.press("escape")
        await screen.sees_not("ladder")
        await screen.press("up")
        for _ in range(9):
            await screen.press("down")
        await screen.shows(lambda: "+ " in screen.cursor)
        await screen.press("enter")
        await screen.sees("lr_scheduler_type")
        for _ in range(2):
            await screen.press("up")
        await screen.shows(lambda: "num_train_epochs" in screen.text)
        while "num_train_epochs" not in screen.cursor:
            await screen.press("up")
        await screen.press("enter")
        await screen.type("4")
        await screen.sees("4,221 → 5,628 steps")
        await screen.press("tab", "down")
        await screen.sees("The schedule keeps its")
        await screen.press("enter")
        request = await the_request(live)
        assert request.values == {"set": {"num_train_epochs": 4.0}, "reason": None, "stretch": False}
        live.refuse("set", "it would end before this step", request.id, by=request.by)
        await screen.says("imdb-bert: set refused: it would end before this step")


@pytest.mark.slow
async def test_the_palette_finds_a_setting(home: Home, live: FakeRun) -> None:
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("Checkpoints 1")
        await screen.press(":")
        await screen.type("save_total")
        await screen.sees("▸ setting save_total_limit  –, can be changed while running")
        await screen.press("enter")
        await screen.sees("─ Change a running value")
        await screen.shows(lambda: "save_total_limit" in screen.cursor)
        await screen.press("escape", ":")
        await screen.type("setting warmup")
        await screen.sees("off: warm-up ended at step 0.")


async def test_paused_and_gone_on_saved_and_measured(home: Home, live: FakeRun) -> None:
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("step 2,480 of 4,221")
        await screen.sees("Checkpoints 1")
        await screen.shows(lambda: screen.footer.startswith(" p Pause  c Change…  w Save  v Evaluate  s Stop…  l Log"))
        await screen.press("p")
        await screen.sees("Control 1")
        await screen.press("[")
        await screen.shows(lambda: "waiting" in screen.cursor, "nobody has answered it yet")
        await screen.press("escape")
        request = await the_request(live)
        assert (request.action, dict(request.values)) == ("pause", {"release": False})
        answered(live, request, "after this step")
        await screen.says("imdb-bert: pause accepted: after this step")
        live.apply("pause", 2_480, request.id, release=False).phase("paused")
        await screen.sees("at step 2,480; device memory kept")
        await screen.shows(lambda: "‖ paused since " in screen.text)
        await screen.sees("p Continue")
        await screen.press("P")
        await screen.says("Pause and release memory: Run is paused already")
        await screen.press("p")
        request = await the_request(live)
        assert request.action == "continue"
        live.apply("continue", 2_480, request.id).phase("training")
        await screen.sees("p Pause")
        await screen.press("w")
        assert (await the_request(live)).action == "save"
        await screen.press("v")
        request = await the_request(live)
        assert (request.action, dict(request.values)) == ("evaluate", {"split": "validation"})
        live.phase("evaluating")
        live.events.write("progress", what="evaluating validation", done=38, total=100)
        await screen.sees("● running, evaluating")
        await screen.shows(lambda: "v Evaluate" in screen.footer, "off for a moment, and the footer does not jump")
        await screen.press("v")
        await screen.says("Evaluate: Evaluating, 38 %.")
        live.end("finished", metrics={"accuracy": 0.93})
        await screen.sees("✓ accuracy 0.930")
        for key, said in (("p", "Pause: Run already finished."), ("c", "Change: Run already finished.")):
            await screen.press(key)
            await screen.says(said)


async def test_a_finding_says_what_helps_and_does_it(home: Home, live: FakeRun) -> None:
    act = {"action": "rollback", "values": {"checkpoint": 1_407, "set": {"learning_rate": "x0.5"}}}
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("step 2,480 of 4,221")
        await screen.sees("Checkpoints 1")
        await screen.press("tab")
        await screen.sees("nothing was found")
        await screen.press("tab")
        live.find("f1", "loss_spike", "loss 4.1, usual 0.2", step=2_470, since=2_460, severity="bad", act=act,
                  helps="A lower learning rate, from before the spike.", loss=4.1, usual=0.2)  # fmt: skip
        await screen.says("! loss 4.1, usual 0.2")
        await screen.press("<")
        await screen.sees("step 2,470  !  loss 4.1, usual 0.2")
        await screen.press("<")
        await screen.sees("step 1,407  vw  validation accuracy 0.921; checkpoint")
        await screen.press("tab")
        await screen.sees("✗ loss spike")
        await screen.press("enter")
        await screen.sees("what helps      A lower learning rate, from before the spike.")
        await screen.shows(lambda: "▸ leave it as it is" in " ".join(screen.cursor.split()))
        await screen.sees("1,073 steps after it are trained again")
        await screen.press("j", "enter")
        request = await the_request(live)
        assert (request.action, dict(request.values)) == ("rollback", act["values"])
        live.begin(from_step=1_407, checkpoint="checkpoints/checkpoint-1407").phase("training")
        await screen.sees("attempt 2")
        await screen.sees("over at step 1,407")


@pytest.mark.slow
async def test_a_branch_is_a_recipe_to_look_at(home: Home, live: FakeRun) -> None:
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("Checkpoints 1")
        await screen.press("b")
        await screen.sees("─ Branch from imdb-bert")
        await screen.sees("▸ checkpoint-1407")
        await screen.press("tab", "tab", "down")
        await screen.sees("fresh: a new start from these weights")
        await screen.press("enter")
        await screen.sees("[3 Train]")
        await screen.sees("imdb-bert-branch")
        await screen.press("]")
        await screen.sees("checkpoint = 1407")
        await screen.shows(lambda: f'run = "{live.id}"' in screen.text)
        assert "optimizer" not in screen.text


@pytest.mark.slow
async def test_checkpoints_are_evaluated_tried_and_deleted(home: Home, live: FakeRun) -> None:
    async with showing(home, open_run=live.id) as screen:
        await screen.sees("Checkpoints 1")
        await tab(screen, "Checkpoints 1")
        await screen.press("enter")
        await screen.sees("─ Evaluate checkpoint-1407")
        await screen.press("escape", "ctrl+d")
        await screen.says("Delete: Stop it first")
        live.end("stopped", step=2_480)
        await screen.sees("■ stopped")
        await screen.press("ctrl+d")
        await screen.sees("gone for good")
        await screen.type("1407")
        await screen.press("enter")
        await screen.says("checkpoint-1407 is gone.")
        await screen.sees("Checkpoints 0")
        assert not live.paths.checkpoint(1_407).exists()


async def tab(screen: Screen, title: str) -> None:
    while f"[{title}]" not in screen.rule:
        await screen.press("]")


async def test_what_differs_is_accepted_before_a_run_goes_on(
    home: Home, live: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.die()
    found = [
        Difference("version", "torch", "2.13.0", "2.13.1", "results may differ in the last digits"),
        Difference("setting", "train.dataloader_num_workers", "8", "2", "changes no result", serious=False),
    ]
    monkeypatch.setattr("tui_finetune.launch.resuming.differences", lambda info, launch, sets: found)
    async with showing(home, open_run=live.id) as screen:
        went_on: list[dict[str, object]] = []
        monkeypatch.setattr(screen.app.bridge, "resume", lambda info, **how: went_on.append(how))
        await screen.sees("✗ The process is gone")
        await screen.press("r")
        await screen.sees("! torch 2.13.0 → 2.13.1: results may differ in the last digits")
        await screen.sees("· train.dataloader_num_workers 8 → 2: changes no result")
        assert "same random numbers" not in screen.text
        await screen.press("j", "enter")
        await screen.says("Accept what differs first")
        await screen.press("k", "space")
        await screen.sees("+! torch")
        await screen.press("enter")
        await screen.says("imdb-bert: a worker is starting …")
    assert went_on == [{"accept": True, "sets": ()}]


async def test_a_copy_of_what_did_not_fit_has_what_fits(home: Home) -> None:
    run = FakeRun(home, "imdb-large", recipe=RECIPE).begin().phase("pre-flight")
    fits = {"set": {"train.per_device_train_batch_size": 8, "train.gradient_accumulation_steps": 2}, "words": "batch 8"}
    run.events.write(
        "preflight_refused", what="memory", why="Device memory: 25.3 GB needed, 24.1 GB there.", fits=[fits]
    )
    run.end("failed", reason="Device memory: 25.3 GB needed, 24.1 GB there.", step=None)
    async with showing(home, open_run=run.id) as screen:
        await screen.sees("25.3 GB needed")
        await screen.press("e")
        await screen.shows(lambda: screen.line_of("per_device_train_batch_size").split()[-1] == "8", "its form")
        await screen.press("]")
        await screen.sees("per_device_train_batch_size = 8")
        await screen.sees("gradient_accumulation_steps = 2")


async def test_until_its_files_are_read_a_run_has_what_the_list_says(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = FakeRun(home, "imdb-large", recipe=RECIPE).begin().phase("pre-flight")
    run.end("failed", reason="Device memory: 25.3 GB needed, 24.1 GB there.", step=None)
    monkeypatch.setattr("tui_finetune.ui.following.Following._read_files", lambda self, status: None)
    async with showing(home, open_run=run.id) as screen:
        await screen.sees("25.3 GB needed")
        await screen.press("e")
        await screen.sees("[3 Train]")


async def test_two_that_were_one_are_compared(home: Home, live: FakeRun) -> None:
    of = {"run": live.id, "checkpoint": 1_407, "optimizer": "keep"}
    other = FakeRun(home, "imdb-branch", of=of, recipe=RECIPE).begin(from_step=1_407).plan(steps=STEPS)
    trained(other, 1_420, 2_000)
    async with showing(home, open_run=other.id) as screen:
        await screen.sees("step 2,000 of 4,221")
        await screen.until(lambda: screen.app.listing.whole, "all runs")
        await screen.press("=")
        await screen.sees("─ Compare imdb-branch and imdb-bert")
