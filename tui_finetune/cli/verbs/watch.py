"""`watch`: a run as plain lines, its history first, then what comes; for pipes, logs and terminals that can do no more."""

from __future__ import annotations

import time

import click

from tui_finetune.cli import diagnostics, output
from tui_finetune.cli.follow import Follower, follow, goes_on
from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.runs_common import exit_code, find_run, require_readable, run_argument, run_json
from tui_finetune.live.lines import Days, event_line, progress_text
from tui_finetune.live.progress import progress
from tui_finetune.live.series import History
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.status import Status
from tui_finetune.runs.tail import Event
from tui_finetune.text import shown

STANDING_SECONDS = 60.0
"""When nothing was said for so long a line says how things stand."""


@click.command()
@run_argument
@verb
def command(call: Call, run: str) -> None:
    """Follow a run as plain lines: its history, then what comes, until it ends. ctrl+c leaves it alone."""
    info = require_readable(find_run(call, run))
    if call.json:
        status = follow(call, info)
        output.print_json(run_json(info))
    else:
        status = _watch(info)
    click.get_current_context().exit(exit_code(status))


def _watch(info: RunInfo) -> Status:
    lines = _Lines()
    try:
        status = Follower(info, lines.event, lines.tick).run("end")
    except KeyboardInterrupt:
        diagnostics.say(goes_on(info))
        return info.status()
    output.print_line(shown(f"{info.title}: {status.words}"))
    if status.advice:
        output.print_line(shown(status.advice))
    return status


class _Lines:
    """Prints events on stdout, and now and then how things stand."""

    def __init__(self) -> None:
        self._said = time.monotonic()
        self._state: str | None = None
        self._days = Days()

    def event(self, event: Event, history: History) -> None:
        if (line := event_line(event, history)) is not None:
            if (day := self._days.before(event)) is not None:
                self._print(day)
            self._print(line)

    def tick(self, history: History, status: Status) -> None:
        """A state that is not heard of in the events (stalled, unreachable, and back) is told when it changes."""
        changed = self._state is not None and status.state != self._state
        self._state = status.state
        silent = time.monotonic() - self._said >= STANDING_SECONDS
        if silent or (changed and status.state in ("stalled", "unreachable", "running", "queued", "paused")):
            standing = progress_text(history, status, progress(history, status, time.time()))
            self._print(f"{status.words}  {standing}" if status.reason else standing)
        output.flush()

    def _print(self, line: str) -> None:
        self._said = time.monotonic()
        output.print_line(shown(line))
