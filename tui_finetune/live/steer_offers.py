"""Whether a run can be steered now, and why not: pause, change, save, evaluate, branch, roll back."""

from __future__ import annotations

from collections.abc import Sequence

from tui_finetune.live import words
from tui_finetune.live.offers import NO_RUN, ON, Offer, off
from tui_finetune.live.points import Doing
from tui_finetune.live.reader import RunRow
from tui_finetune.runs.records import CheckpointRecord

OWN_SCRIPT = "A script of its own runs it: that takes pause, save, evaluate and stop."
BEFORE = ("queued", "starting")


def _steerable(row: RunRow | None, verb: str) -> Offer:
    """What every one of them needs: a training that lives and has begun."""
    if row is None:
        return NO_RUN
    state = row.status.state
    if not row.status.live:
        return off("Run cannot be read." if state == "unreadable" else f"Run already {state}.")
    if row.info.kind != "train":
        return off(f"Only training {verb}; this is {row.info.kind}.")
    if state in BEFORE:
        return off(f"Run is {state}: it does not train yet.")
    return off("Run is stopping.") if state == "stopping" else ON


def hold_offer(row: RunRow | None) -> Offer:
    """Pause, and go on."""
    return _steerable(row, "pauses")


def release_offer(row: RunRow | None) -> Offer:
    """Pause, and give the device's memory up too."""
    found = hold_offer(row)
    if not found.on or row is None:
        return found
    if not row.has_recipe:
        return off(OWN_SCRIPT)
    return off("Run is paused already; p lets it go on.") if row.status.state == "paused" else ON


def change_offer(row: RunRow | None) -> Offer:
    """The steering sheet."""
    found = _steerable(row, "can be changed")
    return off(OWN_SCRIPT) if found.on and row is not None and not row.has_recipe else found


def save_offer(row: RunRow | None) -> Offer:
    """A checkpoint at the next step."""
    found = _steerable(row, "saves")
    if found.on and row is not None and row.status.phase == "saving":
        return Offer(False, "A checkpoint is being written.", passing=True)
    return found


def measure_offer(row: RunRow | None, doing: Doing | None) -> Offer:
    """An evaluation between the planned ones."""
    found = _steerable(row, "is measured meanwhile")
    if found.on and row is not None and row.status.phase == "evaluating":
        share = f", {words.share(doing.done, doing.total)}" if doing is not None and doing.total else ""
        return Offer(False, f"Evaluating{share}.", passing=True)
    return found


def branch_offer(row: RunRow | None, checkpoints: Sequence[CheckpointRecord]) -> Offer:
    """A new run from a checkpoint."""
    if row is None:
        return NO_RUN
    if row.info.kind != "train":
        return off(f"Only training branches; this is {row.info.kind}.")
    if not row.has_recipe:
        return off("Made by a script of its own; it has no recipe.")
    if any(one.whole for one in checkpoints):
        return ON
    return off("No checkpoint yet; w writes one." if row.status.live else "No checkpoint is whole.")


def act_offer(row: RunRow | None, act: str) -> Offer:
    """What a finding offers."""
    if row is not None and not row.status.live:
        return off(f"Run already {row.status.state}.")
    return change_offer(row) if act in ("set", "rollback") else hold_offer(row) if act == "pause" else ON


def drop_offer(row: RunRow | None, one: CheckpointRecord | None) -> Offer:
    """Removing a checkpoint."""
    if one is None:
        return off("There is no checkpoint.")
    if row is not None and row.status.live:
        return off("Stop it first; a run that goes on removes its own (save_total_limit).")
    return ON
