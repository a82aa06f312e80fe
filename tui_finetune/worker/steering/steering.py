"""What is in force, and what changes at which step: between the thread that answers requests and the loop.

Every change goes the same way, whether a person asked for it while the run went on, the recipe's `[[change]]` has it, or
a resume repeats it: it waits for its step, and is applied before anything of that step is fetched. So a steered run, its
replay and its resume are the same run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from transformers.trainer import TRAINER_STATE_NAME

from tui_finetune.errors import Problem, RecipeError, UserError
from tui_finetune.live.schedule import kept_end
from tui_finetune.live.steering import LENGTHS
from tui_finetune.runs import atomic
from tui_finetune.runs.changes import Change, add_change, drop_beyond, in_force, read_changes
from tui_finetune.runs.control import Request
from tui_finetune.runs.manifest import problem
from tui_finetune.runs.resumption import read_resumption
from tui_finetune.runs.settable import RULE_PREFIX, checked, flat
from tui_finetune.worker import checkpoints
from tui_finetune.worker.attempt import Attempt
from tui_finetune.worker.controls import Controls, not_yet
from tui_finetune.worker.steering import applying
from tui_finetune.worker.steering.dropout import all_values
from tui_finetune.worker.steering.plan import Segment
from tui_finetune.worker.steering.settings import LEVERS

STATE = "steering.json"
"""In a checkpoint: the settings in force, the segment, early stopping, health."""


class Health(Protocol):
    """The health watch, as far as its rules are settings and its state lies in checkpoints."""

    def set(self, key: str, value: Any) -> Any: ...

    def changed(self) -> None:
        """Told when the shape or the speed of training was changed on purpose."""

    def current(self) -> Mapping[str, Any]: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None: ...


class Steering:
    """The loop's side of `Controls`. `trainer` is set when there is one."""

    def __init__(self, attempt: Attempt, controls: Controls, planned: Sequence[Change] = ()) -> None:
        """planned: the recipe's own changes."""
        self.attempt = attempt
        self.controls = controls
        self.trainer: Any = None
        self.health: Health | None = None
        self.evaluate: Callable[[Request], None] | None = None
        """Does one evaluation that was asked for."""
        self.part_refusal: Callable[[Mapping[str, Any]], str | None] = lambda values: None
        self.first_dropout: list[float] = []
        self.horizon = 0
        """Optimizer steps that the schedule of the learning rate is made for."""
        self.next_step = 1
        """The first step that has not taken up its changes yet: what is asked for now holds from it."""
        self._planned = list(planned)
        self._pending: list[Change] = []
        self._begun = False

    def attach(self, trainer: Any, steps: int, *, done: int = 0) -> None:
        """The Trainer, the steps that its recipe makes, and those that are done. Raises RecipeError for a planned change
        to come that it cannot do."""
        self.trainer, self.horizon = trainer, steps
        self.first_dropout = all_values(trainer.model)
        before: dict[str, Any] = {}
        found = []
        for index, change in enumerate(self._planned):
            before |= change.set
            self.next_step = change.at_step
            # What is frozen by then an earlier change may say; a part that is not there is told at its step.
            parts = {key: value for key, value in change.set.items() if not index or key not in ("freeze", "unfreeze")}
            if change.at_step > done:
                found += [Problem(p.message, f"change.{index}.set.{p.key}") for p in self.problems(parts, before)]
        if found:
            raise RecipeError(found)
        self.next_step = done + 1
        self.controls.loop = self

    def leave(self) -> None:
        """The loop has been left for a rollback: what waits is read again when it begins again."""
        with self.controls.lock:
            self._begun, self._pending = False, []

    # Asked, in the thread of the controls, with its lock held

    def refusal(self, request: Request) -> str | None:
        values = request.values
        if not self.controls.training:
            phase = self.attempt.phase_name
            return f"training is over: {phase}" if self._begun else not_yet(phase)
        if request.action == "set":
            return self._set_refusal(values.get("set"))
        if request.action == "save" and self.next_step == 1:
            return "no step has been done yet"
        if request.action == "evaluate":
            return self.part_refusal(values)
        if request.action == "rollback":
            return self._rollback_refusal(values)
        return None

    def accept(self, request: Request) -> str:
        """Raises OSError where a change cannot be written down."""
        if request.action == "set":
            change = self._change(request, self.next_step)
            add_change(self.attempt.paths, change)
            self._pending.append(change)
            return f"from step {self.next_step:,}{self._schedule_kept(change)}"
        if request.action == "rollback" or self.controls.held:
            return "now"
        return "at the next step"

    def _schedule_kept(self, change: Change) -> str:
        """What a longer or shorter run means where its schedule is not to follow."""
        if change.stretch or not change.set.keys() & set(LENGTHS):
            return ""
        return f"; the schedule {kept_end(str(self.trainer.args.lr_scheduler_type.value), self.horizon)}"

    def _change(self, request: Request, at_step: int) -> Change:
        values = request.values
        taken, _ = checked(flat(dict(values.get("set") or {})))
        return Change(
            at_step=at_step,
            set=taken,
            stretch=values.get("stretch") is not False,
            reason=str(values["reason"]) if values.get("reason") else None,
            by=request.by,
            t=request.t or time.time(),
            attempt=self.attempt.number,
            id=request.id,
        )

    def _set_refusal(self, values: Any) -> str | None:
        if not isinstance(values, Mapping) or not values:
            return "nothing is to be set"
        if self.next_step > self.trainer.state.max_steps:
            return "the last step is being done"
        taken, problems = checked(flat(dict(values)))
        problems += self.problems(taken)
        return "; ".join(_words(one) for one in problems) or None

    def problems(self, values: Mapping[str, Any], among: Mapping[str, Any] | None = None) -> list[Problem]:
        """What this run cannot do of `values`, which are in their own names and types; all at once.

        among: everything that will be set by then, where that is more.
        """
        found = []
        for key, value in values.items():
            if key.startswith(RULE_PREFIX):
                why = None if self.health is not None else "this run is not watched"
            elif key in LEVERS:
                why = LEVERS[key].refusal(self.trainer, value, among or values)
            else:
                why = "cannot be set by this version's worker"
            if why is not None:
                found.append(Problem(why, key))
        return found

    def _rollback_refusal(self, values: Mapping[str, Any]) -> str | None:
        if back_to(self.attempt, values.get("checkpoint"), content=False) is None:
            wanted = values.get("checkpoint")
            return f"checkpoint-{wanted} is not there or not whole" if wanted else "there is no whole checkpoint yet"
        return self._set_refusal(values["set"]) if values.get("set") else None

    # Due, in the loop

    def begin(self, step: int) -> None:
        """Training goes on after `step`: changes of later steps wait, those of a recipe and those of a run that was steered.

        Raises UserError where it is not known what the run was steered to.
        """
        self._look_for_changes()
        with self.controls.lock:
            steered = in_force(read_changes(self.attempt.paths), beyond=step)
            planned = [one for one in self._planned if one.at_step > step]
            # Sorting keeps the order of what comes at the same step: the recipe's first.
            self._pending = sorted([*planned, *steered], key=lambda one: one.at_step)
            self.next_step, self._begun = step + 1, True

    def _look_for_changes(self) -> None:
        path = self.attempt.paths.changes_json
        try:
            atomic.read_json(path)
        except FileNotFoundError:
            return
        except atomic.Unreadable as error:
            hint = f"Put {path.name} back, or remove it to go on without what was set."
            raise UserError(
                Problem(f"The run was steered, and what was set cannot be read: {error}.", hint=hint)
            ) from error

    def take_up(self, step: int) -> frozenset[str]:
        """Applies what is due at `step`, which is about to begin; what had to be made anew, as `settings` names it."""
        with self.controls.lock:
            self.next_step = step + 1
            if not self._pending:
                return frozenset()
            due = [one for one in self._pending if one.at_step <= step]
            self._pending = [one for one in self._pending if one.at_step > step]
        made: frozenset[str] = frozenset()
        for change in due:
            made |= applying.apply(self, change, step)
        return made

    def replay_of_resume(self, change: Change) -> bool:
        """Whether a change was asked for in an earlier attempt: it is repeated, not asked for again."""
        return change.attempt not in (0, self.attempt.number)

    # Between two steps

    @property
    def can_release(self) -> bool:
        """Whether there is a device's memory to release."""
        return self.trainer is not None and self.trainer.args.device.type != "cpu"

    def release(self) -> Callable[[], None] | None:
        return applying.release(self.trainer) if self.can_release and self.trainer.optimizer is not None else None

    def serve(self, *, held: bool = False) -> None:
        began = time.monotonic()
        while (request := self.controls.take("save")) is not None:
            if self.trainer.saver.save_unless_saved():
                self.controls.applied(request, self.trainer.state.global_step)
        while (request := self.controls.take("evaluate")) is not None:
            assert self.evaluate is not None
            self.evaluate(request)
            self.controls.applied(request, self.trainer.state.global_step)
        if not held:
            self.controls.stood_still += time.monotonic() - began

    # In checkpoints

    def current(self) -> dict[str, Any]:
        """Key to the value in force; keys without one are left out."""
        found = {key: lever.current(self.trainer) for key, lever in LEVERS.items()}
        if self.health is not None:
            found |= self.health.current()
        return {key: value for key, value in found.items() if value is not None}

    def restorable(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """A checkpoint's settings, but for those that were set when this attempt was started."""
        set_now = read_resumption(self.attempt.paths, self.attempt.number).set
        own = {key: value for key, value in self.current().items() if f"train.{key}" in set_now}
        return {**settings, **own}

    def write_state(self, folder: Path, segment: Segment) -> None:
        trainer = self.trainer
        atomic.write_json(
            folder / STATE,
            {
                "v": 1,
                "step": trainer.state.global_step,
                "settings": self.current(),
                "segment": segment.as_json(),
                "steps": trainer.state.max_steps,
                "schedule_steps": self.horizon,
                "early_stopping": trainer.stopping.as_json(),
                "health": self.health.state_dict() if self.health is not None else {},
            },
            sync=False,
        )

    def drop_beyond(self, step: int) -> list[Change]:
        """Of a rollback to `step`: what was asked for after it counts no more."""
        return drop_beyond(self.attempt.paths, step, f"rollback to {step}")


def back_to(attempt: Attempt, wanted: Any, *, content: bool) -> Path | None:
    """The checkpoint of step `wanted`, or the newest one, if it is whole."""
    steps = sorted((step for step, _ in checkpoints.all_checkpoints(attempt.paths)), reverse=True)
    for step in steps if wanted is None else [int(wanted)]:
        folder = attempt.paths.checkpoint(step)
        if (folder / STATE).is_file() and problem(folder, content=content) is None:
            return folder
    return None


def planned_changes(changes: Sequence[Any]) -> list[Change]:
    """The recipe's `[[change]]` tables. Raises RecipeError for what cannot be set."""
    found = []
    for index, one in enumerate(changes):
        taken, problems = checked(flat(dict(one.set)))
        if problems:
            raise RecipeError([Problem(p.message, f"change.{index}.set.{p.key}", hint=p.hint) for p in problems])
        found.append(Change(one.at_step, taken, one.stretch, one.reason, "recipe"))
    return found


def _words(one: Problem) -> str:
    """The key is the subject where the message has none."""
    joined = " " if one.message.startswith(("is ", "cannot ", "must ")) else ": "
    return " ".join(part for part in (f"{one.key}{joined}{one.message}", one.hint) if part).rstrip(".")


def kept_state(resume: Any) -> dict[str, Any]:
    """steering.json of a checkpoint; empty for one that an earlier version wrote, and where nothing is resumed."""
    if not resume or not (Path(resume) / TRAINER_STATE_NAME).is_file() or not (Path(resume) / STATE).is_file():
        return {}
    found: dict[str, Any] = json.loads((Path(resume) / STATE).read_text(encoding="utf-8"))
    return found
