"""Filling the catalog of plugins. Each is loaded, checked and called alone; one that fails is named, the rest goes on."""

from __future__ import annotations

import functools
import importlib
import itertools
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from tui_finetune.plugin_api import discovery, hookspecs
from tui_finetune.plugin_api.calling import call, implementations, refuse_unknown_hooks, sequence
from tui_finetune.plugin_api.catalog import GIVE_UP_AFTER, REGISTERING, Catalog
from tui_finetune.plugin_api.checks import HEAVY_PACKAGES, check_contribution
from tui_finetune.plugin_api.discovery import Candidate
from tui_finetune.plugin_api.info import PluginInfo
from tui_finetune.plugin_api.switches import read_off

if TYPE_CHECKING:
    from tui_finetune.paths import Home

__all__ = ["GIVE_UP_AFTER", "REGISTERING", "Catalog", "PluginInfo", "load_catalog", "load_one"]


def load_catalog(
    home: Home | None,
    *,
    plugin_dirs: Sequence[Path] = (),
    third_party: bool = True,
    off: Collection[str] | None = None,
    afresh: bool = False,
) -> Catalog:
    """Loads builtin, then installed distributions, the home's plugins folder, and `plugin_dirs`, one by one.

    Never raises for a plugin's sake. With `third_party=False` the others are listed as off, and none is imported.
    off: names of plugins that are off; the home's own where it is not given.
    afresh: the modules of installed plugins are imported again, as their author may have changed them. Files always are.
    """
    catalog = Catalog()
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    if off is None:
        off = _switched_off(catalog, home)
    for candidate in itertools.chain([_builtin()], _others(catalog, home, plugin_dirs)):
        if catalog.plugin(candidate.name) is not None:
            _note_twin(catalog, candidate)
            continue
        info = PluginInfo(candidate.name, candidate.version, candidate.origin, place=candidate.place)
        catalog.plugins.append(info)
        if candidate.name != "builtin" and (not third_party or candidate.name in off):
            info.health = "off"
            info.off_because = "switched off" if candidate.name in off else "--no-plugins"
            continue
        if afresh and candidate.module is not None:
            discovery.forget(candidate.module)
        started, info.loaded_at = time.perf_counter(), time.time()
        info.written_at = discovery.newest_change(candidate.place) if candidate.place is not None else 0.0
        _load(catalog, manager, info, candidate.load)
        info.seconds = time.perf_counter() - started
    return catalog


def _switched_off(catalog: Catalog, home: Home | None) -> Collection[str]:
    """The home's list; one that cannot be read becomes a failed entry of its own."""
    if home is None:
        return ()
    try:
        return read_off(home)
    except OSError as error:
        info = PluginInfo(home.plugins_off.name, None, str(home.plugins_off))
        info.failed("search", error)
        catalog.plugins.append(info)
        return ()


def load_one(catalog: Catalog, name: str, load: Callable[[], Any]) -> PluginInfo:
    """Loads one plugin into `catalog`, with a manager of its own: for tests of plugins."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    info = PluginInfo(name, None, name)
    catalog.plugins.append(info)
    _load(catalog, manager, info, load)
    return info


def _builtin() -> Candidate:
    from tui_finetune import __version__

    return Candidate("builtin", __version__, "tui-finetune", lambda: importlib.import_module(discovery.BUILTIN))


def _others(catalog: Catalog, home: Home | None, plugin_dirs: Sequence[Path]) -> Iterator[Candidate]:
    """The third parties' candidates; a place that cannot be read becomes a failed entry of its own."""
    places: list[tuple[str, Callable[[], Iterable[Candidate]]]] = [("installed distributions", discovery.installed)]
    folders = list(plugin_dirs)
    if home is not None and home.plugins.is_dir():
        folders.insert(0, home.plugins)
    places += [(str(f), functools.partial(discovery.in_folder, f)) for f in folders]
    for place, search in places:
        found: list[Candidate] = []
        try:
            found += search()
        except Exception as error:  # noqa: BLE001 - foreign metadata and folders: shown as a failed plugin
            info = PluginInfo(place, None, place)
            info.failed("search", error)
            catalog.plugins.append(info)
        yield from found


def _note_twin(catalog: Catalog, candidate: Candidate) -> None:
    """A second plugin of a name: left out, and said so beside the first."""
    first = catalog.plugin(candidate.name)
    if first is not None and first.origin != candidate.origin:
        first.notes.append(f"{candidate.origin} is left out: its name is {candidate.name} too.")


def _load(catalog: Catalog, manager: pluggy.PluginManager, info: PluginInfo, load: Callable[[], Any]) -> None:
    """Imports, registers and asks one plugin; whatever it raises is recorded and nothing of it is kept."""
    step = "import"
    plugin: Any = None
    hooks: dict[str, pluggy.HookImpl] = {}
    heavy_before = HEAVY_PACKAGES & sys.modules.keys()
    try:
        plugin = load()
        info.version = info.version or getattr(plugin, "__version__", None)
        info.help = discovery.help_of(plugin)
        step = "register"
        manager.register(plugin, name=info.name)
        refuse_unknown_hooks(manager)
        hooks = implementations(manager, plugin)
        info.hooks = dict.fromkeys(hooks, 0.0)
        given: dict[str, Sequence[Any]] = {}
        for kind, step in REGISTERING.items():
            if step in hooks:
                started = time.perf_counter()
                given[kind] = sequence(call(hooks[step]))
                for found in given[kind]:
                    check_contribution(kind, found)
                info.hooks[step] = time.perf_counter() - started
    except (Exception, SystemExit) as error:  # noqa: BLE001 - third-party code: recorded with its traceback
        if plugin is not None and manager.is_registered(plugin):
            manager.unregister(plugin)
        info.failed(step, error)
        if info.line is None and step in hooks:
            code = hooks[step].function.__code__
            info.file, info.line = code.co_filename, code.co_firstlineno
        return
    catalog.add(info, given, {name: impl for name, impl in hooks.items() if name not in REGISTERING.values()})
    if not hooks:
        info.notes.append("it defines no hook; is @hookimpl missing?")
    if info.name != "builtin" and (loaded := (HEAVY_PACKAGES & sys.modules.keys()) - heavy_before):
        info.notes.append(f"its light half imports {', '.join(sorted(loaded))}, which slows every start.")
