"""`health`: what the health watch of a run has found, and what it does then."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import click

from tui_finetune.cli import output
from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.runs_common import find_run, run_argument
from tui_finetune.live import words
from tui_finetune.live.health import health
from tui_finetune.live.health.acting import act_command
from tui_finetune.live.health.finding import figure_words
from tui_finetune.live.points import Finding
from tui_finetune.live.run_health import act_words, listed, rule_words
from tui_finetune.live.series import History
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.status import Status
from tui_finetune.runs.tail import brief_events
from tui_finetune.text import Shown, shown


@click.command()
@run_argument
@verb
def command(call: Call, run: str) -> None:
    """What was found while a run trained: since when, what helps, and the command that does it.

    docs/health.md has the rules, and how each can pause, roll back or stop a run.
    """
    info = find_run(call, run)
    history, status = History(brief_events(info.paths)), info.status()
    found = listed(history)
    if call.json:
        output.print_json(_document(info, status, history))
        return
    now = [one for one in found if one.over is None]
    said = f"{len(now)} hold now, {len(found)} in all" if found else "nothing was found"
    output.print_line(shown(f"{info.title}  {status.words}: {said}."))
    for one in found:
        output.print_line()
        output.print_lines(_lines(one, info, status, history))
    well = [text for level, text in health(history, status) if level == "ok"]
    if well:
        output.print_line()
        output.print_line(shown(f"✓ {', '.join(well)}"))


def _lines(found: Finding, info: RunInfo, status: Status, history: History) -> Iterator[Shown]:
    mark = "✓" if found.over is not None else "✗" if found.severity == "bad" else "!"
    yield shown(f"{mark} {rule_words(found.rule)}: {found.what}")
    since = found.since if found.since is not None else found.step
    seen = f", told at step {found.step:,}, {words.clock(found.t, time.time())}"
    over = f", over at step {found.over:,}" if found.over is not None else ""
    yield shown(f"  since       step {since:,}{seen}{over}")
    if found.figures:
        yield shown(f"  figures     {', '.join(figure_words(key, value) for key, value in found.figures.items())}")
    if found.over is not None:
        return
    if found.helps:
        yield shown(f"  what helps  {found.helps}")
    if found.act is not None and status.live:
        yield shown(f"  to do so    {act_words(found.act, history)}: {act_command(found.act, info.short)}")


def _document(info: RunInfo, status: Status, history: History) -> Mapping[str, Any]:
    return {
        "id": info.id,
        "state": status.state,
        "findings": [
            {
                "id": one.id,
                "rule": one.rule,
                "severity": one.severity,
                "step": one.step,
                "since": one.since,
                "what": one.what,
                "figures": dict(one.figures),
                "helps": one.helps,
                "act": one.act,
                "command": act_command(one.act, info.short) if one.act is not None else None,
                "over": one.over,
                "t": one.t,
            }
            for one in listed(history)
        ],
        "well": [text for level, text in health(history, status) if level == "ok"],
    }
