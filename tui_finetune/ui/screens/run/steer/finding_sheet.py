"""A finding of the health watch, whole, with the one act that it offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tui_finetune.live.points import Finding
from tui_finetune.live.reader import RunRow
from tui_finetune.live.run_health import act_now, act_words, finding_lines, loss_of_rollback, rule_words
from tui_finetune.live.run_look import RunLook
from tui_finetune.live.spans import line, wrap
from tui_finetune.live.steer_offers import act_offer
from tui_finetune.ui.widgets.sheet import Choice, ChoiceSheet

WIDTH = 78


def finding_sheet(
    found: Finding, row: RunRow | None, look: RunLook, ask: Callable[[str, Mapping[str, Any] | None], None]
) -> ChoiceSheet:
    """The safe choice under the cursor: leave it."""
    said = finding_lines(found, look.history, WIDTH)
    choices = [Choice("leave it as it is")]
    act, why = act_now(found, look.files.checkpoints)
    if act is not None:
        offer, told = act_offer(row, str(act["action"])), act_words(act, look.history)
        why = "" if offer.on else f"{told}: {offer.why}"
        if offer.on:
            said += [line(" ", *part) for part in wrap(loss_of_rollback(act, look.history), WIDTH) if part[0].text]
            choices.append(Choice(told, lambda: ask(str(act["action"]), act["values"])))
    if why:
        said += [line(" ", *part) for part in wrap(why, WIDTH, token="muted")]
    return ChoiceSheet(rule_words(found.rule).capitalize(), said, choices)
