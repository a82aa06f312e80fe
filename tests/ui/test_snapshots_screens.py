"""Whole screens of Data, Evaluate and Predict as text, as they were reviewed; written anew as those of Runs and Run are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.measured import store, trained_run
from tests.ui.seeing import Screen, showing
from tests.ui.test_data_screen import looked, no_model, reviews
from tests.ui.test_evaluate_screen import LABELS, many_rows
from tests.ui.test_snapshots import _one_machine, compare, same_everywhere
from tui_finetune.paths import Home
from tui_finetune.ui.screens.data.check_panes import FindingsTable
from tui_finetune.ui.wants import DataWanted

__all__ = ["_one_machine", "no_model"]
pytestmark = pytest.mark.slow

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


async def as_reviewed(screen: Screen, name: str, size: tuple[int, int], *there: str) -> None:
    """Waits for all that tells that it is whole, and compares."""
    for text in there:
        await screen.sees(text)
    await screen.until(lambda: screen.app.listing.whole and screen.app.machine is not None, "the machine's figures")
    await screen.pilot.pause()
    compare(f"{name}-{size[0]}x{size[1]}", same_everywhere(screen, screen.lines))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    path = folder / "reviews.csv"
    path.write_text(reviews(300) + "<b>my card</b> is late,bad,1\n,good,2\n")
    return path


@SIZES
async def test_data(home: Home, data: Path, size: tuple[int, int]) -> None:
    async with showing(home, size=size) as screen:
        page = await looked(screen, data)
        await as_reviewed(screen, "data-rows", size, "words: median 6")
        await screen.press("enter")
        await as_reviewed(screen, "data-row", size, "row 0, 1 of 302", "no tokens:")
        await screen.press("escape", "]", "j")
        await as_reviewed(screen, "data-columns", size, "▸ label", "3 values, the commonest first", "so-so  ")
        await screen.press("]", "]")
        await screen.until(lambda: page.query_one(FindingsTable).document is not None, "the findings")
        await as_reviewed(screen, "data-findings", size, "[Findings ")


@SIZES
async def test_data_that_cannot_be_opened(home: Home, data: Path, size: tuple[int, int]) -> None:
    bad = data.with_name("rows.jsonl")
    bad.write_text('{"text": "one", "label": "a"}\n{"text": \n{"text": "three", "label": "b"}\n')
    async with showing(home, size=size) as screen:
        screen.app.show_screen("data", DataWanted(str(bad)))
        await as_reviewed(screen, "data-failed", size, "cannot be opened", "line 2")


async def test_data_where_there_is_little_room(home: Home, data: Path) -> None:
    async with showing(home, size=(80, 24)) as screen:
        await looked(screen, data)
        await screen.pilot.resize_terminal(30, 6)
        await as_reviewed(screen, "data-rows", (30, 6), "302 rows")


@SIZES
async def test_evaluate(home: Home, size: tuple[int, int]) -> None:
    run = trained_run(home, "many", labels=LABELS)
    store(run.paths, many_rows(), labels=LABELS)
    async with showing(home, size=size) as screen:
        await screen.sees("many")
        await screen.press("5")
        await as_reviewed(screen, "evaluate-summary", size, "label_00 → label_01", "0.955", "Errors 9")
        for name, rule in (("labels", "[Labels 20]"), ("confusion", "[Confusion]"), ("errors", "[Errors 9]")):
            await screen.press("]")
            await screen.sees(rule)
            await as_reviewed(screen, f"evaluate-{name}", size, "label_00")


@SIZES
@pytest.mark.parametrize(("key", "name", "there"), [("5", "evaluate", "[5 Evaluate]"), ("6", "predict", "[6 Predict]")])
async def test_where_there_is_nothing_yet(home: Home, size: tuple[int, int], key: str, name: str, there: str) -> None:
    async with showing(home, size=size) as screen:
        await screen.sees("No runs yet")
        await screen.press(key)
        await as_reviewed(screen, f"{name}-empty", size, there)
