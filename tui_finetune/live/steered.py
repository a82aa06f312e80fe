"""The part of a history that tells of steering: what was asked and answered, what changed, what was found, what was forecast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.points import Change, Finding, Mark
from tui_finetune.runs.tail import Event


class Steered:
    """Base of `live.series.History`, which feeds it."""

    def __init__(self) -> None:
        self.step = 0
        self.marks: list[Mark] = []
        self.warnings: list[Event] = []
        self.notes: list[Event] = []
        self.requests: list[Event] = []
        """`request` and `applied` events."""
        self.changes: list[Change] = []
        """Those that led to the model as it is: what a later attempt went back behind is not among them."""
        self.undone: list[Change] = []
        """Changes that a later attempt went back behind."""
        self.findings: dict[str, Finding] = {}
        """By id, in the order in which they were found."""
        self.forecast: Mapping[str, Any] = {}
        self.forecast_result: Mapping[str, Any] = {}
        self.refusal: Mapping[str, Any] = {}
        """Why the pre-flight let this attempt not begin."""
        self.queued: Mapping[str, Any] = {}
        """The place in the line, as it was told last."""
        self.save_failed: Event | None = None
        """The newest save that came to nothing, until one is whole again."""

    def _steering(self) -> dict[str, Callable[[Event], None]]:
        """What takes each event."""
        return {
            "checkpoint_skipped": self._said,
            "warning": self._said,
            "note": self._said,
            "notice": self._noticed,
            "ending": lambda event: None,  # what it says `end` says too
            "request": self._asked,
            "applied": self._applied,
            "refit": self._refitted,
            "finding": self._found,
            "finding_over": self._over,
            "forecast": self._forecast,
            "forecast_result": self._forecast_result,
            "preflight_refused": self._refused,
            "queued": self._queued,
            "save_failed": self._save_failed,
        }

    @property
    def open_findings(self) -> list[Finding]:
        """Those that hold now, the gravest first, then the newest."""
        there = [one for one in reversed(self.findings.values()) if one.over is None]
        return sorted(there, key=lambda one: one.severity != "bad")

    def left_behind(self, step: int) -> None:
        """A later attempt goes on from `step`: what came after it did not lead to the model that there will be.

        What was found is over; what still holds is told again.
        """
        self.undone += [one for one in self.changes if one.step > step]
        self.changes = [one for one in self.changes if one.step <= step]
        self.findings = {id: replace(one, over=step) if one.over is None else one for id, one in self.findings.items()}

    def _said(self, event: Event) -> None:
        """A warning, a note, a checkpoint that was passed over: by a rollback as it was asked to, which is no warning."""
        well = event.name == "note" or str(event.get("why", "")).startswith("rolled back")
        (self.notes if well else self.warnings).append(event)
        if not well:
            self.marks.append(Mark(self.step, "warning", said(event), event.t))

    def _noticed(self, event: Event) -> None:
        """A notice that was sent, or could not be."""
        self.notes.append(event)

    def _asked(self, event: Event) -> None:
        self.requests.append(event)

    def _applied(self, event: Event) -> None:
        self.requests.append(event)
        step, action = event.step if event.step is not None else self.step, str(event.get("action"))
        detail = ""
        if action == "set":
            change = change_of(event, step)
            detail = change_words(change.old, change.new)
            self.changes.append(change)
        self.marks.append(Mark(step, "request", action, event.t, detail))

    def _refitted(self, event: Event) -> None:
        """A batch that did not fit was halved."""
        self.warnings.append(event)
        step = event.step if event.step is not None else self.step
        self.marks.append(Mark(step, "refit", said(event), event.t))

    def _found(self, event: Event) -> None:
        step, since, act = event.step if event.step is not None else self.step, event.get("since"), event.get("act")
        figures = event.get("figures")
        found = Finding(
            id=str(event.get("id")),
            rule=str(event.get("rule")),
            severity=str(event.get("severity", "warn")),
            step=step,
            since=since if isinstance(since, int) else None,
            what=str(event.get("what", "")),
            figures=figures if isinstance(figures, Mapping) else {},
            helps=str(event.get("helps") or ""),
            act=act if isinstance(act, Mapping) else None,
            t=event.t,
        )
        self.findings[found.id] = found
        self.marks.append(Mark(step, "finding", found.what, event.t))

    def _over(self, event: Event) -> None:
        found = self.findings.get(str(event.get("id")))
        if found is not None:
            self.findings[found.id] = replace(found, over=event.step if event.step is not None else self.step)

    def _forecast(self, event: Event) -> None:
        self.forecast = event.fields

    def _forecast_result(self, event: Event) -> None:
        self.forecast_result = event.fields

    def _refused(self, event: Event) -> None:
        self.refusal = event.fields

    def _queued(self, event: Event) -> None:
        self.queued = event.fields

    def _save_failed(self, event: Event) -> None:
        again = self.save_failed is not None
        self.save_failed = event
        if not again:
            self.marks.append(
                Mark(event.step if event.step is not None else self.step, "warning", said(event), event.t)
            )


def change_of(event: Event, step: int) -> Change:
    """What an `applied` event of a `set` tells."""
    old, new = event.get("old"), event.get("new")
    return Change(
        step,
        old if isinstance(old, Mapping) else {},
        new if isinstance(new, Mapping) else {},
        event.t,
        event.attempt,
        str(event.get("by") or ""),
        str(event.get("reason") or ""),
        event.get("id") if isinstance(event.get("id"), str) else None,
    )


def change_words(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """`learning_rate 2e-5 → 1e-5, weight_decay 0.01 → 0.1`."""
    return ", ".join(f"{key} {value_words(old[key])} → {value_words(value)}" if key in old
                     else f"{key} → {value_words(value)}" for key, value in new.items())  # fmt: skip


def value_words(value: Any) -> str:
    """A value of a setting as one writes it: `2e-5`, `epoch`, `[0.5, 2]`; `–` where there is none."""
    if value is None:
        return words.NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return words.rate(value) if abs(value) < 1e5 else f"{value:g}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(value_words(one) for one in value)}]" if value else "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {value_words(one)}" for key, one in value.items())
    return f"{value:,}" if isinstance(value, int) and abs(value) >= 10_000 else str(value)


def said(event: Event) -> str:
    """The sentence of a warning, a note, a save that failed, a checkpoint that was passed over, a batch that was halved."""
    if event.name == "checkpoint_skipped":
        return f"{event.get('why')}: passed over, kept as {event.get('path')}"
    if event.name == "save_failed":
        return _save_words(event)
    if event.name == "refit":
        return _refit_words(event)
    if event.name == "notice":
        return f"notice by {event.get('channel')}: {event.get('what')}" + (
            "" if event.get("ok") else f"; not sent: {event.get('why')}"
        )
    return str(event.get("message", event.get("text", "")))


def _save_words(event: Event) -> str:
    """`Disk: 1.3 GB needed for the next checkpoint, 0.9 GB free. Training goes on; saving is retried every 60 s.`"""
    need, free = event.number("needed_bytes"), event.number("free_bytes")
    cause = f"Disk: {words.size(need)} needed for the next checkpoint, {words.size(free)} free."
    if need is None or free is None or need <= free:
        cause = f"No checkpoint could be written: {str(event.get('why')).rstrip('.')}."
    seconds = event.number("retry_seconds")
    again = f"; saving is retried every {seconds:.0f} s" if seconds else ""
    return f"{cause} Training goes on{again}."


SHORT = {"per_device_train_batch_size": "batch", "gradient_accumulation_steps": "accumulation",
         "per_device_eval_batch_size": "evaluation batch"}  # fmt: skip


def _refit_words(event: Event) -> str:
    """`Out of memory: batch 16 → 8, accumulation 1 → 2, the same rows a step.`"""
    old, new = event.get("old"), event.get("new")
    names = {SHORT.get(str(key), str(key)): key for key in new} if isinstance(new, Mapping) else {}
    before = old if isinstance(old, Mapping) else {}
    changed = change_words(
        {name: before[key] for name, key in names.items() if key in before},
        {name: new[key] for name, key in names.items()},
    )
    why = str(event.get("reason") or "out of memory")
    same = ", the same rows a step" if "accumulation" in names else ""
    return f"{why[:1].upper()}{why[1:]}: {changed or event.get('what')}{same}."
