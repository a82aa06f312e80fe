"""Our own tasks, sources and metrics: a plugin like any other, reached only through the manager.

Everything is imported inside the hooks, so that listing plugins pays only for what it asks for.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_finetune.plugin_api import Metric, Source, Task, hookimpl


@hookimpl
def register_datasets() -> Sequence[Source]:
    from tui_finetune.builtin.sources import SOURCES

    return list(SOURCES)


@hookimpl
def register_tasks() -> Sequence[Task]:
    from tui_finetune.builtin.tasks import TASKS

    return TASKS


@hookimpl
def register_metrics() -> Sequence[Metric]:
    from tui_finetune.builtin.metrics import METRICS

    return METRICS
