"""`logs`: what the worker printed, or its events as lines; `-f` goes on until the run ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import click

from tui_finetune.cli import diagnostics, output
from tui_finetune.cli.follow import POLL_SECONDS, Follower, follow, goes_on
from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.runs_common import find_run, run_argument
from tui_finetune.live.lines import Days, event_line
from tui_finetune.live.series import History
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.tail import Event
from tui_finetune.text import colourless, shown

BLOCK = 1_048_576


@click.command()
@run_argument
@click.option("-f", "--follow", "following", is_flag=True, help="Go on until the run ends.")
@click.option("-n", "--lines", type=click.IntRange(min=0), help="Only the last so many lines.")
@click.option("--events", is_flag=True, help="The events as lines instead of what was printed.")
@verb
def command(call: Call, run: str, following: bool, lines: int | None, events: bool) -> None:
    """What the worker printed."""
    info = find_run(call, run)
    if call.json:
        if following:
            follow(call, info, quiet=True)
        found = list(_event_lines(info)) if events else list(_printed(info.paths.stdout_log))
        path = info.paths.events if events else info.paths.stdout_log
        kept = found[len(found) - lines :] if lines is not None and lines < len(found) else found
        output.print_json({"id": info.id, "path": str(path), "lines": kept})
        return
    if not events and not info.paths.stdout_log.exists() and not following:
        diagnostics.say(shown(f"{info.title} has printed nothing."))
        return
    try:
        (_events if events else _output)(info, following, lines)
        if following:
            diagnostics.say(shown(f"{info.title}: {info.status().words}."))
    except KeyboardInterrupt:
        if info.status().live:
            diagnostics.say(goes_on(info))


def _printed(path: Path) -> Iterator[str]:
    """The lines of the log; what is not UTF-8 is shown as `\\xff`."""
    try:
        with path.open(encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            for line in file:
                yield line.rstrip("\r\n")
    except FileNotFoundError:
        return


def _output(info: RunInfo, following: bool, lines: int | None) -> None:
    offset = _start(info.paths.stdout_log, lines)
    pending = b""
    while True:
        live = following and info.status().live
        offset, data = _new(info.paths.stdout_log, offset)
        *whole, pending = (pending + data).split(b"\n")
        for line in whole:
            output.print_line(shown(colourless(line.rstrip(b"\r").decode("utf-8", "backslashreplace"))))
        output.flush()
        if data and len(data) == BLOCK:
            continue
        if not live:
            break
        time.sleep(POLL_SECONDS)
    if pending:
        output.print_line(shown(colourless(pending.decode("utf-8", "backslashreplace"))))


def _new(path: Path, offset: int) -> tuple[int, bytes]:
    """What was printed after `offset`; a log that was cut is read from its beginning."""
    try:
        with path.open("rb") as file:
            if path.stat().st_size < offset:
                offset = 0
            file.seek(offset)
            data = file.read(BLOCK)
    except FileNotFoundError:
        return 0, b""
    return offset + len(data), data


def _start(path: Path, lines: int | None) -> int:
    """Where the last `lines` lines begin."""
    if lines is None:
        return 0
    try:
        with path.open("rb") as file:
            end = position = file.seek(0, 2)
            tail = b""
            while position > 0 and tail.count(b"\n") <= lines:
                size = min(65_536, position)
                position -= size
                file.seek(position)
                tail = file.read(size) + tail
    except FileNotFoundError:
        return 0
    kept = tail.splitlines(keepends=True)
    return end - sum(len(line) for line in kept[len(kept) - lines :]) if lines else end


class _Told:
    """Events as lines, in the order of their days."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._days = Days()

    def __call__(self, event: Event, history: History) -> None:
        if (line := event_line(event, history)) is not None:
            if (day := self._days.before(event)) is not None:
                self.lines.append(day)
            self.lines.append(line)


def _event_lines(info: RunInfo) -> list[str]:
    """All events up to now as lines."""
    told = _Told()
    Follower(info, told).run("history")
    return told.lines


def _events(info: RunInfo, following: bool, lines: int | None) -> None:
    past = _event_lines(info)
    for line in past if lines is None else past[max(0, len(past) - lines) :]:
        output.print_line(shown(line))
    if not following:
        return
    told, shown_lines = _Told(), len(past)

    def tell(event: Event, history: History) -> None:
        nonlocal shown_lines
        told(event, history)
        for line in told.lines[shown_lines:]:
            output.print_line(shown(line))
        shown_lines = max(shown_lines, len(told.lines))
        output.flush()

    Follower(info, tell).run("end")
