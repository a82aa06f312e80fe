"""Rows are labelled on the Data screen, key by key; the file is as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.measured import store, trained_run
from tests.ui.seeing import Screen, showing
from tests.ui.test_data_recipe import use_model
from tests.ui.test_data_screen import looked, reviews
from tests.worker.forked import ForkServer
from tests.worker.training import finished
from tui_finetune.config.write import read_resolved
from tui_finetune.edits.overlay import RowEdits
from tui_finetune.edits.store import EditsFile
from tui_finetune.paths import Home
from tui_finetune.runs.store import RunStore
from tui_finetune.ui.screens.data.page import DataPage


@pytest.fixture(autouse=True)
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_finetune.ui.launches.usual_model", lambda home: "nobody/nothing")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.csv"
    path.write_text(reviews(30))
    return path


async def decide(screen: Screen, typed: str, then: str) -> None:
    """Types, takes what is meant, and waits for what comes next."""
    await screen.press(*typed, "enter")
    await screen.sees(then)


async def labelling(screen: Screen, data: Path) -> DataPage:
    """The sheet over the first row."""
    page = await looked(screen, data)
    await screen.until(lambda: page.edit_offer().on, "the edits read")
    await screen.press("e")
    await screen.sees("Row 0  ·  1 of 30")
    return page


def kept(page: DataPage) -> dict[str, RowEdits]:
    return {row_id: one for (row_id, _), one in EditsFile(page.edits.path).read().rows().items()}


async def test_a_queue_is_labelled_by_digits_letters_and_enter(home: Home, data: Path) -> None:
    before = data.read_bytes()
    async with showing(home) as screen:
        page = await labelling(screen, data)
        await screen.sees("my card number 0 is late")
        await screen.sees("1  bad  now")
        await decide(screen, "2", "Row 1  ·  2 of 30")
        await decide(screen, "so", "Row 2  ·  3 of 30")
        await decide(screen, "", "Row 3  ·  4 of 30")
        await decide(screen, "drop", "Row 4  ·  5 of 30")
        await screen.says("1 accepted")
        await screen.until(lambda: len(kept(page)) == 4, "four rows edited")
        found = kept(page)
        assert [found[f"reviews.csv:{n}"].cells.get("label") for n in (2, 3, 4, 5)] == ["good", "so-so", None, None]
        assert found["reviews.csv:4"].ok
        assert found["reviews.csv:5"].dropped

        await screen.press("ctrl+z")
        await screen.sees("Row 3  ·  4 of 30")
        await screen.press("ctrl+z")
        await screen.sees("Row 2  ·  3 of 30")
        await screen.until(lambda: len(kept(page)) == 2, "two of them undone")

        await screen.press("escape")
        await screen.sees_not("of 30 ")
        await screen.until(lambda: [line[2] for line in screen.lines[4:7]] == ["+", "+", " "], "edited rows marked")
        await screen.shows(lambda: "good" in screen.lines[4])
        await screen.press("u")
        await screen.says("Undone: reviews.csv:3.")
        await screen.press("U")
        await screen.says("Done again: reviews.csv:3.")
    assert data.read_bytes() == before


@pytest.mark.slow
async def test_a_text_is_corrected_and_a_note_is_left(home: Home, data: Path) -> None:
    async with showing(home) as screen:
        page = await labelling(screen, data)
        await screen.press(*"corr", "enter")
        await screen.sees("enter takes the corrected text")
        await screen.press("home", *"Oh, ", "enter")
        await screen.sees("+ text corrected")
        await screen.sees("Oh, my card number 0 is late")
        await screen.press(*"note", "enter", *"odd", "enter")
        await screen.sees("note: odd")
        await screen.press("x", "y", "z")
        await screen.sees("new label xyz")
        await screen.press("enter")
        await screen.sees("Row 1  ·  2 of 30")
        await screen.until(lambda: kept(page)["reviews.csv:2"].cells.get("label") == "xyz", "the new label")
        await screen.press("escape", "g", "enter")
        await screen.sees("+ label: bad → xyz")
        assert kept(page)["reviews.csv:2"].cells["text"] == "Oh, my card number 0 is late"


@pytest.mark.slow
async def test_tags_are_typed_one_a_word(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "names.jsonl"
    rows = [{"tokens": ["Anna", f"sleeps{n}"], "tags": ["B-PER", "O"]} for n in range(30)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    async with showing(home) as screen:
        page = await looked(screen, path)
        await screen.until(lambda: page.edit_offer().on, "the edits read")
        await screen.press("e")
        await screen.sees("other tags …")
        await decide(screen, "other", "enter takes the tags, with commas between")
        await screen.sees("B-PER, O")
        await screen.press("backspace", "backspace", "backspace", "enter")
        await screen.says("Each of 2 words has one tag; these are 1.")
        await screen.press(*", B-PER", "enter")
        await screen.sees("+ tags: B-PER O → B-PER B-PER")
        await screen.until(lambda: len(kept(page)) == 1, "a row edited")
        assert kept(page)["names.jsonl:1"].cells == {"tags": ["B-PER", "B-PER"]}


@pytest.mark.slow
async def test_the_rows_of_a_filter_are_a_queue_and_its_recipe_names_the_edits(home: Home, data: Path) -> None:
    async with showing(home) as screen:
        page = await looked(screen, data)
        await screen.until(lambda: page.edit_offer().on, "the edits read")
        await screen.press("u")
        await screen.says("Undo edit: No edits.")
        await screen.press("U")
        await screen.says("Redo edit: No edit was undone.")
        await screen.press("/", *"label:so-so stars>4", "enter")
        await screen.sees("[Rows 3 of 30]")
        await screen.press("e")
        await screen.sees("1 of 3")
        await decide(screen, "good", "2 of 3")
        await decide(screen, "", "3 of 3")
        await screen.press("enter")
        await screen.says("Row 26 accepted. That was the last one. Edits 1 changed, 2 accepted.")
        await screen.until(lambda: len(kept(page)) == 3, "three rows edited")
        await screen.until(lambda: page.edits.undoable, "the edits known")
        await screen.press("escape")
        await screen.until(lambda: not page.filter and page.new_offer().on, "all rows, and what a run would have")
        await screen.press("n")
        await screen.sees("[3 Train]")
        await screen.press("]")
        await screen.sees("edits = ")


@pytest.mark.slow
async def test_the_errors_of_an_evaluation_are_a_queue_in_their_data(home: Home, data: Path) -> None:
    run = trained_run(home, "reviewer", labels=("bad", "good", "so-so"))
    run.paths.recipe_toml.write_text(run.paths.recipe_toml.read_text().replace("/data/texts.csv", str(data)))
    lines = [line.split(",") for line in data.read_text().splitlines()[1:11]]
    rows = [(text, gold, "bad" if n in (4, 7) else gold, 0.9) for n, (text, gold, _) in enumerate(lines)]
    store(run.paths, rows, row_id=[f"reviews.csv:{n + 2}" for n in range(10)])
    async with showing(home) as screen:
        await screen.sees("reviewer")
        await screen.press("5")
        await screen.sees("[5 Evaluate]")
        await screen.sees("Errors 2")
        await screen.press("e")
        await screen.says("Edit: No rows are shown.")
        await screen.press("]", "]", "]")
        await screen.sees("[Errors 2]")
        await screen.sees("my phone number 4")
        await screen.press("e")
        await screen.sees("[Rows 2 of 30]")
        await screen.says("Errors 2 of reviewer")
        page = screen.app.page
        assert isinstance(page, DataPage)
        await screen.until(lambda: page.edit_offer().on, "the edits read")
        await screen.press("e")
        await screen.sees("1 of 2")
        await decide(screen, "so", "2 of 2")
        await screen.press(*"drop", "enter")
        await screen.until(lambda: len(kept(page)) == 2, "both edited")
        assert set(kept(page)) == {"reviews.csv:6", "reviews.csv:9"}


@pytest.mark.slow
async def test_from_the_first_key_to_a_run_that_names_its_edits(
    home: Home,
    data: Path,
    tiny_model: Path,
    workers: ForkServer,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = data.read_bytes()
    monkeypatch.chdir(data.parent)
    async with showing(home) as screen:
        page = await labelling(screen, data)
        await decide(screen, "2", "Row 1  ·  2 of 30")
        await decide(screen, "drop", "Row 2  ·  3 of 30")
        await decide(screen, "", "Row 3  ·  4 of 30")
        await screen.until(lambda: page.edits.counts.get("rows") == 3, "three rows edited")
        await screen.press("escape")
        await screen.sees_not("4 of 30")
        await use_model(screen, page, tiny_model)
        await screen.until(lambda: page.edit_offer().on and page.new_offer().on, "the edits of what was opened again")
        await screen.press("w")
        await screen.sees("Write the recipe")
        await screen.press("ctrl+u", *"mine", "enter")
        await screen.says("Written:")
    said = cli("train", "mine.toml", "--set", "run.device=cpu", "--set", "train.max_steps=2")
    assert said.code == 0, said.err
    run = finished(RunStore(home).list()[0])

    used = read_resolved(run.paths.recipe_toml)
    assert used.data.edits == str(run.paths.edits)
    told = used.resolved["edits"]
    assert told["path"] == str(page.edits.path)
    assert (told["rows"], told["set"], told["dropped"], told["ok"]) == (3, 1, 1, 1)
    assert sum(used.resolved["rows"].values()) == 29
    kept_lines = run.paths.edits.read_bytes()
    assert cli("data", "edits", "undo", str(data)).code == 0
    assert run.paths.edits.read_bytes() == kept_lines != page.edits.path.read_bytes()
    assert data.read_bytes() == before
