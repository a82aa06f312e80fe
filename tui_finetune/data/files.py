"""Which files a path means, and which split each belongs to, by its name or its folder's."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_finetune.data.packed import expanded, packed
from tui_finetune.data.problems import listed, refused
from tui_finetune.errors import DataError, Problem, nearest

TRAIN = "train"
SPLIT_WORDS = {
    "train": TRAIN,
    "training": TRAIN,
    "trn": TRAIN,
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "devel": "validation",
    "development": "validation",
    "eval": "validation",
    "test": "test",
    "testing": "test",
    "tst": "test",
}
"""Words in file names that name a split, and its role. Splits keep the word of the file: `dev`."""
_NO_DATA = re.compile(r"^(read.?me|licen[cs]e|licence|source|citation|changelog|dataset_infos?|label.?names)\b", re.I)
_NO_DATA_ENDINGS = (".md", ".rst", ".html", ".htm", ".pdf", ".py", ".yaml", ".yml", ".toml", ".ini", ".sh", ".png")


@dataclass(frozen=True)
class DataFile:
    """A file that is read."""

    path: Path
    split: str
    place: str
    """What row ids begin with: the file's name, or its path from the folder that was given."""


def paths_of(path: str | Sequence[str] | None) -> list[Path]:
    """The files and folders that a path, glob or list of them means, archives as the files in them.

    Raises DataError for every one that means nothing.
    """
    if path is None:
        raise DataError(Problem("is missing.", "data.path", hint='As in path = "reviews.csv".'))
    found: dict[Path, None] = {}
    absent: list[Problem] = []
    for one in [path] if isinstance(path, str) else path:
        if os.path.exists(one):
            found |= dict.fromkeys(data_within(Path(one)))
            continue
        if (inner := packed(one)) is not None:
            found[inner] = None
            continue
        matches = [Path(match) for match in sorted(glob.glob(one, recursive=True))] if glob.has_magic(one) else []
        usable = [match for match in matches if match.is_file()] or matches
        if not usable:
            absent.append(_absent(one))
        found |= dict.fromkeys(part for match in usable for part in data_within(match))
    if absent:
        raise DataError(absent)
    return list(found)


def _waits(path: Path) -> bool:
    """True for pipes and the like, which would be waited for."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False  # reading it says what is wrong


def data_within(path: Path) -> list[Path]:
    """The path; of an archive the data in it."""
    inside = expanded([path])
    if len(inside) < 2:
        return inside
    return [file for file in inside if not _NO_DATA.match(file.name) and not file.name.endswith(_NO_DATA_ENDINGS)]


def _absent(path: str) -> Problem:
    """A path that means nothing, with the nearest name in its folder."""
    if glob.has_magic(path):
        return Problem(f"no file matches {path}.", "data.path")
    parent, name = os.path.split(path)
    if parent and not os.path.isdir(parent):
        return Problem(f"no such file or folder: {path}.", "data.path", hint=f"There is no folder {parent}.")
    there = sorted(os.listdir(parent or "."))
    near = nearest(name, there)
    hint = f"Did you mean {near}?" if near else f"In its folder: {listed(there)}." if there else "Its folder is empty."
    return Problem(f"no such file or folder: {path}.", "data.path", hint=hint)


def files_in(folder: Path, *, deep: bool = True) -> list[Path]:
    """Files that may be data: not hidden, no readme, no licence; by name."""
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "__"))) if deep else []
        for name in sorted(names):
            if (
                not name.startswith((".", "_"))
                and not _NO_DATA.match(name)
                and not name.lower().endswith(_NO_DATA_ENDINGS)
                and not _waits(Path(root) / name)
            ):
                found.append(Path(root) / name)
    return expanded(found, lenient=True)


def split_word(name: str) -> str | None:
    """The split that a name names, in its own word: `dev` of `emerging.dev.conll`, `train` of `wnut17train`."""
    words = [word for word in re.split(r"[^a-z]+", name.lower()) if word]
    for word in words:
        if word in SPLIT_WORDS:
            return word
    for word in words:
        for known in ("train", "test", "dev", "valid"):
            if len(word) > len(known) + 1 and word.endswith(known):
                return known
    return None


def role_of_split(name: str) -> str | None:
    """`train`, `validation` or `test`, where the name of a split says so."""
    return SPLIT_WORDS.get(name.lower()) or SPLIT_WORDS.get(split_word(name) or "")


def with_splits(files: Iterable[Path], base: Path | None) -> list[DataFile]:
    """Files with their splits: by the folder below `base`, by the name; one file alone, or files that do not say, are train.

    base: the folder that was given; None where files were named one by one.
    """
    every = list(files)
    root = base or _common_parent(every)
    words = [_word_of(file, root) for file in every]
    named = {word for word in words if word is not None}
    roles = {role_of_split(word) for word in named}
    by_name = len(every) > 1 and (TRAIN in roles or len(roles) > 1)
    found = []
    for file, word in zip(every, words, strict=True):
        if by_name and word is None:
            continue
        place = os.path.relpath(file, root).replace(os.sep, "/")
        found.append(DataFile(file, _canonical(word) if by_name and word else TRAIN, place))
    order = (TRAIN, "validation", "test")
    return sorted(found, key=lambda file: order.index(SPLIT_WORDS.get(file.split, "test")))


def _canonical(word: str) -> str:
    return TRAIN if SPLIT_WORDS[word] == TRAIN else word


def _word_of(file: Path, root: Path) -> str | None:
    """The split that the file's name or, first, a folder between `root` and it names."""
    for part in Path(os.path.relpath(file, root)).parts:
        if (word := split_word(part)) is not None:
            return word
    return None


def _common_parent(files: Sequence[Path]) -> Path:
    return Path(os.path.commonpath([file.parent for file in files])) if files else Path()


def left_out(every: Sequence[Path], used: Sequence[DataFile], base: Path) -> list[str]:
    """A note about files of a folder that no split took."""
    taken = {file.path for file in used}
    names = [os.path.relpath(file, base) for file in every if file not in taken]
    return [f"Left out of {base.name}/, as their names name no split: {listed(names)}."] if names and taken else []


def nothing_in(folder: Path, source: str, endings: Sequence[str]) -> DataError:
    there = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    what = f"holds no file that source {source} reads ({', '.join(endings)})."
    return refused(what, str(folder), hint=f"In it: {listed(there)}." if there else "It is empty.")
