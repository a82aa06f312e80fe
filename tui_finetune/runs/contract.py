"""The events of version 1: name, fields, kinds of values. docs/run-directory.md tells the same with examples; a test compares."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tui_finetune.runs.layout import VERSION
from tui_finetune.runs.tail import number

TEXT, WHOLE, NUMBER, YES_NO, TABLE, LIST = "text", "whole number", "number", "true or false", "object", "list"

HEAD: Mapping[str, str] = {"v": WHOLE, "seq": WHOLE, "t": NUMBER, "attempt": WHOLE, "event": TEXT}
"""What every event has."""

EVENTS: Mapping[str, Mapping[str, str]] = {
    "attempt": {"n": WHOLE, "from_step": WHOLE},
    "phase": {"phase": TEXT},
    "progress": {"what": TEXT, "done": WHOLE},
    "plan": {"steps": WHOLE},
    "preflight": {"seconds": NUMBER},
    "preflight_refused": {"what": TEXT, "why": TEXT, "there_bytes": WHOLE, "fits": LIST},
    "forecast": {"peak_memory_bytes": WHOLE, "seconds_left": NUMBER, "step_seconds": NUMBER, "parts": TABLE},
    "forecast_result": {},
    "refit": {"what": TEXT, "step": WHOLE, "old": TABLE, "new": TABLE, "reason": TEXT},
    "step": {"step": WHOLE, "loss": NUMBER},
    "values": {"of": TEXT, "offset": WHOLE, "total": TABLE},
    "evaluation": {"split": TEXT, "metrics": TABLE},
    "baseline": {"name": TEXT, "split": TEXT, "metrics": TABLE},
    "checkpoint": {"step": WHOLE, "path": TEXT},
    "checkpoint_removed": {"step": WHOLE, "path": TEXT},
    "checkpoint_skipped": {"path": TEXT, "why": TEXT},
    "save_failed": {"step": WHOLE, "why": TEXT},
    "device": {},
    "finding": {"id": TEXT, "rule": TEXT, "severity": TEXT, "step": WHOLE, "what": TEXT, "figures": TABLE},
    "finding_over": {"id": TEXT, "rule": TEXT, "step": WHOLE},
    "warning": {"message": TEXT},
    "note": {"message": TEXT},
    "request": {"id": TEXT, "action": TEXT, "answer": TEXT},
    "applied": {"action": TEXT},
    "queued": {"behind": LIST, "place": WHOLE},
    "notice": {"channel": TEXT, "what": TEXT, "ok": YES_NO},
    "ending": {"state": TEXT},
    "end": {"state": TEXT, "exit_code": WHOLE},
}
"""Name to the fields that it must have. More fields may be there; readers keep what they do not know."""


def event_problems(line: bytes, *, only_known: bool = False) -> list[str]:
    """What is wrong with one line of events.jsonl; empty for an event that keeps the contract.

    only_known: an event of a name that this version does not have is wrong too.
    """
    try:
        raw = json.loads(line, parse_constant=_not_json)
    except ValueError as error:
        return [f"is not JSON: {error}"]
    if not isinstance(raw, dict):
        return ["is not a JSON object"]
    problems = _missing(raw, HEAD)
    name = raw.get("event")
    if isinstance(raw.get("v"), int) and raw["v"] > VERSION:
        return problems
    if isinstance(name, str) and name not in EVENTS and only_known:
        problems.append(f"event '{name}' is not one of {', '.join(EVENTS)}")
    return problems + _missing(raw, EVENTS.get(str(name), {}))


def _not_json(constant: str) -> Any:
    raise ValueError(f'{constant} is not JSON; a number that is not finite is a string: "nan", "inf", "-inf"')


def _missing(raw: Mapping[str, Any], fields: Mapping[str, str]) -> list[str]:
    problems = []
    for name, kind in fields.items():
        if name not in raw:
            problems.append(f"{raw.get('event', 'event')} without {name}")
        elif not is_kind(raw[name], kind):
            problems.append(f"{raw.get('event', 'event')}: {name} is no {kind}: {raw[name]!r:.60}")
    return problems


def is_kind(value: Any, kind: str) -> bool:
    """True where `value` is of that kind."""
    if kind == WHOLE:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == NUMBER:
        return number(value) is not None
    types = {TEXT: str, YES_NO: bool, TABLE: dict, LIST: list}
    return isinstance(value, types[kind])
