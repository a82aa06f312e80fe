"""What answers for texts, whatever runs the model: the same rows in, the same answers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from tui_finetune.inference.task_card import TaskCard
from tui_finetune.plugin_api import Progress, Task, no_progress

Row = Mapping[str, Any]
"""A row by role, without gold: `{"text": …}`, `{"text": …, "text_pair": …}`, `{"tokens": […], "text": …}`."""
Answer = dict[str, Any]
"""As `Task.answer` gives it."""


class Predictor(Protocol):
    """A model that is loaded and stays so."""

    card: TaskCard
    task: Task
    device: str
    """`cpu`, `cuda:0 NVIDIA A10`."""

    def predict(self, rows: Sequence[Row], progress: Progress = no_progress) -> list[Answer]:
        """One answer a row, in order. Rows may differ in the roles that they have; they are batched by length."""

    def tokenize(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """The rows as the model sees them: `tokens`, `ids`, `length` before cutting, `truncated`."""

    def save(self, folder: Path) -> None:
        """The model as it is used, an adapter merged into it, and its tokenizer, into an empty folder. Raises OSError."""


def alike(rows: Sequence[Row]) -> list[list[int]]:
    """Indices of rows that have the same roles, a list each: only such rows can be encoded together."""
    groups: dict[frozenset[str], list[int]] = {}
    for index, row in enumerate(rows):
        groups.setdefault(frozenset(k for k, v in row.items() if v is not None), []).append(index)
    return list(groups.values())


def as_columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Rows of the same roles as columns."""
    names = [name for name, value in rows[0].items() if value is not None] if rows else []
    return {name: [row[name] for row in rows] for name in names}
