"""The one table of actions: one meaning a key, a method for each action, and its renderings."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections import defaultdict

import pytest
from textual.message import Message
from textual.widget import Widget

import tui_finetune.ui
from tests.conftest import REPOSITORY
from tui_finetune.live.offers import Offer
from tui_finetune.ui.actions import EVERYWHERE, FIELD, LIST, MEANINGS, SHEET, Keymap, Place, key_name, keymap_of
from tui_finetune.ui.help import help_lines
from tui_finetune.ui.keys_page import keys_page
from tui_finetune.ui.page import Page
from tui_finetune.ui.screens import SCREENS
from tui_finetune.ui.screens.runs.table import RunsTable
from tui_finetune.ui.widgets.filter import FilterRow
from tui_finetune.ui.widgets.sheet import ChoiceSheet

SAME_KEY = (
    {"grid.right", "run.log"},
    {"grid.left", "chart.left"},
    {"grid.right", "chart.right"},
    {"app.suspend", "label.undo"},
)
"""Two ids with one key: by kind of pane, never in the same one; ctrl+z undoes in the field of the labelling sheet alone."""


def owners() -> dict[str, type]:
    """Whose class each place is, by its name: pages, panes, sheets and fields of every module of the interface."""
    for found in pkgutil.walk_packages(tui_finetune.ui.__path__, "tui_finetune.ui."):
        importlib.import_module(found.name)
    kinds = [(one, one.__dict__.get(name)) for one in _below(Widget) for name in ("FIELD_PLACE", "PLACE")]
    return {place.name: one for one, place in kinds if isinstance(place, Place)}


def _below(kind: type) -> list[type]:
    below: list[type] = type.__subclasses__(kind)
    return [one for sub in below for one in (sub, *_below(sub))]


def all_places() -> list[tuple[str, Place]]:
    """Every place, and the screen that it belongs to."""
    found = [("", EVERYWHERE), ("", SHEET), ("", FIELD), ("", LIST)]
    return found + [(entry.name, place) for entry in SCREENS for place in entry.places()]


def test_no_key_means_two_things() -> None:
    """In one pane, on one screen, and across screens: who has learnt a key has learnt it everywhere."""
    ids: dict[str, set[str]] = defaultdict(set)
    for meaning in MEANINGS.values():
        for key in meaning.keys:
            ids[key].add(meaning.id)
    twice = {key: found for key, found in ids.items() if len(found) > 1}
    for key, found in twice.items():
        assert all({a, b} in SAME_KEY for a in found for b in found if a < b), (key, found)


@pytest.mark.parametrize("entry", SCREENS, ids=lambda entry: entry.name)
def test_where_keys_are_looked_up_each_stands_for_one_action(entry: object) -> None:
    screen, *panes_of = entry.places()  # type: ignore[attr-defined]
    for pane in panes_of:
        keys: dict[str, str] = {}
        for place in (pane, screen, EVERYWHERE):
            for action in place.actions:
                for key in action.meaning.keys:
                    assert keys.setdefault(key, action.id) == action.id, (pane.name, key)


def test_every_action_has_a_method_that_does_it() -> None:
    owned = {**owners(), EVERYWHERE.name: Page, SHEET.name: ChoiceSheet, FIELD.name: FilterRow, LIST.name: RunsTable}
    named = {place.name: place for _, place in all_places()}
    assert set(named) <= set(owned), "a place is the PLACE of a widget"
    for name, owner in owned.items():
        place: Place = named.get(name) or owner.__dict__.get("PLACE") or owner.__dict__["FIELD_PLACE"]
        for action in place.actions:
            assert inspect.isfunction(getattr(owner, action.method, None)), (name, action.id, owner)


def test_keys_that_a_multiplexer_or_a_plain_terminal_eats_are_never_the_only_way() -> None:
    eaten = {"ctrl+a", "ctrl+b", "ctrl+s", "ctrl+z", "ctrl+enter"}
    for meaning in MEANINGS.values():
        assert not set(meaning.keys) <= eaten, meaning.id
        assert not all(key.startswith("f") and key[1:].isdigit() for key in meaning.keys), meaning.id


def test_the_page_of_the_keys_is_that_of_the_table() -> None:
    assert (REPOSITORY / "docs" / "keys.md").read_text() == keys_page(), "make docs"


def test_the_page_has_every_action() -> None:
    page = keys_page()
    for _, place in all_places():
        for action in place.actions:
            assert f"| {action.id} |" in page
    for id in MEANINGS:
        assert f"| {id} |" in page


def test_help_tells_keys_and_why_one_is_off() -> None:
    lines = help_lines(
        [(SHEET, [(action, "because" if action.id == "list.up" else "") for action in SHEET.actions])],
        Keymap({"list.down": ("ctrl+n",)}),
        (("◆", "an evaluation"),),
        80,
    )
    text = "\n".join("".join(span.text for span in line) for line in lines)
    assert "ctrl+n" in text
    assert "off: because" in text
    assert "◆" in text


def test_a_person_moves_an_id_everywhere() -> None:
    keymap, problems = keymap_of({"run.stop": "S", "list.down": ["j", "ctrl+n"]})
    assert problems == []
    assert keymap.shown("run.stop") == "S"
    assert keymap.keys("list.down") == ("j", "ctrl+n")
    assert keymap.shown("list.up") == "k"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"run.stpo": "S"}, "keys.run.stpo: no such action. Did you mean run.stop?"),
        ({"run.stop": 3}, "keys.run.stop: a key, or a list of keys, in quotes."),
        ({"run.stop": ""}, "keys.run.stop: a key, or a list of keys, in quotes."),
        ({"run.stop": "q"}, "keys.run.stop: q is app.leave already; app.leave needs another key first."),
    ],
)
def test_keys_that_cannot_be_are_said_and_left_out(asked: dict[str, object], said: str) -> None:
    keymap, problems = keymap_of(asked)
    assert problems == [said]
    assert keymap.shown("run.stop") == "s"


@pytest.mark.parametrize(
    ("key", "character", "name"),
    [
        ("question_mark", "?", "?"),
        ("left_square_bracket", "[", "["),
        ("upper_g", "G", "G"),
        ("escape", "\x1b", "esc"),
        ("space", " ", "space"),
        ("pagedown", None, "pgdn"),
        ("ctrl+d", "\x04", "ctrl+d"),
        ("enter", "\r", "enter"),
        ("ctrl+j", "\n", "enter"),
        ("ä", "ä", "ä"),
    ],
)
def test_keys_are_named_as_people_name_them(key: str, character: str | None, name: str) -> None:
    assert key_name(key, character) == name


def test_an_offer_is_on_or_says_why() -> None:
    assert Offer(True).why == ""
    assert not Offer(False, "because").on


def test_no_two_messages_are_handled_by_the_same_name() -> None:
    """The app passes messages on by the name of their handler: what another screen tells must not be taken for one's own."""
    owners()
    ours = [one for one in _below(Message) if one.__module__.startswith("tui_finetune.")]
    told: list[type[Message]] = [one for one in ours if issubclass(one, Message)]
    named: dict[str, set[type]] = defaultdict(set)
    for one in told:
        named[one.handler_name].add(one)
    assert {name: found for name, found in named.items() if len(found) > 1} == {}
