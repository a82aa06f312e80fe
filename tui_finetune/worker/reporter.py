"""`RunReporter`: the public TrainerCallback that makes a run directory of any Trainer's training.

Our worker uses it with an attempt that it has claimed; in a person's own script it makes and claims one itself:

    trainer = Trainer(model=model, args=args, train_dataset=rows, callbacks=[RunReporter(name="mine")])

There only stop, save, evaluate and abort are accepted: the loop belongs to the script.
"""

from __future__ import annotations

import atexit
import logging
import math
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tui_finetune.paths import Home
from tui_finetune.runs.store import RunStore
from tui_finetune.worker.attempt import Attempt, flat_metrics
from tui_finetune.worker.controls import Controls, RunEnded
from tui_finetune.worker.sampling import DeviceSampler

logger = logging.getLogger(__name__)

SCRIPT_ACTIONS = frozenset({"save", "evaluate"})
"""What a person's own script can do beside stop and abort."""
_SPEEDS = ("_runtime", "_samples_per_second", "_steps_per_second", "_model_preparation_time")
STEP_VALUES = ("loss", "learning_rate", "grad_norm")


class RunReporter(TrainerCallback):  # type: ignore[misc]
    """Writes what a Trainer does as events, answers requests, keeps the heartbeat.

    name: the run's name in lists (only for a script). home: the home folder, else TUI_FINETUNE_HOME, else the
    platform's. attempt, controls: given by our worker, which owns the beginning and the end of the run then.
    """

    def __init__(
        self,
        name: str = "script",
        *,
        home: str | os.PathLike[str] | None = None,
        task: str | None = None,
        attempt: Attempt | None = None,
        controls: Controls | None = None,
    ) -> None:
        self._name = name
        self._home = Home.find(home)
        self._task = task
        self._own = attempt is None
        self._attempt = attempt
        self._controls = controls
        self._sampler: DeviceSampler | None = None
        self._interval_started = time.monotonic()
        self._interval_step = 0
        self._interval_tokens = 0.0
        self._rows_per_step = 0
        self._validation: dict[str, float] = {}

    @property
    def run_directory(self) -> Path | None:
        """The run directory, once training has begun."""
        return self._attempt.paths.root if self._attempt else None

    @property
    def attempt(self) -> Attempt:
        if self._attempt is None:
            raise RuntimeError("RunReporter has no run before training begins")
        return self._attempt

    @property
    def controls(self) -> Controls:
        if self._controls is None:
            raise RuntimeError("RunReporter has no controls before training begins")
        return self._controls

    # The training loop

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if self._own:
            self._open_run(args, state, kwargs.get("model"))
        self._rows_per_step = args.train_batch_size * args.gradient_accumulation_steps * max(1, args.world_size)
        self._interval_started, self._interval_step = time.monotonic(), state.global_step
        self.attempt.outcome.steps = state.max_steps
        self.attempt.heartbeat.beat_progress(phase="training", step=state.global_step, steps=state.max_steps)
        self.controls.training = True

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self.attempt.outcome.step = state.global_step
        self.attempt.heartbeat.beat_progress(step=state.global_step, steps=state.max_steps)
        self.controls.safe_point()
        if self.controls.stopping:
            # The step is done: leave the loop with a checkpoint, and without an evaluation that nobody waits for.
            control.should_training_stop = True
            control.should_save = True
            control.should_evaluate = False
        if self._own:
            self._script_requests(state, control)

    def on_substep_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.attempt.heartbeat.beat_progress()
        self.controls.safe_point()

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if self.controls.stopping:
            control.should_evaluate = False
            control.should_save = False

    def on_prediction_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.attempt.heartbeat.beat_progress()
        self.controls.safe_point()

    # What it says

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """A `step` event for each training log; evaluations have their own hook, the closing summary is in the result."""
        if not logs or "loss" not in logs:
            return
        values = {key: logs[key] for key in STEP_VALUES if key in logs}
        extra = {key: logs[key] for key in ("losses", "grad_norms", "tokens") if key in logs}
        self.attempt.events.write(
            "step",
            step=state.global_step,
            epoch=_rounded(state.epoch),
            **values,
            **self._speeds(state, float(extra.pop("tokens", 0.0))),
            **extra,
        )

    def _speeds(self, state: TrainerState, tokens: float) -> dict[str, float]:
        now = time.monotonic()
        seconds, steps = now - self._interval_started, state.global_step - self._interval_step
        self._interval_started, self._interval_step = now, state.global_step
        if seconds <= 0 or steps <= 0:
            return {}
        speeds = {"steps_per_second": steps / seconds, "samples_per_second": steps * self._rows_per_step / seconds}
        if tokens:
            speeds["tokens_per_second"] = tokens / seconds
        return {key: _rounded(value) or 0.0 for key, value in speeds.items()}

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        found = {
            key.removeprefix("eval_"): value
            for key, value in (metrics or {}).items()
            if key.startswith("eval_") and not key.endswith(_SPEEDS)
        }
        self._validation = found
        seconds = (metrics or {}).get("eval_runtime")
        self.attempt.events.write(
            "evaluation",
            step=state.global_step,
            epoch=_rounded(state.epoch),
            split="validation",
            seconds=_rounded(seconds),
            metrics=found,
        )
        self.attempt.phase("training")
        # The evaluation took its time: it must not count as slow training.
        self._interval_started, self._interval_step = time.monotonic(), state.global_step

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if self._own:
            folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
            self.attempt.events.write("checkpoint", step=state.global_step, path=str(folder.absolute()), bytes=size)
        if self.controls.stopping:
            self.controls.stop_applied(state.global_step)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.controls.training = False
        if self._own:
            main = (args.metric_for_best_model or "loss").removeprefix("eval_")
            self.attempt.outcome.metrics = flat_metrics(main, self._validation, None)
            self._close_run(self.controls.stop_state if self.controls.stopping else "finished", None)

    # A run of a person's own script

    def _open_run(self, args: TrainingArguments, state: TrainerState, model: Any) -> None:
        home = self._home.ensure()
        store = RunStore(home)
        paths = store.create(
            self._name,
            kind="train",
            task=self._task,
            of=None,
            model=getattr(getattr(model, "config", None), "name_or_path", None),
        )
        self._attempt = Attempt.claim(paths, 1, device=str(args.device))
        self._attempt.begin(state.global_step)
        self._controls = Controls(self._attempt, extra=SCRIPT_ACTIONS)
        self._controls.start()
        self._sampler = DeviceSampler(self._attempt)
        self._sampler.start()
        atexit.register(self._close_at_exit)
        parameters = list(model.parameters()) if model is not None else []
        self._attempt.events.write(
            "plan",
            steps=state.max_steps,
            epochs=state.num_train_epochs,
            parameters=sum(p.numel() for p in parameters),
            parameters_trainable=sum(p.numel() for p in parameters if p.requires_grad),
            device=str(args.device),
            batch_size=args.per_device_train_batch_size,
            accumulation=args.gradient_accumulation_steps,
        )
        self._attempt.phase("training")

    def _script_requests(self, state: TrainerState, control: TrainerControl) -> None:
        if (request := self.controls.take("save")) is not None:
            control.should_save = True
            self.controls.applied(request, state.global_step)
        if (request := self.controls.take("evaluate")) is not None:
            control.should_evaluate = True
            self.controls.applied(request, state.global_step)

    def _close_run(self, state: Any, reason: str | None) -> None:
        if self._sampler is not None:
            self._sampler.stop()
        self.controls.close()
        self.attempt.end(state, reason)

    def _close_at_exit(self) -> None:
        """The script ended: without on_train_end it ended in the middle, and says why where Python still knows."""
        error = getattr(sys, "last_value", None)
        if isinstance(error, RunEnded):
            self._close_run(error.state, error.reason)
            return
        reason = f"{type(error).__name__}: {error}" if error is not None else "the script ended before training did"
        self._close_run("failed", reason)


def _rounded(value: float | None) -> float | None:
    """Six significant digits: enough for a chart, short in a file."""
    if value is None or not math.isfinite(value):
        return value
    return float(f"{value:.6g}")
