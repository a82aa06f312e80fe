"""Metrics as pure numpy functions."""

from tui_finetune.plugin_api import Metric

METRICS: tuple[Metric, ...] = ()
