"""Everything that plugins gave, by name, and the hooks of those that act."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

from tui_finetune.errors import Problem, UserError, did_you_mean
from tui_finetune.plugin_api.calling import call, sequence
from tui_finetune.plugin_api.info import PluginInfo

if TYPE_CHECKING:
    from tui_finetune.plugin_api.sources import Preprocessor, Source
    from tui_finetune.plugin_api.tasks import Metric, Task

REGISTERING = {
    "tasks": "register_tasks",
    "sources": "register_datasets",
    "preprocessors": "register_preprocessors",
    "metrics": "register_metrics",
}
"""Kind of contribution to the hook that gives it."""

GIVE_UP_AFTER = 3
"""Failures of `run_event` in a row after which a plugin is not told of events any more."""


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

    def task(self, name: str, options: Mapping[str, Any] | None = None) -> Task:
        """The task called `name` as `[task_options]` have it. Raises UserError as `require` does."""
        found: Task = self.require("tasks", name)
        return found.variant(options or {})

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

    def run_event(self, run: str, event: Mapping[str, Any], plugin: str | None = None) -> list[Mapping[str, Any]]:
        """Tells every plugin that listens, or the named one; what they give back to be told in the run's history.

        After GIVE_UP_AFTER failures in a row a plugin is told no more.
        """
        told: list[Mapping[str, Any]] = []
        for info, hook in self._listening("run_event"):
            if plugin not in (None, info.name) or self._failures_in_row.get(info.name, 0) >= GIVE_UP_AFTER:
                continue
            try:
                given = call(hook, run=run, event=event)
                told += [given] if isinstance(given, Mapping) else sequence(given)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - third-party code: recorded with its traceback
                info.failed("run_event", error)
                self._count_failure(info.name)
            else:
                self._failures_in_row.pop(info.name, None)
        return told

    def listening(self, hook: str) -> list[str]:
        """Names of the plugins that define `hook`, one of those that act."""
        return [info.name for info, _ in self._listening(hook)]

    def _count_failure(self, name: str) -> None:
        with self._lock:
            self._failures_in_row[name] = self._failures_in_row.get(name, 0) + 1

    def _listening(self, hook: str) -> list[tuple[PluginInfo, pluggy.HookImpl]]:
        return [(info, impl) for info, name, impl in self._listeners if name == hook]

    # Filling, by the loader.

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


def _key(kind: str, found: Any) -> str:
    """What must differ between two contributions of a kind: the name; of metrics name and shape."""
    return f"{found.name} of {found.shape}" if kind == "metrics" else str(found.name)
