"""The task card, `task.json`: what a model folder is for, beside the files that transformers writes.

predict, evaluate, serve and export read it; every checkpoint has one too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tui_finetune.errors import ModelError, Problem
from tui_finetune.plugin_api import LabelSet
from tui_finetune.runs import atomic
from tui_finetune.runs.layout import TASK_CARD

VERSION = 1


@dataclass(frozen=True)
class TaskCard:
    """What the program has to know of a model to use it."""

    task: str
    plugin: str | None
    """Name of the plugin that adds the task."""
    labels: LabelSet
    max_length: int
    """Longest input in tokens, as in training."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """`[task_options]`."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Role to column of the training data."""
    run: str | None = None
    """Id of the run that made the model."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    preprocess: Sequence[Mapping[str, Any]] = ()
    """The training's steps, `use` and `options`: what is predicted is prepared likewise."""

    @classmethod
    def read(cls, folder: Path) -> TaskCard:
        """The card in `folder`. Raises ModelError where it cannot be read or is of a newer version."""
        path = folder / TASK_CARD
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            hint = "It is written beside every model that tui-finetune trains."
            raise ModelError(Problem(f"{folder} has no {TASK_CARD}.", hint=hint)) from error
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise ModelError(f"{path} is not a task card: {error}.") from error
        try:
            if (version := found["v"]) > VERSION:
                message = f"{path} is of version {version}; this program reads up to {VERSION}."
                raise ModelError(Problem(message, hint="A newer tui-finetune reads it."))
            return _card(cls, found)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(f"{path} is not a task card: {type(error).__name__} {error}.") from error

    def write(self, folder: Path) -> None:
        """Writes `task.json`, whole or not at all."""
        labels = {"names": list(self.labels.names), "values": list(self.labels.values)}
        atomic.write_json(
            folder / TASK_CARD, {"v": VERSION, **vars(self), "preprocess": list(self.preprocess), "labels": labels}
        )

    def with_metrics(self, metrics: Mapping[str, float]) -> TaskCard:
        """The same card with the final metrics."""
        return replace(self, metrics=dict(metrics))


def _card(cls: type[TaskCard], found: Mapping[str, Any]) -> TaskCard:
    labels = found["labels"]
    if len(labels["names"]) != len(labels["values"]):
        raise ValueError("labels: as many names as values are expected")
    return cls(
        task=str(found["task"]),
        plugin=found.get("plugin"),
        labels=LabelSet(tuple(map(str, labels["names"])), tuple(labels["values"])),
        max_length=int(found["max_length"]),
        options=dict(found.get("options") or {}),
        columns=dict(found.get("columns") or {}),
        preprocess=tuple(
            {"use": str(step["use"]), "options": dict(step["options"])} for step in found.get("preprocess") or ()
        ),
        run=found.get("run"),
        metrics={name: _number(value) for name, value in (found.get("metrics") or {}).items()},
    )


def _number(value: Any) -> float:
    """Not finite numbers stand as words in JSON."""
    return float(value) if value is not None else math.nan
