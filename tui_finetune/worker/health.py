"""The health watch of a run: feeds the rules with what is known anyway, tells findings, and acts as `[health]` says."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from tui_finetune.config.health_table import RULES, HealthTable
from tui_finetune.live.health.facts import Idle, Measured, RunFacts, Sample, Share, Steps
from tui_finetune.live.health.finding import HALF, Found
from tui_finetune.live.health.watch import Change, Watch
from tui_finetune.runs.layout import short_id
from tui_finetune.runs.manifest import problem
from tui_finetune.runs.settable import RULE_PREFIX
from tui_finetune.runs.tail import brief_events
from tui_finetune.worker import checkpoints
from tui_finetune.worker.attempt import Attempt
from tui_finetune.worker.controls import Controls, RunEnded

BY = "health"


class Health:
    """The watch of one process, whatever attempts it makes. Safe for the loop, the sampler and the hang watch at once.

    acts: false in a person's own script, whose loop is not ours: findings are told there, and no more.
    """

    def __init__(self, attempt: Attempt, controls: Controls, table: HealthTable, *, acts: bool = True) -> None:
        self._attempt = attempt
        self._controls = controls
        self._acts = acts
        self._does = table.does()
        self._lock = threading.RLock()
        off = frozenset(rule for rule, does in self._does.items() if does == "off")
        self._limits = table.thresholds()
        self._watch = Watch(self._limits, off)
        self._ids: dict[str, str] = {}
        """Of the findings that hold, by rule."""
        self._count = 0
        self._retell = False
        self._commonest: Share | None = None
        self._rolled_back: dict[str, list[int]] = _earlier_rollbacks(attempt)

    # What is told to it

    def begin(self, facts: RunFacts) -> None:
        """Training is prepared."""
        with self._lock:
            self.saved()
            found = self._take(self._watch.begin(facts))
        self._act_on(found)

    def logged(self, seen: Steps) -> None:
        """A logging interval is over; in the training loop only. Leaves it where a rule says so."""
        with self._lock:
            if self._retell:
                self._tell_again()
            if "hanging" in self._ids:
                self._take(self._watch.idle(Idle(None, 0.0, math.inf)))
            found = self._take(self._watch.steps(seen))
        self._act_on(found, in_loop=True)

    def answered(self, share: Share | None) -> None:
        """The commonest answer of the evaluation that is going on."""
        self._commonest = share

    def take_answer(self) -> Share | None:
        """The commonest answer of the evaluation that has just been done, once."""
        share, self._commonest = self._commonest, None
        return share

    def evaluated(self, step: int, metrics: Mapping[str, float], share: Share | None = None) -> None:
        """Validation has been measured, as planned; not where somebody asked for it."""
        with self._lock:
            found = self._take(self._watch.measured(Measured(step, metrics, share)))
        self._act_on(found, in_loop=True)

    def sampled(self, seen: Sample) -> None:
        """The machine has been looked at."""
        with self._lock:
            found = self._take(self._watch.sampled(seen))
        self._act_on(found)

    def idle(self, seen: Idle) -> bool:
        """How long nothing went on; True where that was too long just now."""
        with self._lock:
            found = self._take(self._watch.idle(seen))
        self._act_on(found)
        return bool(found)

    def saved(self) -> None:
        """Checkpoints were written or removed."""
        there = {
            step: folder
            for step, folder in checkpoints.all_checkpoints(self._attempt.paths)
            if problem(folder, content=False) is None
        }
        newest = max(there, default=None)
        size = sum(file.stat().st_size for file in there[newest].rglob("*") if file.is_file()) if newest else None
        with self._lock:
            self._watch.saved(there, size)

    def spoilt(self, step: int, what: str) -> None:
        """The loop has been left, and the model is found to be spoilt: `loss_nan`, whatever the rule does else, for there
        is nothing that could be kept."""
        with self._lock:
            whole = self._watch.now.whole_before(step)
            found = next((one for one in self._watch.open if one.rule == "loss_nan"), None)
            if found is None:
                found = Found("loss_nan", what, step, "bad", {"step": float(step)}, "A lower learning rate.")
                self._tell(found)
        if self._does["loss_nan"] == "rollback":
            self._roll_back(found, whole, in_loop=True)
        raise self._failed(found, whole)

    # What it does

    def _take(self, changes: Sequence[Change]) -> list[Found]:
        """Tells all of it; what was found. Nothing is done before all is told, and the lock is free: the loop may be left
        by what is done, or held for hours."""
        for change in changes:
            if change.found is None:
                self._over(change.rule)
            else:
                self._tell(change.found)
        return [change.found for change in changes if change.found is not None]

    def _act_on(self, findings: Sequence[Found], *, in_loop: bool = False) -> None:
        """in_loop: this is the loop's own thread, which may be left or held here."""
        if self._acts:
            for found in findings:
                self._act(found, in_loop=in_loop)

    def _tell(self, found: Found, id: str | None = None) -> None:
        if id is None:
            self._count += 1
            id = f"{found.rule}-{self._attempt.number}-{self._count}"
        self._ids[found.rule] = id
        does = self._does[found.rule] if self._acts else "note"
        self._attempt.events.write("finding", id=id, step=self._watch.now.step, does=does, **found.as_json())

    def _over(self, rule: str) -> None:
        id = self._ids.pop(rule, None)
        if id is not None:
            self._attempt.events.write("finding_over", id=id, rule=rule, step=self._watch.now.step)

    def _tell_again(self) -> None:
        """After an `attempt` event, at which readers take all findings for over."""
        self._retell = False
        there = {one.rule: one for one in self._watch.open}
        ids, self._ids = self._ids, {}
        for rule, found in there.items():
            self._tell(found, ids.get(rule))

    def _act(self, found: Found, *, in_loop: bool) -> None:
        does = self._does[found.rule]
        why = {"reason": found.what}
        if does == "pause":
            self._controls.submit("pause", why, by=BY)
        elif does == "rollback":
            self._roll_back(found, self._watch.now.whole_before(found.since), in_loop=in_loop)
        elif does == "stop" and found.rule == "loss_nan":
            raise self._failed(found, self._watch.now.whole_before(found.since))
        elif does == "stop":
            self._controls.submit("abort" if found.rule == "hanging" else "stop", why, by=BY)
        if found.rule == "loss_nan" and does == "pause":
            self._controls.safe_point()  # before anything spoilt is evaluated

    def _roll_back(self, found: Found, whole: int | None, *, in_loop: bool) -> None:
        """Once for the same trouble: a second time only where training came beyond it, with a checkpoint there."""
        earlier = self._rolled_back.setdefault(found.rule, [])
        if whole is None:
            why = "there is no checkpoint before it"
        elif earlier and (found.since <= max(earlier) or whole <= max(earlier)):
            why = "it was rolled back for that once already"
        else:
            earlier.append(found.since)
            values = {"checkpoint": whole, "set": dict(HALF), "reason": found.what}
            self._controls.submit("rollback", values, by=BY)
            if not in_loop:
                return  # the loop obeys at its next safe point
            self._controls.safe_point()
            why = "that was refused"
        if found.rule == "loss_nan":
            raise self._failed(found, whole, why)
        self._attempt.note(f"Health: not rolled back for {found.rule}: {why}.")

    def _failed(self, found: Found, whole: int | None, why: str | None = None) -> RunEnded:
        back = f"checkpoint-{whole} is whole" if whole is not None else "no checkpoint is whole"
        once = f"; {why}" if why and whole is not None else ""
        run = short_id(self._attempt.paths.id)
        if whole is None:
            advice = (
                "Train again with a lower learning rate, or with save_steps so that there is something to go back to."
            )
        else:
            advice = (
                f"The last good model is checkpoint-{whole}: tui-finetune branch {run} --at {whole} with a lower "
                "learning rate, a longer warm-up, or max_grad_norm below 1."
            )
        return RunEnded("failed", f"{found.what}{once}; {back}", advice)

    # Steering and checkpoints

    def current(self) -> dict[str, Any]:
        """Every key of `[health]` with the value in force."""
        return {f"{RULE_PREFIX}{name}": value for name, value in {**self._does, **self._limits}.items()}

    def set(self, key: str, value: Any) -> Any:
        """Another value from now on; the one before."""
        name = key.removeprefix(RULE_PREFIX)
        with self._lock:
            if name in RULES:
                before, self._does[name] = self._does[name], value
                self._take(self._watch.switch(name, value != "off"))
                return before
            self._limits[name] = value
            return self._watch.set_limit(name, value)

    def changed(self) -> None:
        """Shape or speed of training was changed on purpose."""
        with self._lock:
            self._take(self._watch.changed())

    def state_dict(self) -> dict[str, Any]:
        """For a checkpoint: what the rules remember, and the ids of what holds."""
        with self._lock:
            return {**self._watch.state(), "step": self._watch.now.step, "ids": dict(self._ids), "count": self._count}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """What a checkpoint remembers."""
        with self._lock:
            self._watch.load(state, int(state.get("step") or 0))
            self._ids |= state.get("ids") or {}
            self._count = max(self._count, int(state.get("count") or 0))
            self._retell = True
            self.saved()


def _earlier_rollbacks(attempt: Attempt) -> dict[str, list[int]]:
    """Rule to the steps of the troubles that earlier attempts were rolled back for."""
    found: dict[str, list[int]] = {}
    if attempt.number == 1:
        return found
    wanted: dict[str, Any] = {}
    for event in brief_events(attempt.paths):
        if event.name == "finding" and event.get("does") == "rollback":
            wanted[str(event.get("what"))] = event
        elif event.name == "request" and event.get("action") == "rollback" and event.get("by") == BY:
            cause = wanted.get(str(event.get("reason")))
            if cause is not None and event.get("answer") == "accepted" and isinstance(cause.get("since"), int):
                found.setdefault(str(cause.get("rule")), []).append(cause.get("since"))
    return found
