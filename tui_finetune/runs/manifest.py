"""MANIFEST.json of a checkpoint or a model: which files it has, and whether they are what it says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tui_finetune.runs import atomic
from tui_finetune.runs.layout import MANIFEST

WEIGHT_ENDINGS = (".safetensors", ".bin")


@dataclass(frozen=True)
class Entry:
    """One file as the manifest has it."""

    file: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a folder says of itself."""

    files: tuple[Entry, ...]
    facts: Mapping[str, Any]
    """Everything else: step, attempt, what it was made with."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.files)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(entry.file for entry in self.files)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of `folder`. Raises FileNotFoundError, or Unreadable where it is torn or no manifest."""
    raw = atomic.read_json(folder / MANIFEST)
    files = raw.pop("files", None)
    if not isinstance(files, list):
        raise atomic.Unreadable(f"{MANIFEST} has no list of files")
    return Manifest(tuple(_entry(one) for one in files), raw)


def _entry(raw: Any) -> Entry:
    try:
        name, size, digest = raw["file"], raw["size"], raw["sha256"]
    except (KeyError, TypeError) as error:
        raise atomic.Unreadable(f"{MANIFEST} has an entry without file, size or sha256") from error
    inside = isinstance(name, str) and name and not PurePosixPath(name).is_absolute() and ".." not in name.split("/")
    if not inside or not isinstance(size, int) or not isinstance(digest, str):
        raise atomic.Unreadable(f"{MANIFEST} has an entry that names no file of the folder")
    return Entry(name, size, digest)


def problem(folder: Path, *, content: bool = True, needs: Sequence[str] = ()) -> str | None:
    """Why the folder is not whole, in words, or None.

    content: every file's sha256 is compared, else its size alone. needs: files that the manifest must name; with any of
    them it must name weights too.
    """
    if not folder.is_dir():
        return "it is not there"
    try:
        manifest = read_manifest(folder)
    except FileNotFoundError:
        return f"no {MANIFEST}"
    except atomic.Unreadable as error:
        return str(error)
    if (lacks := _lacks(manifest.names, needs)) is not None:
        return lacks
    return next((why for entry in manifest.files if (why := _differs(folder, entry, content=content))), None)


def _lacks(names: Iterable[str], needs: Sequence[str]) -> str | None:
    """What a whole one has and this never had."""
    there = frozenset(names)
    absent = [name for name in needs if name not in there]
    if needs and not any(name.endswith(WEIGHT_ENDINGS) for name in there):
        absent.insert(0, "weights")
    return f"written without {', '.join(absent)}" if absent else None


def _differs(folder: Path, entry: Entry, *, content: bool) -> str | None:
    path = folder / entry.file
    try:
        size = path.stat().st_size if path.is_file() else None
        if size is None:
            return f"{entry.file} is missing"
        if size != entry.size:
            return f"{entry.file}: {size:,} of {entry.size:,} bytes"
        if content and file_sha256(path) != entry.sha256:
            return f"{entry.file}: content differs from the manifest"
    except OSError as error:
        return f"{entry.file} cannot be read: {error.strerror}"
    return None


def file_sha256(path: Path) -> str:
    """Hash of a file of any size, a part of it in memory at a time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
