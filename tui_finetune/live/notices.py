"""Which news deserve the terminal's bell: a run that ended or is not well, a finding, a checkpoint that cannot be saved."""

from __future__ import annotations

from tui_finetune.live.news import ILL
from tui_finetune.live.reader import Listing
from tui_finetune.runs.states import ENDED
from tui_finetune.runs.tail import Event

RINGS = frozenset({"finding", "save_failed", "end"})


def bell_for(before: Listing, after: Listing) -> list[str]:
    """A sentence for each run that has ended or turned ill since; none for those that are new in the list."""
    if not before.whole:
        return []
    known = {row.id: row.status.state for row in before.rows}
    changed = [row for row in reversed(after.rows) if known.get(row.id, row.status.state) != row.status.state]
    return [
        f"{row.info.title} {row.status.words}"
        for row in changed
        if row.status.state in ENDED or row.status.state in ILL
    ]


def bell_for_event(event: Event) -> str | None:
    """A sentence for an event of a run that is looked at, where it deserves the bell."""
    if event.name not in RINGS:
        return None
    if event.name == "finding":
        return str(event.get("what"))
    if event.name == "save_failed":
        return f"no checkpoint at step {event.step or 0:,}: {event.get('why')}"
    reason = event.get("reason")
    return f"{event.get('state')}{f': {reason}' if reason else ''}"
