"""Starting a run in its three steps, as lines: check, handoff, pre-flight. Each says what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tui_finetune.live import words
from tui_finetune.live.forecast import preflight_said, refusal_said
from tui_finetune.live.series import History
from tui_finetune.live.spans import Line, line, span, wrap
from tui_finetune.runs.status import BEFORE_WORK, Status

StepState = Literal["waiting", "going", "passed", "noted", "warned", "failed"]
_MARKS: Mapping[StepState, tuple[str, str]] = {
    "waiting": ("·", "muted"),
    "going": ("●", "live"),
    "passed": ("✓", "good"),
    "noted": ("·", "muted"),
    "warned": ("!", "warn"),
    "failed": ("✗", "bad"),
}
INDENT = 15
AUTO = ": the GPU with most free memory, else the processor"


@dataclass(frozen=True)
class Step:
    """A named step, and what it has said so far, each with its own mark."""

    name: str
    said: tuple[tuple[StepState, str], ...] = (("waiting", ""),)

    @property
    def state(self) -> StepState:
        """failed where anything failed, going while anything goes on, else as its last word."""
        grave: tuple[StepState, ...] = ("failed", "going", "waiting")
        states = [state for state, _ in self.said]
        return next((state for state in grave if state in states), "passed")


def waiting() -> tuple[Step, Step, Step]:
    return Step("Check", (("going", "recipe, data, model, disk, device"),)), Step("Handoff"), Step("Pre-flight")


def step_lines(steps: Sequence[Step], width: int) -> list[Line]:
    """` 1 Check       ✓ recipe   ✓ data, 77 labels`: one line a thing said, wrapped below itself."""
    lines: list[Line] = []
    for number, step in enumerate(steps, start=1):
        head = f" {number} {step.name}".ljust(INDENT)
        for state, said in step.said:
            sign, token = _MARKS[state]
            for part in wrap(said, max(10, width - INDENT - 3)) or [()]:
                lines.append(line(head.ljust(INDENT), span(sign or " ", token), " ", *part))
                head, sign = "", " "
    return lines


def check_said(
    rows: Mapping[str, int], labels: int | None, model: str, device: str, notes: Sequence[str], warnings: Sequence[str]
) -> tuple[tuple[StepState, str], ...]:
    """What a check that passed has found."""
    counted = ", ".join(f"{name} {words.count(count)}" for name, count in rows.items())
    data = f"data: {counted} rows" + (f", {labels} labels" if labels else "")
    said: list[tuple[StepState, str]] = [("passed", "recipe"), ("passed", data), ("passed", f"model {model}")]
    said.append(("passed", f"device {device}{AUTO if device == 'auto' else ''}"))
    said += [("noted", note) for note in notes]
    said += [("warned", warning) for warning in warnings]
    return tuple(said)


def preflight_step(history: History, status: Status) -> Step:
    """The third step, from what the run says of itself."""
    said: list[tuple[StepState, str]] = []
    if history.plan:
        said.append(("passed", _plan(history)))
    if history.preflight:
        said += _measured(history)
    if status.state == "queued":
        said.append(("going", status.words))
    elif history.refusal and not status.live:
        said += refusal_said(history.refusal)
    elif not status.live:
        said.append(("failed" if status.ended_badly else "passed", status.words))
        said += [("failed", status.advice)] if status.advice else []
    elif status.phase in BEFORE_WORK or not history.preflight:
        said.append(("going", _doing(history, status)))
    return Step("Pre-flight", tuple(said) or (("going", status.words),))


def _plan(history: History) -> str:
    plan = history.plan
    steps = f"{words.count(history.steps)} steps" if history.steps else "plan"
    where = f" on {plan['device']}" if isinstance(plan.get("device"), str) else ""
    return f"{steps}{where}"


def _measured(history: History) -> list[tuple[StepState, str]]:
    return [*preflight_said(history.preflight, history.forecast)] or [("passed", "passed")]


def _doing(history: History, status: Status) -> str:
    doing = history.doing
    if doing is not None:
        return f"{doing.what} {words.count(doing.done)}" + (f" of {words.count(doing.total)}" if doing.total else "")
    phase = status.phase or status.state
    return f"{phase} {history.phase_detail}" if history.phase_detail else phase


def under_way(history: History, status: Status) -> bool:
    """True once the run has passed its pre-flight and works, or waits in a queue: then its own screen tells more."""
    if status.state == "queued":
        return True
    return status.live and status.state != "starting" and status.phase not in BEFORE_WORK
