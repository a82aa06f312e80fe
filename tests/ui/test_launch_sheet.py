"""The sheet that starts a run, once the run has begun: it leads to the run, to its log, and asks before it stops it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import FakeRun
from tests.ui.seeing import Screen, showing
from tui_finetune.launch.handoff import Launch
from tui_finetune.launch.start import Started
from tui_finetune.live.launching import waiting
from tui_finetune.paths import Home
from tui_finetune.runs.info import read_info
from tui_finetune.ui import messages
from tui_finetune.ui.launch_sheet import LaunchSheet
from tui_finetune.ui.launches import RecipeSource, Starting


@pytest.fixture
def begun(home: Home) -> FakeRun:
    """A run that is being prepared still."""
    return FakeRun(home, "begun").begin()


async def handed_over(screen: Screen, run: FakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sheet of a recipe that a worker has just taken."""
    await screen.sees("begun")
    monkeypatch.setattr(screen.app.bridge, "check", lambda source: 1)
    screen.app.page.open_sheet(LaunchSheet(RecipeSource("begun.toml", Path("begun.toml"))))
    await screen.sees("Start begun.toml")
    screen.app.post_message(messages.RunStarted(read_info(run.paths), 1))
    screen.app.post_message(messages.LaunchAdvanced(1, waiting(), run_id=run.id))
    await screen.until(lambda: "enter Watch it" in screen.footer, "the keys of a run that has begun")


async def test_its_log_is_one_key_away(home: Home, begun: FakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    begun.prints("loading the model\n")
    async with showing(home) as screen:
        await handed_over(screen, begun, monkeypatch)
        await screen.press("l")
        await screen.sees("[4 Run]")
        await screen.sees("[Log]")
        await screen.sees("loading the model")


async def test_stopping_asks_and_is_sent(home: Home, begun: FakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(home) as screen:
        await handed_over(screen, begun, monkeypatch)
        await screen.press("s")
        await screen.sees(f"Stop begun ({begun.short})? It has only just begun.")
        await screen.sees("▸ save a checkpoint and stop")
        await screen.press("enter")
        await screen.until(lambda: list(begun.paths.control.glob("*.json")), "the request")


async def test_what_does_not_fit_is_started_anyway_as_another_run(
    home: Home, begun: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[bool] = []

    def started(checked: object, launch: Launch) -> Started:
        forced.append(launch.force)
        return Started(FakeRun(home, "forced").begin().paths, 1, 4_711)

    monkeypatch.setattr("tui_finetune.launch.start.start", started)
    async with showing(home) as screen:
        await handed_over(screen, begun, monkeypatch)
        bridge = screen.app.bridge
        bridge._starting = Starting(1, RecipeSource("begun.toml"), home, lambda: Launch(home), bridge.post)
        bridge._starting._checked = object()  # type: ignore[assignment]
        await screen.press("ctrl+r")
        await screen.says("Start anyway: It was not refused by its pre-flight.")
        begun.events.write("preflight_refused", what="memory", why="25.3 GB needed, 24.1 GB there.", fits=[], tried=3)
        begun.end("failed", reason="25.3 GB needed, 24.1 GB there.", step=None)
        await screen.sees("✗ 25.3 GB needed")
        await screen.press("ctrl+r")
        await screen.sees("process 4711 has taken over forced")
    assert forced == [True]
    assert begun.paths.root.is_dir(), "what was measured stays"
