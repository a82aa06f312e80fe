"""What the models of the Predict screen tell. A model has a number: what one that was given up still tells is for nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from tui_finetune.evaluation.samples import Sample
from tui_finetune.live.batch_page import BatchLook
from tui_finetune.live.kept import Kept
from tui_finetune.live.predict_page import Answered, ModelFacts, Usable
from tui_finetune.ui.messages import Told


@dataclass
class ModelsFound(Told):
    """The runs that have a model were looked through: the whole latest state."""

    usable: Sequence[Usable]

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ModelsFound)


@dataclass
class ModelLoaded(Told):
    """A model is in memory and answers."""

    number: int
    facts: ModelFacts


@dataclass
class ModelFailed(Told):
    """A model could not be loaded, or its helper has ended."""

    number: int
    problem: str


@dataclass
class TextAnswered(Told):
    """A text has its answer."""

    number: int
    answered: Answered


@dataclass
class TextRefused(Told):
    """The model takes no such text; it goes on."""

    number: int
    problem: str
    asked: tuple[str, str]
    """The text and its pair."""


@dataclass
class SamplesRead(Told):
    """Texts to try, of the run that the model is of."""

    run_id: str
    samples: Sequence[Sample]


@dataclass
class KeptRead(Told):
    """The history of earlier times."""

    kept: Sequence[Kept]


@dataclass
class BatchAdvanced(Told):
    """A file is being predicted, or has been: the whole latest state."""

    look: BatchLook

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, BatchAdvanced) and message.look.number == self.look.number
