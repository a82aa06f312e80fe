"""`[health]`: what each rule of the health watch does when it finds something, and from where on it does.

docs/health.md has for each rule what it looks at, why its threshold is where it is, and what helps.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from tui_finetune.config.table import Table

Does = Literal["off", "note", "pause", "rollback", "stop"]
DoesAlone = Literal["off", "note", "stop"]
"""Of a rule that fires where the training loop does not answer."""


def _does(what: str) -> Any:
    return Field(description=f"{what} What is done then: off, note, pause, rollback or stop.")


def _from(what: str, *, gt: float = 0.0, le: float | None = None) -> Any:
    return Field(gt=gt, le=le, allow_inf_nan=False, description=what)


class HealthTable(Table):
    """What is looked at while training goes on, and what is done when something is found (docs/health.md)."""

    loss_nan: Annotated[Does, _does("Loss or gradient norm is no number.")] = "rollback"
    loss_spike: Annotated[Does, _does("Loss jumped, and half of what was learnt is gone.")] = "note"
    loss_spike_sigmas: Annotated[float, _from("Distance from the usual loss, in standard deviations.")] = 7.0
    gradient_explosion: Annotated[Does, _does("Gradient norm is many times the usual.")] = "note"
    gradient_explosion_times: Annotated[float, _from("How many times the usual.", gt=1.0)] = 10.0
    gradient_vanishing: Annotated[Does, _does("Gradient is too small to train with, and the loss still high.")] = "note"
    loss_flat: Annotated[Does, _does("Loss does not fall, or is no better than guessing by how often labels are.")] = (
        "note"
    )
    loss_flat_steps: Annotated[int, _from("Steps after the warm-up before which it is not judged.", gt=19)] = 200
    overfitting: Annotated[Does, _does("Validation loss rises while the training loss falls.")] = "note"
    overfitting_percent: Annotated[float, _from("Rise over the lowest validation loss.")] = 10.0
    overfitting_evaluations: Annotated[int, _from("Evaluations in a row that rise.")] = 2
    one_class: Annotated[Does, _does("All of validation is given the same label.")] = "note"
    one_class_percent: Annotated[float, _from("Share of validation with that label.", gt=50.0, le=100.0)] = 99.9
    all_truncated: Annotated[Does, _does("Nearly all training texts are cut at model.max_length.")] = "note"
    all_truncated_percent: Annotated[float, _from("Share of the training rows that are cut.", le=100.0)] = 95.0
    labels_ignored: Annotated[Does, _does("Rows or batches have no label that counts.")] = "note"
    labels_ignored_percent: Annotated[float, _from("Share of the training rows without any.", le=100.0)] = 10.0
    slow_input: Annotated[Does, _does("The device waits for batches.")] = "note"
    slow_input_percent: Annotated[float, _from("Share of the time that is waited.", le=100.0)] = 30.0
    slow_steps: Annotated[Does, _does("Training goes much slower than before.")] = "note"
    slow_steps_percent: Annotated[float, _from("Speed below this share of the usual one.", le=100.0)] = 50.0
    throttled: Annotated[Does, _does("The device lowers its clock for heat or power.")] = "note"
    throttled_percent: Annotated[float, _from("Clock below this share of the usual one while busy.", le=100.0)] = 60.0
    memory_creep: Annotated[Does, _does("Memory grows, and is full before the run ends.")] = "note"
    disk_filling: Annotated[Does, _does("The disk is full before the run ends, or before the next checkpoint.")] = (
        "note"
    )
    hanging: Annotated[
        DoesAlone,
        Field(description="No step, batch or row is done for long. What is done then: off, note, or stop (an abort)."),
    ] = "note"
    hanging_seconds: Annotated[
        float | None, _from("How long; without it 600 s of training, 900 s of other work, 1,800 s of loading.")
    ] = None

    def does(self) -> dict[str, str]:
        """Rule to what it does."""
        return {name: getattr(self, name) for name in RULES}

    def thresholds(self) -> dict[str, float | None]:
        """The other keys."""
        return {name: getattr(self, name) for name in type(self).model_fields if name not in RULES}


def _is_rule(annotation: Any) -> bool:
    return any(annotation == one for one in (Does, DoesAlone))


RULES: Final = tuple(name for name, field in HealthTable.model_fields.items() if _is_rule(field.annotation))
"""The rules, in the order in which they are told."""
