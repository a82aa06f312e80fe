"""Who changed what when: the requests and changes of a run, one row each, for the Control tab, `show` and the verbs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from tui_finetune.live import words
from tui_finetune.live.series import History
from tui_finetune.runs.control import Request
from tui_finetune.runs.settable import setting
from tui_finetune.runs.tail import Event

Answer = Literal["waiting", "accepted", "refused", "applied", "lost", "taken back"]
"""waiting: nobody has answered. lost: the attempt ended before it was done. taken back: the run went on from before it."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})
BY_ITSELF = ("recipe", "resume", "health", "worker")
"""Who asks where no person did."""


@dataclass(frozen=True)
class Asked:
    """One request, or one change that nobody asked for now: of the recipe, of a resume, of a health rule."""

    id: str | None
    t: float
    """When it was answered; of one that waits, when it was sent."""
    action: str
    by: str
    reason: str | None
    values: Mapping[str, Any]
    answer: Answer
    words: str = ""
    """When it takes effect, or why it was refused."""
    step: int | None = None
    """At which it was done; of a change the first step that used the new values."""
    old: Mapping[str, Any] = field(default_factory=dict)
    new: Mapping[str, Any] = field(default_factory=dict)
    applied_t: float | None = None
    attempt: int = 0

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "values": dict(self.values), "old": dict(self.old), "new": dict(self.new)}


def asked(history: History, waiting: Iterable[Request] = ()) -> list[Asked]:
    """All requests and changes, oldest first.

    waiting: those that still lie in `control/` (`runs.control.waiting`), which no event tells of.
    """
    rows: list[Asked] = []
    place: dict[str, int] = {}
    for event in history.requests:
        request_id = _text(event.get("id"))
        known = place.get(request_id) if request_id is not None else None
        if event.name == "applied":
            before = rows[known] if known is not None else _of(event, "applied")
            done = _applied(before, event)
            if known is not None:
                rows[known] = done
            else:
                rows.append(done)
        elif known is None:
            if request_id is not None:
                place[request_id] = len(rows)
            rows.append(_answered(event))
    rows = [_now(row, history) for row in rows]
    rows += [_waiting(one) for one in waiting if one.id not in place]
    return rows


def changes(rows: Iterable[Asked]) -> list[Asked]:
    """Those that set something, the refused ones left out."""
    return [row for row in rows if row.new or (row.action == "set" and row.answer != "refused")]


def what(row: Asked) -> str:
    """What was asked for, in words: `learning_rate 2e-5 → 1e-5, weight_decay 0.01 → 0.1`; `rollback to 1,407`."""
    changed = "; ".join(_changed(row))
    if row.action == "set":
        return changed or "set"
    named = {
        "rollback": ("checkpoint", "to {}"),
        "evaluate": ("split", "{}"),
        "note": ("text", "{}"),
    }.get(row.action)
    value = row.values.get(named[0]) if named is not None else None
    about = f" {named[1].format(said(value))}" if named is not None and value is not None else ""
    released = " and release memory" if row.action == "pause" and row.values.get("release") else ""
    return f"{row.action}{about}{released}{f', {changed}' if changed else ''}"


def outcome(row: Asked) -> str:
    """What became of it: `applied at step 2,556`, `accepted: at the next step`, `refused: it has ended`."""
    at = f" at step {row.step:,}" if row.step is not None else ""
    if row.answer == "applied":
        return f"{'applied' if row.action == 'set' else 'done'}{at}"
    if row.answer == "taken back":
        return f"applied{at}, then taken back"
    if row.answer == "lost":
        return "not done: the attempt ended first"
    return row.answer + (f": {row.words}" if row.words else "")


def who(row: Asked) -> str:
    """Who asked; in words where no person did."""
    return {"recipe": "by the recipe", "resume": "again, by the resume", "health": "by a health rule"}.get(
        row.by, row.by
    )


def said(value: Any) -> str:
    """A value of a setting as one writes it: `1e-5`, `x0.5`, `encoder.layer.0, embeddings`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return words.NOTHING
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return words.rate(value) if abs(value) < 1_000 else f"{value:,g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {said(one)}" for key, one in value.items())
    return ", ".join(map(said, value)) if isinstance(value, list | tuple) else str(value)


def read_value(key: str, text: str) -> Any:
    """A value as a person types it for `key`: `1e-5`, `x0.5`, `epoch`, `encoder.layer.0, embeddings`, `neg = 2, pos = 1`.

    Whether it may be set, `runs.settable.checked` tells.
    """
    from tui_finetune.config.sets import parse_value

    one, text = setting(key), text.strip()
    if one is not None and one.kind in ("choice", "text"):
        quoted = parse_value(text) if text[:1] in ("'", '"') else text
        return quoted if isinstance(quoted, str) else text
    if one is not None and one.kind == "weights" and "=" in text and not text.startswith("{"):
        text = f"{{ {text} }}"
    value = parse_value(text)
    if one is not None and one.kind == "patterns" and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _of(event: Event, answer: Answer) -> Asked:
    values = event.get("values")
    given = values if isinstance(values, Mapping) else _NOTHING
    return Asked(
        id=_text(event.get("id")),
        t=event.t,
        action=str(event.get("action")),
        by=_text(event.get("by")) or "",
        reason=_text(event.get("reason")) or _text(given.get("reason")),
        values=given,
        answer=answer,
        attempt=event.attempt,
    )


def _answered(event: Event) -> Asked:
    accepted = event.get("answer") == "accepted"
    told = event.get("when") if accepted else event.get("why")
    return replace(_of(event, "accepted" if accepted else "refused"), words=str(told or ""))


def _applied(before: Asked, event: Event) -> Asked:
    old, new = event.get("old"), event.get("new")
    return replace(
        before,
        answer="applied",
        step=event.step,
        old=old if isinstance(old, Mapping) else _NOTHING,
        new=new if isinstance(new, Mapping) else _NOTHING,
        by=before.by or _text(event.get("by")) or "",
        reason=before.reason or _text(event.get("reason")),
        applied_t=event.t,
    )


def _now(row: Asked, history: History) -> Asked:
    """The row as later attempts and the end leave it."""
    later = [attempt for attempt in history.attempts if attempt.number > row.attempt]
    if row.answer == "accepted" and (later or history.end is not None):
        return replace(row, answer="lost")
    behind = any(row.step is not None and attempt.from_step < row.step for attempt in later)
    return replace(row, answer="taken back") if row.answer == "applied" and row.new and behind else row


def _waiting(request: Request) -> Asked:
    reason = _text(request.values.get("reason"))
    return Asked(request.id, request.t, request.action, request.by, reason, request.values, "waiting")


def _changed(row: Asked) -> list[str]:
    asked_for = row.values.get("set")
    wanted: Mapping[str, Any] = asked_for if isinstance(asked_for, Mapping) else _NOTHING
    if not row.new:
        return [f"{key} {said(value)}" for key, value in wanted.items()]
    return [
        f"{key} {f'{said(row.old[key])} → ' if row.old.get(key) is not None else ''}{said(value)}"
        for key, value in row.new.items()
    ]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
