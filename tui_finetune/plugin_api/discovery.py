"""Where plugins are found: installed distributions, the home's plugins folder, folders named with --plugin-dir.

Never the current directory: `python -m` and `python -c` put it on sys.path, and opening somebody's repository must not
run what lies in it. Nothing here imports a plugin: a `Candidate` knows how to.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from tui_finetune.plugin_api.hookspecs import PROJECT

BUILTIN = "tui_finetune.builtin"
"""Our own plugin. Loaded by its name, so that a source tree without installed metadata has it too."""

HEAVY_SUFFIX = "_heavy"


class PluginRefused(Exception):
    """A plugin that is not loaded, with the reason in words for its author."""


@dataclass(frozen=True)
class Candidate:
    """A plugin that was found and not yet imported."""

    name: str
    version: str | None
    origin: str
    """Name of the distribution, or the path of the file or package."""
    load: Callable[[], Any]
    """Imports it and returns what is registered. May raise anything at all."""
    module: str | None = None
    """Of an installed one the module that is imported."""

    @property
    def place(self) -> str | None:
        """The file or the package's folder that it is loaded from."""
        return _place_of_module(self.module) if self.module is not None else self.origin


def search_path() -> list[str]:
    """sys.path without the current directory."""
    here = os.path.realpath(os.curdir) if _has_current_directory() else None
    return [entry for entry in sys.path if entry and (here is None or os.path.realpath(entry) != here)]


def _has_current_directory() -> bool:
    """False where the current directory is gone: a terminal may stand in a folder that was removed."""
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def installed() -> Iterator[Candidate]:
    """One candidate an entry point of the group `tui_finetune`, ours left out; the first on the path wins."""
    seen: set[tuple[str, str]] = set()
    for distribution in importlib.metadata.distributions(path=search_path()):
        points = [p for p in distribution.entry_points if p.group == PROJECT and p.value != BUILTIN]
        if not points:
            continue
        owner = distribution.name
        for point in points:
            if (owner.casefold(), point.name) in seen:
                continue
            seen.add((owner.casefold(), point.name))
            name = owner if len(points) == 1 else f"{owner}:{point.name}"
            yield Candidate(name, distribution.version, owner, point.load, point.module)


def in_folder(folder: Path) -> Iterator[Candidate]:
    """One candidate a file `name.py` or package `name/__init__.py` of `folder`, by name.

    Names with a leading `_` or `.` and the heavy siblings `name_heavy.py` are none. Raises OSError where it cannot be read.
    """
    entries = sorted(folder.iterdir())
    stems = {entry.stem for entry in entries}
    for entry in entries:
        if entry.name.startswith(("_", ".")):
            continue
        if entry.suffix == ".py" and entry.is_file():
            if entry.stem.endswith(HEAVY_SUFFIX) and entry.stem.removesuffix(HEAVY_SUFFIX) in stems:
                continue
            yield Candidate(entry.stem, None, str(entry), _loader(entry.stem, entry))
        elif (entry / "__init__.py").is_file():
            yield Candidate(entry.name, None, str(entry), _loader(entry.name, entry / "__init__.py"))


def _loader(name: str, file: Path) -> Callable[[], ModuleType]:
    return lambda: load_plugin_file(name, file)


def load_plugin_file(name: str, file: Path) -> ModuleType:
    """Runs a plugin file as the top-level module `name`, so that `name_heavy:Head` can be resolved later."""
    if not name.isidentifier():
        raise PluginRefused(f"{file.name} cannot be imported: its name has to be letters, digits and underscores.")
    there = name in sys.stdlib_module_names or PathFinder.find_spec(name, search_path())
    if there and not (isinstance(there, ModuleSpec) and _same_file(there.origin, file)):
        raise PluginRefused(f"Python already has a module {name}; the plugin needs another file name.")
    _FINDER.add(name, file)
    for loaded in [m for m in sys.modules if m == name or m.startswith((f"{name}.", f"{name}{HEAVY_SUFFIX}"))]:
        if loaded == name or not _lies_in(sys.modules[loaded], file.parent):
            del sys.modules[loaded]
    return importlib.import_module(name)


def forget(module: str) -> None:
    """The package of an installed plugin is imported anew the next time; what the program itself consists of is not."""
    package = module.partition(".")[0]
    if package in sys.stdlib_module_names or package == PROJECT:
        return
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]


def _place_of_module(module: str) -> str | None:
    """The file that an installed plugin is loaded from, or its package's folder, without importing it."""
    spec = PathFinder.find_spec(module.partition(".")[0], search_path())
    if spec is None or spec.origin is None:
        return None
    return os.path.dirname(spec.origin) if os.path.basename(spec.origin) == "__init__.py" else spec.origin


def help_of(plugin: Any) -> str:
    """The first paragraph of the plugin's docstring, as one line."""
    return " ".join((getattr(plugin, "__doc__", None) or "").strip().partition("\n\n")[0].split())


def newest_change(place: str) -> float:
    """When the Python files of a plugin were last written; 0 where they are gone."""
    root = Path(place)
    try:
        if not root.is_dir():
            heavy = root.with_name(f"{root.stem}{HEAVY_SUFFIX}{root.suffix}")
            return max(one.stat().st_mtime for one in (root, heavy) if one is root or one.exists())
        return max((file.stat().st_mtime for file in root.rglob("*.py")), default=0.0)
    except OSError:
        return 0.0


def _same_file(origin: str | None, file: Path) -> bool:
    return origin is not None and os.path.realpath(origin) == os.path.realpath(file)


def _lies_in(module: ModuleType, folder: Path) -> bool:
    origin = getattr(module, "__file__", None)
    return origin is not None and Path(origin).resolve().is_relative_to(folder.resolve())


class _PluginFiles(MetaPathFinder):
    """Finds the modules of plugin files and their heavy siblings, and nothing else of their folders.

    Putting the folders on sys.path instead would let any file there stand in for an absent optional package.
    """

    def __init__(self) -> None:
        self._files: dict[str, Path] = {}

    def add(self, name: str, file: Path) -> None:
        self._files[name] = file
        heavy = file.with_name(f"{name}{HEAVY_SUFFIX}.py")
        if heavy.is_file():
            self._files[heavy.stem] = heavy
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        file = self._files.get(fullname)
        if file is None:
            return None
        folders = [str(file.parent)] if file.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname, file, loader=_SourceLoader(fullname, str(file)), submodule_search_locations=folders
        )


class _SourceLoader(SourceFileLoader):
    """Compiles the file as it is now: bytecode is told from its source by whole seconds, and authors save more often."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        raise OSError(f"{path}: no bytecode is kept of plugin files")


_FINDER = _PluginFiles()
