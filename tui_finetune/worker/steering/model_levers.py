"""What is trained, and by which loss: frozen parts, dropout, smoothing, weights of the labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from transformers.trainer_pt_utils import LabelSmoother

from tui_finetune.errors import RecipeError
from tui_finetune.runs.settable import factor
from tui_finetune.worker.parameters import check_freeze, freeze, frozen_modules, unfreeze
from tui_finetune.worker.steering.dropout import dropout_of, has_dropout, set_dropout
from tui_finetune.worker.steering.lever import GROUPS, NOTHING, Asked, Lever, Redo, absolute


def _smoothing(trainer: Any, value: Any) -> Redo:
    new = absolute(trainer.args.label_smoothing_factor, value)
    trainer.args.label_smoothing_factor = new
    trainer.label_smoother = LabelSmoother(epsilon=new) if new and not _several_labels(trainer) else None
    return NOTHING


def _several_labels(trainer: Any) -> bool:
    return getattr(trainer.model.config, "problem_type", None) == "multi_label_classification"


def _smoothing_refusal(trainer: Any, value: Any, asked: Asked) -> str | None:
    if _several_labels(trainer):
        return "Rows of this model have several labels at once; they are not smoothed."
    new = absolute(trainer.args.label_smoothing_factor, value)
    return None if 0 <= new < 1 else f"That would be {new:g}; it must be below 1."


def _class_weights_refusal(trainer: Any, value: Any, asked: Asked) -> str | None:
    why: str | None = trainer.edge.class_weights.refusal(value)
    return why


def _class_weights(trainer: Any, value: Any) -> Redo:
    trainer.edge.class_weights.set(value)
    return NOTHING


def _dropout(trainer: Any, value: Any) -> Redo:
    set_dropout(trainer.model, absolute(dropout_of(trainer.model), value))
    return NOTHING


def _dropout_refusal(trainer: Any, value: Any, asked: Asked) -> str | None:
    if not has_dropout(trainer.model):
        return f"{type(trainer.model).__name__} has no dropout."
    current = dropout_of(trainer.model)
    if factor(value) is not None and current is None:
        return "Its parts have different values, so a factor says nothing; give a number."
    new = absolute(current, value)
    return None if 0 <= new < 1 else f"That would be {new:g}; it must be below 1."


def _freeze(trainer: Any, value: list[str]) -> Redo:
    freeze(trainer.model, value)
    return frozenset({GROUPS})


def _unfreeze(trainer: Any, value: list[str]) -> Redo:
    unfreeze(trainer.model, value)
    return frozenset({GROUPS})


def _freeze_refusal(trainer: Any, value: list[str], asked: Asked) -> str | None:
    try:
        check_freeze(trainer.model, value, frozen=True)
    except RecipeError as error:
        return " ".join(str(problem) for problem in error.problems)
    return None


def _unfreeze_refusal(trainer: Any, value: list[str], asked: Asked) -> str | None:
    try:
        check_freeze(trainer.model, value, frozen=False)
    except RecipeError as error:
        return " ".join(str(problem) for problem in error.problems)
    return None


MODEL_LEVERS: Final[Mapping[str, Lever]] = {
    "label_smoothing_factor": Lever(
        lambda trainer: trainer.args.label_smoothing_factor, _smoothing, _smoothing_refusal
    ),
    "class_weights": Lever(lambda trainer: trainer.edge.class_weights.current, _class_weights, _class_weights_refusal),
    "dropout": Lever(lambda trainer: dropout_of(trainer.model), _dropout, _dropout_refusal),
    "freeze": Lever(lambda trainer: frozen_modules(trainer.model), _freeze, _freeze_refusal),
    "unfreeze": Lever(lambda trainer: None, _unfreeze, _unfreeze_refusal),
}
"""Parts are frozen before others are trained again."""
