"""The right end of every screen's first line: what needs eyes most, in thirteen cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from tui_finetune.live.listing import needs_a_look
from tui_finetune.live.marks import mark
from tui_finetune.live.reader import Listing
from tui_finetune.live.spans import Line, span

WARNED = (("stalled", "stalled"), ("unreachable", "not heard"))
LIVING = ("running", "paused", "stopping", "starting", "queued")


def eyes(listing: Listing, failed_plugins: int, seen: Mapping[str, int]) -> Line:
    """Runs that are not well, plugins that failed, what lives, what ended badly and was not looked at."""
    counts: Counter[str] = Counter(row.status.state for row in listing.rows)
    if not listing.rows and not failed_plugins:
        return (span("no runs yet", "muted"),) if listing.whole else (span("…", "muted"),)
    for state, word in WARNED:
        if counts.get(state):
            return (span(f"! {counts[state]} {word}", "warn"),)
    if failed_plugins:
        return (span(f"! {failed_plugins} plugin{'' if failed_plugins == 1 else 's'}", "warn"),)
    for state in LIVING:
        if counts.get(state):
            return (span(f"{mark(state).glyph} {counts[state]} {state}", mark(state).token),)
    look = sum(1 for row in listing.rows if needs_a_look(row, seen))
    return (span(f"! look at {look}", "warn"),) if look else (span("nothing runs", "muted"),)
