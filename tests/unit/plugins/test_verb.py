"""`plugins list|show`: what a person sees, and the JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.calling import Cli
from tui_finetune.cli import main
from tui_finetune.errors import UserError
from tui_finetune.paths import Home


def call(home: Home, arguments: Sequence[str]) -> Result:
    return CliRunner().invoke(main.cli, ["plugins", *arguments, "--home", str(home.root)])


@pytest.fixture
def broken(home: Home) -> Home:
    (home.plugins / "broken_verb.py").write_text("raise RuntimeError('no \\x1b[31mluck')")
    return home


def test_list_shows_health_version_and_what_each_gives(broken: Home) -> None:
    result = call(broken, ["list"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["health", "plugin", "version", "gives"]
    assert re.search(r"\d+ tasks, \d+ sources", lines[1])
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


def test_off_and_on(broken: Home, cli: Cli) -> None:
    said = cli("plugins", "off", "broken_verb")
    assert (said.code, said.out) == (0, "")
    assert said.err == "broken_verb is off. Runs in progress keep what they started with.\n"
    assert "· off" in cli("plugins", "list").out
    assert "switched off" in cli("plugins", "show", "broken_verb").out
    assert cli("plugins", "off", "broken_verb").err == "broken_verb is off already.\n"
    assert cli("plugins", "on", "broken_verb", "--json").json == {"name": "broken_verb", "on": True, "changed": True}
    assert "✗ failed" in cli("plugins", "list").out


def test_one_that_ends_the_program_can_be_switched_off(home: Home, cli: Cli) -> None:
    (home.plugins / "killer_plugin.py").write_text("import os\nos._exit(9)")
    assert cli("plugins", "off", "killer_plugin").code == 0
    assert "· off" in cli("plugins", "list").out


def test_what_cannot_be_switched_is_said(broken: Home, cli: Cli) -> None:
    assert "builtin is the program itself." in cli("plugins", "off", "builtin").err
    unknown = cli("plugins", "off", "broken_verbs")
    assert unknown.code == 2
    assert "Did you mean broken_verb?" in unknown.err


def test_one_that_is_gone_can_be_taken_off_the_list(broken: Home, cli: Cli) -> None:
    cli("plugins", "off", "broken_verb")
    (broken.plugins / "broken_verb.py").unlink()
    assert cli("plugins", "on", "broken_verb").code == 0
    assert cli("plugins", "on", "broken_verb").code == 2


def test_new_writes_one_that_is_there_at_once(home: Home, cli: Cli, tmp_path: Path) -> None:
    said = cli("plugins", "new", "calm_texts")
    assert said.out.splitlines() == [
        str(home.plugins / "calm_texts.py"),
        str(home.plugins / "tests" / "test_calm_texts.py"),
    ]
    assert "preprocessor calm-texts" in cli("plugins", "list").out
    elsewhere = cli("plugins", "new", "half", "--kind", "metric", "--folder", str(tmp_path / "mine"), "--json")
    assert elsewhere.json["files"][0] == str(tmp_path / "mine" / "half.py")
    assert "metric half" in cli("plugins", "list", "--plugin-dir", str(tmp_path / "mine")).out
    assert "is there already" in cli("plugins", "new", "calm_texts").err


def test_hooks_names_who_defines_them(home: Home, cli: Cli) -> None:
    cli("plugins", "new", "told", "--kind", "events")
    assert any(
        line.split() == ["run_event(run,", "event)", "builtin,", "told"]
        for line in cli("plugins", "hooks").out.splitlines()
    )
    assert {"name", "signature", "help", "plugins"} == set(cli("plugins", "hooks", "--json").json[0])
