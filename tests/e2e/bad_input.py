"""What the tests of bad input share: a person's folder with rows, a model and a recipe, and what a refusal must look like."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calling import Said
from tui_finetune.paths import Home
from tui_finetune.runs.layout import STAGING_PREFIX

HEADER = "text,label\n"


def rows(count: int = 40, labels: tuple[str, ...] = ("bad", "good")) -> str:
    """Lines of a text and a label."""
    return "".join(f"this is text number {index},{labels[index % len(labels)]}\n" for index in range(count))


class Desk:
    """The folder in which a person works: `rows.csv`, `recipe.toml`, a model."""

    def __init__(self, folder: Path, home: Home) -> None:
        self.folder = folder
        self.home = home
        self.data = folder / "rows.csv"
        folder.mkdir()

    def write(self, content: str | bytes, name: str = "rows.csv") -> Path:
        """A file beside the recipe."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def recipe(self, model: Path | str, more: str = "", *, data: str = 'path = "rows.csv"') -> str:
        """A short training on rows.csv; `more` are further tables. Its path."""
        text = (
            f'task = "text-classification"\n[run]\ndevice = "cpu"\n[data]\n{data}\n'
            f'[model]\npath = "{model}"\nmax_length = 24\n[train]\nmax_steps = 3\nlogging_steps = 1\n{more}'
        )
        return str(self.write(text, "recipe.toml"))


@pytest.fixture
def desk(tmp_path: Path, home: Home) -> Desk:
    return Desk(tmp_path / "desk", home)


def refused(said: Said, *words: str, code: int = 2) -> None:
    """The verb ended with `code`, printed nothing but talk, and the talk has all of `words` and no traceback."""
    assert said.code == code, said
    assert said.out == ""
    plain(said.err)
    for part in words:
        assert part in said.err


def plain(text: str) -> None:
    """No traceback, not even a part of one."""
    assert "Traceback" not in text
    assert '  File "' not in text
    assert "Defect" not in text


def nothing_left(home: Home) -> None:
    """No run, and nothing half written anywhere in the home."""
    assert list(home.runs.iterdir()) == []
    nothing_half_written(home)


def nothing_half_written(home: Home) -> None:
    assert [str(path) for path in home.root.rglob("*") if path.name.startswith(STAGING_PREFIX)] == []
