"""Opening what a recipe names: the source chosen, the rows as Arrow files, preprocessed; heavy parts where they may run."""

from __future__ import annotations

import glob
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.filesource import FITS
from tui_finetune.data.packed import is_packed, packed
from tui_finetune.data.preprocessing import preprocessed
from tui_finetune.errors import DataError, Problem, UserError, cannot_write
from tui_finetune.paths import private_folder
from tui_finetune.plugin_api import Opened, OpenRequest, Progress, Source

if TYPE_CHECKING:
    from tui_finetune.data.sets import FoundSet
    from tui_finetune.plugin_api.manager import Catalog

logger = logging.getLogger(__name__)

HUB = "hub"
FOLDER = "data"
"""Folder of the cache that sources write into."""


@dataclass(frozen=True)
class Wanted:
    """What is to be opened: the part of a recipe's `[data]` that concerns one path, and the steps after it."""

    source: str | None
    path: str | tuple[str, ...] | None
    subset: str | None = None
    revision: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Name and options of each preprocessor."""
    splits: tuple[str, ...] | None = None
    edits: str | None = None
    """File of edits that are put onto the rows before the steps."""


def open_data(wanted: Wanted, catalog: Catalog, cache: Path, *, heavy: bool, progress: Progress) -> Opened:
    """The splits as Arrow files, preprocessed. With `heavy=False` what imports much runs in the data helper.

    Raises DataError with all problems.
    """
    wanted = of_set(wanted, catalog)
    source = source_of(wanted, catalog)
    steps = [(_required(catalog, "preprocessors", name), options) for name, options in wanted.steps]
    if not heavy and (source.heavy or any(step.heavy for step, _ in steps)):
        from tui_finetune.data.helper import open_in_helper

        return open_in_helper(wanted, catalog, cache, progress)
    opened = _opened(source, wanted, catalog, cache, progress)
    if wanted.edits is not None:
        from tui_finetune.data.edited import edited

        opened = edited(opened, Path(wanted.edits), cache / FOLDER)
    return preprocessed(opened, steps, catalog, cache / FOLDER, progress)


def of_set(wanted: Wanted, catalog: Catalog) -> Wanted:
    """What is wanted, with the files of the set that `subset` names in a folder, or of the folder's first."""
    found = sets_of(wanted, catalog)
    in_archive = bool(found) and not found[0].base.is_dir()
    if not found or (len(found) == 1 and wanted.subset is None and not in_archive):
        return wanted
    from tui_finetune.data.sets import chosen

    one = chosen(found, wanted.subset) if wanted.subset is not None else found[0]
    if one.is_part:
        return replace(wanted, source=one.source, subset=one.name)
    path: str | tuple[str, ...] = tuple(map(str, one.files)) if one.files else str(one.path)
    if (
        one is found[0]
        and one.files
        and not in_archive
        and _takes_same(catalog.sources[one.source], wanted.path, one.files)
    ):
        path = str(found[0].base)
    return replace(wanted, source=one.source, path=path, subset=None)


def sets_of(wanted: Wanted, catalog: Catalog) -> list[FoundSet]:
    """The sets in the folder or archive that is wanted, of a named source only its own; none where it is something else."""
    path = wanted.path if isinstance(wanted.path, str) else None
    if path is None or not os.path.exists(path):
        return []
    from tui_finetune.data.sets import parts_of, sets_in, sets_within

    ways = sets_in if os.path.isdir(path) else sets_within if is_packed(path) else parts_of
    found = ways(Path(path), catalog)
    return [one for one in found if wanted.source in (None, one.source)]


def _takes_same(source: Source, path: object, files: Sequence[Path]) -> bool:
    """True where a source takes the same files of the folder by itself, and tells what it leaves out."""
    from tui_finetune.data.filesource import FileSource

    try:
        found = source.find(path)[0] if isinstance(source, FileSource) and isinstance(path, str) else []
    except UserError:
        return False
    return {file.path for file in found} == set(files)


def source_of(wanted: Wanted, catalog: Catalog) -> Source:
    """The source that is named, else the one that fits the path best. Raises DataError."""
    if wanted.source is not None:
        source: Source = _required(catalog, "sources", wanted.source)
        return source
    places = _places(wanted.path)
    if not places:
        return _no_place(wanted.path, catalog)
    fits = sorted(((_fit(s, places[0], catalog), s.name) for s in catalog.sources.values()), reverse=True)
    best, name = fits[0] if fits else (0.0, "")
    if best < FITS:
        hint = f"data.source names the kind: {', '.join(sorted(catalog.sources))}."
        raise DataError(Problem(f"{places[0].name}: no source is sure to read it.", "data.path", hint=hint))
    found: Source = catalog.sources[name]
    return found


def fits(source: Source, path: str | Sequence[str] | None, catalog: Catalog) -> bool:
    """True where the source takes the path for one of its own, by a look."""
    places = _places(path)
    return not places or _fit(source, places[0], catalog) >= FITS


def _places(path: str | Sequence[str] | None) -> list[Path]:
    """The first file or folder that a path means, if there is one."""
    for one in [path] if isinstance(path, str) else path or ():
        if os.path.exists(one):
            return [Path(one)]
        if (inner := packed(one)) is not None:
            return [inner]
        if glob.has_magic(one) and (found := sorted(glob.glob(one, recursive=True))):
            return [Path(found[0])]
    return []


def _no_place(path: str | Sequence[str] | None, catalog: Catalog) -> Source:
    """A path that is no place here is a Hub id, where it can be one."""
    from tui_finetune.data.files import paths_of

    hub: Source | None = catalog.sources.get(HUB)
    if hub is not None and isinstance(path, str) and not path.startswith(("/", ".", "~")) and path.count("/") <= 1:
        return hub
    paths_of(path if path is None or isinstance(path, str) else list(path))  # raises, and says what is near
    raise DataError(Problem(f"{path} is empty.", "data.path"))


def _fit(source: Source, path: Path, catalog: Catalog) -> float:
    try:
        return float(source.matches(path))
    except UserError:
        return 0.8 if path.suffix.lower() in source.extensions else 0.0  # opening it says what is wrong
    except Exception as error:  # noqa: BLE001 - third-party code: a source that cannot look does not fit
        logger.warning("source %s cannot look at %s: %s: %s", source.name, path, type(error).__name__, error)
        return 0.0


def _required(catalog: Catalog, kind: str, name: str) -> Any:
    try:
        return catalog.require(kind, name)
    except UserError as error:
        key = "data.source" if kind == "sources" else "preprocess"
        raise DataError([Problem(p.message, key, hint=p.hint) for p in error.problems]) from error


def _opened(source: Source, wanted: Wanted, catalog: Catalog, cache: Path, progress: Progress) -> Opened:
    try:
        folder = private_folder(cache / FOLDER)
    except OSError as error:
        raise DataError(cannot_write(cache, error)) from error
    options = dict(wanted.options)
    model = source.options_model()
    if model is not None:
        options = validated(model, options)
    request = OpenRequest(
        path=wanted.path,
        cache=folder,
        subset=wanted.subset,
        revision=wanted.revision,
        options=options,
        splits=wanted.splits,
    )
    try:
        opened = source.open(request, progress)
    except (UserError, KeyboardInterrupt):
        raise
    except Exception as error:
        from tui_finetune.data.problems import failed_plugin

        if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
            raise DataError(Problem(f"{error.filename}: {error.strerror}.", "data.path")) from error
        raise failed_plugin("source", source.name, catalog, error) from error
    if not opened.splits:
        raise DataError(Problem(f"source {source.name} found no rows.", "data.path"))
    return opened


def validated(model: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as their owner fills them in. Raises DataError."""
    from pydantic import ValidationError

    try:
        found: dict[str, Any] = model(**options).model_dump()
    except ValidationError as error:
        problems = [
            Problem(f"{'.'.join(map(str, e['loc']))}: {e['msg']}.", "data.options")
            for e in error.errors(include_url=False)
        ]
        raise DataError(problems) from error
    return found
