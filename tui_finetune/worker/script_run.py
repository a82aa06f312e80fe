"""The run of a person's own script: made when its Trainer begins, ended when it ends or its process does."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Mapping, Sized
from typing import Any

from transformers import TrainerState, TrainingArguments

from tui_finetune.paths import Home
from tui_finetune.runs.store import RunStore
from tui_finetune.worker.attempt import Attempt, EndState
from tui_finetune.worker.controls import Controls
from tui_finetune.worker.sampling import DeviceSampler

ACTIONS = frozenset({"stop", "save", "evaluate", "pause", "continue", "note"})
"""What can be asked of a script: the loop and its settings belong to it."""
REFUSALS: Mapping[str, str] = {
    "abort": "the process belongs to a script, which may have more to do; stop ends its training after a step",
    "evaluate": "this script's Trainer evaluates nothing (eval_strategy is no)",
}
SEVERAL = "the script runs on several processes, which only it can keep together"


class ScriptRun:
    """A run directory with this process as its one attempt."""

    def __init__(self, name: str, home: Home, task: str | None, args: TrainingArguments, model: Any) -> None:
        paths = RunStore(home.ensure()).create(
            name, kind="train", task=task, of=None, model=getattr(getattr(model, "config", None), "name_or_path", None)
        )
        self.attempt = Attempt.claim(paths, 1, device=str(args.device))
        self.controls = Controls(self.attempt, **_manners(args))
        self._sampler = DeviceSampler(self.attempt)
        self.ended = False

    def begin(self, args: TrainingArguments, state: TrainerState, model: Any, loader: Any) -> None:
        self.attempt.begin(state.global_step)
        self.controls.start()
        self._sampler.start()
        atexit.register(self._process_ends)
        self.attempt.events.write("plan", **_plan(args, state, model, loader))
        self.attempt.phase("training")

    def end(self, state: EndState, reason: str | None = None) -> None:
        if self.ended:
            return
        self.ended = True
        atexit.unregister(self._process_ends)
        self._sampler.stop()
        self.controls.close()
        self.attempt.end(state, reason)

    def _process_ends(self) -> None:
        """The script leaves in the middle of training; Python still knows the exception that it leaves with."""
        error = getattr(sys, "last_value", None)
        if isinstance(error, KeyboardInterrupt):
            self.end("aborted", "the script was interrupted (ctrl+c)")
        elif error is not None:
            self.end("failed", f"{type(error).__name__}: {error}")
        else:
            self.end("failed", "the script ended before its training did")


def _manners(args: TrainingArguments) -> dict[str, Any]:
    """How requests are answered: a step that only one of several processes leaves would hang the others."""
    if args.world_size > 1:
        return {"actions": frozenset(), "refusals": dict.fromkeys(ACTIONS | REFUSALS.keys(), SEVERAL)}
    evaluates = str(getattr(args.eval_strategy, "value", args.eval_strategy)) != "no"
    actions = ACTIONS if evaluates else ACTIONS - {"evaluate"}
    return {"actions": actions, "refusals": REFUSALS, "where": "in a script of its own"}


def _plan(args: TrainingArguments, state: TrainerState, model: Any, loader: Any) -> dict[str, Any]:
    parameters = list(model.parameters()) if model is not None else []
    rows = getattr(loader, "dataset", None)
    return {
        "rows": {"train": len(rows)} if isinstance(rows, Sized) else {},
        "steps": state.max_steps,
        "epochs": state.num_train_epochs,
        "parameters": sum(p.numel() for p in parameters),
        "parameters_trainable": sum(p.numel() for p in parameters if p.requires_grad),
        "device": str(args.device),
        "precision": "bf16" if args.bf16 else "fp16" if args.fp16 else "fp32",
        "batch_size": args.per_device_train_batch_size,
        "accumulation": args.gradient_accumulation_steps,
    }
