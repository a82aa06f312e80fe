"""The state of a run, derived from its files and never stored twice. Words stay modest: what is known, since when."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui_finetune.runs import atomic, process
from tui_finetune.runs.keeping import Keeping, keeping
from tui_finetune.runs.layout import RunPaths, checkpoint_step, short_id
from tui_finetune.runs.liveness import STALE_SECONDS, HeartbeatWatch, beat_age, idle_at, memory_hint, rough
from tui_finetune.runs.states import (
    BEFORE_WORK,
    ENDED,
    LIVE,
    OTHER_PHASE_SECONDS,
    PHASE_SECONDS,
    RESULT_STATES,
    State,
    Status,
)
from tui_finetune.runs.tail import Event, last_events, number

__all__ = ["BEFORE_WORK", "ENDED", "LIVE", "PHASE_SECONDS", "RESULT_STATES", "State", "Status", "derive", "log_tail"]

TELLING = frozenset(
    {"attempt", "queued", "phase", "plan", "preflight", "step", "evaluation", "baseline", "request", "applied", "end"}
)
"""Events that a state is derived from."""
BEGIN_SECONDS = 90.0
"""A run without process.json is starting for so long after it was made; a launcher gives up after 60 s."""


def derive(paths: RunPaths, *, created: float | None = None, watch: HeartbeatWatch | None = None) -> Status:
    """The state of the run now. Cheap for an ended run: its result.json tells everything."""
    result = _read(paths.result_json)
    if result is not None and result.get("state") in RESULT_STATES:
        claimed = _read(paths.process_json) if _later_claim(paths, result) else None
        if claimed is None or _attempt_of(claimed) <= _attempt_of(result):
            return _unclaimed(paths, created) if _being_claimed(paths, result) else _kept(paths, _ended(result))
    claimed = _read(paths.process_json)
    if claimed is None or _being_claimed(paths, claimed):
        return _unclaimed(paths, created)
    return _claimed(paths, claimed, watch or HeartbeatWatch())


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return atomic.read_json(path)
    except (FileNotFoundError, atomic.Unreadable):
        return None


def _later_claim(paths: RunPaths, file: Mapping[str, Any]) -> bool:
    """True where a later attempt has been claimed than the one that this file is of: one stat, no listing."""
    return paths.attempt(_attempt_of(file) + 1).exists()


def _being_claimed(paths: RunPaths, file: Mapping[str, Any]) -> bool:
    """True in the moment between a later attempt's claim and its process.json, which says who works on it."""
    since = _modified(paths.attempt(_attempt_of(file) + 1))
    return since is not None and time.time() - since < BEGIN_SECONDS


def _attempt_of(file: Mapping[str, Any]) -> int:
    found = file.get("attempt")
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _numbers(value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping):
        return {}
    return {str(key): found for key, raw in value.items() if (found := number(raw)) is not None}


def _ended(result: Mapping[str, Any]) -> Status:
    state: State = result["state"]
    reason = _text(result.get("reason"))
    ended = number(result.get("ended"))
    seconds = number(result.get("seconds"))
    return Status(
        state=state,
        words=_ended_words(state, _count(result.get("step")), reason),
        attempt=_attempt_of(result),
        step=_count(result.get("step")),
        steps=_count(result.get("steps")),
        since=ended,
        started=ended - seconds if ended is not None and seconds is not None else None,
        ended=ended,
        seconds=seconds,
        reason=reason,
        advice=_text(result.get("advice")),
        exit_code=_count(result.get("exit_code")),
        metrics=_numbers(result.get("metrics")),
        baselines=_numbers(result.get("baselines")),
        best_checkpoint=_text(result.get("best_checkpoint")),
        best_step=_count(result.get("best_step")),
    )


def _ended_words(state: str, step: int | None, reason: str | None) -> str:
    """`finished`, `stopped at step 2,481`, `failed at step 312: loss is nan`."""
    place = f" at step {step:,}" if step and state != "finished" else ""
    why = f": {reason}" if reason and state in ("failed", "aborted", "preempted") else ""
    return f"{state}{place}{why}"


def _unclaimed(paths: RunPaths, created: float | None) -> Status:
    """No process has written that it works on this: it is about to, or its start came to nothing."""
    attempt, since = _claimed_folder(paths)
    since = since or created or _modified(paths.root)
    if since is not None and time.time() - since < BEGIN_SECONDS:
        return Status("starting", "starting", attempt=attempt, since=since, started=since)
    reason = "the worker never began: its start was cut off"
    advice = f"tui-finetune rm {short_id(paths.id)} moves it to the trash."
    if paths.process_json.exists():
        reason, advice = "process.json cannot be read, and there is no result", _way_on(paths)
    tail = log_tail(paths)
    return Status("died", f"died: {reason}", attempt=attempt, since=since, reason=reason, advice=advice, log_tail=tail)


def _claimed_folder(paths: RunPaths) -> tuple[int, float | None]:
    from tui_finetune.runs.attempts import newest_attempt

    attempt = newest_attempt(paths)
    return attempt, _modified(paths.attempt(attempt)) if attempt else None


def _modified(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _claimed(paths: RunPaths, claimed: Mapping[str, Any], watch: HeartbeatWatch) -> Status:
    attempt = _attempt_of(claimed)
    beat = _read(paths.heartbeat) or {}
    if _attempt_of(beat) != attempt:
        beat = {}
    alive = process.is_alive(claimed)
    if alive is False and process.restarted(claimed) and beat_age(paths, claimed, beat, watch) < STALE_SECONDS:
        alive = None  # it beats still: another machine of the same name, not this one after a restart
    events = [event for event in last_events(paths.events, only=TELLING) if event.attempt == attempt]
    found = _facts(claimed, beat, events, attempt)
    if alive is False:
        if (result := _read(paths.result_json)) is not None and _attempt_of(result) == attempt:
            return _ended(result)  # it ended between the two looks
        return _said_its_end(events, found) or _died(paths, claimed, found)
    age = beat_age(paths, claimed, beat, watch)
    if alive is None and age >= STALE_SECONDS:
        words = f"no heartbeat for {rough(age)}; on {claimed.get('host')}, cannot tell more"
        return Status("unreachable", f"unreachable: {words}", **{**found, "since": time.time() - age, "reason": words})
    if age >= STALE_SECONDS:
        words = f"no heartbeat for {rough(age)}, process {claimed.get('pid')} alive"
        return Status("stalled", f"stalled: {words}", **{**found, "since": time.time() - age, "reason": words})
    state = _working_state(events, found["phase"])
    idle = age + idle_at(beat)
    if state in ("starting", "running", "stopping") and idle >= PHASE_SECONDS.get(
        found["phase"] or "", OTHER_PHASE_SECONDS
    ):
        words = f"no progress for {rough(idle)}, process {claimed.get('pid')} alive"
        return Status("stalled", f"stalled: {words}", **{**found, "since": time.time() - idle, "reason": words})
    if state == "paused" and (why := _detail(events)) is not None:
        return Status(state, f"paused: {why}", **{**found, "reason": why})
    if state == "queued" and (waits := _waits_for(events)) is not None:
        return Status(state, f"queued, {waits}", **{**found, "reason": waits})
    words = f"{state}, {found['phase']}" if found["phase"] not in (None, state) else state
    return Status(state, words, **found)


def _detail(events: list[Event]) -> str | None:
    """What the newest phase says of itself: why a run waits that nobody has paused."""
    newest = next((event for event in reversed(events) if event.name == "phase"), None)
    return None if newest is None else _text(newest.get("detail"))


def _waits_for(events: list[Event]) -> str | None:
    """What a waiting run waits for, as it said last: `place 2, behind imdb-bert (k3f9)`."""
    told = next((event for event in reversed(events) if event.name == "queued"), None)
    if told is None:
        return None
    why = _text(told.get("why")) or "waiting"
    place = _count(told.get("place"))
    return why if place is None or why.startswith("after") else f"place {place}, {why}"


def _facts(claimed: Mapping[str, Any], beat: Mapping[str, Any], events: list[Event], attempt: int) -> dict[str, Any]:
    """What a status says whatever the state is: phase, steps, metrics."""
    phase = _text(beat.get("phase"))
    step, steps = _count(beat.get("step")), _count(beat.get("steps"))
    metrics: dict[str, float] = {}
    baselines: dict[str, float] = {}
    for event in events:
        if event.name == "phase":
            phase = _text(event.get("phase")) or phase
        elif event.name == "plan":
            steps = steps if steps is not None else _count(event.get("steps"))
        elif event.name == "step" and event.step is not None:
            step = max(step or 0, event.step)
        elif event.name == "attempt" and step is None:
            step = _count(event.get("from_step")) or None
        elif event.name == "evaluation":
            metrics.update(_flat(event))
        elif event.name == "baseline":
            baselines.update(
                {str(event.get("name")): value for value in list(_numbers(event.get("metrics")).values())[:1]}
            )
    started = number(claimed.get("started"))
    return {
        "attempt": attempt,
        "phase": phase,
        "step": step,
        "steps": steps,
        "since": started,
        "started": started,
        "metrics": metrics,
        "baselines": baselines,
        "process": claimed,
        "heartbeat": beat,
    }


def _flat(event: Event) -> dict[str, float]:
    """An evaluation's metrics by name, test's with their prefix, the loss last."""
    prefix = "test_" if event.get("split") == "test" else ""
    found = _numbers(event.get("metrics"))
    return {prefix + name: found[name] for name in sorted(found, key=lambda name: name == "loss")}


def _working_state(events: list[Event], phase: str | None) -> State:
    """The state of a process that lives and beats, by what it said last."""
    state: State = "starting" if phase is None or phase in BEFORE_WORK else "running"
    if phase in ("queued", "paused"):
        state = "queued" if phase == "queued" else "paused"
    for event in events:
        if event.name == "preflight" and state == "starting":
            state = "running"
        action = event.get("action")
        if event.name == "request" and event.get("answer") == "accepted" and action in ("stop", "abort"):
            state = "stopping"
        elif event.name == "applied" and action == "pause":
            state = "paused"
        elif event.name == "applied" and action == "continue" and state == "paused":
            state = "running"
        elif event.name == "end":
            state = "stopping"
    return state


def _said_its_end(events: list[Event], found: Mapping[str, Any]) -> Status | None:
    """The end as the last event tells it, of a process that could not write its result any more: a full disk, a kill."""
    end = next((event for event in reversed(events) if event.name == "end"), None)
    if end is None or end.get("state") not in RESULT_STATES:
        return None
    state: State = end.get("state")
    reason = _text(end.get("reason"))
    return Status(
        state,
        _ended_words(state, found["step"], reason),
        **{
            **found,
            "since": end.t,
            "ended": end.t,
            "phase": None,
            "reason": reason,
            "exit_code": _count(end.get("exit_code")),
        },
    )


_WHILE = {"loading": "while loading", "tokenizing": "while tokenizing", "pre-flight": "in the pre-flight"}
"""A phase in a sentence."""


def _died(paths: RunPaths, claimed: Mapping[str, Any], found: Mapping[str, Any]) -> Status:
    beat = found["heartbeat"]
    heard = number(beat.get("t")) or found["started"]
    during = f", {_WHILE.get(found['phase'], found['phase'])}" if found["phase"] and not found["step"] else ""
    at = f" at step {found['step']:,}" if found["step"] else ""
    reason = f"process gone without a result{at}{during}"
    if process.restarted(claimed):
        reason += "; the machine was started again since"
    elif (hint := memory_hint(claimed) or _crash(paths, claimed)) is not None:
        reason += f"; {hint}"
    return Status(
        "died",
        f"died: {reason}",
        **{
            **found,
            "since": heard,
            "ended": heard,
            "reason": reason,
            "advice": _by_itself(keeping(paths)) or _way_on(paths),
        },
        log_tail=log_tail(paths),
    )


CRASH = "Fatal Python error: "
"""How the interpreter begins its last words, where native code has brought it down."""


def _crash(paths: RunPaths, claimed: Mapping[str, Any]) -> str | None:
    """`its last words: Segmentation fault`, where this attempt printed such."""
    begun = _count(claimed.get("log_bytes"))
    if begun is None:
        return None
    said = [line for line in log_tail(paths, 1_000, 65_536, after=begun) if line.startswith(CRASH)]
    return f"its last words: {said[-1].removeprefix(CRASH)}" if said else None


def _kept(paths: RunPaths, status: Status) -> Status:
    """Of a run that was pre-empted: whether its keeper goes on."""
    by_itself = _by_itself(keeping(paths)) if status.state == "preempted" else None
    return status if by_itself is None else replace(status, advice=by_itself)


def _by_itself(kept: Keeping | None) -> str | None:
    """What its keeper is about to do about it."""
    return f"It goes on by itself, {kept.words()}." if kept is not None and kept.waits else None


def _way_on(paths: RunPaths) -> str:
    """What a person may do about a run that died."""
    run = _read(paths.run_json) or {}
    if not paths.recipe_toml.is_file():
        return "It was made by a script of its own; only that script can go on."
    if run.get("kind") != "train":
        return f"Start the {run.get('kind')} again; tui-finetune logs {short_id(paths.id)} shows what it printed."
    if paths.checkpoints.is_dir() and any(checkpoint_step(path) is not None for path in paths.checkpoints.iterdir()):
        return f"tui-finetune resume {short_id(paths.id)} goes on from the newest whole checkpoint."
    return f"tui-finetune resume {short_id(paths.id)} begins again at step 0: there is no checkpoint."


def log_tail(paths: RunPaths, lines: int = 8, size: int = 16_384, *, after: int = 0) -> tuple[str, ...]:
    """The last lines that the worker printed. after: bytes before which nothing is looked at."""
    try:
        with paths.stdout_log.open("rb") as file:
            file.seek(max(after, paths.stdout_log.stat().st_size - size))
            text = file.read().decode("utf-8", "backslashreplace")
    except OSError:
        return ()
    return tuple([line for line in text.splitlines() if line.strip()][-lines:])
