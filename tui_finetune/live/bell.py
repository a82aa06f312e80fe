"""For what the terminal is rung: a run that ended by itself, that is not well, or of which something was found."""

from __future__ import annotations

from collections.abc import Sequence

from tui_finetune.live.listing import result_words
from tui_finetune.live.news import new_findings
from tui_finetune.live.reader import Listing, RunRow
from tui_finetune.live.words import NOTHING

RUNG = frozenset({"finished", "failed", "died", "preempted", "stalled", "unreachable"})
"""Not stopped or aborted: somebody asked for these."""


def rings(before: Listing, after: Listing) -> Sequence[str]:
    """A sentence for each; nothing for what was so already when the interface was opened."""
    if not before.whole:
        return ()
    known = {row.id: row for row in before.rows}
    return [text for row in reversed(after.rows) if row.id in known for text in _of(known[row.id], row)]


def _of(before: RunRow, after: RunRow) -> list[str]:
    title, status = after.info.title, after.status
    said = []
    if status.state != before.status.state and status.state in RUNG:
        result = result_words(status) if status.state == "finished" else NOTHING
        said.append(f"{title} finished, {result}" if result != NOTHING else f"{title} {status.words}")
    return said + [f"{title}: {what}" for what in new_findings(before, after)]
