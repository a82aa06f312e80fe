"""The Control tab: who asked what when, and what became of it, one request a row and one of them whole."""

from __future__ import annotations

from datetime import datetime

from tui_finetune.live import words
from tui_finetune.live.columns import Column, fit, row_line
from tui_finetune.live.control import BY_ITSELF, Asked, outcome, what, who
from tui_finetune.live.spans import Line, clip, line, muted, span, wrap
from tui_finetune.live.steered import value_words

COLUMNS = (
    Column("time", "time", 8),
    Column("step", "step", 7, right=True),
    Column("letter", "", 1),
    Column("what", "what was asked", 31, stretch=60, free=True),
    Column("outcome", "became", 10),
    Column("who", "who", 14, stretch=26),
    Column("why", "why", 20, stretch=50, optional=1, free=True),
)
LETTERS = {
    "set": "c",
    "rollback": "r",
    "pause": "p",
    "continue": "p",
    "save": "w",
    "evaluate": "v",
    "stop": "x",
    "abort": "x",
}
TOKENS = {"refused": "warn", "lost": "warn", "waiting": "muted", "taken back": "muted"}


def columns(width: int) -> tuple[Column, ...]:
    return fit(COLUMNS, width)


def asked_line(one: Asked, width: int, now: float) -> Line:
    """A request, or a change that nobody asked for now."""
    token = TOKENS.get(one.answer, "text")
    return row_line(
        columns(width),
        {
            "time": span(_clock(one.t, now)),
            "step": span(f"{one.step:,}" if one.step is not None else ""),
            "letter": muted(LETTERS.get(one.action, "")),
            "what": span(what(one)),
            "outcome": span(_short(one), token),
            "who": muted(one.by),
            "why": muted(one.reason or ""),
        },
    )


def _short(one: Asked) -> str:
    """In a word or two; the whole of it stands below the list."""
    if one.answer == "applied":
        return "applied" if one.action == "set" else "done"
    return {"lost": "not done"}.get(one.answer, one.answer)


def _clock(t: float, now: float) -> str:
    """With seconds today, for requests come close upon each other; else the day."""
    try:
        at = datetime.fromtimestamp(t)
    except (OverflowError, ValueError, OSError):
        return words.NOTHING
    return f"{at:%H:%M:%S}" if at.date() == datetime.fromtimestamp(now).date() else f"{at.day} {at:%b}"


def asked_below(one: Asked, width: int) -> list[Line]:
    """The row under the cursor in words: what became of it, who asked it and why."""
    who_said = f", asked by {who(one)}" if one.by and one.by not in BY_ITSELF else f", {who(one)}" if one.by else ""
    said = wrap(f"{outcome(one)}{who_said}", width - 2)[:1]
    why = wrap(f"why: {one.reason}", width - 2, token="muted")[:1] if one.reason else []
    return [line(" ", *part) for part in (*said, *why)]


def asked_facts(one: Asked, now: float) -> list[tuple[str, str]]:
    """Everything that is known of one."""
    facts = [("asked", what(one)), ("outcome", outcome(one)), ("by", who(one) or words.NOTHING)]
    if one.reason:
        facts.append(("why", one.reason))
    facts.append(("answered" if one.answer != "waiting" else "sent", _clock(one.t, now)))
    if one.applied_t is not None:
        facts.append(("done", _clock(one.applied_t, now)))
    facts += [(key, f"{value_words(one.old.get(key))} → {value_words(value)}") for key, value in one.new.items()]
    if one.attempt:
        facts.append(("attempt", str(one.attempt)))
    return [*facts, ("id", one.id)] if one.id else facts


def control_short(rows: list[Asked], width: int, now: float) -> list[Line]:
    """The newest changes, for the wide screen: `09:36:02  c  learning_rate 2e-5 → 1e-5, applied at step 2,556`."""
    lines: list[Line] = []
    for one in rows[-3:]:
        lines.append(clip(line(f" {_clock(one.t, now)}  ", muted(LETTERS.get(one.action, " ")), f"  {what(one)}, {outcome(one)}"),
                          width))  # fmt: skip
        if one.reason:
            lines.append(clip(line(muted(f"           why: {one.reason}")), width))
    return lines
