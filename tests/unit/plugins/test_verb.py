"""`plugins list|show`: what a person sees, and the JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from click.testing import CliRunner, Result

from tui_finetune.cli.main import cli
from tui_finetune.errors import UserError
from tui_finetune.paths import Home


def call(home: Home, arguments: Sequence[str]) -> Result:
    return CliRunner().invoke(cli, ["plugins", *arguments, "--home", str(home.root)])


@pytest.fixture
def broken(home: Home) -> Home:
    (home.plugins / "broken_verb.py").write_text("raise RuntimeError('no \\x1b[31mluck')")
    return home


def test_list_shows_health_version_and_what_each_gives(broken: Home) -> None:
    result = call(broken, ["list"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["health", "plugin", "version", "gives"]
    assert "tasks text-classification, token-classification" in lines[1]
    assert lines[2].split() == ["✗", "failed", "broken_verb", "file", "–"]
    assert "RuntimeError: no ␛[31mluck" in result.stdout
    assert "\x1b" not in result.stdout


def test_list_as_json(broken: Home) -> None:
    plugins = json.loads(call(broken, ["list", "--json"]).stdout)
    assert (plugins[0]["name"], plugins[0]["health"]) == ("builtin", "works")
    [failed] = [p for p in plugins if p["health"] == "failed"]
    assert (failed["name"], failed["hook"]) == ("broken_verb", "import")


def test_show_prints_the_traceback(broken: Home) -> None:
    result = call(broken, ["show", "broken_verb"])
    assert result.exit_code == 0
    assert "Traceback" in result.stdout
    assert "broken_verb.py" in result.stdout
    assert json.loads(call(broken, ["show", "builtin", "--json"]).stdout)["gives"]["tasks"]


def test_show_of_no_plugin_names_the_nearest(home: Home) -> None:
    result = call(home, ["show", "buildin"])
    assert isinstance(result.exception, UserError)
    assert "Did you mean builtin?" in str(result.exception)


def test_no_plugins_turns_third_parties_off(broken: Home) -> None:
    assert "· off" in call(broken, ["list", "--no-plugins"]).stdout
