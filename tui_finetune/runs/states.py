"""The states that a run can be in: a closed list, and what is said of a run in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal[
    "queued",
    "starting",
    "running",
    "paused",
    "stopping",
    "stalled",
    "unreachable",
    "finished",
    "stopped",
    "aborted",
    "preempted",
    "failed",
    "died",
    "unreadable",
]
LIVE: frozenset[str] = frozenset({"queued", "starting", "running", "paused", "stopping", "stalled", "unreachable"})
ENDED: frozenset[str] = frozenset({"finished", "stopped", "aborted", "preempted", "failed", "died"})
RESULT_STATES: frozenset[str] = ENDED - {"died"}
"""What a result.json may say."""

PHASE_SECONDS: Mapping[str, float] = {
    "loading": 1_800.0,
    "tokenizing": 900.0,
    "pre-flight": 900.0,
    "training": 600.0,
    "evaluating": 900.0,
    "saving": 900.0,
}
"""How long the work may stand still in each phase; a step, a batch and a block of rows each count as going on."""
OTHER_PHASE_SECONDS = 900.0
BEFORE_WORK = frozenset({"starting", "loading", "tokenizing", "pre-flight"})
"""Phases in which a run is starting: its pre-flight has not passed yet."""


@dataclass(frozen=True)
class Status:
    """Everything that the files say about how a run does."""

    state: State
    words: str
    """The state for a sentence: "running, training", "failed: CUDA out of memory"."""
    attempt: int = 0
    phase: str | None = None
    step: int | None = None
    steps: int | None = None
    since: float | None = None
    """Unix seconds since when it is so: the start of a live run, the last beat of a stalled one, the end of an ended one."""
    started: float | None = None
    """Start of this attempt."""
    ended: float | None = None
    seconds: float | None = None
    """How long the attempt worked, once it has ended."""
    reason: str | None = None
    advice: str | None = None
    exit_code: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Flat, the main one first; of a live run the newest evaluation."""
    baselines: Mapping[str, float] = field(default_factory=dict)
    best_checkpoint: str | None = None
    best_step: int | None = None
    process: Mapping[str, Any] = field(default_factory=dict)
    heartbeat: Mapping[str, Any] = field(default_factory=dict)
    log_tail: tuple[str, ...] = ()
    """The last lines of stdout.log of a run that died."""

    @property
    def live(self) -> bool:
        return self.state in LIVE

    @property
    def ended_badly(self) -> bool:
        return self.state in ("failed", "died", "aborted")
