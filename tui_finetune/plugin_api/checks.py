"""What a contribution must have before it is used: told to the plugin's author in words, at loading."""

from __future__ import annotations

import re
from typing import Any

HEAVY_PACKAGES = frozenset({"torch", "transformers", "datasets", "evaluate", "trl"})
"""What no light half imports."""

SHAPES = ("labels", "tags", "numbers", "multilabels", "answers", "tokens", "preferences", "ranks", "texts")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]*$")
_HEAVY = re.compile(r"[\w.]+:[\w.]+$")


def check_contribution(kind: str, found: Any) -> None:
    """Raises TypeError or ValueError where `found` is not what the hook of `kind` gives."""
    from tui_finetune.plugin_api.sources import Preprocessor, Source
    from tui_finetune.plugin_api.tasks import Metric, Task

    expected = {"tasks": Task, "sources": Source, "preprocessors": Preprocessor, "metrics": Metric}[kind]
    if isinstance(found, type) and issubclass(found, expected):
        raise TypeError(f"{found.__name__} is a class; give an instance, {found.__name__}()")
    if not isinstance(found, expected):
        raise TypeError(f"a {expected.__name__} is expected, not {found!r}")
    name = getattr(found, "name", None)
    if not isinstance(name, str) or not _NAME.match(name):
        raise ValueError(f"{type(found).__name__}.name is {name!r}; letters, digits, - and _ are expected")
    if isinstance(found, Task):
        _check_task(found)
    if isinstance(found, Metric):
        _check_metric(found)


def _check_task(task: Any) -> None:
    """The declarations that every caller relies on."""
    from tui_finetune.plugin_api.tasks import Role

    absent = [key for key in ("roles", "heavy", "shape", "metrics") if not hasattr(task, key)]
    if absent:
        raise ValueError(f"task {task.name} has no {', '.join(absent)}")
    if not task.roles or not all(isinstance(role, Role) for role in task.roles):
        raise ValueError(f"task {task.name}: roles is to be a tuple of Role, at least one")
    if not _HEAVY.match(task.heavy):
        raise ValueError(f"task {task.name}: heavy is {task.heavy!r}; package.module:attribute is expected")
    if task.shape not in SHAPES:
        raise ValueError(f"task {task.name}: shape is {task.shape!r}; one of {', '.join(SHAPES)} is expected")
    if not task.metrics or isinstance(task.metrics, str):
        raise ValueError(f"task {task.name}: metrics is to be a tuple of names, the main one first")


def _check_metric(metric: Any) -> None:
    if metric.shape not in SHAPES:
        raise ValueError(f"metric {metric.name}: shape is {metric.shape!r}; one of {', '.join(SHAPES)} is expected")
    if not callable(metric.compute):
        raise TypeError(f"metric {metric.name}: compute is to be a function of Decoded")
