"""The hooks. A plugin defines any of them with `@hookimpl`; docs/plugins.md has an example of each.

Light hooks are called by every process; `training_callbacks` and `run_event` only by the worker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from transformers import TrainerCallback

    from tui_finetune.plugin_api.sources import Preprocessor, Source
    from tui_finetune.plugin_api.tasks import Metric, Task

PROJECT = "tui_finetune"
"""Name of the pluggy project and of the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_datasets() -> Sequence[Source]:  # type: ignore[empty-body]
    """Sources: how to open what a person points at, as Arrow."""


@hookspec
def register_tasks() -> Sequence[Task]:  # type: ignore[empty-body]
    """Task heads, light half; each names its heavy half."""


@hookspec
def register_preprocessors() -> Sequence[Preprocessor]:  # type: ignore[empty-body]
    """Row transforms for `[[preprocess]]`."""


@hookspec
def register_metrics() -> Sequence[Metric]:  # type: ignore[empty-body]
    """Metric functions for `[evaluate] metrics`."""


@hookspec
def training_callbacks(recipe: Mapping[str, Any]) -> Sequence[TrainerCallback]:  # type: ignore[empty-body]
    """TrainerCallbacks for a run, made in the worker. `recipe` is the resolved recipe as plain values."""


@hookspec
def run_event(run: str, event: Mapping[str, Any]) -> Mapping[str, Any] | Sequence[Mapping[str, Any]] | None:
    """Something happened in the run whose directory is `run`: notify, mirror to a tracker. Called on a thread of its own.

    What it returns (`channel`, `what`, `ok`, `why`, or a list of such) is told in the run's history.
    """
