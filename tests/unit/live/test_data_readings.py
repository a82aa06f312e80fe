"""Guesses at how files are to be read, their other readings, and the sets of a folder."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.live.test_data_page import FOUND, LOOK
from tui_finetune.live.data_readings import option_picks, option_words, reading_picks, set_picks
from tui_finetune.live.data_run import run_items, with_choice
from tui_finetune.live.data_set import Asked
from tui_finetune.live.spans import plain

SETS = [
    {"name": "en", "path": "/d/en.json", "source": "json", "splits": {"train": 1_190}},
    {"name": "ar", "path": "/d/ar.json", "source": "json", "splits": {"train": None, "test": None}},
]


@pytest.mark.parametrize(
    ("guess", "names", "values"),
    [
        ("a.csv has no header, by its first row; … data.options.names names them.",
         ["the first row names the columns", "names …"], {"header": True}),
        ("Quotes in a.tsv are taken as characters of the texts.", ["quotes are quotes"], {"quoting": True}),
        ('Blank lines part a.txt: a row is a paragraph. data.options.by = "line" takes lines.',
         ['by = "line"', "by …"], {"by": "line"}),
        ("a.csv is not UTF-8; read as cp1252. data.options.encoding names another.", ["encoding …"], None),
        ("Column target is taken as label.", [], None),
    ],
)  # fmt: skip
def test_a_guess_has_other_readings(guess: str, names: list[str], values: dict[str, Any] | None) -> None:
    picks = reading_picks(guess)
    assert [one.name for one in picks] == names
    assert not picks or picks[0].values == (None if values is None else {"options": values})


def test_options_are_chosen_beside_each_other_and_taken_back() -> None:
    asked = with_choice(with_choice(FOUND.asked, {"options": {"header": True}}), {"options": {"quoting": False}})
    assert not asked.same_rows(FOUND.asked)
    found = replace(FOUND, asked=asked)
    assert option_words(found) == "header = true, quoting = false"
    for pick in option_picks(found):
        asked = with_choice(asked, pick.values or {})
    assert asked == FOUND.asked


def test_another_set_is_another_reading_with_columns_of_its_own() -> None:
    asked = with_choice(replace(FOUND.asked, data={"columns": {"text": "x"}}), {"subset": "ar"})
    assert (asked.subset, asked.data) == ("ar", None)
    of_recipe = with_choice(Asked(recipe="/d/mine.toml"), {"subset": "ar"})
    assert of_recipe.chosen == {"subset": "ar"}
    assert not of_recipe.same_rows(Asked(recipe="/d/mine.toml"))


def test_the_sets_of_a_folder_are_lines_and_choices() -> None:
    told = "d/ holds 2 sets: en, ar. This is en; --set NAME takes another."
    guesses = [told, "Quotes in a are taken as characters of the texts."]
    found = replace(FOUND, look={**LOOK, "sets": SETS, "set": "en", "guesses": guesses})
    picks = set_picks(found)
    assert [(one.name, one.about, one.now) for one in picks] == [
        ("en", "json: train 1,190", True),
        ("ar", "json: train, test", False),
    ]
    keys = {one.key: plain(one.line) for one in run_items(found, 76) if one.key}
    assert keys["guess.1"].startswith("· Quotes in a")
    assert any(one.key == "set" and "en, one of 2" in plain(one.line) for one in run_items(found, 76))
