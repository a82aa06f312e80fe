"""A recipe made on the Data screen, by keys alone: columns, splits, steps and length chosen, written, trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calling import Cli
from tests.ui.seeing import Screen, showing
from tests.ui.test_data_screen import Write, looked, no_model, write
from tests.worker.forked import ForkServer
from tests.worker.training import finished
from tui_finetune.config.load import load_recipe
from tui_finetune.paths import Home
from tui_finetune.plugin_api.manager import load_catalog
from tui_finetune.runs.store import RunStore
from tui_finetune.ui.screens.data.page import DataPage

__all__ = ["no_model", "write"]

ROWS = "id,first,second,kind,other,author\n" + "".join(
    f"{i},<b>{('red round', 'blue square')[i % 2]}</b> {i},{'long ' * (i % 7)}words {i},"
    f"{('good', 'bad')[i % 2]},{('x', 'y', 'z')[i % 3]},writer{i % 12}\n"
    for i in range(72)
)


async def to_line(screen: Screen, text: str) -> None:
    """Moves the cursor of the focused list down to the line that has the text."""
    for _ in range(20):
        if any("▸" in line and text in line for line in screen.lines):
            return
        await screen.press("j")
    raise AssertionError(f"no line '{text}'\n{screen.text}")


async def choose(screen: Screen, page: DataPage, item: str, title: str, pick: str) -> None:
    """Opens the choice of a line of the run, and takes one of it."""
    await screen.press("g")
    await to_line(screen, f" {item} ")
    await screen.press("enter")
    await screen.sees(title)
    await screen.press("g")
    await to_line(screen, pick)
    await screen.press("enter")
    await screen.until(lambda: page.sheet is None and not page.choosing, f"{pick} to be chosen")


async def use_model(screen: Screen, page: DataPage, model: Path) -> None:
    await screen.press("m")
    await screen.sees("How ")
    await screen.press("end", "ctrl+u")
    await screen.type(str(model))
    await screen.press("enter")
    await screen.until(lambda: page.found is not None and page.found.tokenizer is not None, "the tokenizer")


@pytest.mark.slow
async def test_a_recipe_made_wholly_by_keys_trains(
    home: Home,
    write: Write,
    tmp_path: Path,
    tiny_model: Path,
    workers: ForkServer,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    async with showing(home) as screen:
        page = await looked(screen, write("rows.csv", ROWS))
        await use_model(screen, page, tiny_model)
        await screen.press("]", "]")
        await screen.at("balance")
        await to_line(screen, "strip-html")
        await screen.press("space")
        await screen.sees("changes nothing")
        await screen.press("shift+tab")
        await choose(screen, page, "text", "Column for text", "first")
        await screen.sees("- <b>")
        await choose(screen, page, "label", "Column for label", "other")
        await choose(screen, page, "validation", "Where validation comes from", "20 % of train")
        await choose(screen, page, "shares", "Shares of train", "groups of author")
        await screen.sees("whole groups of author, seed 42")
        await screen.press("d")
        await screen.sees("How labels fall")
        await screen.press("escape")
        await screen.sees_not("How labels fall")
        await choose(screen, page, "max length", "Maximum length", "fits 99 %")
        await screen.press("w")
        await screen.sees("Write the recipe")
        await screen.press("ctrl+u")
        await screen.type("mine")
        await screen.press("enter")
        await screen.says("Written:")
    recipe = load_recipe(tmp_path / "mine.toml", catalog=load_catalog(home)).recipe
    assert recipe.data.columns == {"text": "first", "label": "other"}
    assert (recipe.data.validation, recipe.data.groups) == (0.2, "author")
    assert [step.use for step in recipe.preprocess] == ["strip-html"]
    assert recipe.preprocess[0].options == {"columns": ["first"]}
    assert page.found is not None
    assert recipe.model.max_length == page.found.max_length < 64
    said = cli("train", str(tmp_path / "mine.toml"), "--set", "run.device=cpu", "--set", "train.max_steps=4")
    assert said.code == 0, said.err
    finished(RunStore(home).list()[0])
