"""`RunReporter`: the public TrainerCallback that makes a run directory of any Trainer's training.

Our worker uses it with an attempt that it has claimed; in a person's own script it makes and claims one itself:

    trainer = Trainer(model=model, args=args, train_dataset=rows, callbacks=[RunReporter(name="mine")])

There stop, pause, continue, save, evaluate and note are accepted: the loop and its settings belong to the script.
docs/reporter.md has a whole one.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tui_finetune.config.health_table import HealthTable
from tui_finetune.live.health.facts import RunFacts, Share, Steps
from tui_finetune.paths import Home
from tui_finetune.runs.control import Request
from tui_finetune.worker.attempt import Attempt, flat_metrics
from tui_finetune.worker.controls import Controls
from tui_finetune.worker.health import Health
from tui_finetune.worker.script_run import ScriptRun

logger = logging.getLogger(__name__)

_SPEEDS = ("_runtime", "_samples_per_second", "_steps_per_second", "_model_preparation_time")
STEP_VALUES = ("loss", "learning_rate", "grad_norm")


class RunReporter(TrainerCallback):  # type: ignore[misc]
    """Writes what a Trainer does as events, answers requests, keeps the heartbeat.

    name: the run's name in lists (only for a script). home: the home folder, else TUI_FINETUNE_HOME, else the
    platform's. attempt, controls, health: given by our worker, which owns the beginning and the end of the run then.
    """

    def __init__(
        self,
        name: str = "script",
        *,
        home: str | os.PathLike[str] | None = None,
        task: str | None = None,
        attempt: Attempt | None = None,
        controls: Controls | None = None,
        health: Health | None = None,
    ) -> None:
        self._name = name
        self._home = Home.find(home)
        self._task = task
        self._own = attempt is None
        self._attempt = attempt
        self._controls = controls
        self._health = health
        self._script: ScriptRun | None = None
        self._asked: dict[str, Request] = {}
        self._interval_started = time.monotonic()
        self._interval_step = 0
        self._interval_tokens = 0.0
        self._stood_still = 0.0
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
        if self._own and not state.is_world_process_zero:
            return
        if self._own:
            self._open_run(args, state, kwargs.get("model"), kwargs.get("train_dataloader"))
        self._rows_per_step = _rows_per_step(args)
        self._interval(state)
        self.attempt.outcome.steps = state.max_steps
        self.attempt.heartbeat.beat_progress(phase="training", step=state.global_step, steps=state.max_steps)
        self.controls.training = True

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if self._silent:
            return
        self.attempt.outcome.step = state.global_step
        self.attempt.heartbeat.beat_progress(step=state.global_step, steps=state.max_steps)
        self.controls.safe_point()
        if self.controls.stopping:
            # The step is done: leave the loop with a checkpoint, and without an evaluation that nobody waits for; a run
            # of ours does it when it goes on.
            control.should_training_stop = True
            control.should_save = True
            control.should_evaluate = False
        if self._own:
            self._script_requests(control)

    def on_substep_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if self._silent:
            return
        self.attempt.heartbeat.beat_progress()
        self.controls.safe_point(may_hold=False)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if self._silent:
            return
        if self.controls.stopping:
            control.should_evaluate = False
            control.should_save = False

    def on_prediction_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if self._silent:
            return
        if self._script is not None and self.attempt.phase_name != "evaluating":
            self.attempt.phase("evaluating")
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
        if self._silent or not logs or "loss" not in logs:
            return
        values = {key: logs[key] for key in STEP_VALUES if key in logs}
        lists = {key: logs[key] for key in ("losses", "grad_norms") if key in logs}
        seconds, steps = self._interval(state)
        tokens = float(logs.get("tokens", 0.0))
        rows = int(logs.get("rows") or steps * self._rows_per_step)
        self.attempt.events.write(
            "step",
            step=state.global_step,
            epoch=_rounded(state.epoch),
            **values,
            **_speeds(seconds, steps, tokens, rows),
            **lists,
        )
        self._rows_per_step = _rows_per_step(args)  # may have been set anew within the interval
        if self._health is not None:
            self._health.logged(_steps(state.global_step, logs, seconds, steps, tokens))

    def _interval(self, state: TrainerState) -> tuple[float, int]:
        """Seconds and steps since the last log, evaluation or save, without those in which somebody had it stand still."""
        now, still = time.monotonic(), self.controls.stood_still
        seconds = now - self._interval_started - (still - self._stood_still)
        steps = state.global_step - self._interval_step
        self._interval_started, self._interval_step, self._stood_still = now, state.global_step, still
        return seconds, steps

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        if self._silent:
            return
        found = {
            key.removeprefix("eval_"): value
            for key, value in (metrics or {}).items()
            if key.startswith("eval_") and not key.endswith(_SPEEDS)
        }
        self._validation = found
        seconds = (metrics or {}).get("eval_runtime")
        share = self._health.take_answer() if self._health is not None else None
        self.attempt.events.write(
            "evaluation",
            step=state.global_step,
            epoch=_rounded(state.epoch),
            split="validation",
            seconds=_rounded(seconds),
            metrics=found,
            **({} if share is None else {"commonest": _told(share)}),
        )
        self._has_done("evaluate", state.global_step)
        self.attempt.phase("training")
        # The evaluation took its time: it must not count as slow training.
        self._interval(state)
        if self._health is not None:
            self._health.evaluated(state.global_step, found, share)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if self._silent:
            return
        if self._own:
            folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
            self.attempt.events.write("checkpoint", step=state.global_step, path=str(folder.absolute()), bytes=size)
            self._has_done("save", state.global_step)
        self._interval(state)  # nor must a save
        if self._health is not None:
            self._health.saved()
        if self.controls.stopping:
            control.should_training_stop = True
            self.controls.stop_applied(state.global_step)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if self._silent:
            return
        self.controls.training = False
        if self._script is not None:
            main = (args.metric_for_best_model or "").removeprefix("eval_")
            self.attempt.outcome.metrics = flat_metrics(main, self._validation, None)
            self.attempt.outcome.best_step = state.best_global_step or None
            self._script.end(self.controls.stop_state if self.controls.stopping else "finished")

    # A run of a person's own script

    def _open_run(self, args: TrainingArguments, state: TrainerState, model: Any, loader: Any) -> None:
        self._script = ScriptRun(self._name, self._home, self._task, args, model)
        self._attempt, self._controls = self._script.attempt, self._script.controls
        self._validation, self._asked = {}, {}
        self._script.begin(args, state, model, loader)
        self._health = Health(self._attempt, self._controls, HealthTable(), acts=False)
        self._health.begin(_script_facts(args, state))

    @property
    def _silent(self) -> bool:
        """True where there is no run to tell of: before training and after it, and in all processes of a script but the first."""
        return self._attempt is None or (self._script is not None and self._script.ended)

    def _script_requests(self, control: TrainerControl) -> None:
        if (request := self.controls.take("save")) is not None:
            control.should_save = True
            self._asked["save"] = request
        if (request := self.controls.take("evaluate")) is not None:
            control.should_evaluate = True
            self._asked["evaluate"] = request

    def _has_done(self, action: str, step: int) -> None:
        if (request := self._asked.pop(action, None)) is not None:
            self.controls.applied(request, step)


def _steps(step: int, logs: Mapping[str, Any], seconds: float, count: int, tokens: float) -> Steps:
    """The interval as the health rules take it; of a Trainer without our mixin the interval's mean stands for its steps."""
    norm = logs.get("grad_norm")
    return Steps(
        step=step,
        losses=logs.get("losses") or [float(logs["loss"])],
        norms=logs.get("grad_norms") or ([] if norm is None else [float(norm)]),
        learning_rate=logs.get("learning_rate"),
        seconds=max(0.0, seconds),
        count=max(0, count),
        tokens=tokens,
        waited=float(logs.get("waited", 0.0)),
        labels=logs.get("labels") or (),
    )


def _told(share: Share) -> dict[str, Any]:
    return {
        "label": share.label,
        "predicted": _rounded(share.predicted),
        "gold": _rounded(share.gold),
        "rows": share.rows,
    }


def _script_facts(args: TrainingArguments, state: TrainerState) -> RunFacts:
    """What a script's Trainer tells of itself."""
    return RunFacts(
        steps=state.max_steps,
        warmup_steps=int(args.get_warmup_steps(state.max_steps)),
        precision="bf16" if args.bf16 else "fp16" if args.fp16 else "fp32",
        device=str(args.device).partition(":")[0],
    )


def _rows_per_step(args: TrainingArguments) -> int:
    return int(args.train_batch_size * args.gradient_accumulation_steps * max(1, args.world_size))


def _speeds(seconds: float, steps: int, tokens: float, rows: int) -> dict[str, float]:
    if seconds <= 0 or steps <= 0:
        return {}
    speeds = {"steps_per_second": steps / seconds, "samples_per_second": rows / seconds}
    if tokens:
        speeds["tokens_per_second"] = tokens / seconds
    return {key: _rounded(value) or 0.0 for key, value in speeds.items()}


def _rounded(value: float | None) -> float | None:
    """Six significant digits: enough for a chart, short in a file."""
    if value is None or not math.isfinite(value):
        return value
    return float(f"{value:.6g}")
