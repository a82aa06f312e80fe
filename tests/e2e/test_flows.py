"""Flows of a person, key by key, on real workers: from an empty home to a prediction; a run that died goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.ui.seeing import Screen, showing
from tests.waiting import wait_for
from tests.worker.forked import ForkServer
from tests.worker.training import Ground, ended, events, write_rows
from tui_finetune.config import samples
from tui_finetune.config.write import edit
from tui_finetune.paths import Home
from tui_finetune.runs.store import RunStore

pytestmark = pytest.mark.slow

FEW_STEPS = {
    "run.device": "cpu",
    "data.limit": 120,
    "data.limit_eval": 40,
    "train.max_steps": 6,
    "train.logging_steps": 1,
    "train.per_device_train_batch_size": 8,
}
"""The demo with its own data and model, and seconds of training in place of minutes."""


class Person:
    """Presses keys, and counts them."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.pressed: list[str] = []

    async def presses(self, key: str) -> None:
        self.pressed.append(key)
        await self.screen.press(key)

    async def waits_for(self, *texts: str, where: str = "") -> None:
        """Until all of them are on the screen, as long as a worker takes."""
        screen = self.screen

        def there() -> bool:
            return all(text in screen.text for text in texts)

        try:
            await wait_for(there, f"{texts} {where}".strip(), timeout=150)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{screen.text}") from None


@pytest.fixture
def quick_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "samples"
    shutil.copytree(REPOSITORY / "sample_configs", folder)
    text = (folder / "demo.toml").read_text()
    for key, value in FEW_STEPS.items():
        text = edit(text, key, value)
    (folder / "demo.toml").write_text(text)
    monkeypatch.setattr(samples, "_PLACES", (folder,))
    return folder


async def test_from_an_empty_home_to_a_prediction_in_five_keys(
    home: Home, workers: ForkServer, quick_demo: Path
) -> None:
    """Flow (a): every key is one that the screen offers."""
    async with showing(home) as screen:
        person = Person(screen)
        await person.waits_for("No runs yet. Three ways to start:")
        await screen.at("Try the demo")
        await screen.until(lambda: "enter" in screen.footer, "the key that chooses it")
        await person.presses("enter")
        await person.waits_for("[3 Train]", "Problems 0", "No problems.")
        await screen.shows(lambda: "demo" in screen.lines[1], "the recipe by its name")
        await screen.until(lambda: "ctrl+r Start" in screen.footer, "the key that starts it")
        await person.presses("ctrl+r")
        await person.waits_for("✓ data:", "enter Start")
        await person.presses("enter")
        await person.waits_for("[4 Run]", where="by itself once the run trains")
        await person.waits_for("✓ finished")
        await person.presses("6")
        await person.waits_for("[6 Predict]", "17 labels", "enter Keep")  # the message line may tell of the run
        await person.presses("enter")
        await person.waits_for("History 1", "more, ", where="an answer with all scores")
        assert person.pressed == ["enter", "ctrl+r", "enter", "6", "enter"]
    run = RunStore(home).list()[0]
    assert run.status().state == "finished"
    assert run.paths.request_toml.read_text() == (quick_demo / "demo.toml").read_text()


async def test_a_run_that_died_at_night_goes_on(
    home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flow (c): what needs a look, why, and on from the newest checkpoint as the same run."""
    shutil.copy(REPOSITORY / "tests" / "worker" / "killer.py", home.plugins / "killer.py")
    monkeypatch.setenv("TEST_KILL_FLAG", str(tmp_path / "killed"))
    monkeypatch.setenv("TEST_KILL_AT", "step:10")
    info = Ground(home, tiny_model, write_rows(tmp_path / "rows.csv")).start("night")
    assert ended(info).state == "died"
    async with showing(home) as screen:
        person = Person(screen)
        await person.waits_for("Needs a look 1", "✗ died")
        await person.presses("]")
        await person.presses("]")
        await person.waits_for("[Needs a look 1]")
        await screen.at("night")
        await person.presses("enter")
        await person.waits_for(
            "[4 Run]", "The process is gone and left no result.", "checkpoint-8, whole", "r resumes from step 8"
        )
        await person.presses("l")
        await person.waits_for("[Log]")
        await person.presses("escape")
        await person.waits_for("[Live]")
        await person.presses("r")
        await person.waits_for("Resume night", "It goes on from its newest whole checkpoint")
        await person.presses("enter")
        await person.waits_for("✓ finished")
        assert person.pressed == ["]", "]", "enter", "l", "escape", "r", "enter"]
        await screen.until(
            lambda: "r" in screen.line_of("events ").removeprefix("events"), "the mark of the new attempt"
        )
    assert [event.get("from_step") for event in events(info, "attempt")] == [0, 8]
    assert info.fresh().status().state == "finished"
