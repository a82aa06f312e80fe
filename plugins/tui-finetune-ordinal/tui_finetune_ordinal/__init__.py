"""Ordinal classification: labels with an order, such as one to five stars.

Adds a task (with a head of its own), two metrics, a source and a preprocessor. This module is the light half: it imports
neither torch nor transformers; `heads.py` is the heavy one and is named by the task only.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_finetune.plugin_api import Metric, Preprocessor, Source, Task, hookimpl

__version__ = "0.1.0"


@hookimpl
def register_tasks() -> Sequence[Task]:
    from tui_finetune_ordinal.task import OrdinalClassification

    return [OrdinalClassification()]


@hookimpl
def register_metrics() -> Sequence[Metric]:
    from tui_finetune_ordinal.metrics import METRICS

    return METRICS


@hookimpl
def register_datasets() -> Sequence[Source]:
    from tui_finetune_ordinal.reviews import StarReviews

    return [StarReviews()]


@hookimpl
def register_preprocessors() -> Sequence[Preprocessor]:
    from tui_finetune_ordinal.hide_ratings import HideRatings

    return [HideRatings()]
