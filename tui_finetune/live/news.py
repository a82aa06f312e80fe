"""What has become of runs that nobody looks at now: said once, when it happens, with the run's name."""

from __future__ import annotations

from collections.abc import Sequence

from tui_finetune.live.listing import result_words
from tui_finetune.live.reader import Listing, RunRow
from tui_finetune.live.words import NOTHING

BAD = ("failed", "died")
ILL = ("stalled", "unreachable")


def news(before: Listing, after: Listing, *, looked_at: str | None = None) -> Sequence[tuple[str, str]]:
    """Sentences with their tokens, the newest run last. looked_at: a run whose own screen tells of it."""
    if not before.whole:
        return ()
    known = {row.id: row for row in before.rows}
    others = [(known[row.id], row) for row in reversed(after.rows) if row.id in known and row.id != looked_at]
    changed = [row for was, row in others if was.status.state != row.status.state]
    found = [(f"{row.info.title}: {what}", "warn") for was, row in others for what in new_findings(was, row)]
    return [*(told for row in changed if (told := _told(row)) is not None), *found]


def new_findings(before: RunRow, after: RunRow) -> Sequence[str]:
    """What the health watch of a run has found since."""
    if before.figures is None or after.figures is None:
        return ()
    return [what for what in after.figures.findings if what not in before.figures.findings]


def _told(row: RunRow) -> tuple[str, str] | None:
    info, status = row.info, row.status
    if status.state in ILL:
        return f"{info.title}: {status.reason or status.words}", "warn"
    if status.live or status.state == "unreadable":
        return None
    result = result_words(status) if status.state == "finished" else NOTHING
    words = f"finished, {result}" if result != NOTHING else status.words
    return f"{info.title} {words}", "bad" if status.state in BAD else "text"


def goes_on(listing: Listing) -> str:
    """What is said when the program ends: `imdb-bert (k3f9) goes on. tui-finetune shows it again.`"""
    live = [row.info.title for row in listing.rows if row.status.live]
    if not live:
        return ""
    some = f"{live[0]} goes on" if len(live) == 1 else f"{len(live)} runs go on"
    return f"{some}. tui-finetune shows {'it' if len(live) == 1 else 'them'} again."
