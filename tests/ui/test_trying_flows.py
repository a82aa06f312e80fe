"""From a model that was trained to its answers and its errors, key by key, on real workers and a real helper."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui import seeing
from tests.ui.seeing import Screen, showing
from tests.worker.forked import ForkServer
from tests.worker.training import Ground, finished, write_rows
from tui_finetune.paths import Home
from tui_finetune.runs.info import RunInfo
from tui_finetune.ui.screens.predict.page import PredictPage

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A helper imports torch: on a busy machine that takes its time."""
    monkeypatch.setattr(seeing, "SECONDS", 120.0)


@pytest.fixture
def ground(home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path) -> Ground:
    return Ground(home, tiny_model, write_rows(tmp_path / "rows.csv"), sets={"data.test": 0.2})


@pytest.fixture
def trained(ground: Ground) -> RunInfo:
    return finished(ground.start("first", train__max_steps=8))


def typed(screen: Screen) -> str:
    page = screen.app.screen
    assert isinstance(page, PredictPage)
    return page.text


async def test_a_run_that_has_ended_is_tried_with_two_keys(home: Home, trained: RunInfo) -> None:
    """The end of flow (a): from the Run screen 6, then enter."""
    async with showing(home, open_run=trained.id) as screen:
        await screen.sees("[4 Run]")
        await screen.sees("✓ finished")
        await screen.press("6")
        await screen.sees("[6 Predict]")
        await screen.sees("3 labels")
        await screen.sees("enter tries this text of test")
        await screen.press("enter")
        await screen.sees("History 1")
        assert typed(screen)
        await screen.shows(lambda: sum("█" in line or "▏" in line for line in screen.lines) >= 1)
        label = screen.line_of("   a ") or screen.line_of("   b ")
        assert 0 <= float(label.split()[-1]) <= 1


async def test_one_sentence_two_models(home: Home, ground: Ground, trained: RunInfo) -> None:
    """Flow (e)."""
    other = finished(ground.start("second", train__max_steps=4, run__seed=7))
    async with showing(home) as screen:
        await screen.sees("second")
        await screen.press("6")
        await screen.sees("[6 Predict]")
        await screen.type("red round red")
        await screen.sees("tokens of 24")
        await screen.press("escape")
        await screen.until(lambda: "= Compare" in screen.footer, "the keys of the answer")
        await screen.press("=")
        await screen.sees("for the same labels")
        await screen.sees("first")
        await screen.press("enter")
        await screen.sees("[Compare]")
        await screen.until(lambda: "agree: " in screen.text or "differ: " in screen.text, "the line of agreement")
        await screen.sees(f"second {other.short}")
        await screen.sees(f"first {trained.short}")
        before = screen.lines[-3:0:-1]
        await screen.press("tab")
        await screen.type(" blue")
        assert typed(screen) == "red round red blue"
        await screen.until(lambda: screen.lines[-3:0:-1] != before, "both to answer anew")
        await screen.sees(f"{screen.line_of('tokens of 24').split()[1]} tokens of 24")
        helpers = [warm._helper.pid for warm in screen.app.screen.models._warm.values()]  # type: ignore[attr-defined]
        assert len({pid for pid in helpers if pid is not None}) == 2


async def test_a_model_is_evaluated_from_its_screen_and_its_errors_are_tried(home: Home, trained: RunInfo) -> None:
    async with showing(home, open_run=trained.id) as screen:
        await screen.sees("[4 Run]")
        await screen.sees("✓ finished")
        await screen.press("5")
        await screen.sees("[5 Evaluate]")
        await screen.sees("on test, 12 rows")
        await screen.press("v")
        await screen.sees(f"Evaluate first ({trained.short})")
        await screen.type("validation")
        await screen.press("enter")
        await screen.says("eval first validation has started, a run of its own.")
        await screen.sees("on validation, 12 rows")
        await screen.press("]", "]", "]", "/")
        for _ in range(len("wrong")):
            await screen.press("backspace")
        await screen.press("enter")
        await screen.sees("[Rows 12 of 12]")
        await screen.until(lambda: "–" not in screen.cursor, "the row under the cursor")
        text = screen.cursor.rstrip().rpartition("  ")[2].rstrip("…")
        await screen.press("x")
        await screen.sees("[6 Predict]")
        await screen.sees("tokens of 24")
        assert typed(screen).startswith(text)
