"""Whether an action can be done now, and why not: for keys, the palette and the verbs alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_finetune.live.reader import RunRow


@dataclass(frozen=True)
class Offer:
    """An action as it stands now."""

    on: bool
    why: str = ""
    """Why it is off, a sentence."""
    passing: bool = False
    """Off for a moment alone: it keeps its place in the footer, which would jump otherwise."""


ON = Offer(True)


def off(why: str) -> Offer:
    return Offer(False, why)


NO_RUN = off("No run under the cursor.")


def stop_offer(row: RunRow | None) -> Offer:
    """Save a checkpoint and end."""
    if row is None:
        return NO_RUN
    if row.status.state == "stopping":
        return off("Run is stopping already.")
    return ON if row.status.live else off(_ended(row))


def abort_offer(row: RunRow | None) -> Offer:
    """End now. A stop that takes too long may still be cut short by it."""
    if row is None:
        return NO_RUN
    return ON if row.status.live else off(_ended(row))


def _ended(row: RunRow) -> str:
    state = row.status.state
    return "Run cannot be read." if state == "unreadable" else f"Run already {state}."


def resume_offer(row: RunRow | None) -> Offer:
    """Go on from the newest whole checkpoint, in a new attempt."""
    if row is None:
        return NO_RUN
    status = row.status
    if status.state == "unreadable":
        return off(f"Run directory cannot be used: {status.reason}.")
    if status.live:
        return off(f"Run is {status.state}.")
    if status.state == "finished":
        return off(f"Run is finished; model.path = run:{row.info.short} starts another from its model.")
    if row.info.kind != "train":
        return off(f"Only training goes on; start the {row.info.kind} again.")
    return ON if row.has_recipe else off("Made by a script of its own; only that script can go on.")


def copy_offer(row: RunRow | None) -> Offer:
    """Its recipe as the start of another run."""
    if row is None:
        return NO_RUN
    if row.info.kind != "train":
        return off(f"Only training has a recipe to start from; this is {row.info.kind}.")
    return ON if row.has_recipe else off("Made by a script of its own; it has no recipe.")


def try_offer(row: RunRow | None) -> Offer:
    """Its model in Predict."""
    if row is None:
        return NO_RUN
    if row.info.kind != "train":
        return off(f"This is {row.info.kind}: it has no model of its own.")
    if row.has_model:
        return ON
    return off("No model yet: it is written when the run ends." if row.status.live else "It left no model.")


def report_offer(row: RunRow | None) -> Offer:
    """What was measured of it, in Evaluate."""
    if row is None:
        return NO_RUN
    if row.status.live:
        return off(f"Run is {row.status.state}: it is measured when it ends.")
    if row.has_model or (row.info.kind == "evaluate" and row.status.state == "finished"):
        return ON
    return off("It left nothing that was measured.")


def delete_offer(rows: Sequence[RunRow]) -> Offer:
    """Into the trash, all of them or none."""
    if not rows:
        return NO_RUN
    live = [row for row in rows if row.status.live]
    if not live:
        return ON
    return off("Stop it first." if len(rows) == 1 else f"Stop {live[0].info.title} first.")


def label_offer(row: RunRow | None) -> Offer:
    """Name, tags and note."""
    if row is None:
        return NO_RUN
    return ON if row.info.problem is None else off(f"Run directory cannot be used: {row.info.problem}.")
