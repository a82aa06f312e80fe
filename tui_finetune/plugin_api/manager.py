"""The catalog of what plugins add. Each plugin is loaded, checked and called alone; one that fails is named, the rest goes on."""

from __future__ import annotations

import functools
import importlib
import itertools
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pluggy

from tui_finetune.errors import Problem, UserError, did_you_mean
from tui_finetune.plugin_api import discovery, hookspecs
from tui_finetune.plugin_api.calling import call, implementations, refuse_unknown_hooks, sequence
from tui_finetune.plugin_api.checks import HEAVY_PACKAGES, check_contribution
from tui_finetune.plugin_api.discovery import Candidate, PluginRefused
from tui_finetune.plugin_api.failures import failing_line, own_frames, spelling
from tui_finetune.plugin_api.switches import read_off

if TYPE_CHECKING:
    from tui_finetune.paths import Home
    from tui_finetune.plugin_api.sources import Preprocessor, Source
    from tui_finetune.plugin_api.tasks import Metric, Task

logger = logging.getLogger(__name__)

REGISTERING = {
    "tasks": "register_tasks",
    "sources": "register_datasets",
    "preprocessors": "register_preprocessors",
    "metrics": "register_metrics",
}
"""Kind of contribution to the hook that gives it."""

GIVE_UP_AFTER = 3
"""Failures of `run_event` in a row after which a plugin is not told of events any more."""

Health = Literal["works", "failed", "off"]


@dataclass
class PluginInfo:
    """One plugin: where it comes from, what it gives, how it is."""

    name: str
    version: str | None
    origin: str
    """Name of its distribution, or the path of its file."""
    gives: dict[str, list[str]] = field(default_factory=dict)
    """Kind (`tasks`, `sources`, `preprocessors`, `metrics`) to names; `hooks` to the hooks it listens to."""
    health: Health = "works"
    error: str | None = None
    """What failed, one line: `TypeError: …`."""
    traceback: str | None = None
    hook: str | None = None
    """Where it failed: `import`, `register`, or the hook's name."""
    notes: list[str] = field(default_factory=list)
    """What its author should know though it works: a name that another plugin has, a heavy import."""
    seconds: float = 0.0
    """Time its import and its registering hooks took."""
    hooks: dict[str, float] = field(default_factory=dict)
    """The hooks that it defines, to the seconds that each took at loading; 0 for those that act later."""
    help: str = ""
    """The first paragraph of its module's docstring."""
    place: str | None = None
    """The file or the package's folder that its light half is loaded from."""
    loaded_at: float = 0.0
    """When it was loaded, unix seconds."""
    written_at: float = 0.0
    """When its files were last written as they were loaded."""
    file: str | None = None
    """Where it failed: file, line, and the line itself, as far as they are known."""
    line: int | None = None
    code: str | None = None
    off_because: str | None = None
    """Of a plugin that is off, what switched it off: `switched off`, `--no-plugins`."""

    @property
    def mark(self) -> tuple[str, str | None, float]:
        """Changes where what the plugin does may have: a single file has no version, and its author edits it."""
        return self.name, self.version, self.written_at

    def failed(self, hook: str, error: BaseException) -> None:
        """Remembers that it failed in `hook`, with its traceback."""
        self.health, self.hook = "failed", hook
        said = " ".join(str(error).split())
        self.error = said if isinstance(error, PluginRefused) else f"{type(error).__name__}: {said}"
        if (meant := spelling(error)) and "Did you mean" not in self.error:
            self.error = f"{self.error.rstrip('.')}. {meant}"
        self.traceback = _traceback(error)
        self.file, self.line, self.code = failing_line(error, self.place)
        logger.info("plugin %s failed in %s: %s", self.name, hook, self.error)

    @property
    def failure(self) -> str:
        """Of one that failed: what is said to somebody whose work goes on without it."""
        return (
            f"Plugin {self.name} failed in {self.hook}: {self.error.rstrip('.') if self.error else '?'}. The rest goes on "
            f"without it; tui-finetune plugins show {self.name} prints the traceback."
        )

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))


class Catalog:
    """Everything that plugins gave, by name, and the health of each of them."""

    def __init__(self) -> None:
        self.plugins: list[PluginInfo] = []
        self.tasks: dict[str, Task] = {}
        self.sources: dict[str, Source] = {}
        self.preprocessors: dict[str, Preprocessor] = {}
        self.metrics: dict[str, Metric] = {}
        """By name; where a name has figures of several shapes the first. `metrics_for` chooses by the task's shape."""
        self._shaped: dict[tuple[str, str], Metric] = {}
        self._owners: dict[tuple[str, str], PluginInfo] = {}
        self._listeners: list[tuple[PluginInfo, str, pluggy.HookImpl]] = []
        self._failures_in_row: dict[str, int] = {}
        self._lock = threading.Lock()

    # Looking up. `kind` is one of REGISTERING; its singular is understood too.

    def of_kind(self, kind: str) -> dict[str, Any]:
        """All objects of a kind by name."""
        kind = kind if kind in REGISTERING else f"{kind}s"
        if kind not in REGISTERING:
            raise ValueError(f"no kind {kind!r}; there are {', '.join(REGISTERING)}")
        found: dict[str, Any] = getattr(self, kind)
        return found

    def owner(self, kind: str, name: str) -> PluginInfo | None:
        """The plugin that gave `name`."""
        return self._owners.get((kind if kind in REGISTERING else f"{kind}s", name))

    def require(self, kind: str, name: str) -> Any:
        """The object called `name`. Raises UserError with the nearest spelling and the plugins that failed."""
        found = self.of_kind(kind).get(name)
        if found is None:
            raise UserError(self.missing(kind, name))
        return found

    def missing(self, kind: str, name: str) -> Problem:
        """Why there is no `name`, as a problem without key and place."""
        known = self.of_kind(kind)
        word = kind.removesuffix("s")
        hint = did_you_mean(name, known) or f"There are: {', '.join(sorted(known)) or 'none'}."
        away = [f"{p.name} (failed in {p.hook}: {p.error})" for p in self.failed]
        away += [f"{p.name} (off)" for p in self.plugins if p.health == "off"]
        if away:
            hint += f" Not loaded, and may be what adds it: {', '.join(away)}."
        return Problem(f"no {word} '{name}'.", hint=hint)

    def all_metrics(self) -> list[Metric]:
        """Every metric, those that share a name with one of another shape included."""
        return list(self._shaped.values())

    def plugin(self, name: str) -> PluginInfo | None:
        return next((p for p in self.plugins if p.name == name), None)

    def metrics_for(self, task: Task, names: Sequence[str] | None = None) -> tuple[Metric, ...]:
        """The metrics of these names (by default the task's own) for the task's shape: `f1` of labels is not `f1` of tags.

        Raises UserError with every name that is unknown or does not fit, and what would.
        """
        fitting = {name: metric for (name, shape), metric in self._shaped.items() if shape == task.shape}
        problems = []
        for name in task.metrics if names is None else names:
            if name not in fitting and name in self.metrics:
                hint = f"There are: {', '.join(sorted(fitting))}."
                problems.append(Problem(f"metric '{name}' does not fit {task.name}.", hint=hint))
            elif name not in fitting:
                problems.append(self.missing("metrics", name))
        if problems:
            raise UserError(problems)
        return tuple(fitting[name] for name in (task.metrics if names is None else names))

    @property
    def failed(self) -> list[PluginInfo]:
        return [p for p in self.plugins if p.health == "failed"]

    def failed_in(self, hook: str) -> list[PluginInfo]:
        """Those whose last failure was in `hook`."""
        return [p for p in self.failed if p.hook == hook]

    # Calling the hooks that act. Each plugin alone.

    def training_callbacks(self, recipe: Mapping[str, Any]) -> list[Any]:
        """The TrainerCallbacks of all plugins for this run; a plugin that fails is recorded and gives none."""
        callbacks: list[Any] = []
        for info, hook in self._listening("training_callbacks"):
            try:
                callbacks += sequence(call(hook, recipe=recipe))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - third-party code: recorded with its traceback
                info.failed("training_callbacks", error)
        return callbacks

    def run_event(self, run: str, event: Mapping[str, Any]) -> None:
        """Tells every plugin that listens. After GIVE_UP_AFTER failures in a row a plugin is told no more."""
        for info, hook in self._listening("run_event"):
            if self._failures_in_row.get(info.name, 0) >= GIVE_UP_AFTER:
                continue
            try:
                call(hook, run=run, event=event)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - third-party code: recorded with its traceback
                info.failed("run_event", error)
                self._count_failure(info.name)
            else:
                self._failures_in_row.pop(info.name, None)

    def listens(self, hook: str) -> bool:
        """True where a plugin defines `hook`, one of those that act."""
        return bool(self._listening(hook))

    def _count_failure(self, name: str) -> None:
        with self._lock:
            self._failures_in_row[name] = self._failures_in_row.get(name, 0) + 1

    def _listening(self, hook: str) -> list[tuple[PluginInfo, pluggy.HookImpl]]:
        return [(info, impl) for info, name, impl in self._listeners if name == hook]

    # Filling, by the loader below.

    def add(
        self, info: PluginInfo, given: Mapping[str, Sequence[Any]], listeners: Mapping[str, pluggy.HookImpl]
    ) -> None:
        """Takes what a plugin gave. A name that is there already stays with the plugin that had it first."""
        for kind, objects in given.items():
            known = self.of_kind(kind)
            for found in objects:
                first = self._owners.get((kind, _key(kind, found)))
                if first is not None:
                    info.notes.append(f"{kind.removesuffix('s')} {found.name} is left out: {first.name} has that name.")
                    continue
                self._owners[kind, _key(kind, found)] = info
                self._owners.setdefault((kind, found.name), info)
                known.setdefault(found.name, found)
                if kind == "metrics":
                    self._shaped[found.name, found.shape] = found
                if found.name not in info.gives.setdefault(kind, []):
                    info.gives[kind].append(found.name)
        for hook, impl in listeners.items():
            self._listeners.append((info, hook, impl))
            info.gives.setdefault("hooks", []).append(hook)


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


def _traceback(error: BaseException) -> str:
    """The traceback from the plugin's own code on: what our loader and the import machinery did says nothing to its author."""
    found = traceback.TracebackException.from_exception(error)
    found.stack = traceback.StackSummary.from_list(own_frames(found.stack))
    return "".join(found.format())


def _key(kind: str, found: Any) -> str:
    """What must differ between two contributions of a kind: the name; of metrics name and shape."""
    return f"{found.name} of {found.shape}" if kind == "metrics" else str(found.name)


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
