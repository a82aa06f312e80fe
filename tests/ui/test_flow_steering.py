"""What a person does to a run that trains: stop, look, resume; and to one that fell over at night. Real workers, key by key."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.ui.seeing import showing
from tests.waiting import wait_until
from tests.worker import training
from tests.worker.forked import ForkServer
from tests.worker.training import Ground
from tui_finetune.live import words
from tui_finetune.paths import Home
from tui_finetune.runs.info import RunInfo

pytestmark = pytest.mark.slow


@pytest.fixture
def ground(home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path) -> Ground:
    folder = tmp_path / "ground"
    folder.mkdir()
    return Ground(home, tiny_model, training.write_rows(folder / "rows.csv", 400))


def at_step(info: RunInfo, step: int) -> None:
    wait_until(lambda: (info.fresh().status().step or 0) >= step, f"{info.id} to be at step {step}")


async def test_stopped_with_its_checkpoint_and_resumed_to_its_end(ground: Ground) -> None:
    info = ground.start("imdb-bert", train__num_train_epochs=40, train__save_steps=1_000, train__eval_steps=1_000)
    at_step(info, 3)
    async with showing(ground.home, open_run=info.id) as screen:
        await screen.sees("● running, training")
        await screen.press("s")
        await screen.sees("▸ save a checkpoint and stop")
        await screen.press("enter")
        await screen.sees("■ It was stopped, and saved before.")
        await screen.sees("what is safe    checkpoint-")
        step = info.fresh().status().step
        assert step is not None
        assert training.ended(info).state == "stopped"
        await screen.press("r")
        await screen.sees(f"stopped at step {step:,}")
        await screen.press("enter")
        await screen.says("imdb-bert: attempt 2 has begun.")
        await screen.sees("attempt 2")
        await screen.until(lambda: (info.fresh().status().step or 0) > step, "the run to go on")
        await screen.press("A")
        await screen.type("abort")
        await screen.press("enter")
        await screen.sees("■ It was ended at once, as asked.")
    assert training.ended(info).state == "aborted"
    (begun,) = [event for event in training.events(info, "attempt") if event.get("n") == 2]
    assert begun.get("from_step") == step


async def test_it_fell_over_at_night(ground: Ground) -> None:
    """Flow (c) of the design: from the list to the resumed run, and nothing lost but the steps since the checkpoint."""
    ground.start("other", train__max_steps=4)
    info = ground.start("imdb-large", train__num_train_epochs=2)
    at_step(info, 6)
    info.paths.stdout_log.open("a").write("RuntimeError: boom\n")
    os.kill(int(info.fresh().status().process["pid"]), signal.SIGKILL)
    wait_until(lambda: info.fresh().status().state == "died", "the run to be known as dead")
    safe = training.events(info, "checkpoint")[-1].step
    async with showing(ground.home) as screen:
        await screen.sees("Needs a look 1")
        await screen.press("]", "]")
        await screen.sees("[Needs a look 1]")
        await screen.press("enter")
        await screen.sees("✗ The process is gone and left no result.")
        await screen.sees(f"what is safe    checkpoint-{safe}, whole")
        await screen.press("l")
        await screen.sees("✗ RuntimeError: boom")
        await screen.press("escape", "r")
        await screen.sees("as attempt 2")
        await screen.press("enter")
        await screen.says("imdb-large: attempt 2 has begun.")
        await screen.until(lambda: not info.fresh().status().live, "its end")
        await screen.sees("✓ finished")
    training.finished(info)
    begun = [event.get("from_step") for event in training.events(info, "attempt")]
    assert begun == [0, safe]


async def test_the_rate_is_lowered_while_it_trains(ground: Ground) -> None:
    """Flow (b) on a real worker: what the sheet says will follow is what the optimizer then has."""
    info = ground.start("imdb-bert", train__num_train_epochs=200, train__save_steps=1_000, train__eval_steps=1_000)
    at_step(info, 20)
    async with showing(ground.home, open_run=info.id) as screen:
        await screen.sees("● running, training")
        await screen.sees("loss  ── training")
        await screen.press("p")
        await screen.sees("‖ paused")
        held = info.fresh().status().step
        assert held is not None
        await screen.press("c")
        await screen.sees("▸ learning_rate")
        peak = float(screen.cursor.split()[2])
        await screen.press("enter")
        await screen.type("x0.5")
        await screen.sees("the rate at the next step")
        before, after = (float(word) for word in said_rates(screen.text))
        assert after == pytest.approx(before / 2, rel=0.02)
        await screen.press("enter")
        await screen.says(f"imdb-bert: set accepted: from step {held + 1:,}")
        await screen.press("p")
        await screen.sees("● running, training")
        await screen.until(lambda: (info.fresh().status().step or 0) > held + 10, "the run to go on")
        await screen.sees("Control 3")
        await screen.press("[")
        await screen.sees(f"learning_rate {words.rate(peak)} → {words.rate(peak / 2)}")
        await screen.press("escape", "A")
        await screen.type("abort")
        await screen.press("enter")
        await screen.sees("■ It was ended at once, as asked.")
    (done,) = [event for event in training.events(info, "applied") if event.get("action") == "set"]
    assert (done.step, done.get("old"), done.get("new")) == (
        held + 1,
        {"learning_rate": peak},
        {"learning_rate": peak / 2},
    )
    rates = {event.step: event.number("learning_rate") for event in training.events(info, "step")}
    first = min(step for step in rates if step is not None and step > held)
    assert rates[first] == pytest.approx(after, rel=0.05), "what was said before it was sent"


def said_rates(text: str) -> tuple[str, str]:
    """The two rates of `the rate at the next step goes 8.25e-6 → 4.12e-6`, wherever the line breaks."""
    found = " ".join(text.split()).partition("the rate at the next step goes ")[2].split()
    return found[0], found[2].rstrip(".")
