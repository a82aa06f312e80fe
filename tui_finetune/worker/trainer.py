"""The mixin that is laid over any Trainer class: the loop's edge, which transformers does not let a callback have.

It overrides these members of transformers.Trainer, which a test names so that a new version is met knowingly:
`_get_train_sampler`, `create_optimizer`, `training_step`, `get_batch_samples`, `_clip_grad_norm`, `log`, `evaluate`,
`_save_checkpoint`, `_init_training_state`, `_load_rng_state`.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import EvalPrediction, Trainer, TrainerState, TrainingArguments
from transformers.trainer import TRAINER_STATE_NAME, TRAINING_ARGS_NAME
from transformers.trainer_callback import ExportableState
from transformers.trainer_utils import IntervalStrategy

from tui_finetune.runs import atomic
from tui_finetune.worker import checkpoints
from tui_finetune.worker.attempt import Attempt
from tui_finetune.worker.order import EpochOrder
from tui_finetune.worker.parameters import parameter_groups

if TYPE_CHECKING:
    import torch.utils.data

logger = logging.getLogger(__name__)

ORDER_STATE = "order.json"
"""In a checkpoint: how the epoch's order was drawn."""


@dataclass
class LoopEdge:
    """What the mixin needs beside the Trainer's own arguments."""

    attempt: Attempt
    order: str
    lengths: Sequence[int]
    """Tokens of each row of train."""
    seed: int
    head_learning_rate: float | None = None
    fill_checkpoint: Callable[[Path], None] | None = None
    """Adds files of ours (the task card) to a checkpoint that is being written."""
    measure: Callable[[list[np.ndarray], Sequence[int]], dict[str, float]] | None = None
    """Metrics of validation from the raw output of its rows (without padding) and the rows' indices in that order."""


class RunTrainerMixin:
    """Laid over a Trainer class by `run_trainer_class`; `edge` is set before training."""

    edge: LoopEdge

    def __init__(self, *args: Any, edge: LoopEdge, **kwargs: Any) -> None:
        self.edge = edge
        self._losses: list[torch.Tensor] = []
        self._grad_norms: list[torch.Tensor] = []
        self._step_loss: torch.Tensor | None = None
        self._tokens: torch.Tensor | None = None
        self._epoch_order: EpochOrder | None = None
        self._evaluation_order: list[int] = []
        self._evaluation_owed = False
        super().__init__(*args, **kwargs)
        if edge.measure is not None:
            self.compute_metrics = self._compute_metrics

    # Order

    def _get_train_sampler(self: Any, train_dataset: Any = None) -> EpochOrder:
        args = self.args
        order = EpochOrder(
            self.edge.order,
            self.edge.lengths,
            seed=self.edge.seed,
            group=args.train_batch_size * args.gradient_accumulation_steps,
        )
        self._epoch_order = order
        return order

    def _init_training_state(
        self: Any, max_steps: int, num_update_steps_per_epoch: int, num_train_epochs: int, resume: Any, trial: Any
    ) -> tuple[int, int]:
        epochs, steps = super()._init_training_state(  # type: ignore[misc]
            max_steps, num_update_steps_per_epoch, num_train_epochs, resume, trial
        )
        state = Path(resume) / ORDER_STATE if resume else None
        if state is not None and state.is_file() and self._epoch_order is not None:
            self._epoch_order.load_state_dict(json.loads(state.read_text(encoding="utf-8")), epoch=epochs)
        self._evaluation_owed = bool(resume) and evaluation_owed(self.args, self.state)
        if self.state.global_step >= max_steps:
            # Else the library, where the last step lies within an epoch, trains one step more than there are.
            epochs = num_train_epochs
        return epochs, steps

    # An evaluation that was due at the checkpoint's step and is not in it: after a stop, or after a kill between the two

    def _load_rng_state(self: Any, checkpoint: str | None) -> None:
        """The library calls it at the moment of the checkpoint: what was due then comes before anything is drawn."""
        super()._load_rng_state(checkpoint)  # type: ignore[misc]
        self.catch_up()

    def catch_up(self: Any) -> None:
        """Does the evaluation that the checkpoint owes; once, and nothing where it owes none."""
        if not self._evaluation_owed:
            return
        self._evaluation_owed = False
        self._determine_best_metric(metrics=self._evaluate(None, None), trial=None)

    # Optimizer

    def create_optimizer(self: Any, model: Any = None) -> torch.optim.Optimizer:
        rate = self.edge.head_learning_rate
        if rate is None or self.optimizer is not None:
            optimizer: torch.optim.Optimizer = super().create_optimizer(model)  # type: ignore[misc]
            return optimizer
        of = self.model if model is None else model
        groups = parameter_groups(
            of, self.get_decay_parameter_names(of), weight_decay=self.args.weight_decay, head_learning_rate=rate
        )
        optimizer_class, arguments = self.get_optimizer_cls_and_kwargs(self.args, of)
        self.optimizer = optimizer_class(groups, **arguments)
        created: torch.optim.Optimizer = self.optimizer
        return created

    # True values of every step: kept on the device, fetched at the logging interval

    def get_batch_samples(self: Any, epoch_iterator: Any, num_batches: int, device: torch.device) -> Any:
        batches, items = super().get_batch_samples(epoch_iterator, num_batches, device)  # type: ignore[misc]
        for batch in batches:
            mask = batch.get("attention_mask") if hasattr(batch, "get") else None
            if mask is not None:
                tokens = mask.sum()
                self._tokens = tokens if self._tokens is None else self._tokens + tokens
        return batches, items

    def training_step(self: Any, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        loss: torch.Tensor = super().training_step(model, inputs, num_items_in_batch)  # type: ignore[misc]
        self._step_loss = loss if self._step_loss is None else self._step_loss + loss
        if self.accelerator.sync_gradients:
            self._losses.append(self._step_loss)
            self._step_loss = None
        return loss

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
        self._losses, self._grad_norms, self._tokens = [], [], None
        # The library's own history gets what the library puts there; the lists are for the events only.
        history = self.state.log_history
        super().log(full, start_time)  # type: ignore[misc]
        for key in ("losses", "grad_norms", "tokens"):
            history[-1].pop(key, None)

    # Evaluation

    def evaluate(self: Any, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval") -> Any:
        self.edge.attempt.phase("evaluating")
        rows = self.eval_dataset if eval_dataset is None else eval_dataset
        # The sampler is seeded: asking it here gives the order in which the loop will see the rows. Like the loop's it must
        # not see the column `length`, which tells of rows before they were cut: it would group them otherwise.
        seen = self._remove_unused_columns(rows, description="evaluation")
        self._evaluation_order = list(self._get_eval_sampler(seen))
        # The library drops the last rows here too, though they are to be left out of training alone.
        dropping, self.args.dataloader_drop_last = self.args.dataloader_drop_last, False
        try:
            return super().evaluate(eval_dataset, ignore_keys, metric_key_prefix)  # type: ignore[misc]
        finally:
            self.args.dataloader_drop_last = dropping

    def _compute_metrics(self: Any, prediction: EvalPrediction) -> dict[str, float]:
        logits = prediction.predictions
        if isinstance(logits, tuple):
            logits = logits[0]
        order = self._evaluation_order
        if logits.ndim == 2:
            rows = list(logits)
        else:
            lengths = self.eval_dataset.with_format(None)["input_ids"]
            rows = [row[: len(lengths[index])] for row, index in zip(logits, order, strict=True)]
        found: dict[str, float] = self.edge.measure(rows, order)
        return found

    # Saving

    def _save_checkpoint(self: Any, model: Any, trial: Any) -> None:
        """Trainer's pieces, written beside and renamed; a surplus one is removed only after the new one is whole."""
        attempt, paths, step = self.edge.attempt, self.edge.attempt.paths, self.state.global_step
        before = attempt.phase_name
        attempt.phase("saving")
        started = time.monotonic()
        self.store_flos()
        self.note_best()
        size = checkpoints.write_whole(paths.checkpoint(step), self._fill_checkpoint, {"step": step})
        attempt.events.write(
            "checkpoint",
            step=step,
            path=str(paths.checkpoint(step).relative_to(paths.root)),
            bytes=size,
            seconds=round(time.monotonic() - started, 3),
        )
        keep = [self.state.best_global_step]
        for old_step, folder in checkpoints.surplus(paths, self.args.save_total_limit, keep):
            checkpoints.remove(folder)
            attempt.events.write("checkpoint_removed", step=old_step, path=str(folder.relative_to(paths.root)))
        attempt.phase("training" if before == "saving" else before)

    def save_unless_saved(self: Any) -> None:
        """A checkpoint of the step as it stands."""
        if not self.edge.attempt.paths.checkpoint(self.state.global_step).is_dir():
            self._save_checkpoint(self.model, None)

    def note_best(self: Any) -> None:
        """The best step so far and its checkpoint, where it has one or is about to have it, into the attempt's outcome.

        Not into the library's state, which at the end of training would remove other checkpoints by it, unsaid.
        """
        paths, outcome, best = self.edge.attempt.paths, self.edge.attempt.outcome, self.state.best_global_step
        there = bool(best) and (best == self.state.global_step or paths.checkpoint(best).is_dir())
        outcome.best_step = best if there else None
        outcome.best_checkpoint = str(paths.checkpoint(best).relative_to(paths.root)) if there else None

    def _fill_checkpoint(self: Any, folder: Path) -> None:
        self.save_model(str(folder), _internal_call=True)
        # A pickle of the arguments that nothing reads again: a resume takes them from the recipe.
        (folder / TRAINING_ARGS_NAME).unlink(missing_ok=True)
        self._save_optimizer_and_scheduler(str(folder))
        self._save_scaler(str(folder))
        self._save_rng_state(str(folder))
        for callback in [*self.callback_handler.callbacks, self.control]:
            if isinstance(callback, ExportableState):
                self._keep_callback_state(callback)
        self.state.save_to_json(str(folder / TRAINER_STATE_NAME))
        if self._epoch_order is not None:
            atomic.write_json(folder / ORDER_STATE, self._epoch_order.state_dict())
        if self.edge.fill_checkpoint is not None:
            self.edge.fill_checkpoint(folder)

    def _keep_callback_state(self: Any, callback: ExportableState) -> None:
        name, kept = type(callback).__name__, self.state.stateful_callbacks
        if isinstance(kept.get(name), list):
            kept[name].append(callback.state())
        else:
            kept[name] = callback.state()


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
    fetched: list[float] = torch.stack([v.float().reshape(()) for v in values]).tolist()
    return [float(f"{value:.6g}") for value in fetched]


def run_trainer_class(base: type[Trainer]) -> type[Any]:
    """`base` with the mixin over it."""
    return type(f"Run{base.__name__}", (RunTrainerMixin, base), {})
