"""The one place where metrics are computed: worker, evaluation and baselines all come through here."""

from __future__ import annotations

from collections.abc import Sequence

from tui_finetune.plugin_api import Decoded, Metric


def measure(decoded: Decoded, metrics: Sequence[Metric]) -> dict[str, float]:
    """Name to value, in the given order; nan where a metric is undefined for these rows."""
    return {metric.name: float(metric.compute(decoded)) for metric in metrics}
