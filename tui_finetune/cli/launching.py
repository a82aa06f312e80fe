"""What the verbs that start work share: a recipe checked with its progress shown, and what is said once a run is under way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import ProgressLine, say
from tui_finetune.cli.options import Call
from tui_finetune.errors import ExitCode
from tui_finetune.text import Shown, aligned, shown

if TYPE_CHECKING:
    from tui_finetune.launch.check import Checked
    from tui_finetune.launch.handoff import Launch
    from tui_finetune.launch.interrupts import HeldInterrupts
    from tui_finetune.plugin_api import Progress
    from tui_finetune.runs.info import RunInfo
    from tui_finetune.runs.status import Status


def launch_of(call: Call, held: HeldInterrupts | None = None) -> Launch:
    """How this call starts workers: its home, its plugins; `held` is where ctrl+c is noted meanwhile."""
    from tui_finetune.launch.handoff import Launch

    launch = Launch(call.home, call.plugin_dirs, call.third_party)
    return launch if held is None else replace(launch, interrupted=held.asked)


def checked(check: Callable[[Progress], Checked], *, quiet: bool = False) -> Checked:
    """Runs a check with its progress on stderr, then tells its notes and warnings unless `quiet`."""
    progress = ProgressLine()
    try:
        found = check(progress)
    finally:
        progress.clear()
    for text in () if quiet else (*found.notes, *found.warnings):
        say(shown(text))
    return found


def checked_recipe(call: Call, recipe: Path, sets: Sequence[str], *, quiet: bool = False) -> Checked:
    """A recipe's file, read and checked against data, model and machine. Raises RecipeError with all problems."""
    from tui_finetune.config.load import load_recipe
    from tui_finetune.launch.check import check

    loaded = load_recipe(recipe, sets=sets, catalog=call.catalog, cache=call.home.cache)
    return checked(lambda told: check(loaded, home=call.home, catalog=call.catalog, progress=told), quiet=quiet)


def follow_training(
    call: Call, info: RunInfo, held: HeldInterrupts, *, wait: bool, checked: Checked | None = None
) -> None:
    """Follows a run past its pre-flight or to its end, tells how it stands, and ends the verb with the right code.

    held: ctrl+c since the start; from here on it leaves the run alone. checked: what was said already is not said again.
    """
    from tui_finetune.cli.follow import follow
    from tui_finetune.cli.runs_common import run_json

    told = frozenset() if checked is None else frozenset((*checked.notes, *checked.warnings))
    status = follow(call, info, until="end" if wait else "preflight", told=told, held=held)
    if call.json:
        output.print_json(run_json(info))
    elif status.live:
        output.print_line(shown(info.id))
    else:
        for line in ending(info, status):
            output.print_line(line)
    click.get_current_context().exit(_code(info, status))


def _code(info: RunInfo, status: Status) -> ExitCode:
    """Of a run that ended badly: 4 where its attempt failed before its pre-flight had passed, else 1."""
    from tui_finetune.runs.tail import brief_events

    if not status.ended_badly:
        return ExitCode.OK
    passed = any(e.name == "preflight" and e.attempt == status.attempt for e in brief_events(info.paths))
    return ExitCode.RUN_FAILED if passed or status.state == "aborted" else ExitCode.LAUNCH_FAILED


def ending(info: RunInfo, status: Status) -> list[Shown]:
    """How a run ended: its figures and where its model lies, or what went wrong and what to do."""
    lines = [shown(f"{info.title}: {status.words}", multiline=True)]
    if status.advice:
        lines.append(shown(status.advice))
    figures = [(shown(f"  {name}"), shown(f"{value:.4f}")) for name, value in status.metrics.items()]
    lines += aligned(figures) if figures else []
    if status.state == "finished":
        lines += [shown(told) for told in [_remark(info, status)] if told is not None]
    if (info.paths.model / "config.json").is_file():
        lines += [
            shown(f"Model: {info.paths.model}"),
            shown(f"tui-finetune predict {info.short} TEXT uses it; tui-finetune evaluate {info.short} measures it."),
        ]
    elif status.state != "finished":
        told = "tui-finetune resume" in (status.advice or "")
        way_on = "" if told else f"; tui-finetune resume {info.short} goes on"
        lines.append(shown(f"tui-finetune logs {info.short} prints what the worker said{way_on}."))
    return lines


def _remark(info: RunInfo, status: Status) -> str | None:
    from tui_finetune.live.honest import remark
    from tui_finetune.live.series import History
    from tui_finetune.runs.tail import brief_events

    return remark(History(brief_events(info.paths)), status)
