"""The Train screen, key by key: the form, its file, problems while typing, files, drafts, copies of runs."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.fakes import FakeRun, finished_run
from tests.model_folders import model_folder
from tests.ui.seeing import Screen, showing
from tui_finetune.paths import Home
from tui_finetune.ui.app import TuiFinetune
from tui_finetune.ui.screens.train.drafts import ENDING
from tui_finetune.ui.screens.train.panes import StartsPane
from tui_finetune.ui.wants import TrainWanted

RECIPE = """\
# Mine, with comments.
name = "reviews"
task = "text-classification"

[data]
path = "reviews.csv"            # beside this file
validation = 0.2

[model]
path = "./model"

[train]
learning_rate = 3e-4            # found by trying
num_train_epochs = 2
"""


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe that has no problem, in the current folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    rows = "".join(f"text number {n},{'ab'[n % 2]}\n" for n in range(50))
    (folder / "reviews.csv").write_text(f"text,label\n{rows}")
    model_folder(folder / "model")
    path = folder / "reviews.toml"
    path.write_text(RECIPE)
    monkeypatch.chdir(folder)
    return path


@asynccontextmanager
async def opened(home: Home, path: Path, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Screen]:
    """The Train screen with a recipe's file, good or bad."""
    async with showing(home, size=size) as screen:
        await screen.sees("no runs yet" if not list(home.runs.iterdir()) else "[1 Runs]")
        screen.app.show_screen("train", TrainWanted(path=path))
        await screen.sees(path.name)
        yield screen


@asynccontextmanager
async def editing(home: Home, path: Path, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Screen]:
    """The same once it has been checked."""
    async with opened(home, path, size) as screen:
        await screen.until(lambda: "No problems." in screen.said or "problem" in screen.said, "the check")
        yield screen


async def go(screen: Screen, name: str) -> None:
    """The cursor onto the row of that name."""
    await screen.press("g")
    for _ in range(60):
        if screen.cursor[4:].startswith(f"{name} "):
            return
        await screen.press("j")
    raise AssertionError(f"no row {name}\n{screen.text}")


async def put(screen: Screen, name: str, typed: str) -> None:
    """Another value in the field of that name."""
    await go(screen, name)
    await screen.press("enter", "end", "ctrl+u")
    await screen.type(typed)
    await screen.press("enter")


async def test_the_forecast_before_a_start(home: Home, recipe: Path) -> None:
    like = FakeRun(home, "earlier", recipe=RECIPE, model=str(recipe.parent / "model")).begin().plan()
    like.events.write("forecast", step_seconds=0.25, peak_memory_bytes=512_000_000)
    like.end("finished", step=6)
    async with editing(home, recipe) as screen:
        await screen.press("]", "]")
        await screen.sees("[Forecast]")
        await screen.shows(lambda: screen.line_of("rows  ").split() == ["rows", "40"])
        await screen.shows(lambda: screen.line_of("steps  ").split() == ["steps", "6"])
        await screen.sees("about 2 s of training, memory 512 MB")
        await screen.sees(f"as earlier ({like.short}) took 0.25 s a step")
        await screen.sees("Pre-flight measures time, memory and disk on the device itself")
        recipe.with_name("reviews.csv").unlink()
        screen.app.page.changed(RECIPE.replace("num_train_epochs = 2", "num_train_epochs = 4"))  # type: ignore[attr-defined]
        await screen.sees("A forecast waits for these:")
        await screen.sees("no such file or folder")


async def test_without_a_recipe_the_screen_lists_what_to_start_from(home: Home) -> None:
    async with showing(home) as screen:
        await screen.press("3")
        await screen.sees("demo   ")
        await screen.sees("[3 Train]")
        await screen.sees("causal-lm ")
        await screen.shows(lambda: "no recipe open" in screen.lines[1])
        await screen.press("ctrl+r")
        await screen.shows(lambda: screen.said == "Start: Choose what to start from first.")
        await screen.press("escape")
        await screen.sees("[1 Runs]")


async def test_a_preset_fills_the_form(home: Home) -> None:
    async with showing(home) as screen:
        await screen.press("3")
        await screen.sees("guide   ")
        while "guide" not in screen.cursor:
            await screen.press("j")
        await screen.press("enter")
        await screen.says("No problems.")
        await screen.shows(lambda: "guide  a preset" in screen.lines[1])
        await screen.shows(lambda: "text-classification" in screen.lines[1])
        await screen.sees("stanfordnlp/imdb")
        await screen.sees("Problems 0")
        await screen.shows(lambda: screen.line_of("learning_rate").split() == ["learning_rate", "2e-5", "default"])


async def test_a_value_is_edited_in_place_marked_undone_and_done_again(home: Home, recipe: Path) -> None:
    async with editing(home, recipe) as screen:
        await go(screen, "learning_rate")
        await screen.press("enter", "end", "ctrl+u")
        await screen.type("2e-3")
        await screen.sees("100 times the usual 2e-5; allowed")
        await screen.shows(lambda: "f1 Help" in screen.footer)
        await screen.press("enter")
        await screen.sees("was 3e-4")
        await screen.shows(lambda: screen.cursor.split()[:3] == ["▸~", "learning_rate", "2e-3"])
        await screen.shows(lambda: "changed, not yet written" in screen.lines[1])
        await screen.sees("Changes 1")
        await screen.press("u")
        await screen.sees_not("was 3e-4")
        await screen.sees("Changes 0")
        await screen.press("U")
        await screen.sees("was 3e-4")
        await screen.press("u", "u")
        await screen.shows(lambda: screen.said == "Undo: Nothing to undo.")


async def test_escape_leaves_a_value_as_it_was(home: Home, recipe: Path) -> None:
    async with editing(home, recipe) as screen:
        await go(screen, "num_train_epochs")
        await screen.press("enter")
        await screen.type("9")
        await screen.press("escape")
        await screen.shows(lambda: screen.line_of("num_train_epochs").split()[:3] == ["▸", "num_train_epochs", "2"])
        await screen.shows(lambda: "as written" in screen.lines[1])


async def test_problems_stand_at_their_field_while_it_is_typed_and_after(home: Home, recipe: Path) -> None:
    async with editing(home, recipe) as screen:
        await go(screen, "num_train_epochs")
        await screen.press("enter", "ctrl+u")
        await screen.type("many")
        await screen.sees('✗ is "many"; expected a number.')
        await screen.press("enter")
        await screen.says("1 problem; starting waits for it.")
        await screen.shows(lambda: screen.cursor.startswith(" ▸✗ num_train_epochs"))
        await screen.sees("Problems 1")
        await screen.press("ctrl+r")
        await screen.shows(lambda: screen.said == "Start: 1 problem: num_train_epochs.")
        await screen.press("]", "]", "]")
        await screen.sees("[Problems 1]")
        await screen.at("train.num_train_epochs")
        await screen.press("enter")
        await screen.sees("[Form]")
        await screen.at("num_train_epochs")
        await screen.press("backspace")
        await screen.says("No problems.")
        await screen.shows(lambda: screen.line_of("num_train_epochs").split()[2:] == ["3", "was", "2"])


async def test_enter_mends_a_misspelt_key(home: Home, recipe: Path) -> None:
    recipe.write_text(RECIPE.replace("num_train_epochs = 2", "weigth_decay = 0.02       # keep me"))
    async with editing(home, recipe) as screen:
        await go(screen, "weigth_decay")
        await screen.sees("not a setting. Did you mean weight_decay?   (line 14)")
        await screen.sees("enter mends it: renames it to weight_decay, keeps 0.02 and its comment.")
        await screen.press("enter")
        await screen.says("No problems.")
        await screen.at("weight_decay")
        await screen.press("]")
        await screen.shows(
            lambda: (
                "weight_decay = 0.02       # keep me" in " ".join(screen.text.split()).replace("0.02 #", "0.02       #")
            )
        )


async def test_choices_are_picked_with_arrows_and_completed_with_tab(home: Home, recipe: Path) -> None:
    async with editing(home, recipe) as screen:
        await go(screen, "metrics")
        await screen.press("enter")
        await screen.sees("accuracy")
        await screen.type("f")
        await screen.sees("▸f1")
        await screen.press("tab")
        await screen.shows(lambda: screen.cursor.split()[1:3] == ["metrics", "f1"])
        await screen.type(", acc")
        await screen.sees("▸accuracy")
        await screen.press("down", "enter")
        await screen.sees("f1, accuracy")
        await go(screen, "task")
        await screen.press("enter", "down", "down", "up", "enter")
        await screen.sees_not("f1 Help")
        await screen.shows(lambda: screen.cursor.split()[1] == "task")
        await screen.shows(lambda: screen.cursor.split()[2] == "text2text-generation", "the task behind its own")


async def test_a_path_is_completed_from_the_recipe_s_folder(home: Home, recipe: Path) -> None:
    async with editing(home, recipe) as screen:
        await go(screen, "test")
        await screen.press("enter")
        await screen.type("rev")
        await screen.sees("▸reviews.csv  reviews.toml")
        await screen.press("tab")
        await screen.press("tab", "enter")
        await screen.sees_not("f1 Help")
        await screen.shows(lambda: screen.cursor.split()[2] == "reviews.csv")


async def test_search_finds_every_field_and_esc_shows_the_form_again(home: Home, recipe: Path) -> None:
    async with editing(home, recipe) as screen:
        assert "warmup_steps" not in screen.text
        await screen.press("/")
        await screen.type("warmup")
        await screen.sees("warmup_steps")
        assert "reviews.csv" not in screen.text
        await screen.press("enter")
        await screen.at("warmup_steps")
        await screen.press("enter")
        await screen.type("0.1")
        await screen.press("enter")
        await screen.sees("was 0")
        await screen.press("escape")
        await screen.sees("reviews.csv")
        await screen.shows(lambda: "warmup_steps" in screen.text, "what was set stays on the form")
        await screen.press("/")
        await screen.type("qqq")
        await screen.sees("No field has qqq")
        await screen.press("escape")
        await screen.sees("reviews.csv")


async def test_a_table_opens_to_all_its_fields(home: Home, recipe: Path) -> None:
    async with editing(home, recipe) as screen:
        await go(screen, "[model]")
        await screen.at("more, default")
        await screen.press("enter")
        await screen.sees("trust_remote_code")
        await screen.press("enter")
        await screen.sees_not("trust_remote_code")
        await screen.press("G")
        await screen.at("the other tables")
        await screen.press("enter", "g")
        await screen.sees("[run]")


async def test_writing_keeps_comments_and_permissions(home: Home, recipe: Path) -> None:
    recipe.chmod(0o664)
    async with editing(home, recipe) as screen:
        await screen.press("w")
        await screen.shows(lambda: screen.said == "Write: The file has it as it is.")
        await put(screen, "learning_rate", "1e-4")
        await screen.sees("was 3e-4")
        await screen.press("w")
        await screen.says("Written: ")
        assert recipe.read_text() == RECIPE.replace("3e-4", "1e-4")
        assert stat.S_IMODE(recipe.stat().st_mode) == 0o664
        await screen.shows(lambda: "as written" in screen.lines[1])
        await screen.until(lambda: not list(home.drafts.glob(f"*{ENDING}")), "the draft to go")


async def test_a_preset_asks_for_a_name_and_paths_lead_on(home: Home, recipe: Path) -> None:
    async with showing(home) as screen:
        screen.app.show_screen("train", TrainWanted(sample="csv"))
        await screen.sees("csv  a preset")
        await screen.press("w")
        await screen.sees("Write the recipe")
        await screen.press("ctrl+u")
        await screen.press("enter")
        await screen.shows(lambda: screen.said == "Write: a file name is needed.")
        await screen.type("reviews")
        await screen.press("enter")
        await screen.sees("is there already, with another text")
        await screen.press("enter")
        assert recipe.read_text() == RECIPE, "the safe choice is under the cursor"
        await screen.press("w", "ctrl+u")
        await screen.type("new.toml")
        await screen.press("enter")
        await screen.says("Written: ")
        text = (recipe.parent / "new.toml").read_text()
        assert "# Texts and labels in a CSV file of your own." in text
        assert "sample_configs/data/reviews.csv" in text.replace(os.sep, "/")
        await screen.shows(lambda: "new.toml  as written" in screen.lines[1])


async def test_a_file_that_somebody_else_changes_is_noticed(home: Home, recipe: Path) -> None:
    async with editing(home, recipe) as screen:
        await put(screen, "learning_rate", "1e-4")
        await screen.sees("was 3e-4")
        recipe.write_text(RECIPE.replace("num_train_epochs = 2", "num_train_epochs = 7"))
        await screen.sees("changed on disk")
        await screen.press("w")
        await screen.sees("was changed by somebody else since it was read")
        await screen.press("escape")
        await screen.press("R")
        await screen.says("Read again. u brings your edits back.")
        await screen.shows(lambda: screen.line_of("num_train_epochs").split()[1] == "7")
        await screen.press("u")
        await screen.sees("1e-4")
        await screen.press("w")
        await screen.says("Written: ")
        assert "learning_rate = 1e-4" in recipe.read_text()
        recipe.unlink()
        await screen.sees("its file is gone")
        await screen.press("w")
        await screen.says("Written: ")
        assert recipe.exists()


async def test_unsaved_changes_survive_the_end_and_are_offered_again(home: Home, recipe: Path) -> None:
    async with editing(home, recipe) as screen:
        await put(screen, "learning_rate", "1e-4")
        await screen.until(lambda: list(home.drafts.glob(f"*{ENDING}")), "the draft")
    async with showing(home) as screen:
        await screen.press("3")
        await screen.sees("changes of")
        await screen.at("reviews.toml")
        await screen.says("1 draft has changes that are in no file")
        await screen.press("enter")
        await screen.sees("was 3e-4")
        await screen.shows(lambda: "changed, not yet written" in screen.lines[1])
        await screen.press("u")
        await screen.sees_not("was 3e-4")
        await screen.until(lambda: not list(home.drafts.glob(f"*{ENDING}")), "the draft to go with its last change")
    assert recipe.read_text() == RECIPE


async def test_another_recipe_leaves_the_changed_one_as_a_draft(home: Home, recipe: Path) -> None:
    async with editing(home, recipe) as screen:
        await put(screen, "learning_rate", "1e-4")
        await screen.sees("was 3e-4")
        await screen.press("n")
        await screen.sees("fill-mask ")
        await screen.press("escape")
        await screen.shows(lambda: "was 3e-4" in screen.text, "esc goes back to it")
        await screen.press("n")
        await screen.sees("changes of")
        while "pairs" not in screen.cursor:
            await screen.press("j")
        await screen.press("enter")
        await screen.says("reviews.toml is kept as a draft with its changes; n lists it.")
        await screen.press("n")
        await screen.at("pairs")
        await screen.press("g")
        await screen.sees("changes of")
        await screen.press("ctrl+d")
        await screen.sees("they would be gone for good")
        await screen.press("j", "enter")
        await screen.says("The draft of reviews.toml is gone.")
        await screen.sees_not("changes of")


async def test_a_run_s_recipe_is_copied_and_the_difference_shown(home: Home, recipe: Path) -> None:
    run = finished_run(home, "old")
    text = RECIPE.replace('"reviews.csv"', f'"{recipe.parent / "reviews.csv"}"').replace(
        '"./model"', f'"{recipe.parent / "model"}"'
    )
    run.paths.request_toml.write_text(text)
    run.paths.recipe_toml.write_text(text)
    record = json.loads(run.paths.run_json.read_text())
    run.paths.run_json.write_text(json.dumps({**record, "model": str(recipe.parent / "model")}))
    async with showing(home) as screen:
        await screen.sees("✓ finished")
        await screen.press("e")
        await screen.sees("[3 Train]")
        await screen.sees(f"old  copy of old ({run.short})")
        await screen.says("No problems.")
        await put(screen, "num_train_epochs", "5")
        await screen.sees("was 2")
        await screen.press("[")
        await screen.sees("[Changes 1]")
        await screen.shows(lambda: screen.cursor.split()[1:] == ["num_train_epochs", "2", "→", "5"])
        await screen.sees(f"copy of old ({run.short}) → as it is here")
        await screen.press("1")
        await screen.press("n")
        await screen.sees(f"copy of old {run.short}")
        await screen.at(f"copy of old {run.short}")


async def test_any_recipe_is_compared_with_a_run_s(home: Home, recipe: Path) -> None:
    run = finished_run(home, "old")
    run.paths.request_toml.write_text(RECIPE.replace("3e-4", "9e-4"))
    run.paths.recipe_toml.write_text(RECIPE.replace("3e-4", "9e-4"))
    async with editing(home, recipe) as screen:
        await screen.until(lambda: screen.app.listing.rows, "the runs")
        await screen.press("=")
        await screen.sees("Compare this recipe with")
        await screen.press("j", "enter")
        await screen.sees(f"old ({run.short}) → this recipe")
        await screen.sees("9e-4 → 3e-4")


async def test_what_the_check_finds_goes_to_its_row(home: Home, recipe: Path) -> None:
    """Data and model are looked at on ctrl+r; all problems come at once, in the sheet and on the form."""
    recipe.write_text(RECIPE.replace("validation = 0.2", 'validation = 0.2\ntest = "tset"'))
    async with opened(home, recipe) as screen:
        await screen.says("No problems.")
        await screen.press("ctrl+r")
        await screen.sees("Start reviews.toml")
        await screen.sees("'tset' is no split of this data")
        await screen.press("enter")
        await screen.shows(lambda: screen.said == "Start: The check has found problems.")
        await screen.press("escape")
        await screen.says("1 problem; starting waits for it.")
        await go(screen, "test")
        await screen.shows(lambda: screen.cursor.startswith(" ▸✗ test"))
        await screen.press("backspace")
        await screen.says("No problems.")
        await screen.press("ctrl+r")
        await screen.sees("✓ data: train 40, validation 10 rows, 2 labels")
        await screen.press("escape")
        await screen.sees("6 steps in all")
        await screen.shows(
            lambda: screen.line_of("per_device_train_batch_size").split()[1:] == ["16", "3", "steps", "an", "epoch"]
        )


async def test_details_and_copying(home: Home, recipe: Path) -> None:
    async with editing(home, recipe) as screen:
        await go(screen, "learning_rate")
        await screen.press("d")
        await screen.sees("Details of train.learning_rate")
        await screen.sees("the library's 5e-5 is high for a whole encoder")
        await screen.press("escape", "y")
        await screen.says("Copied 4 characters")
        assert (home.root / "copied.txt").read_text() == "3e-4"


async def test_the_editor_works_on_a_copy_and_its_text_comes_back(
    home: Home, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "editor.py"
    script.write_text(
        "import sys, pathlib\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "path.write_text(path.read_text().replace('3e-4', '5e-4'))\n"
    )
    monkeypatch.setattr(TuiFinetune, "suspend", lambda self: contextlib.nullcontext())
    monkeypatch.setenv("VISUAL", "")
    monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")
    async with editing(home, recipe) as screen:
        await screen.press("E")
        await screen.says("Read back from the editor")
        await screen.sees("was 3e-4")
        assert recipe.read_text() == RECIPE, "w writes it, nothing else does"
        await screen.press("E")
        await screen.shows(lambda: screen.said == "Nothing was changed in the editor.")
        monkeypatch.setenv("EDITOR", "/no/such/editor")
        await screen.press("E")
        await screen.says("/no/such/editor cannot be started")


async def test_what_is_no_toml_says_where_and_the_editor_or_undo_helps(home: Home, recipe: Path) -> None:
    recipe.write_text("task = \n")
    async with opened(home, recipe) as screen:
        await screen.says("1 problem; starting waits for it.")
        await screen.sees("(line 1)")
        await screen.press("]")
        await screen.shows(lambda: "✗task" in screen.text.replace(" ", ""))


POISON = "a\\u001b]52;c;x\\u0007[@click=app.quit]\\u202eb\\u009b31m"
"""As TOML writes it: a clipboard sequence, markup with an action, a turn of direction, a C1 control."""


async def test_control_characters_of_a_recipe_are_shown_not_sent(home: Home, recipe: Path) -> None:
    """In the form, its details, the file, the problems and the changes, as value, key, comment and file name."""
    recipe.write_text(
        RECIPE.replace('name = "reviews"', f'name = "{POISON}"').replace("# found", "# \u202e\u200b found")
        + f'"{POISON}" = "{POISON}"\noptim_args = "{"x" * 100_000}"\n'
    )
    named = recipe.with_name("a\u202e[x]\x9b.toml")
    recipe.rename(named)
    bad = {"\x1b", "\x07", "\x9b", "\u202e", "\u200b"}
    async with showing(home) as screen:
        await screen.sees("no runs yet")
        screen.app.show_screen("train", TrainWanted(path=named))
        await screen.sees("a␛]52;c;x␇[@click=app")
        await screen.sees("\\u202e[x]\\x9b.toml")
        for key in ("d", "escape", "enter", "escape", "]", "]", "]", "n"):
            await screen.press(key)
            assert not bad & set(screen.text), key
        await screen.sees("fill-mask ")
        assert screen.app.is_running


async def test_the_mouse_moves_and_opens(home: Home, recipe: Path) -> None:
    async with editing(home, recipe) as screen:
        await screen.sees("num_train_epochs")
        line = next(place for place, text in enumerate(screen.lines) if "num_train_epochs" in text)
        await screen.pilot.click(offset=(40, line))
        await screen.pilot.pause()
        await screen.shows(lambda: "num_train_epochs" in screen.cursor)
        await screen.pilot.click(offset=(40, line))
        await screen.sees("f1 Help")
        await screen.type("5")
        await screen.press("enter")
        await screen.sees("was 2")
        await screen.pilot.click(offset=(screen.rule.index("Changes"), 2))
        await screen.sees("[Changes 1]")


async def test_wide_screens_show_the_file_beside_the_form(home: Home, recipe: Path) -> None:
    async with editing(home, recipe, size=(120, 40)) as screen:
        await screen.sees("# Mine, with comments.")
        await go(screen, "num_train_epochs")
        await screen.sees("▸  14  num_train_epochs = 2")
        await screen.press("enter")
        await screen.says("Typing replaces the value")
        await screen.type("5")
        await screen.press("enter")
        await screen.sees("num_train_epochs = 5")
        await screen.press("tab")
        await screen.press("k", "enter")
        await screen.at("learning_rate")


async def test_below_80x24_it_says_how_the_recipe_stands(home: Home, recipe: Path) -> None:
    async with showing(home, size=(60, 10)) as screen:
        screen.app.show_screen("train", TrainWanted(path=recipe))
        await screen.sees("reviews.toml")
        await screen.sees("No problems.")


async def test_a_run_that_is_no_training_has_no_recipe_to_copy(home: Home) -> None:
    FakeRun(home, "measured", kind="evaluate").begin().end("finished")
    async with showing(home) as screen:
        await screen.sees("measured")
        await screen.press("e")
        await screen.shows(
            lambda: screen.said == "Edit a copy: Only training has a recipe to start from; this is evaluate."
        )


async def test_a_preset_takes_paths_of_the_folder_that_one_stands_in(home: Home, recipe: Path) -> None:
    """Not of the folder that it is installed in."""
    async with showing(home) as screen:
        screen.app.show_screen("train", TrainWanted(sample="csv"))
        await screen.sees("csv  a preset")
        await go(screen, "path")
        await screen.press("enter", "ctrl+u")
        await screen.type("rev")
        await screen.sees("▸reviews.csv  reviews.toml")


async def test_what_one_begins_with_is_described_whole(home: Home) -> None:
    async with showing(home) as screen:
        screen.app.show_screen("train")
        await screen.sees("What `tui-finetune demo` trains, about two and…")
        while "What `tui-finetune demo`" not in screen.cursor:
            await screen.press("j")

        def below() -> str:
            rows = screen.app.screen.query_one(StartsPane)
            return " ".join(" ".join(line.split()) for line in screen.lines[rows.region.y + 1 + rows.room : -2])

        await screen.until(lambda: "What `tui-finetune demo` trains, about two and" in below(), "the whole of it below")
        assert "…" not in below()
