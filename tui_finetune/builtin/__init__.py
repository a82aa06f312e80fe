"""Our own tasks, sources, preprocessors and metrics: a plugin like any other, reached only through the manager.

Everything is imported inside the hooks, so that listing plugins pays only for what it asks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui_finetune.plugin_api import Metric, Preprocessor, Source, Task, hookimpl


@hookimpl
def register_datasets() -> Sequence[Source]:
    from tui_finetune.builtin.sources import SOURCES

    return list(SOURCES)


@hookimpl
def register_tasks() -> Sequence[Task]:
    from tui_finetune.builtin.tasks import TASKS

    return TASKS


@hookimpl
def register_preprocessors() -> Sequence[Preprocessor]:
    from tui_finetune.builtin.preprocessors import PREPROCESSORS

    return PREPROCESSORS


@hookimpl
def run_event(run: str, event: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    from tui_finetune.builtin.notices import tell

    return tell(run, event)


@hookimpl
def register_metrics() -> Sequence[Metric]:
    from tui_finetune.builtin.metrics import METRICS

    return METRICS
