"""The Predict screen, key by key, with a helper that needs no model."""

from __future__ import annotations

import csv
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.fakes import FakeRun
from tests.measured import model_card, store, trained_run
from tests.ui.seeing import Screen, showing
from tests.waiting import wait_for
from tui_finetune.inference.client import HelperSpec
from tui_finetune.paths import Home
from tui_finetune.ui.screens.predict.page import PredictPage

Mode = Callable[[str], None]


@pytest.fixture(autouse=True)
def mode(monkeypatch: pytest.MonkeyPatch) -> Mode:
    """How the helpers behave that are started from now on."""

    def choose(name: str) -> None:
        command = [sys.executable, "-m", "tests.fake_helper", name]
        monkeypatch.setattr(HelperSpec, "command", lambda self: command)

    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    choose("answers")
    return choose


@pytest.fixture
def run(home: Home) -> FakeRun:
    """A run with a model; its test rows are short."""
    made = trained_run(home, "lengths")
    store(made.paths, [("tiny", "short", "short", 0.9), ("something longer", "long", "long", 0.8)])
    return made


def page(screen: Screen) -> PredictPage:
    found = screen.app.screen
    assert isinstance(found, PredictPage)
    return found


def pids(screen: Screen) -> list[int]:
    """Processes of the helpers that are warm."""
    found = [warm._helper.pid for warm in page(screen).models._warm.values() if warm._helper is not None]
    return [pid for pid in found if pid is not None]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def opened(screen: Screen) -> None:
    """The screen with its model loaded and its sample in the field."""
    await screen.sees("lengths")
    await screen.press("6")
    await screen.sees("[6 Predict]")
    await screen.sees("2 labels")
    await screen.sees("tiny")


async def test_what_is_typed_is_answered_with_all_scores(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.shows(lambda: "f1 Help" in screen.footer)
        await screen.type("a longer text")
        await screen.sees("0.750")
        await screen.shows(lambda: screen.line_of(" long ").split()[:2] == ["long", "0.750"])
        await screen.shows(lambda: "█" in screen.line_of("   long "))
        await screen.shows(lambda: "0.250" in screen.line_of("   short "))
        await screen.sees("3 tokens of 8")
        await screen.shows(lambda: "cpu · " in screen.lines[1])
        await screen.shows(lambda: " ms · 2 labels" in screen.lines[1])
        await screen.press("enter")
        await screen.says("Kept: long 0.750. History has 1.")
        await screen.sees("History 1")


async def test_the_cursor_of_a_field_is_seen_on_every_ground(home: Home, run: FakeRun) -> None:
    """The terminal's own colours turned round, not those of a theme: they may be those of the ground."""

    def own_colours(screen: Screen) -> set[bool]:
        strips = screen.app.screen._compositor.render_strips()
        styles = [one.style for strip in strips for one in strip if one.style is not None and one.style.reverse]
        return {all(part is None or part.is_default for part in (one.color, one.bgcolor)) for one in styles}

    async with showing(home) as screen:
        await opened(screen)
        await screen.type("ab")
        await screen.until(lambda: own_colours(screen), "the cursor in the text")
        assert own_colours(screen) == {True}
        await screen.press("escape", "]", "]", "]", "/")
        await screen.until(lambda: screen.app.page.filter_open, "the filter")
        await screen.until(lambda: own_colours(screen), "the cursor in the filter")
        assert own_colours(screen) == {True}


async def test_an_empty_field_offers_a_text_of_the_test_split(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.shows(lambda: "enter tries this text of test" in screen.said)
        await screen.press("enter")
        await screen.sees("0.750")
        assert page(screen).text == "tiny"
        await screen.says("Of test, where its label is short.")
        await screen.sees("History 1")


async def test_letters_of_the_field_are_text_and_esc_gives_the_keys_back(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.type("q?:[=m")
        assert page(screen).text == "q?:[=m"
        await screen.press("escape")
        await screen.until(lambda: "m Model" in screen.footer, "the keys of the answer")
        await screen.press("tab")
        await screen.until(lambda: "esc Leave field" in screen.footer, "the keys of the field")


async def test_the_helper_stays_warm_and_is_ended_by_stop_and_change(home: Home, run: FakeRun) -> None:
    trained_run(home, "other")
    async with showing(home) as screen:
        await screen.sees("lengths")
        await screen.press("6")
        await screen.sees("2 labels")
        await screen.type("one")
        await screen.sees("0.750")
        first = pids(screen)
        await screen.type(" two three")
        await screen.sees("3 tokens of 8")
        assert pids(screen) == first
        await screen.press("escape", "s")
        await screen.says("Freed: the next text loads the model again.")
        await wait_for(lambda: not alive(first[0]), "the helper to end")
        await screen.shows(lambda: "not loaded" in screen.lines[1])
        await screen.press("tab")
        await screen.type("x")
        await screen.sees("2 labels")
        second = pids(screen)
        assert second
        assert second != first
        await screen.press("escape", "m")
        await screen.sees("lengths")
        await screen.type("lengths")
        await screen.press("enter")
        await screen.sees("lengths " + run.short)
        await wait_for(lambda: not alive(second[0]), "the helper of the other model to end")


async def test_a_helper_that_dies_is_told_and_started_again_by_a_key(home: Home, run: FakeRun, mode: Mode) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.type("a longer text")
        await screen.sees("0.750")
        os.kill(pids(screen)[0], signal.SIGKILL)
        await screen.type("!")
        await screen.sees("gives no answer")
        await screen.sees("SIGKILL")
        await screen.sees("R starts it again")
        assert page(screen).text == "a longer text!"
        await screen.press("escape", "R")
        await screen.sees("0.750")
        assert page(screen).text == "a longer text!"


async def test_a_model_that_cannot_be_loaded_says_why(home: Home, run: FakeRun, mode: Mode) -> None:
    mode("refuses")
    async with showing(home) as screen:
        await screen.sees("lengths")
        await screen.press("6")
        await screen.sees("no weights.")
        await screen.sees("m chooses another one")


async def test_two_models_on_the_same_text(home: Home, run: FakeRun) -> None:
    other = trained_run(home, "second")
    trained_run(home, "alien", labels=("a", "b"))
    async with showing(home, open_run=run.id) as screen:
        await screen.sees("[4 Run]")
        await screen.sees("lengths")
        await screen.press("6")
        await screen.sees("2 labels")
        await screen.type("a longer text")
        await screen.sees("0.750")
        await screen.press("escape", "=")
        await screen.sees("for the same labels")
        await screen.sees("second")
        assert "alien" not in screen.text
        await screen.press("enter")
        await screen.sees("[Compare]")
        await screen.sees("agree: long, 0.750 and 0.750")
        await screen.sees(f"second {other.short}")
        await screen.press("tab")
        for _ in range(len("a longer text")):
            await screen.press("backspace")
        await screen.type("tiny")
        await screen.sees("agree: short")
        await screen.press("escape", "escape")
        await screen.sees("[One text]")


async def test_no_other_model_for_these_labels(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("escape", "=")
        await screen.says("Compare: No other model for these labels.")


async def test_the_history_is_kept_filtered_and_used_again(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.type("first")
        await screen.press("enter")
        await screen.sees("History 1")
        await screen.press("space")
        await screen.type("and more")
        await screen.press("enter")
        await screen.sees("History 2")
        await screen.press("up", "up")
        assert page(screen).text == "first"
        await screen.press("down")
        assert page(screen).text == "first and more"
        await screen.press("escape", "[")
        await screen.sees("[History 2]")
        await screen.at("first and more")
        await screen.press("/")
        await screen.type("short")
        await screen.sees_not("first and more")
        await screen.press("enter", "enter")
        await screen.sees("[One text]")
        assert page(screen).text == "first"
    async with showing(home) as screen:
        await opened(screen)
        await screen.sees("History 2")


async def test_a_file_is_predicted_beside_what_is_typed(home: Home, run: FakeRun, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("text,more\n" + "\n".join(f"{'a longer text' if n % 3 else 'tiny'},{n}" for n in range(90)) + "\n")
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("escape", "]")
        await screen.sees("enter chooses one")
        await screen.press("enter")
        await screen.sees("Predict a file")
        await screen.type(str(file))
        await screen.press("enter")
        await screen.says("rows-predicted.csv written: 90 rows.")
        await screen.sees("67 %")
        await screen.shows(lambda: screen.line_of("67 %").split()[:1] == ["long"])
        await screen.shows(lambda: "60" in screen.line_of("67 %"))
        await screen.at("tiny")
        await screen.press("enter")
        await screen.sees("Row 0 of rows.csv")
        await screen.sees(" answer  short")
        await screen.press("escape")
        with (tmp_path / "rows-predicted.csv").open() as written:
            rows = list(csv.DictReader(written))
        assert [row["label"] for row in rows[:3]] == ["short", "long", "long"]
        assert [row["more"] for row in rows[:3]] == ["0", "1", "2"]


async def test_a_file_that_is_not_there_is_told(home: Home, run: FakeRun, tmp_path: Path) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("escape", "]", "enter")
        await screen.type(str(tmp_path / "none.csv"))
        await screen.press("enter")
        await screen.sees("✗ nothing written")
        await screen.shows(lambda: "none.csv:nosuchfile." in "".join(screen.text.split()), "the reason")


async def test_a_file_can_be_stopped(home: Home, run: FakeRun, tmp_path: Path, mode: Mode) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("text\n" + "tiny\n" * 9)
    async with showing(home) as screen:
        await opened(screen)
        mode("slow")
        await screen.press("escape", "]", "enter")
        await screen.type(str(file))
        await screen.press("enter")
        await screen.sees("of 9")
        await screen.press("s")
        await screen.says("rows.csv: stopped, nothing was written.")
        assert sorted(path.name for path in tmp_path.glob("rows*")) == ["rows.csv"]


async def test_the_end_of_the_program_says_what_it_ends(home: Home, run: FakeRun, tmp_path: Path, mode: Mode) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("text\n" + "tiny\n" * 9)
    async with showing(home) as screen:
        await opened(screen)
        mode("slow")
        await screen.press("escape", "]", "enter")
        await screen.type(str(file))
        await screen.press("enter")
        await screen.sees("of 9")
        await screen.press("ctrl+q")
        await wait_for(lambda: screen.app.return_value is not None, "the end")
        assert "rows.csv is not predicted: " in str(screen.app.return_value)
        assert sorted(path.name for path in tmp_path.glob("rows*")) == ["rows.csv"]


async def test_a_folder_with_a_tagger_marks_the_words(home: Home, tmp_path: Path) -> None:
    folder = model_card(tmp_path / "tagger", ["O", "B-PER", "I-PER"], task="token-classification")
    async with showing(home) as screen:
        await screen.sees("No runs yet")
        await screen.press("6")
        await screen.sees("No run here has a model yet")
        await screen.press("m")
        await screen.type(f"{folder}")
        await screen.press("enter")
        await screen.sees("3 labels")
        await screen.type("meet Ada Lovelace")
        await screen.sees("PER  Ada Lovelace")
        text = next(place for place, one in enumerate(screen.lines) if one.startswith(" meet Ada Lovelace"))
        await screen.shows(lambda: screen.lines[text + 1].startswith("      PER"))


async def test_pairs_have_two_fields(home: Home) -> None:
    trained_run(home, "pairs", pairs=True)
    async with showing(home) as screen:
        await screen.sees("pairs")
        await screen.press("6")
        await screen.sees("second text")
        await screen.type("first of them")
        await screen.says("The second text is missing")
        await screen.press("tab")
        await screen.type("and the other")
        await screen.sees("0.750")
        await screen.sees("6 tokens of 8")


async def test_the_answer_is_copied_as_json(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("enter")
        await screen.sees("0.750")
        await screen.press("escape", "y")
        await screen.says("Copied")
        copied = json.loads((home.root / "copied.txt").read_text())
        assert (copied["model"], copied["label"]) == (run.id, "short")


async def test_pasted_text_keeps_its_lines_and_loses_what_a_terminal_obeys(home: Home, run: FakeRun) -> None:
    from textual import events

    async with showing(home) as screen:
        await opened(screen)
        page(screen).box.post_message(events.Paste("two\r\nlines\x1b[31m \u202eend"))
        await wait_for(lambda: page(screen).text, "the pasted text")
        assert page(screen).text == "two\nlines[31m end"


async def test_what_the_model_sees_and_what_is_known_of_it(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.type("a longer text")
        await screen.sees("0.750")
        await screen.press("escape", "t")
        await screen.sees("3 tokens of 8, as")
        await screen.sees("longer 1")
        await screen.press("escape", "d")
        await screen.sees(str(run.paths.model)[:20])


async def test_at_the_end_of_the_interface_no_helper_stays(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.type("a longer text")
        await screen.sees("0.750")
        warm = pids(screen)
        await screen.press("ctrl+q")
    await wait_for(lambda: not any(alive(pid) for pid in warm), "the helpers to end")


async def test_weights_that_are_newer_than_those_in_memory_are_said(home: Home, run: FakeRun) -> None:
    async with showing(home) as screen:
        await opened(screen)
        run.begin().plan().step(150).end("finished", step=150, best_step=150)
        await screen.says(f"! {run.short} has newer weights: R loads them")
        before = pids(screen)
        await screen.press("escape", "R")
        await screen.sees("step 150")
        assert pids(screen) != before
        await screen.until(lambda: "newer" not in screen.said, "nothing newer any more")


@pytest.mark.parametrize("size", [(60, 20), (20, 4)])
async def test_where_there_is_no_room_the_answer_alone_is_told(home: Home, run: FakeRun, size: tuple[int, int]) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.type("a longer text")
        await screen.sees("0.750")
        await screen.pilot.resize_terminal(*size)
        await screen.sees("Needs 80x24")
        await screen.shows(lambda: run.short in screen.text)
        await screen.sees("long")
        await screen.pilot.resize_terminal(80, 24)
        await screen.sees("[6 Predict]")
