"""`settings`: one setting written at a time, the person's file otherwise as it was."""

from __future__ import annotations

import json

import pytest

from tests.calling import Cli
from tui_finetune.paths import Home


def test_what_is_set_is_listed_with_its_file(cli: Cli, home: Home) -> None:
    said = cli("settings")
    assert said.code == 0, said.err
    assert "theme            terminal" in said.out
    assert str(home.settings) in said.out


def test_one_is_set_and_the_rest_of_the_file_stays(cli: Cli, home: Home) -> None:
    home.settings.write_text('# mine\n[interface]\ntheme = "dark"  # at night\n\n[keys]\nrun.stop = "S"\n')
    assert cli("settings", "set", "refresh_seconds", "2").code == 0
    assert cli("settings", "set", "interface.ascii", "true").code == 0
    text = home.settings.read_text()
    assert text.startswith('# mine\n[interface]\ntheme = "dark"  # at night\n')
    found = json.loads(cli("settings", "--json").out)
    assert (found["theme"], found["ascii"], found["refresh_seconds"]) == ("dark", True, 2.0)
    assert (found["keys"], found["problems"]) == ({"run.stop": ["S"]}, [])


def test_keys_are_set_and_are_the_usual_ones_again(cli: Cli, home: Home) -> None:
    home.settings.write_text('[keys]\nrun.stop = "S"\n')
    said = cli("settings", "set", "keys.run.stop", "N", "ctrl+x", "--json")
    assert json.loads(said.out)["keys"] == {"run.stop": ["N", "ctrl+x"]}
    said = cli("settings", "unset", "keys.run.stop")
    assert (said.code, json.loads(cli("settings", "--json").out)["keys"]) == (0, {})
    assert "keys.run.stop is s " in said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("theme", "drak"), "'drak' is none of terminal, dark, light. Did you mean dark?"),
        (("them", "dark"), "them: not a setting. Did you mean theme?"),
        (("ascii", "perhaps"), "interface.ascii: true or false."),
        (("ascii", "true", "false"), "ascii: one value, and 2 are given."),
        (("refresh_seconds", "0"), "a number from 0.1 to 60"),
        (("keys.run.stop", "A"), "A is run.abort already"),
        (("keys.run.halt", "x"), "keys.run.halt: not a setting."),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_written(cli: Cli, home: Home, words: tuple[str, ...], told: str) -> None:
    said = cli("settings", "set", *words)
    assert said.code == 2
    assert told in said.err
    assert not home.settings.exists()


def test_a_file_that_is_not_toml_is_left_as_it_is(cli: Cli, home: Home) -> None:
    home.settings.write_text("[interface\n")
    said = cli("settings", "set", "theme", "dark")
    assert (said.code, home.settings.read_text()) == (2, "[interface\n")
    assert "is not TOML" in said.err


def test_a_wrong_value_of_before_does_not_stop_another(cli: Cli, home: Home) -> None:
    home.settings.write_text('[interface]\ntheme = "drak"\n')
    assert cli("settings", "set", "ascii", "true").code == 0
    said = cli("settings")
    assert "'drak' is none of" in said.err
    assert cli("settings", "unset", "theme").code == 0
    assert "drak" not in home.settings.read_text()
