"""The Train screen in a real terminal: the editor has it for itself, and no edit is lost, however the program ends."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from tests.ui.terminal import Terminal
from tui_finetune.paths import Home
from tui_finetune.ui.memory import memory_file
from tui_finetune.ui.screens.train.drafts import ENDING

RECIPE = 'task = "text-classification"\n[data]\nsource = "stdlib-docs"\n[model]\npath = "builtin:all-MiniLM-L6-v2"\n'
EDITOR = """\
import pathlib, sys
path = pathlib.Path(sys.argv[1])
print("EDITOR HAS", path.name, flush=True)
sys.stdin.readline()
path.write_text(path.read_text() + "max_length = 77\\n")
"""
CTRL_Q = "\x11"


@pytest.fixture
def recipe(home: Home, tmp_path: Path) -> Path:
    """A recipe that was open before: the list of beginnings has it first."""
    path = tmp_path / "mine.toml"
    path.write_text(RECIPE)
    memory_file(home.root).write_text(json.dumps({"v": 1, "recipes": [str(path)]}))
    return path


def opened(terminal: Terminal) -> None:
    terminal.sees("No runs yet.")
    terminal.type("3")
    terminal.sees("mine.toml")
    terminal.type("\r")
    terminal.sees("No problems.")


def drafts(home: Home) -> list[Path]:
    return list(home.drafts.glob(f"*{ENDING}"))


def test_the_editor_has_the_terminal_and_gives_it_back(home: Home, recipe: Path, tmp_path: Path) -> None:
    script = tmp_path / "editor.py"
    script.write_text(EDITOR)
    with Terminal(home, environ={"EDITOR": f"{sys.executable} {script}", "VISUAL": ""}) as terminal:
        opened(terminal)
        terminal.type("E")
        terminal.sees("EDITOR HAS mine.toml")
        assert terminal.restored, "the editor's terminal is as the shell's"
        terminal.forget()
        terminal.type("any line\n")
        terminal.sees("Read back from the editor")
        terminal.sees("77")
        terminal.until(lambda: drafts(home), "the draft")
        assert recipe.read_text() == RECIPE
        terminal.type(CTRL_Q)
        assert terminal.wait() == 0


def test_an_edit_is_kept_though_the_program_is_left_at_once(home: Home, recipe: Path) -> None:
    with Terminal(home) as terminal:
        opened(terminal)
        terminal.type("\rmy-name\r" + CTRL_Q)
        assert terminal.wait() == 0
    (draft,) = drafts(home)
    assert 'name = "my-name"' in json.loads(draft.read_text())["text"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_an_edit_is_offered_again_however_the_program_ended(home: Home, recipe: Path, number: signal.Signals) -> None:
    with Terminal(home) as terminal:
        opened(terminal)
        terminal.type("\rmy-name\r")
        terminal.until(lambda: drafts(home), "the draft")
        terminal.signal(number)
        terminal.wait()
    with Terminal(home) as terminal:
        terminal.sees("No runs yet.")
        terminal.type("3")
        terminal.sees("1 draft has changes that are in no file")
        terminal.type("\r")
        terminal.sees("my-name")
