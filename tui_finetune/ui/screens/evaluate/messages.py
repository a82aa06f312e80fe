"""What the Evaluate screen's work tells. An evaluation has a key: what comes for another one than is open is for nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual.message import Message

from tui_finetune.live.beside import ComparedLook
from tui_finetune.live.evaluation_page import Choosable, Measured
from tui_finetune.ui.messages import Told


@dataclass
class EvaluationsFound(Told):
    """All evaluations of all runs: the whole latest state."""

    found: Sequence[Choosable]

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, EvaluationsFound)


@dataclass
class EvaluationRead(Told):
    """An evaluation was opened."""

    measured: Measured
    rows: int | None
    """Rows whose predictions are stored; None where none are."""
    errors: int = 0
    tagged: bool = False
    labels: Sequence[str] = ()
    problem: str = ""
    """Why its rows cannot be read."""


@dataclass
class EvaluationUnread(Told):
    """It could not be opened."""

    key: str
    problem: str


@dataclass
class RowsMatched(Told):
    """The rows of a filter, in their order."""

    key: str
    asked: int
    numbers: Sequence[int]


@dataclass
class RowsFetched(Told):
    """Some rows, as lines of the list need them."""

    key: str
    rows: Mapping[int, Mapping[str, Any]]


@dataclass
class RowFetched(Told):
    """One row whole, and what the other evaluation has of it."""

    key: str
    number: int
    row: Mapping[str, Any]
    other: Mapping[str, Any] | None = None


@dataclass
class ComparisonMade(Told):
    """Two evaluations of the same rows stand beside each other."""

    key: str
    look: ComparedLook


@dataclass
class ComparisonRefused(Told):
    """They are not of the same rows, or could not be read."""

    key: str
    problem: str


@dataclass
class TableWritten(Told):
    """A table lies in its file."""

    path: str
    rows: int


@dataclass
class EvaluationStarted(Told):
    """A worker measures a model: a run of its own."""

    run_id: str
    name: str


@dataclass
class EvaluationRefused(Told):
    """It could not be started."""

    problem: str
