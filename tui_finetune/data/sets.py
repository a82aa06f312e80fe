"""The data sets of a folder: files of one kind and schema, split by their names; its own before those of its sub-folders."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tui_finetune.data.file_names import is_label_list, language_of, no_data_folder, without_language
from tui_finetune.data.files import TRAIN, data_within, files_in, role_of_split, split_word, with_splits
from tui_finetune.data.filesource import FITS, FileSource
from tui_finetune.data.problems import listed
from tui_finetune.errors import DataError, Problem, UserError, did_you_mean

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import Catalog

logger = logging.getLogger(__name__)

T = TypeVar("T")

DEEPEST = 4
"""Levels of folders that are looked into."""
MOST_FOLDERS = 200
"""Folders that are looked into."""
PREFERRED_LANGUAGE = "en"
"""Of sets in several languages the one that comes first: most models know it."""


@dataclass(frozen=True)
class FoundSet:
    """A data set that lies in a folder."""

    name: str
    """What `--set` and `[data] subset` call it."""
    source: str
    path: Path
    """The folder or file that holds it."""
    files: tuple[Path, ...]
    """Its files; none where the whole folder is one set by its layout."""
    splits: tuple[str, ...]
    base: Path
    """The folder that was looked into."""
    fit: float = 1.0
    is_part: bool = False
    """True for a table of a file: the source opens it by its name."""

    @property
    def where(self) -> str:
        """What was looked into, for messages."""
        return f"{self.base.name}/" if self.base.is_dir() else self.base.name

    def names(self) -> set[str]:
        """What it may be called."""
        if self.is_part:
            return {self.name}
        one_file = {self.files[0].name} if len(self.files) == 1 else set()
        return {self.name, str(self.path)} | one_file


def sets_in(folder: Path, catalog: Catalog) -> list[FoundSet]:
    """The sets of a folder, the one that is taken where none is named first. Hostile trees are looked into for a bounded time."""
    return _Tree(folder, catalog).sets(folder, DEEPEST)


def sets_within(archive: Path, catalog: Catalog) -> list[FoundSet]:
    """The sets of an archive, or the one that a compressed file is. Raises DataError where it is damaged."""
    tree = _Tree(archive, catalog)
    by_folder: dict[Path, list[Path]] = {}
    for file in data_within(archive):
        by_folder.setdefault(file.parent, []).append(file)
    top = Path(os.path.commonpath(by_folder)) if by_folder else archive
    groups = [(folder, tree.own(folder, files)) for folder, files in sorted(by_folder.items())]
    if (
        len(groups) > 1
        and (one := tree.merged(archive, [(sub, found) for sub, found in groups if sub != top])) is not None
    ):
        groups = [(folder, found) for folder, found in groups if folder == top]
        return [found for _, group in groups for found in group] or [one]
    return [found for _, group in groups for found in group]


def parts_of(path: Path, catalog: Catalog) -> list[FoundSet]:
    """The sets within a file that holds several, as a database does; `subset` goes to its source. Raises DataError."""
    for source in catalog.sources.values():
        parts = source.parts_of(path) if isinstance(source, FileSource) else []
        if parts:
            return [FoundSet(name, source.name, path, (path,), splits, path, is_part=True) for name, splits in parts]
    return []


def chosen(sets: Sequence[FoundSet], name: str) -> FoundSet:
    """The set that is called so. Raises DataError."""
    for one in sets:
        if name in one.names() or name == os.path.relpath(one.path, one.base):
            return one
    hint = did_you_mean(name, [one.name for one in sets]) or f"It has: {listed([one.name for one in sets], 12)}."
    raise DataError(Problem(f"{sets[0].where} holds no set '{name}'.", "data.subset", hint=hint))


class _Tree:
    """One walk through a folder."""

    def __init__(self, base: Path, catalog: Catalog) -> None:
        self.base = base
        self.every = list(catalog.sources.values())
        self.of_files = [source for source in self.every if isinstance(source, FileSource)]
        self.folders_left = MOST_FOLDERS

    def sets(self, folder: Path, depth: int) -> list[FoundSet]:
        """Those of one folder and of what lies below."""
        self.folders_left -= 1
        if (whole := self.whole(folder)) is not None:
            return [whole]
        own = self.own(folder, files_in(folder, deep=False))
        below = [(sub, self.sets(sub, depth - 1)) for sub in self.subfolders(folder)] if depth > 0 else []
        found = [one for _, group in below for one in group]
        if not own and (one_set := self.merged(folder, below)) is not None:
            return [one_set]
        return [*own, *found]

    def subfolders(self, folder: Path) -> Iterable[Path]:
        try:
            names = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            logger.warning("cannot look into %s: %s", folder, error.strerror)
            return
        for entry in names:
            if self.folders_left > 0 and entry.is_dir(follow_symlinks=False) and not no_data_folder(entry.name):
                yield Path(entry.path)

    def whole(self, folder: Path) -> FoundSet | None:
        """A folder that is one set by its layout: a folder a class, what save_to_disk writes."""
        for source in self.every:
            if isinstance(source, FileSource) and source.layout(folder) is None:
                continue
            fit = _looked(partial(source.matches, folder), 0.0)
            if fit >= FITS:
                splits = source.layout(folder) if isinstance(source, FileSource) else _folder_splits(folder)
                return FoundSet(self.name(folder), source.name, folder, (), tuple(splits or (TRAIN,)), self.base, fit)
        return None

    def own(self, folder: Path, files: Sequence[Path]) -> list[FoundSet]:
        """The sets of the files that lie in a folder itself."""
        data = [file for file in files if not is_label_list(file)] or list(files)
        groups = [group for source in self.of_files for group in source.sets_of(folder, data)]
        taken = {file for _, group in groups for file in group}
        grouped = [(source, 0.97, group) for source, group in groups]
        by_source: dict[str, list[tuple[float, Path]]] = {}
        for file in data:
            if file not in taken and (best := self.best(file)) is not None:
                by_source.setdefault(best[1], []).append((best[0], file))
        for name, members in by_source.items():
            fit = max(fit for fit, _ in members)
            grouped += [(name, fit, group) for group in self.apart(name, [file for _, file in members])]
        found = [self.set_of(folder, name, fit, group, len(grouped)) for name, fit, group in grouped]
        found.sort(key=lambda one: _language_order(one.files[0]))
        found.sort(key=lambda one: one.source, reverse=True)  # as the best source of a path is chosen
        found.sort(key=lambda one: (len(one.splits) < 2, -one.fit))
        return _named_apart(found)

    def best(self, file: Path) -> tuple[float, str] | None:
        """The source that fits a file best, where one does."""
        fits = [(_looked(partial(s.matches_file, file), _by_ending(s, file)), s.name) for s in self.of_files]
        fit, name = max(fits, default=(0.0, ""))
        return (fit, name) if fit >= FITS else None

    def apart(self, source: str, files: Sequence[Path]) -> list[list[Path]]:
        """Files of one kind as sets: languages and endings of the same names apart, splits together, other schemas apart."""
        twins = _by(files, lambda file: file.suffix.lower()) if _are_twins(files) else [list(files)]
        groups = [part for twin in twins for part in _languages(twin)]
        found: list[list[Path]] = []
        for group in groups:
            named = [file.path for file in with_splits(group, group[0].parent)]
            if len({one.split for one in with_splits(group, group[0].parent)}) > 1 or len(named) < len(group):
                found.append(named)
                group = [file for file in group if file not in named]
            found += _by(group, lambda file: self.schema(source, file))
        return found

    def schema(self, source: str, file: Path) -> tuple[str, ...]:
        found = next(each for each in self.of_files if each.name == source)
        return _looked(partial(found.columns_of, file), ())

    def set_of(self, folder: Path, source: str, fit: float, files: Sequence[Path], beside: int) -> FoundSet:
        name = self.name(folder)
        if beside > 1:
            own = files[0].name.removesuffix(files[0].suffix) if len(files) == 1 else _common_name(files)
            name = own if folder == self.base else f"{name}/{own}"
        words = (split_word(file.name) for file in files)
        splits = tuple(dict.fromkeys(file.split for file in with_splits(files, folder))) if any(words) else (TRAIN,)
        path = files[0] if beside > 1 and len(files) == 1 else folder
        return FoundSet(name, source, path, tuple(files), splits or (TRAIN,), self.base, fit)

    def merged(self, folder: Path, below: Sequence[tuple[Path, Sequence[FoundSet]]]) -> FoundSet | None:
        """Sub-folders that are splits, or shards of one schema, as the one set they are."""
        full = [(sub, group) for sub, group in below if group]
        sets = [one for _, group in full for one in group]
        if not sets or len({one.source for one in sets}) > 1 or not all(one.files for one in sets):
            return None
        roles = [role_of_split(sub.name) for sub, _ in full]
        files = [file for one in sets for file in one.files]
        alike = len({self.schema(sets[0].source, file) for file in files}) == 1
        if not (all(roles) or (alike and len(full) > 1)):
            return None
        splits = tuple(dict.fromkeys(file.split for file in with_splits(files, folder)))
        return FoundSet(self.name(folder), sets[0].source, folder, tuple(files), splits, self.base, sets[0].fit)

    def name(self, folder: Path) -> str:
        return self.base.name if folder == self.base else os.path.relpath(folder, self.base).replace(os.sep, "/")


def _looked(look: Callable[[], T], otherwise: T) -> T:
    """What a source's look gives; it may be anybody's code, and the file anything."""
    try:
        return look()
    except UserError:
        return otherwise  # opening it says what is wrong
    except Exception as error:  # noqa: BLE001 - third-party code: a source that cannot look does not fit
        logger.warning("a source could not look: %s: %s", type(error).__name__, error)
        return otherwise


def _by_ending(source: FileSource, file: Path) -> float:
    return 0.8 if file.suffix.lower() in source.extensions else 0.0


def _by(files: Sequence[Path], key: Callable[[Path], Hashable]) -> list[list[Path]]:
    """Groups in the order of their first file."""
    found: dict[Hashable, list[Path]] = {}
    for file in files:
        found.setdefault(key(file), []).append(file)
    return list(found.values())


def _are_twins(files: Sequence[Path]) -> bool:
    """True where the same names come with several endings: `train.csv` beside `train.tsv`."""
    stems = [file.stem for file in files]
    return len(set(stems)) < len(stems)


def _languages(files: Sequence[Path]) -> list[list[Path]]:
    """Files whose names differ by a language's code only, by language: `xquad.en.json`, `xquad.ar.json`."""
    codes = {file: language_of(file.name) for file in files}
    bare = [without_language(file.name) for file in files if codes[file]]
    if len({code for code in codes.values() if code}) < 2 or len(set(bare)) == len(bare):
        return [list(files)]
    return _by(files, lambda file: codes[file])


def _language_order(file: Path) -> tuple[bool, str]:
    code = language_of(file.name)
    return (code is not None and code != PREFERRED_LANGUAGE, file.name)


def _common_name(files: Sequence[Path]) -> str:
    """What names of several files have in common beside their splits; else their ending."""
    codes = {language_of(file.name) for file in files}
    if len(codes) == 1 and (code := codes.pop()):
        return code
    first, last = min(file.stem for file in files), max(file.stem for file in files)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:same].strip("-_. ") or files[0].suffix.lstrip(".") or files[0].stem


def _named_apart(sets: Sequence[FoundSet]) -> list[FoundSet]:
    """Each with a name of its own."""
    found: list[FoundSet] = []
    for one in sets:
        name, count = one.name, 2
        if name in {other.name for other in found} and len(one.files) == 1:
            name = f"{name}{one.path.suffix}"
        while name in {other.name for other in found}:
            name, count = f"{one.name}-{count}", count + 1
        found.append(replace(one, name=name))
    return found


def _folder_splits(folder: Path) -> tuple[str, ...]:
    """The splits that the folders below are named after."""
    words = [entry.name for entry in os.scandir(folder) if entry.is_dir() and role_of_split(entry.name)]
    return tuple(sorted(words, key=lambda word: (word != TRAIN, word)))
