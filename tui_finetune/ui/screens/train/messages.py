"""What the Train screen's threads tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_finetune.errors import Problem
from tui_finetune.live.document import Document
from tui_finetune.live.forecast import Planned
from tui_finetune.live.form import Form, Judged, Trial
from tui_finetune.live.train_page import Start
from tui_finetune.ui.messages import Told


@dataclass
class StartsRead(Told):
    """What a recipe can begin with."""

    starts: Sequence[Start]


@dataclass
class RecipeOpened(Told):
    """A recipe was read."""

    document: Document
    base: Form | None
    """The form of the text as it stands where it came from."""


@dataclass
class RecipeJudged(Told):
    """A text was read into a form and checked."""

    judged: Judged


@dataclass
class RunPlanned(Told):
    """What is known of a training before it is started."""

    text: str
    planned: Planned
    problems: Sequence[Problem]
    """What its check has found; then nothing is planned."""


@dataclass
class ValueTried(Told):
    """What is being typed was checked."""

    trial: Trial


@dataclass
class RecipeWritten(Told):
    """A recipe was written to a file."""

    path: Path
    sent: str
    """The text that was to be written."""
    text: str
    """As it stands in the file: paths are named from its folder."""
    base: Form | None


@dataclass
class RecipeClashed(Told):
    """The file has another text than the one that would be written over; nothing was written."""

    path: Path
    known: bool
    """True where it is the recipe's own file, which somebody else has changed."""


@dataclass
class FileLooked(Told):
    """The recipe's own file was looked at, and it is not as it was at the look before."""

    path: Path
    changed: float | None
    gone: bool


@dataclass
class FileReread(Told):
    """The recipe's own file was read again."""

    path: Path
    text: str
    base: Form | None


@dataclass
class OtherRead(Told):
    """Another recipe to compare with."""

    words: str
    """What it is: `imdb-bert (k3f9)`."""
    form: Form


@dataclass
class DraftDropped(Told):
    """A draft was thrown away."""

    title: str
