"""What the Data screen's own work tells. `number` is that of the opening it belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.message import Message

from tui_finetune.errors import Problem
from tui_finetune.live.data_row import TokenView
from tui_finetune.live.data_set import Asked, DataSet
from tui_finetune.live.data_sources import Candidate
from tui_finetune.live.data_steps import Preview, Step
from tui_finetune.ui.messages import Told

if TYPE_CHECKING:
    from tui_finetune.ui.screens.data.reading import Other

Key = tuple[int, str, int]
"""A view: number of the opening, split, number of the view."""


@dataclass
class DataAdvanced(Told):
    """Opening, filtering or counting has come so far."""

    number: int
    what: str
    done: int
    total: int | None

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, DataAdvanced)


@dataclass
class HeadRead(Told):
    """The first lines of the file that is being opened, as they stand."""

    number: int
    lines: Sequence[str]


@dataclass
class DataOpened(Told):
    """Its rows are there; what there is to know of them follows."""

    number: int
    found: DataSet


@dataclass
class DataLooked(Told):
    """Everything that is known of it. again: with another choice for a run; the rows are the same."""

    number: int
    found: DataSet
    again: bool = False


@dataclass
class ChoiceRefused(Told):
    """What was chosen for a run could not be looked at."""

    number: int
    why: str


@dataclass
class LengthsRead(Told):
    """What each maximum length would cut."""

    number: int
    answer: Mapping[str, Any]


@dataclass
class DataRefused(Told):
    """It cannot be opened."""

    number: int
    asked: Asked
    problems: Sequence[Problem]


@dataclass
class RowsRead(Told):
    """A block of rows, cut to what a table shows."""

    key: Key
    block: int
    numbers: Sequence[int]
    cells: Sequence[Mapping[str, Any]]


@dataclass
class ViewMade(Told):
    """The rows of a filter and an order were found."""

    key: Key
    count: int
    notes: Sequence[str]
    at: int
    """Where the cursor is to stand."""
    first: RowsRead
    """The rows there, so that nothing is blank meanwhile."""
    block_rows: int
    """Rows of a block of the view."""
    looked: bool
    """False where labels and tokens were not known yet."""


@dataclass
class ViewRefused(Told):
    """A filter or an order cannot be."""

    key: Key
    why: str


@dataclass
class RowPlaced(Told):
    """Where the row of a number stands in a view; None where it does not."""

    key: Key
    number: int
    at: int | None


@dataclass
class TokensCounted(Told):
    """Tokens of a block of rows."""

    key: Key
    block: int
    counts: Sequence[int]


@dataclass
class RowRead(Told):
    """One row, whole."""

    key: Key
    index: int
    number: int
    row: Mapping[str, Any]
    tokens: TokenView | None
    why: str = ""
    """Why there are no tokens."""
    beside: TokenView | None = None
    """As another model, or at another length, sees it, where that was asked for."""
    beside_why: str = ""


@dataclass
class OtherFound(Told):
    """Whose tokens are to stand beside; None where it has none here."""

    other: Other | None
    why: str = ""


@dataclass
class FactsRead(Told):
    """A column was counted."""

    number: int
    split: str
    column: str
    facts: Mapping[str, Any]


@dataclass
class DataChecked(Told):
    """The data were checked; the document of their findings, or why there is none."""

    number: int
    document: Mapping[str, Any] | None
    why: str = ""


@dataclass
class StepsRead(Told):
    """The preprocessors that there are, and the tasks with their help."""

    steps: Sequence[Step]
    tasks: Sequence[tuple[str, str]] = ()


@dataclass
class ChainCounted(Told):
    """What each of the chosen steps does to all rows."""

    number: int
    names: Sequence[str]
    counts: Sequence[Mapping[str, Any]]


@dataclass
class PreviewRead(Told):
    """Rows before and after the chosen steps."""

    number: int
    preview: Preview | None
    why: str = ""


@dataclass
class CandidatesRead(Told):
    """What can be opened of what is typed."""

    typed: str
    candidates: Sequence[Candidate]
    why: str = ""
    """Why the Hub was not asked."""
    more: bool = False
    """True while the Hub is being asked still."""


@dataclass
class SourcesRead(Told):
    """Sources that need no path: name and help."""

    sources: Sequence[tuple[str, str]]


@dataclass
class LinesRead(Told):
    """Lines of a file as they stand."""

    title: str
    first: int
    lines: Sequence[str]
    marked: int | None


@dataclass
class FilesChanged(Told):
    """Files of the open data are not as they were when they were read."""

    number: int
    names: Sequence[str]


@dataclass
class RecipeFilledIn(Told):
    """A recipe for the open data."""

    text: str
    name: str


@dataclass
class RecipeOfDataWritten(Told):
    """A recipe for the open data is a file now."""

    path: Path


@dataclass
class RecipeIsThere(Told):
    """The file that a recipe was to be written to has another text."""

    path: Path
