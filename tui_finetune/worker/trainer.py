"""The mixin that is laid over any Trainer class: the loop's edge, which transformers does not let a callback have.

It overrides these members of transformers.Trainer, which a test names so that a new version is met knowingly; `steered.py`
names those of the loop's shape: `create_optimizer`, `_get_learning_rate`, `training_step`, `get_batch_samples`,
`compute_loss`, `_load_from_checkpoint`, `_clip_grad_norm`, `log`, `evaluate`, `_save_checkpoint`.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import EvalPrediction, Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import IntervalStrategy

from tui_finetune.runs import atomic
from tui_finetune.worker.attempt import Attempt
from tui_finetune.worker.controls import Controls
from tui_finetune.worker.generators import kept_generators
from tui_finetune.worker.parameters import parameter_groups
from tui_finetune.worker.refit import IGNORED, Refit
from tui_finetune.worker.saving import Saver
from tui_finetune.worker.scoring import row_lengths
from tui_finetune.worker.steered import ORDER_STATE, SteeredLoop
from tui_finetune.worker.steering.class_weights import ClassWeights
from tui_finetune.worker.steering.steering import Steering
from tui_finetune.worker.token_batches import TokenBatches
from tui_finetune.worker.training_state import TrainingState
from tui_finetune.worker.tuning.average import Average, Averaging, put_raw, raw_weights
from tui_finetune.worker.tuning.losses import Added
from tui_finetune.worker.tuning.rates import OF_HEAD, SCALE, Rates

if TYPE_CHECKING:
    import torch.utils.data

logger = logging.getLogger(__name__)

Measure = Callable[[list[np.ndarray], Sequence[int]], dict[str, float]]
"""Metrics from the raw output of rows (without padding) and the rows' indices in that order."""


@dataclass
class LoopEdge:
    """What the mixin needs beside the Trainer's own arguments."""

    attempt: Attempt
    controls: Controls
    steering: Steering
    class_weights: ClassWeights
    order: str
    lengths: Sequence[int]
    """Tokens of each row of train."""
    seed: int
    head_learning_rate: float | None = None
    token_batches: TokenBatches | None = None
    """In place of batches of so many rows."""
    rates: Rates | None = None
    """By depth and pattern, where the recipe has any."""
    average: Average | None = None
    added: Added | None = None
    """To loss and gradient, while it trains."""
    tuning: Sequence[str] = ()
    """What is trained in another way than plainly, in words."""
    fill_checkpoint: Callable[[Path], None] | None = None
    """Adds files of ours (the task card) to a checkpoint that is being written."""
    measure: Measure | None = None
    """Of validation."""
    metrics: Mapping[str, bool] = field(default_factory=dict)
    """What validation is measured by, to whether more of it is better."""
    chosen_by: Callable[[str], None] = lambda name: None
    """Told the metric that chooses the best step from now on."""
    inputs: Sequence[str] = ()
    """Columns that the collator takes beside those of the model's forward."""
    outputs: int = 1
    """How many of what the model returns make a row's raw output."""
    plan: Callable[[], None] = lambda: None
    """Says what will be done, when that has changed."""


class RunTrainerMixin(SteeredLoop):
    """Laid over a Trainer class by `run_trainer_class`; `edge` is set before training."""

    edge: LoopEdge
    takes_means = False
    """The model's loss is the mean of its batch, however many items Trainer says a step has; pre-flight looks."""

    def __init__(self, *args: Any, edge: LoopEdge, **kwargs: Any) -> None:
        self.edge = edge
        self._losses: list[torch.Tensor] = []
        self._grad_norms: list[torch.Tensor] = []
        self._step_loss: torch.Tensor | None = None
        self._tokens: torch.Tensor | None = None
        self._rows = 0
        """Trained on since the last log, where a batch may have any number."""
        self._labels: list[torch.Tensor] = []
        """Labels that count, of each step since the last log, where a row has several."""
        self._waited = 0.0
        """Seconds since the last log in which the next batch was waited for."""
        self._evaluation_order: list[int] = []
        self.refit = Refit(edge.attempt, edge.controls)
        self._eval_dataloaders: dict[str, Any] = {}
        super().__init__(*args, **kwargs)
        self._keep_columns(edge.inputs)
        parts = [
            self._write_order,
            self._write_steering,
            *([edge.fill_checkpoint] if edge.fill_checkpoint is not None else []),
            *([edge.average.write] if edge.average is not None else []),
        ]
        self.saver = Saver(edge.attempt, edge.controls, TrainingState(self, edge.attempt.made_with, parts))
        self.callback_handler.add_callback(SaveRetries(self.saver))
        if edge.average is not None:
            # Before all others: what they look at is of the step with its weights in it.
            self.callback_handler.callbacks.insert(0, Averaging(edge.average))
        if edge.measure is not None:
            self.compute_metrics = self._compute_metrics

    def _keep_columns(self: Any, names: Sequence[str]) -> None:
        """Beside those of the model's forward: what the collator takes."""
        self._set_signature_columns_if_needed()
        self._signature_columns = list(dict.fromkeys([*self._signature_columns, *names]))

    # An evaluation that was due at the checkpoint's step and is not in it: after a stop, or after a kill between the two

    def owes_evaluation(self: Any) -> bool:
        return evaluation_owed(self.args, self.state)

    def catch_up(self: Any) -> None:
        """Does the evaluation that the checkpoint owes; once, and nothing where it owes none."""
        if not self._evaluation_owed:
            return
        self._evaluation_owed = False
        self._determine_best_metric(metrics=self._evaluate(None, None), trial=None)

    # Optimizer

    def create_optimizer(self: Any, model: Any = None) -> torch.optim.Optimizer:
        rate, rates = self.edge.head_learning_rate, self.edge.rates
        if (rate is None and rates is None) or self.optimizer is not None:
            optimizer: torch.optim.Optimizer = super().create_optimizer(model)  # type: ignore[misc]
            return optimizer
        of = self.model if model is None else model
        decayed, decay = self.get_decay_parameter_names(of), self.args.weight_decay
        if rates is not None:
            groups = rates.groups(of, decayed, weight_decay=decay, rate=self.args.learning_rate, head_rate=rate)
        else:
            groups = parameter_groups(of, decayed, weight_decay=decay, head_learning_rate=rate)
        optimizer_class, arguments = self.get_optimizer_cls_and_kwargs(self.args, of)
        self.optimizer = optimizer_class(groups, **arguments)
        created: torch.optim.Optimizer = self.optimizer
        return created

    def _get_learning_rate(self: Any) -> float:
        """The run's own, of which the first group may have a share."""
        rate: float = super()._get_learning_rate()  # type: ignore[misc]
        first = self.optimizer.param_groups[0]
        return rate if first.get(OF_HEAD) else rate / first.get(SCALE, 1.0)

    @property
    def loss_is_scaled_for_ga(self: Any) -> bool | None:
        """False where the micro-batches of a step have means for losses, which are to be divided by their number.

        The library takes every model that accepts loss arguments for one that uses them: with the heads of BERT and its
        like, twice the accumulation was twice the gradient, and no effective batch was the same as another.
        """
        own: bool | None = super().loss_is_scaled_for_ga  # type: ignore[misc]
        counted = (
            self.label_smoother is not None or self.compute_loss_func is not None or self.edge.class_weights.weighs
        )
        return False if own is None and self.takes_means and not counted else own

    # True values of every step: kept on the device, fetched at the logging interval

    def get_batch_samples(self: Any, epoch_iterator: Any, num_batches: int, device: torch.device) -> Any:
        if self.take_up_changes():
            return [], None
        self.refit.begin_step()
        started = time.perf_counter()
        batches, items = super().get_batch_samples(epoch_iterator, num_batches, device)  # type: ignore[misc]
        self.refit.have(batches)
        self._waited += time.perf_counter() - started
        self._count_labels(batches)
        if self.edge.token_batches is not None:
            self._rows += sum(len(batch["input_ids"]) for batch in batches)
        for batch in batches:
            mask = batch.get("attention_mask") if hasattr(batch, "get") else None
            if mask is not None:
                tokens = mask.sum()
                self._tokens = tokens if self._tokens is None else self._tokens + tokens
        return batches, items

    def _count_labels(self, batches: Sequence[Any]) -> None:
        labels = [batch.get("labels") for batch in batches if hasattr(batch, "get")]
        if labels and all(
            isinstance(one, torch.Tensor) and one.dim() > 1 and not one.is_floating_point() for one in labels
        ):
            self._labels.append(sum((one != IGNORED).sum() for one in labels))

    def training_step(self: Any, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        step = super().training_step  # type: ignore[misc]

        def both(rows: Any) -> torch.Tensor:
            with self.disturbing(lambda: step(model, rows, num_items_in_batch)):
                return step(model, rows, num_items_in_batch)

        loss = self.refit.training_step(self, inputs, both)
        batches = self.edge.token_batches
        # A chart of losses that count by the size of their batch would jump.
        plain = loss if batches is None else loss / batches.weight_of(inputs)
        self._step_loss = plain if self._step_loss is None else self._step_loss + plain
        if self.accelerator.sync_gradients:
            self._losses.append(self._step_loss)
            self._step_loss = None
        return loss

    @contextlib.contextmanager
    def disturbing(self: Any, again: Callable[[], object]) -> Iterator[None]:
        """After the backward pass within it the batch's again with disturbed embeddings, where the recipe has that."""
        added = self.edge.added
        if added is None or not added.disturbs:
            yield
            return
        embedding = self.model.get_input_embeddings()
        before = None if embedding.weight.grad is None else embedding.weight.grad.clone()
        yield
        with added.disturbed(embedding, before) as moved:
            if moved:
                again()

    def compute_loss(
        self: Any, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """With what the recipe adds while it trains; by the weight of a batch that tokens make."""
        weighed = self.edge.token_batches is not None and model.training
        factor = self.edge.token_batches.weight_of(inputs) if weighed else None
        found = self._loss_of(model, inputs, return_outputs, num_items_in_batch)
        if factor is None:
            return found
        return (found[0] * factor, *found[1:]) if return_outputs else found * factor

    def _loss_of(self: Any, model: Any, inputs: Any, return_outputs: bool, num_items_in_batch: Any) -> Any:
        compute, added = super().compute_loss, self.edge.added
        if added is None or not added.changes_loss or not model.training or "labels" not in inputs:
            return compute(model, inputs, return_outputs, num_items_in_batch)

        def once() -> Any:
            return added.repeated(self.model, lambda: compute(model, dict(inputs), True, num_items_in_batch))

        loss, outputs = once()
        total = added.loss(inputs, loss, outputs, once, num_items_in_batch if self.loss_is_scaled_for_ga else None)
        return (total, outputs) if return_outputs else total

    def averaged(self: Any) -> contextlib.AbstractContextManager[None]:
        """Within it the model has the weights that are evaluated and saved."""
        average = self.edge.average
        return contextlib.nullcontext() if average is None else average.in_place()

    def _load_from_checkpoint(self: Any, resume_from_checkpoint: str, model: Any = None) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)  # type: ignore[misc]
        folder = Path(resume_from_checkpoint)
        if self.edge.average is not None:
            self.edge.average.read(folder)
        else:
            put_raw(dict(self.model.named_parameters()), raw_weights(folder))

    def _clip_grad_norm(self: Any, model: Any) -> Any:
        norm = super()._clip_grad_norm(model)  # type: ignore[misc]
        if isinstance(norm, torch.Tensor):
            self._grad_norms.append(norm.detach())
        return norm

    def log(self: Any, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" not in logs or not self._losses:
            super().log(logs, start_time)  # type: ignore[misc]
            return
        full: dict[str, Any] = dict(logs)
        full["losses"] = _fetched(self._losses)
        if self._grad_norms:
            full["grad_norms"] = _fetched(self._grad_norms)
        if self._tokens is not None:
            full["tokens"] = float(self._tokens)
        if self._rows:
            full["rows"] = self._rows
        full["waited"], full["labels"] = self._waited, [int(count) for count in _fetched(self._labels)]
        self._losses, self._grad_norms, self._tokens, self._labels, self._waited = [], [], None, [], 0.0
        self._rows = 0
        # The library's own history gets what the library puts there; the lists are for the events only.
        history = self.state.log_history
        super().log(full, start_time)  # type: ignore[misc]
        for key in ("losses", "grad_norms", "tokens", "rows", "waited", "labels"):
            history[-1].pop(key, None)

    # Evaluation

    def evaluate(self: Any, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval") -> Any:
        self.edge.attempt.phase("evaluating")
        rows = self.eval_dataset if eval_dataset is None else eval_dataset
        # The sampler is seeded: asking it here gives the order in which the loop will see the rows. Like the loop's it must
        # not see the column `length`, which tells of rows before they were cut: it would group them otherwise.
        seen = self._remove_unused_columns(rows, description="evaluation")
        evaluate = super().evaluate  # type: ignore[misc]

        def once() -> Any:
            self._evaluation_order = list(self._get_eval_sampler(seen))
            return evaluate(eval_dataset, ignore_keys, metric_key_prefix)

        # The library drops the last rows here too, though they are to be left out of training alone.
        dropping, self.args.dataloader_drop_last = self.args.dataloader_drop_last, False
        try:
            with self.averaged():
                return self.refit.evaluation(self, once)
        finally:
            self.args.dataloader_drop_last = dropping

    def _compute_metrics(self: Any, prediction: EvalPrediction) -> dict[str, float]:
        order = self._evaluation_order
        found: dict[str, float] = self.edge.measure(
            unpadded(prediction, self.eval_dataset, order, self.edge.outputs), order
        )
        return found

    def measure_apart(self: Any, rows: Any, measure: Measure) -> dict[str, float]:
        """Metrics and loss of some rows by the weights as they stand. The run is the same with it: nothing is logged or
        counted, no callback is told of an evaluation, and what was drawn is put back."""
        args, own, dropping = self.args, self.compute_metrics, self.args.dataloader_drop_last
        seen = self._remove_unused_columns(rows, description="evaluation")

        def once() -> Any:
            order = list(self._get_eval_sampler(seen))
            self.compute_metrics = lambda prediction: measure(
                unpadded(prediction, rows, order, self.edge.outputs), order
            )
            self._eval_dataloaders = {}
            return self.evaluation_loop(self.get_eval_dataloader(rows), "Evaluation", metric_key_prefix="eval")

        args.dataloader_drop_last = False
        try:
            with kept_generators(), self.averaged():
                found = self.refit.evaluation(self, once)
        finally:
            self.compute_metrics, args.dataloader_drop_last, self._eval_dataloaders = own, dropping, {}
        return {
            key.removeprefix("eval_"): value
            for key, value in found.metrics.items()
            if not key.endswith(("_model_preparation_time", "_runtime"))
        }

    # Saving

    def _save_checkpoint(self: Any, model: Any, trial: Any) -> None:
        """Whole, or told and owed: a disk that takes no checkpoint costs no training."""
        self.saver.save()

    def _write_order(self, folder: Path) -> None:
        if self._epoch_order is not None:
            atomic.write_json(folder / ORDER_STATE, self._epoch_order.state_dict())

    def _write_steering(self, folder: Path) -> None:
        if self.segment is not None:
            self.steering.write_state(folder, self.segment)


class SaveRetries(TrainerCallback):  # type: ignore[misc]
    """Asks for the checkpoint that is owed, at the end of a step, when it is time."""

    def __init__(self, saver: Saver) -> None:
        self._saver = saver

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any) -> None:
        if self._saver.retry_due():
            control.should_save = True


def unpadded(prediction: EvalPrediction, rows: Any, order: Sequence[int], outputs: int = 1) -> list[np.ndarray]:
    """The raw output of each row without the padding of its batch, in `order`, in which they were seen.

    outputs: how many of what the model returns make it; several are laid together as the last axis.
    """
    logits = prediction.predictions
    if outputs > 1:
        logits = np.stack(logits[:outputs], axis=-1)
    elif isinstance(logits, tuple):
        logits = logits[0]
    if logits.ndim == 2:
        return list(logits)
    lengths = row_lengths(rows)
    return [row[: lengths[index]] for row, index in zip(logits, order, strict=True)]


def evaluation_owed(args: TrainingArguments, state: TrainerState) -> bool:
    """True where the strategy has an evaluation at the state's step, and the state knows none of it."""
    step, epoch = state.global_step, state.epoch or 0.0
    if step == 0 or any(entry.get("step") == step and "eval_runtime" in entry for entry in state.log_history):
        return False
    at_end = step >= state.max_steps
    if args.eval_strategy == IntervalStrategy.STEPS:
        return bool(args.eval_delay <= step and (at_end or step % state.eval_steps == 0))
    if args.eval_strategy == IntervalStrategy.EPOCH:
        return bool(args.eval_delay <= epoch and (at_end or float(epoch).is_integer()))
    return False


def _fetched(values: Sequence[torch.Tensor]) -> list[float]:
    """One transfer for the whole interval; six significant digits, as the charts need them."""
    if not values:
        return []
    fetched: list[float] = torch.stack([v.float().reshape(()) for v in values]).tolist()
    return [float(f"{value:.6g}") for value in fetched]


def run_trainer_class(base: type[Trainer]) -> type[Any]:
    """`base` with the mixin over it."""
    return type(f"Run{base.__name__}", (RunTrainerMixin, base), {})
