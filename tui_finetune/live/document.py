"""A recipe that is being edited: where its text came from, what it is now, and every state between."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

KEPT = 500
"""Edits that can be taken back."""


@dataclass(frozen=True)
class Origin:
    """Where a text was taken from."""

    title: str
    """`wnut17-bert.toml`, `demo`, `imdb-bert`."""
    text: str
    """As it stands there."""
    folder: Path
    """Relative paths in it are relative to it."""
    path: Path | None = None
    """The file that it is written to; None until it has one."""
    words: str = ""
    """What it is where it is no file: `preset`, `copy of imdb-bert k3f9`."""

    @property
    def stem(self) -> str:
        """A file's name for it, without its ending."""
        kept = "".join(char if char.isalnum() or char in "-_." else "-" for char in self.title.removesuffix(".toml"))
        return kept.strip("-.") or "recipe"


@dataclass
class Document:
    """One recipe. Its text changes by `change`, `undo` and `redo`; all of it is text, comments and order included."""

    origin: Origin
    text: str
    draft: str | None = None
    """Name of the draft that keeps it, while it has changes that no file has."""
    _past: list[str] = field(default_factory=list)
    _future: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, origin: Origin) -> Document:
        return cls(origin, origin.text)

    @property
    def changed(self) -> bool:
        """True where something would be lost without the draft."""
        return self.text != self.origin.text

    @property
    def place(self) -> Path:
        """The recipe's file, also where there is none yet: its folder is what relative paths start from."""
        return self.origin.path or self.origin.folder / f"{self.origin.stem}.toml"

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    def change(self, text: str) -> bool:
        """Another text; False where it is the same one."""
        if text == self.text:
            return False
        self._past = [*self._past[-KEPT + 1 :], self.text]
        self._future.clear()
        self.text = text
        return True

    def undo(self) -> None:
        if self._past:
            self._future.append(self.text)
            self.text = self._past.pop()

    def redo(self) -> None:
        if self._future:
            self._past.append(self.text)
            self.text = self._future.pop()

    def written(self, path: Path, sent: str, text: str) -> None:
        """What was sent to a file stands there, as `text`; edits that were made meanwhile stay edits."""
        self.origin = replace(self.origin, title=path.name, path=path, folder=path.parent, text=text, words="")
        if self.text == sent:
            self.text = text

    def reread(self, text: str) -> None:
        """The file has another text: it becomes this one's; what was edited can be had back by undo."""
        self.origin = replace(self.origin, text=text)
        self.change(text)
