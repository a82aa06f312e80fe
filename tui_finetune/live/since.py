"""What happened while nobody looked: how the live runs stood when the interface was last open, and what came since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.reader import Listing, RunRow

QUIET_SECONDS = 120.0
"""An absence shorter than this is none."""
TOLD = 3


@dataclass(frozen=True)
class Away:
    """The moment of leaving: when, and at which step each live run was."""

    t: float | None = None
    steps: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"t": self.t, "steps": dict(self.steps)}


def away_of(listing: Listing, now: float) -> Away:
    """How things stand now."""
    return Away(now, {row.id: row.status.step or 0 for row in listing.rows if row.status.live})


def away_from(found: object) -> Away:
    """What `as_json` wrote; anything else is nothing."""
    if not isinstance(found, Mapping):
        return Away()
    t, steps = found.get("t"), found.get("steps")
    kept = {str(k): v for k, v in steps.items() if isinstance(v, int)} if isinstance(steps, Mapping) else {}
    return Away(float(t) if isinstance(t, int | float) else None, kept)


def since_words(away: Away, listing: Listing, now: float) -> str:
    """`Since you last looked, 14 m ago: imdb-bert +1,790 steps.`; empty where there is nothing to say."""
    if away.t is None or now - away.t < QUIET_SECONDS:
        return ""
    told = [text for row in listing.rows if (text := _since(row, away)) is not None]
    if not told:
        return ""
    more = f" and {len(told) - TOLD} more" if len(told) > TOLD else ""
    return f"Since you last looked, {words.age(now - away.t)}: {'; '.join(told[:TOLD])}{more}."


def _since(row: RunRow, away: Away) -> str | None:
    before = away.steps.get(row.id)
    name, status = row.info.name, row.status
    if before is None:
        new = row.info.created > (away.t or 0)
        return f"{name} {'began' if status.live else status.state}" if new else None
    if not status.live:
        return f"{name} {status.state}"
    done = (status.step or 0) - before
    return f"{name} +{done:,} step{'' if done == 1 else 's'}" if done > 0 else None
