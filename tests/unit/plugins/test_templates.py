"""New plugins work as they are written: each loads, keeps the contract, and passes its own test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tui_finetune.errors import UserError
from tui_finetune.paths import Home
from tui_finetune.plugin_api.manager import load_catalog
from tui_finetune.plugin_api.templates import KINDS, new_plugin

GIVES = {
    "preprocessor": {"preprocessors": ["calm-texts"]},
    "source": {"sources": ["calm-texts"]},
    "task": {"tasks": ["calm-texts"]},
    "metric": {"metrics": ["calm_texts"]},
    "events": {"hooks": ["run_event"]},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_loads(home: Home, kind: str) -> None:
    plugin, test, *heavy = new_plugin(home.plugins, "calm_texts", kind)
    assert plugin == home.plugins / "calm_texts.py"
    assert test == home.plugins / "tests" / "test_calm_texts.py"
    assert [path.name for path in heavy] == (["calm_texts_heavy.py"] if kind == "task" else [])
    info = load_catalog(home).plugin("calm_texts")
    assert info is not None
    assert (info.health, info.notes) == ("works", []), info.traceback
    assert info.gives == GIVES[kind]
    assert info.help.startswith("Says in one sentence what calm_texts")
    for path in (plugin, test, *heavy):
        assert "my_plugin" not in path.read_text()
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "kind", [kind if kind != "task" else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS]
)
def test_its_own_test_passes(tmp_path: Path, kind: str) -> None:
    _, test, *_ = new_plugin(tmp_path, "calm_texts", kind)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", test.name],
        cwd=test.parent,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "a name is needed"),
        ("9lives", "letters, digits and underscores"),
        ("a-b", "letters, digits and underscores"),
        ("_hidden", "a letter first"),
        ("json", "Python already has a module json"),
        ("pluggy", "Python already has a module pluggy"),
        ("mine_heavy", "ends the name of a heavy half"),
        ("there", "is there already"),
    ],
)
def test_names_that_cannot_be_are_refused_and_nothing_is_written(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "there.py").write_text("")
    with pytest.raises(UserError, match=said):
        new_plugin(tmp_path, name)
    assert [path.name for path in tmp_path.iterdir()] == ["there.py"]


def test_a_kind_is_told_with_its_nearest_spelling(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"Did you mean source\?"):
        new_plugin(tmp_path, "mine", "sorce")


def test_a_test_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_mine.py").write_text("mine")
    with pytest.raises(UserError, match=r"test_mine.py is there already"):
        new_plugin(tmp_path, "mine")
    assert not (tmp_path / "mine.py").exists()
