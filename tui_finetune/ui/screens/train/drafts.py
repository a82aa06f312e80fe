"""Recipes with changes that no file has, kept in the home: what is typed survives the program's end, however it ends."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_finetune.errors import RecipeError
from tui_finetune.live.document import Document, Origin
from tui_finetune.paths import Home, private_folder
from tui_finetune.runs import atomic

ENDING = ".draft.json"


@dataclass(frozen=True)
class Draft:
    """One of them."""

    name: str
    title: str
    saved: float
    problem: str = ""
    """Why it cannot be read, where it cannot."""


class Drafts:
    """Those of a home. A draft that another program has changed since is left alone: the next one gets another name."""

    def __init__(self, home: Home) -> None:
        self._folder = home.drafts
        self._marks: dict[str, int] = {}

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{ENDING}"

    def keep(self, document: Document) -> str:
        """Writes a document's changes; the name that they are kept under."""
        name = document.draft or f"{document.origin.stem}-{uuid.uuid4().hex[:6]}"
        if document.draft is not None and _mark(self._path(name)) not in (None, self._marks.get(name)):
            name = f"{document.origin.stem}-{uuid.uuid4().hex[:6]}"
        origin = document.origin
        content = {
            "v": 1,
            "t": time.time(),
            "title": origin.title,
            "words": origin.words,
            "path": str(origin.path) if origin.path is not None else None,
            "folder": str(origin.folder),
            "from": origin.text,
            "text": document.text,
        }
        private_folder(self._folder)
        atomic.write_json(self._path(name), content)
        self._marks[name] = _mark(self._path(name)) or 0
        return name

    def drop(self, name: str) -> None:
        """Forgets a draft; one that is gone already is no mistake."""
        with contextlib.suppress(FileNotFoundError):
            self._path(name).unlink()
        self._marks.pop(name, None)

    def read(self, name: str) -> Document:
        """A draft as the document that it was. Raises RecipeError where it cannot be read."""
        self._marks[name] = _mark(self._path(name)) or 0
        return self._load(name)

    def _load(self, name: str) -> Document:
        path = self._path(name)
        try:
            return _document(name, atomic.read_json(path))
        except FileNotFoundError as error:
            raise RecipeError(f"The draft {name} is not there any more.") from error
        except (atomic.Unreadable, TypeError, KeyError) as error:
            raise RecipeError(f"The draft {path} cannot be read: {error}.") from error

    def all(self) -> Sequence[Draft]:
        """The newest first."""
        return sorted((self._draft(path) for path in self._folder.glob(f"*{ENDING}")), key=lambda one: -one.saved)

    def _draft(self, path: Path) -> Draft:
        name = path.name.removesuffix(ENDING)
        saved = (_mark(path) or 0) / 1e9
        try:
            return Draft(name, self._load(name).origin.title, saved)
        except RecipeError as error:
            return Draft(name, name, saved, str(error.problems[0]))


def _document(name: str, found: dict[str, Any]) -> Document:
    path = found.get("path")
    origin = Origin(
        str(found["title"]),
        str(found["from"]),
        Path(str(found["folder"])),
        Path(path) if isinstance(path, str) else None,
        str(found.get("words") or ""),
    )
    document = Document.of(origin)
    document.change(str(found["text"]))
    document.draft = name
    return document


def _mark(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None
