"""What one screen asks of another when it sends a person there: `ui.show_screen("data", DataWanted(path))`.

The page takes it in `on_screen_resume` with `self.ui.take_wanted(self.NAME)`, where None means: as it was left.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tui_finetune.live.data_set import Asked


@dataclass(frozen=True)
class RunWanted:
    """The run that is current, on one of its tabs."""

    tab: str | None = None


@dataclass(frozen=True)
class DataWanted:
    """Data by path, Hub id or name of a source, or those of a recipe, with the cursor on a row; of nothing it asks what."""

    source: str | None = None
    recipe: Path | None = None
    row_id: str | None = None


@dataclass(frozen=True)
class RowsWanted:
    """Rows of data, by their ids, alone on the Data screen: a queue to look at and edit."""

    asked: Asked
    rows: tuple[str, ...]
    title: str


@dataclass(frozen=True)
class TrainWanted:
    """A recipe in the form: a file, a text that is no file yet, a copy of a run's, one that came with the program."""

    path: Path | None = None
    text: str | None = None
    run_id: str | None = None
    name: str | None = None
    """What a text is called in line 2, and when it is written."""
    sample: str | None = None
    """Name of one of sample_configs/, as `demo`."""
    task: str | None = None
    """A new recipe for this task."""
    draft: str | None = None
    """Name of a draft of the home."""
    choose: bool = False
    """The list of all of them; `run_id` is then offered first."""


@dataclass(frozen=True)
class EvaluateWanted:
    """The evaluation of a run, or of two beside each other."""

    run_id: str
    other_id: str | None = None


@dataclass(frozen=True)
class PredictWanted:
    """A model, by its run or as `--model` of the verb takes it, and a text to try."""

    model: str | None = None
    text: str | None = None
    pair: str | None = None
    """The text's second one, for models that read pairs."""
