"""The loop as it can be steered: a mixin under `trainer.RunTrainerMixin`, over any Trainer class.

Trainer fixes loader, steps of an epoch and the place to resume at once, from the arguments. Here an epoch is one or more
segments (`steering/plan.py`), each of which the library's own `_run_epoch` does with the numbers of that segment, so that
its data skip and its generators stay its own. A run that is never steered is one segment an epoch, and the library's loop.

It overrides these members of transformers.Trainer, which a test names so that a new version is met knowingly:
`_get_train_sampler`, `_get_dataloader`, `set_initial_training_values`, `_init_training_state`, `create_scheduler`, `_run_epoch`,
`_maybe_log_save_evaluate`, `_load_rng_state`, `_determine_best_metric`, `compute_loss`.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.worker.generators import Generators
from tui_finetune.worker.order import EpochOrder, RestOfEpoch
from tui_finetune.worker.parameters import frozen_modules
from tui_finetune.worker.steering import applying, schedule
from tui_finetune.worker.steering.lever import SHAPE
from tui_finetune.worker.steering.plan import Epochs, Segment
from tui_finetune.worker.steering.position import PositionCallback
from tui_finetune.worker.steering.steering import Steering, kept_state
from tui_finetune.worker.steering.stopping import EarlyStopping
from tui_finetune.worker.token_batches import Flattened, OfEpoch

if TYPE_CHECKING:
    from tui_finetune.worker.trainer import LoopEdge

logger = logging.getLogger(__name__)

ORDER_STATE = "order.json"
"""In a checkpoint: how the epoch's order was drawn."""
ENDLESS = 1_000_000_000
"""Epochs that the library's loop may do: `state.max_steps` ends a run, and can be moved."""


class SteeredLoop:
    """`edge.steering` is attached before training."""

    edge: LoopEdge

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.stopping = EarlyStopping()
        self.segment: Segment | None = None
        """The segment that the loop is in."""
        self._epoch_order: EpochOrder | None = None
        self._rest_from = 0
        self._evaluation_owed = False
        self._first_shape: tuple[int, int] = (0, 0)
        self._leaving = False
        self._after_catching_up: Generators | None = None
        super().__init__(*args, **kwargs)
        self.callback_handler: Any
        self.callback_handler.callbacks.insert(0, PositionCallback(self))

    @property
    def steering(self) -> Steering:
        return self.edge.steering

    @property
    def epochs(self: Any) -> Epochs:
        batches = self.edge.token_batches
        rows = len(self.train_dataset) if batches is None else len(batches)
        return Epochs(rows, bool(self.args.dataloader_drop_last))

    @property
    def shape(self: Any) -> tuple[int, int]:
        """Rows of a micro-batch on this device, and micro-batches of a step, as now set."""
        return self.args.train_batch_size, self.args.gradient_accumulation_steps

    def segment_from(self: Any, step: int) -> Segment:
        """The segment that begins with `step` in the shape that is now set."""
        if self.segment is None or self.segment.ends_at(step - 1, self.epochs):
            epoch = 0 if self.segment is None else self.segment.epoch + 1
            return Segment(epoch, 0, step - 1, *self.shape)
        changed: Segment = self.segment.changed(step - 1, self.epochs, *self.shape)
        return changed

    # Beginning, from the start or from a checkpoint

    def _get_train_sampler(self: Any, train_dataset: Any = None) -> EpochOrder | RestOfEpoch | OfEpoch:
        batch, accumulation = self.shape
        batches = self.edge.token_batches
        if self._epoch_order is None:
            order, lengths = self.edge.order, self.edge.lengths
            if batches is not None:
                order, lengths = "random", range(len(batches))
            self._epoch_order = EpochOrder(order, lengths, seed=self.edge.seed, group=batch * accumulation)
        order = self._epoch_order
        order.group = batch * accumulation
        rest = RestOfEpoch(order, self._rest_from) if self._rest_from else order
        return rest if batches is None else OfEpoch(rest, len(batches), lambda: order.epoch)

    def _get_dataloader(
        self: Any,
        dataset: Any,
        description: str,
        batch_size: int,
        sampler_fn: Any = None,
        is_training: bool = False,
        dataloader_key: str | None = None,
    ) -> Any:
        """For training over batches by tokens, where the recipe has them."""
        make, batches = super()._get_dataloader, self.edge.token_batches  # type: ignore[misc]
        if batches is None or not is_training:
            return make(dataset, description, batch_size, sampler_fn, is_training, dataloader_key)
        rows = batches.over(self._remove_unused_columns(dataset, description=description))
        own, self.data_collator = self.data_collator, Flattened(self.data_collator)
        try:
            return make(rows, description, batch_size, sampler_fn, is_training, dataloader_key)
        finally:
            self.data_collator = own

    def set_initial_training_values(self: Any, args: Any, dataloader: Any) -> Any:
        values = super().set_initial_training_values(args, dataloader)  # type: ignore[misc]
        self._planned_epochs = values[0]
        return (ENDLESS, *values[1:])

    def _init_training_state(
        self: Any, max_steps: int, num_update_steps_per_epoch: int, num_train_epochs: int, resume: Any, trial: Any
    ) -> tuple[int, int]:
        self._first_shape, self.segment, self._leaving = self.shape, None, False
        kept, planned = kept_state(resume), self._plan_told()
        self.steering.horizon = kept.get("schedule_steps", max_steps)
        if kept:
            applying.restore(self.steering, self.steering.restorable(kept["settings"]))
            max_steps = kept["steps"]
        epochs, steps = super()._init_training_state(  # type: ignore[misc]
            max_steps, num_update_steps_per_epoch, self._planned_epochs, resume, trial
        )
        if kept:
            self.stopping.load(kept.get("early_stopping", {}))
            if self.steering.health is not None and kept.get("health"):
                self.steering.health.load_state_dict(kept["health"])
            epochs, steps = self._place(Segment.from_json(kept["segment"]))
        elif resume:
            self.segment = self._segment_of_the_library(epochs, steps)
        state = Path(resume) / ORDER_STATE if resume else None
        if state is not None and state.is_file() and self._epoch_order is not None:
            self._epoch_order.load_state_dict(json.loads(state.read_text(encoding="utf-8")), epoch=epochs)
        self._evaluation_owed = bool(resume) and self.owes_evaluation()
        self.steering.begin(self.state.global_step)
        if self.state.global_step >= max_steps or self.stopping.ended:
            # Else the library, where the last step lies within an epoch, trains one step more than there are.
            epochs = num_train_epochs
        if kept and planned != self._plan_told():
            self.edge.plan()
        return epochs, steps

    def _plan_told(self: Any) -> tuple[Any, ...]:
        """What a `plan` event tells that steering can change: before training begins, what the recipe makes."""
        steps = self.state.max_steps or self.steering.horizon
        return steps, self.shape, frozen_modules(self.model), self.args.metric_for_best_model

    def _place(self: Any, segment: Segment) -> tuple[int, int]:
        """Epoch, and micro-batches of its segment to skip, at the checkpoint's step."""
        step = self.state.global_step
        self.segment = segment
        if segment.ends_at(step, self.epochs):
            return segment.epoch + 1, 0
        return segment.epoch, segment.batches_done(step, self.epochs)

    def _segment_of_the_library(self: Any, epochs: int, skip: int) -> Segment | None:
        """Where a checkpoint of an earlier version was: whole epochs in one shape."""
        step, (batch, accumulation) = self.state.global_step, self.shape
        if skip or not epochs:
            return Segment(epochs, 0, step - skip // accumulation, batch, accumulation) if skip else None
        whole = Segment(epochs - 1, 0, 0, batch, accumulation)
        return Segment(epochs - 1, 0, step - whole.steps(self.epochs), batch, accumulation)

    def create_scheduler(self: Any, num_training_steps: int, optimizer: Any = None) -> Any:
        """For the steps that the schedule is made for, which are not always those of the run."""
        made = super().create_scheduler(self.steering.horizon or num_training_steps, optimizer)  # type: ignore[misc]
        if self.steering.horizon < self.state.max_steps:
            schedule.hold_after(made, self.steering.horizon)
        return made

    # Segments

    def _run_epoch(
        self: Any,
        model: Any,
        epoch: int,
        train_dataloader: Any,
        steps_in_epoch: int,
        num_update_steps_per_epoch: int,
        trial: Any,
        ignore_keys_for_eval: Any,
        start_time: float,
        resume_from_checkpoint: Any,
        epochs_trained: int,
        steps_trained_in_current_epoch: int,
    ) -> None:
        resumed = resume_from_checkpoint if epoch == epochs_trained else None
        skip = steps_trained_in_current_epoch if resumed else 0
        if resumed is not None:
            self._come_back(resumed)
        segment = self.segment  # of the checkpoint, where the epoch was begun before
        if not skip:
            # Before anything of the epoch is fetched: its order may depend on the shape.
            self._between_steps()
            segment = Segment(epoch, 0, self.state.global_step, *self.shape)
        while True:
            self.segment = segment
            batches, updates = segment.batches(self.epochs), segment.steps(self.epochs)
            if batches:
                super()._run_epoch(  # type: ignore[misc]
                    model,
                    epoch,
                    self._loader(segment, train_dataloader),
                    batches,
                    updates,
                    trial,
                    ignore_keys_for_eval,
                    start_time,
                    resumed,
                    epoch,
                    skip,
                )
            else:
                # Too few rows are left for a batch of the new size: the epoch ends here.
                self._end_epoch(model, epoch, trial, ignore_keys_for_eval, start_time)
            if not self._leaving:
                return
            self._leaving, self.control.should_epoch_stop = False, False
            segment, resumed, skip = self.segment_from(self.state.global_step + 1), None, 0

    def _come_back(self: Any, checkpoint: str) -> None:
        """The moment of the checkpoint: what was due then comes before what changes after it."""
        super()._load_rng_state(checkpoint)  # type: ignore[misc]
        self.catch_up()
        self._after_catching_up = Generators.now()

    def _load_rng_state(self: Any, checkpoint: str | None) -> None:
        """The library calls it where training goes on, when it has skipped what was trained on."""
        if self._after_catching_up is None:
            super()._load_rng_state(checkpoint)  # type: ignore[misc]
            return
        self._after_catching_up.put_back()
        self._after_catching_up = None

    def _loader(self: Any, segment: Segment, given: Any) -> Any:
        """The loop's own loader, or one over what is left of the epoch, in batches of another size."""
        if segment.start_row == 0 and (segment.batch, segment.accumulation) == self._first_shape:
            self._epoch_order.group = segment.batch * segment.accumulation
            return given
        self._rest_from = segment.start_row
        try:
            loader = self.get_train_dataloader()
        finally:
            self._rest_from = 0
        self.accelerator._dataloaders.pop()
        self.callback_handler.train_dataloader = loader
        return loader

    def _end_epoch(self: Any, model: Any, epoch: int, trial: Any, ignore_keys: Any, start_time: float) -> None:
        self.control = self.callback_handler.on_epoch_end(self.args, self.state, self.control)
        self._maybe_log_save_evaluate(self._tr_loss, None, model, trial, epoch, ignore_keys, start_time)

    # Steps

    def take_up_changes(self: Any) -> bool:
        """Before anything of a step is fetched, what is due at it is applied. True where the segment ends here."""
        if SHAPE not in self._between_steps() or self.shape == (self.segment.batch, self.segment.accumulation):
            return False
        self._leave_segment()
        return True

    def _between_steps(self: Any) -> frozenset[str]:
        if self.edge.controls.waiting:
            self.steering.serve()
        redo: frozenset[str] = self.steering.take_up(self.state.global_step + 1)
        return redo

    def _leave_segment(self: Any) -> None:
        """The library leaves `_run_epoch` at once, but as at the end of an epoch, which this is not."""
        self._leaving, self.control.should_epoch_stop = True, True
        gradients = self.accelerator.gradient_state
        if gradients.active_dataloader is not None:
            gradients.active_dataloader.end()
        handler = self.callback_handler

        def not_an_end(args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
            del handler.on_epoch_end  # the class's own is there again
            return control

        handler.on_epoch_end = not_an_end

    def _maybe_log_save_evaluate(
        self: Any,
        tr_loss: Any,
        grad_norm: Any,
        model: Any,
        trial: Any,
        epoch: Any,
        ignore_keys_for_eval: Any,
        start_time: Any,
        learning_rate: Any = None,
    ) -> None:
        if not self._leaving:
            super()._maybe_log_save_evaluate(  # type: ignore[misc]
                tr_loss, grad_norm, model, trial, epoch, ignore_keys_for_eval, start_time, learning_rate
            )

    # Best, early end, loss

    def _determine_best_metric(self: Any, metrics: dict[str, float], trial: Any) -> bool:
        better: bool = super()._determine_best_metric(metrics=metrics, trial=trial)  # type: ignore[misc]
        name = self.args.metric_for_best_model
        value = None if name is None else metrics.get(f"eval_{str(name).removeprefix('eval_')}")
        if value is not None:
            self.stopping.look(float(value), greater=bool(self.args.greater_is_better))
            if self.stopping.ended:
                self.control.should_training_stop = True
                self.edge.attempt.note(
                    f"Training ends early: {name} was not better than {self.stopping.best} in the last "
                    f"{self.stopping.since} evaluations."
                )
        return better

    def compute_loss(
        self: Any, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """With class weights while it trains; validation's loss stays comparable without them."""
        weights = self.edge.class_weights
        if weights is None or not weights.weighs or not model.training or "labels" not in inputs:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)  # type: ignore[misc]
        labels = inputs["labels"]
        outputs = model(**{name: value for name, value in inputs.items() if name != "labels"})
        loss = weights.loss(outputs["logits"], labels, self.args.label_smoothing_factor, num_items_in_batch)
        return (loss, outputs) if return_outputs else loss

    def forget(self: Any) -> None:
        """Of a rollback in the same process: nothing of the training that was left goes on into the next one."""
        self.optimizer, self.lr_scheduler, self.segment = None, None, None
        self._epoch_order, self._after_catching_up, self._leaving = None, None, False
        vars(self.callback_handler).pop("on_epoch_end", None)
        self.stopping.start_again()
        self.model.zero_grad(set_to_none=True)
