"""The health pane and a finding whole: what, since when, the figures, what usually helps, and one act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui_finetune.live.health.finding import figure_words
from tui_finetune.live.points import Finding
from tui_finetune.live.run_ends import labelled
from tui_finetune.live.series import History
from tui_finetune.live.spans import Line, line, muted, span, wrap
from tui_finetune.live.steered import value_words
from tui_finetune.runs.records import CheckpointRecord
from tui_finetune.runs.settable import factor

HALF = 0.5


def listed(history: History) -> list[Finding]:
    """Those that hold, the gravest first; then those that are over, the newest first."""
    over = [one for one in reversed(history.findings.values()) if one.over is not None]
    return [*history.open_findings, *over]


def finding_line(found: Finding) -> Line:
    """`! loss spike     loss 4.1 at step 1,712 …                      since step 1,700`."""
    if found.over is not None:
        return line(span("✓", "good"), " ", muted(f"{rule_words(found.rule).ljust(20)} over at step {found.over:,}: "
                    f"{found.what}"))  # fmt: skip
    sign = span("✗", "bad") if found.severity == "bad" else span("!", "warn")
    return line(sign, " ", f"{rule_words(found.rule).ljust(20)} {found.what}")


def rule_words(rule: str) -> str:
    """`loss_spike` as one says it."""
    return rule.replace("_", " ")


def finding_lines(found: Finding, history: History, width: int) -> list[Line]:
    """Everything about one, for its sheet."""
    lines = [line(" ", *part) for part in wrap(found.what, width - 2)]
    since = found.since if found.since is not None else found.step
    steps = history.step - since
    ago = f", {steps:,} steps ago" if steps > 0 else ""
    seen = f"; found at step {found.step:,}" if found.step != since else ""
    facts: list[tuple[str, str]] = [("since when", f"step {since:,}{ago}{seen}")]
    if found.over is not None:
        facts.append(("over", f"at step {found.over:,}"))
    if found.figures:
        facts.append(("figures", ", ".join(figure_words(key, value) for key, value in found.figures.items())))
    if found.helps:
        facts.append(("what helps", found.helps))
    return [*lines, *(part for name, value in facts for part in labelled(name, value, width))]


def act_now(found: Finding, checkpoints: Sequence[CheckpointRecord]) -> tuple[Mapping[str, Any] | None, str]:
    """What it offers as things stand now, and why it offers nothing.

    A checkpoint that it names may have been removed since: the newest whole one from before it takes its place.
    """
    act = found.act
    if act is None or found.over is not None:
        return None, ""
    values = act.get("values")
    given = dict(values) if isinstance(values, Mapping) else {}
    if act.get("action") != "rollback":
        return {"action": act.get("action"), "values": given}, ""
    whole = [one.step for one in checkpoints if one.whole]
    since = found.since if found.since is not None else found.step
    if given.get("checkpoint") not in whole:
        before = [step for step in whole if step < since]
        if not before:
            return None, "No checkpoint from before it is left to go back to."
        given["checkpoint"] = before[-1]
    return {"action": "rollback", "values": given}, ""


def act_words(act: Mapping[str, Any], history: History) -> str:
    """`roll back to 2,814 with half the learning rate`; what one key does."""
    action, found = str(act.get("action")), act.get("values")
    values = found if isinstance(found, Mapping) else {}
    wanted = values.get("set")
    changed = _set_words(wanted) if isinstance(wanted, Mapping) else ""
    if action == "rollback":
        step = values.get("checkpoint")
        before = step if isinstance(step, int) else max(history.checkpoints, default=None)
        to = f"to {before:,}" if before is not None else "to the last good checkpoint"
        return f"roll back {to}{f' with {changed}' if changed else ''}"
    if action == "set":
        return f"change: {changed}"
    return {"pause": "pause", "save": "write a checkpoint now", "stop": "save a checkpoint and stop",
            "evaluate": "evaluate now"}.get(action, action)  # fmt: skip


def _set_words(values: Mapping[str, Any]) -> str:
    return ", ".join(_one(key, value) for key, value in values.items())


def _one(key: str, value: Any) -> str:
    times = factor(value)
    name = key.replace("_", " ")
    if times == HALF:
        return f"half the {name}"
    return f"{name} {value_words(value)}" if times is None else f"{times:g} times the {name}"


def loss_of_rollback(act: Mapping[str, Any], history: History) -> str:
    """`1,073 steps after it are trained again`; empty for another act."""
    values = act.get("values")
    step = values.get("checkpoint") if isinstance(values, Mapping) else None
    if act.get("action") != "rollback":
        return ""
    before = step if isinstance(step, int) else max(history.checkpoints, default=None)
    if before is None or history.step <= before:
        return ""
    return f"{history.step - before:,} steps after it are trained again, in a new attempt of the same process."
