"""What happened while nobody looked: how the live runs stood when the interface was last open, and what came since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.reader import Listing, RunRow
from tui_finetune.live.series import History
from tui_finetune.runs.status import Status

QUIET_SECONDS = 120.0
"""An absence shorter than this is none."""
TOLD = 3


@dataclass(frozen=True)
class Away:
    """The moment of leaving: when, at which step each live run was, and how often it had been measured."""

    t: float | None = None
    steps: Mapping[str, int] = field(default_factory=dict)
    evaluations: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"t": self.t, "steps": dict(self.steps), "evaluations": dict(self.evaluations)}


def away_of(listing: Listing, now: float) -> Away:
    """How things stand now."""
    live = [row for row in listing.rows if row.status.live]
    measured = {row.id: row.figures.evaluations for row in live if row.figures is not None}
    return Away(now, {row.id: row.status.step or 0 for row in live}, measured)


def away_from(found: object) -> Away:
    """What `as_json` wrote; anything else is nothing."""
    if not isinstance(found, Mapping):
        return Away()
    t = found.get("t")
    return Away(
        float(t) if isinstance(t, int | float) else None, _counts(found, "steps"), _counts(found, "evaluations")
    )


def _counts(found: Mapping[str, Any], name: str) -> dict[str, int]:
    counts = found.get(name)
    return {str(k): v for k, v in counts.items() if isinstance(v, int)} if isinstance(counts, Mapping) else {}


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
    if done <= 0:
        return None
    measured = row.figures.evaluations - away.evaluations[row.id] if row.figures and row.id in away.evaluations else 0
    return f"{name} {', '.join(_parts(done, evaluation=measured))}"


def since_run(away: Away, run_id: str, history: History, status: Status, now: float) -> str:
    """The same of one run, on its own screen, with all that came: attempts, changes, findings, checkpoints."""
    before, t = away.steps.get(run_id), away.t
    if before is None or t is None or now - t < QUIET_SECONDS:
        return ""
    came = _parts(
        max(history.step, status.step or 0) - before,
        attempt=sum(1 for one in history.attempts if one.t > t and one.number > 1),
        evaluation=sum(1 for one in history.evaluations if one.t > t),
        checkpoint=sum(1 for one in history.checkpoints.values() if one.t > t),
        change=sum(1 for one in history.changes if one.t > t),
        finding=sum(1 for one in history.findings.values() if one.t > t),
    )
    if not status.live:
        came = [status.state, *came]
    return f"Since you last looked, {words.age(now - t)}: {', '.join(came)}." if came else ""


def not_seen(status: Status, now: float) -> str:
    """`Not seen yet: it died 22 Nov 02:15.`: of a run that ended badly, and that nobody has opened since."""
    ended = "died" if status.state == "died" else f"ended as {status.state}"
    clock = words.clock(status.ended, now)
    when = "" if status.ended is None else f" at {clock}" if clock[2] == ":" else f" {clock}"
    return f"Not seen yet: it {ended}{when}."


NUMBERS = ("no", "one", "two", "three")


def _parts(steps: int, **counts: int) -> list[str]:
    """`+1,790 steps`, `one evaluation`."""
    parts = [f"{steps:+,} step{'' if abs(steps) == 1 else 's'}"] if steps else []
    return parts + [
        f"{NUMBERS[count] if count < len(NUMBERS) else format(count, ',')} {name}{'' if count == 1 else 's'}"
        for name, count in counts.items()
        if count > 0
    ]
