"""The file of an overlay: JSON lines that are only ever added to, by one writer at a time."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from tui_finetune.edits.entry import REDO, UNDO, Entry, parsed, signed
from tui_finetune.edits.overlay import Overlay
from tui_finetune.errors import DataError, Problem, UserError, cannot_write
from tui_finetune.runs import atomic

ENDING = ".edits.jsonl"
"""Of the name that an overlay has where nobody gives one."""

Change = Callable[[Overlay], Sequence[Entry]]


class EditsFile:
    """For any thread and process: whoever changes it holds its lock, and reads what is new first."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Overlay:
        """What is there; an empty overlay where there is no file. Raises DataError."""
        return self.read_bytes()[0]

    def read_bytes(self) -> tuple[Overlay, bytes]:
        """The same, with the whole lines that it was read from."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return Overlay(), b""
        except OSError as error:
            raise DataError(Problem(f"{self.path}: {error.strerror}.", "data.edits")) from error
        return self._overlay(data)

    def required(self) -> tuple[Overlay, bytes]:
        """The same of a file that has to be there. Raises DataError."""
        if not self.path.exists():
            hint = "data edits add makes one; without data.edits the data are used as they are."
            raise DataError(Problem(f"there is no file of edits {self.path}.", "data.edits", hint=hint))
        return self.read_bytes()

    def add(self, entries: Sequence[Entry], who: str | None = None) -> Overlay:
        """Adds entries as one act. Raises UserError."""
        return self.change(lambda overlay: signed(entries, who))

    def undo(self, who: str | None = None) -> list[Entry]:
        """Undoes the last act that is in force, or that of `who`: its entries. Raises UserError where there is none."""
        return self._turn(UNDO, who)

    def redo(self, who: str | None = None) -> list[Entry]:
        """Does again what was undone last. Raises UserError."""
        return self._turn(REDO, who)

    def _turn(self, kind: str, who: str | None) -> list[Entry]:
        turned: list[Entry] = []

        def make(overlay: Overlay) -> list[Entry]:
            turned.extend(overlay.undoable(who) if kind == UNDO else overlay.redoable(who))
            if not turned:
                raise UserError("No edit to undo." if kind == UNDO else "No edit was undone.")
            return signed([Entry("undo" if kind == UNDO else "redo", of=turned[0].act)], who)

        self.change(make)
        return turned

    def change(self, make: Change) -> Overlay:
        """Adds what `make` says of the overlay as it is now; the overlay after it. Raises UserError."""
        try:
            with self._locked() as file:
                overlay, whole = self._overlay(file.read())
                entries = make(overlay)
                if entries:
                    file.seek(len(whole))
                    file.truncate()  # a line that its writer did not finish, and nobody has read
                    file.write(lines_of(entries))
                    file.flush()
                    os.fsync(file.fileno())
                    for entry in entries:
                        overlay.add(entry)
                return overlay
        except OSError as error:
            raise UserError(cannot_write(self.path, error)) from error

    def _overlay(self, data: bytes) -> tuple[Overlay, bytes]:
        whole = data[: data.rfind(b"\n") + 1]
        if not whole and len(data) > 0 and not data.startswith(b"{"):
            raise DataError(Problem(f"{self.path.name} is no file of edits.", "data.edits"))
        lines = whole.split(b"\n")
        return Overlay(
            parsed(line, f"{self.path.name}, line {number},") for number, line in enumerate(lines, 1) if line.strip()
        ), whole

    @contextlib.contextmanager
    def _locked(self) -> Iterator[IO[bytes]]:
        made = not self.path.exists()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield file
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)
        if made:
            atomic.sync_folder(self.path.parent)


def lines_of(entries: Sequence[Entry]) -> bytes:
    """The entries as lines of the file."""
    return "".join(atomic.dumps(entry.as_json()) + "\n" for entry in entries).encode("utf-8", "surrogatepass")


def sha256_of(data: bytes) -> str:
    """Of the whole lines: what a run records."""
    return hashlib.sha256(data).hexdigest()
