"""What the Train screen shows of a document: one state, no widget."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.train.conftest import RECIPE
from tui_finetune.errors import Problem
from tui_finetune.live.document import Document, Origin
from tui_finetune.live.form import Form, Judged
from tui_finetune.live.spans import plain
from tui_finetune.live.train_page import Disk, draft_words, quiet_line, start_offer, thing_line
from tui_finetune.live.train_state import TrainState

GOOD = RECIPE.replace("weigth", "weight")
KEYS = {"item.write": "w", "view.reload": "R", "train.start": "ctrl+r"}


@pytest.fixture
def state(judged: Callable[[str], Judged], form_of: Callable[[str], Form], folder: Path) -> TrainState:
    document = Document.of(Origin("reviews.toml", GOOD, folder, folder / "reviews.toml"))
    state = TrainState(document, form_of(GOOD))
    state.take(judged(GOOD))
    return state


def test_changes_are_told_against_where_it_came_from(state: TrainState, judged: Callable[[str], Judged]) -> None:
    assert not state.changes
    text = GOOD.replace("3e-4", "1e-4")
    state.document.change(text)
    state.take(judged(text))
    assert [(one.key, one.before, one.after) for one in state.changes] == [("train.learning_rate", "3e-4", "1e-4")]
    assert state.beside.was == {"train.learning_rate": "3e-4"}
    assert state.against_words() == "the file → as it is here"


def test_a_run_s_recipe_can_be_told_against(state: TrainState, form_of: Callable[[str], Form]) -> None:
    state.against = ("old (k3f9)", form_of(GOOD.replace("128", "64")))
    assert [one.key for one in state.changes] == ["model.max_length"]
    assert state.against_words() == "old (k3f9) → this recipe"


def test_what_a_check_found_is_of_that_text_alone(state: TrainState, judged: Callable[[str], Judged]) -> None:
    found = Problem("no split 'tset'.", "data.test", line=3)
    state.checked(GOOD, [found], {})
    assert list(state.problems) == [found]
    assert next(row for row in state.rows() if row.id == "data.test").problems == (found,)
    assert not start_offer(state.document, state.judged, state.found).on
    assert start_offer(state.document, state.judged, state.found).why == "1 problem: test."
    text = GOOD.replace("0.1", "0.2", 1)
    state.document.change(text)
    state.take(judged(text))
    assert list(state.problems) == []
    assert start_offer(state.document, state.judged, state.found).on


def test_counted_rows_hold_until_the_data_are_others(state: TrainState, judged: Callable[[str], Judged]) -> None:
    state.checked(GOOD, [], {"train": 160, "validation": 20})
    assert state.beside.facts["train.num_train_epochs"] == "30 steps in all"
    for old, new, held in (("3e-4", "1e-4", True), ("validation = 0.1", "validation = 0.2", False)):
        text = GOOD.replace(old, new)
        state.document.change(text)
        state.take(judged(text))
        assert bool(state.beside.facts) == held


def test_the_form_stays_while_the_text_is_no_toml(state: TrainState, judged: Callable[[str], Judged]) -> None:
    rows = len(state.rows())
    state.document.change("task = [")
    state.take(judged("task = ["))
    assert len(state.rows()) == rows
    assert len(state.problems) == 1


def test_a_key_is_shown_wherever_it_was_hidden(state: TrainState) -> None:
    state.search = "nothing"
    assert state.show("train.warmup_steps") == "train.warmup_steps"
    assert state.show("train.warmup_steps") in [row.id for row in state.rows()]
    assert state.show("run") == "[run]"
    assert "run.seed" in [row.id for row in state.rows()]
    assert state.show("data.labels.2") == "data.labels"


def test_lines_of_the_file_lead_to_their_keys(state: TrainState) -> None:
    lines = GOOD.split("\n")
    at = next(number for number, text in enumerate(lines, start=1) if text.startswith("learning_rate"))
    assert state.key_of_line(at) == "train.learning_rate"
    assert state.key_of_line(1) == ""
    row = next(row for row in state.rows() if row.id == "train.learning_rate")
    assert state.line_of(row) == at


def test_the_second_line_and_the_message_line_say_how_it_stands(
    state: TrainState, judged: Callable[[str], Judged]
) -> None:
    def thing() -> str:
        return plain(thing_line(state.document, state.judged, state.disk, 80))

    def quiet() -> str:
        return plain(quiet_line(state.document, state.judged, state.found, state.disk, KEYS))

    assert thing().split() == ["reviews.toml", "as", "written", "text-classification"]
    assert "ctrl+r" in quiet()
    state.document.change(RECIPE)
    state.take(judged(RECIPE))
    assert "changed, not yet written" in thing()
    assert quiet() == "1 problem; starting waits for it."
    state.disk = Disk(changed=1_700_000_000.0)
    assert "changed on disk" in thing()
    assert "R reads it, w asks before it overwrites" in quiet()
    state.disk = Disk(gone=True)
    assert "w writes it again" in quiet()
    assert plain(quiet_line(state.document, None, (), Disk(), KEYS)) == "Checking the recipe …"
    assert start_offer(None, None, ()).why == "Choose what to start from first."
    assert draft_words(0, 840) == "changes of 14 m ago, not written to a file"
