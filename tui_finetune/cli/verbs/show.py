"""`show`: one run, whole."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from tui_finetune.cli import output
from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.runs_common import MARKS, find_run, full_json, run_argument
from tui_finetune.live import words
from tui_finetune.live.control import Asked, asked, outcome, what, who
from tui_finetune.live.forecast import beside, refusal_said, result_rows
from tui_finetune.live.honest import remark
from tui_finetune.live.lineage import branch_words, origin_words
from tui_finetune.live.lines import progress_text
from tui_finetune.live.progress import progress
from tui_finetune.live.series import History
from tui_finetune.runs.control import waiting
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.status import Status
from tui_finetune.runs.tail import brief_events
from tui_finetune.text import Shown, colourless, shown

SAID_SHOWN = 10


@click.command()
@run_argument
@verb
def command(call: Call, run: str) -> None:
    """One run: state, progress, metrics, where everything lies."""
    info = find_run(call, run)
    history, status = History(brief_events(info.paths)), info.status()
    found = full_json(info, status, history)
    if call.json:
        output.print_json(found)
        return
    output.print_line(shown(f"{MARKS[status.state]} {info.title}  {status.words}"))
    if status.advice:
        output.print_line(shown(f"  {status.advice}"))
    for name, value in _facts(info, status, history, found):
        output.print_line(shown(f"  {name:<12}{value}"))
    for part in (
        _metric_lines(found),
        _remark_lines(status, history),
        _finding_lines(info, history),
        _forecast_lines(status, history),
        _checkpoint_lines(found),
        _attempt_lines(found),
        _control_lines(asked(history, waiting(info.paths))),
        _said_lines(found),
    ):
        lines = list(part)
        if lines:
            output.print_line()
            output.print_lines(lines)
    if status.log_tail:
        output.print_line()
        output.print_line(Shown("last lines of stdout.log"))
        output.print_lines(shown(f"  {colourless(line)}") for line in status.log_tail)
    if next_lines := list(_next(info, status, found)):
        output.print_line()
        output.print_lines(next_lines)


def _facts(info: RunInfo, status: Status, history: History, found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and value of what is always told, where it is known."""
    now = time.time()
    yield "kind", " ".join(part for part in (info.kind, info.task) if part)
    for name in ("model", "data", "device"):
        if found[name]:
            yield name, found[name]
    if (of := origin_words(info)) is not None:
        yield "of", of
    for name, key in (("training", "tuning"), ("speed", "choices")):
        said = history.plan.get(key)
        for one in said if isinstance(said, list) else ():
            yield name, str(one)
    for branch in branch_words(info):
        yield "branch", branch
    if status.live:
        yield "progress", progress_text(history, status, progress(history, status, now))
    elif status.step is not None and status.steps:
        yield "progress", f"step {status.step:,} of {status.steps:,}"
    begun = words.clock(info.created, now)
    # A result knows its own attempt's time only.
    took = f"attempt {status.attempt} took" if (status.attempt or 1) > 1 else "took"
    yield "started", f"{begun}, {took} {words.duration(status.seconds)}" if status.seconds is not None else begun
    if found["auto_resume"]:
        yield "auto_resume", found["auto_resume"]["words"]
    if info.tags:
        yield "tags", " ".join(info.tags)
    if info.note:
        yield "note", info.note
    yield "id", info.id
    yield "directory", str(info.paths.root)
    if found["model_path"]:
        yield "its model", found["model_path"]


def _metric_lines(found: Mapping[str, Any]) -> Iterator[Shown]:
    """Validation and test side by side, the baselines of the main metric below."""
    metrics: Mapping[str, float] = found["metrics"]
    if not metrics:
        return
    names = list(dict.fromkeys(name.removeprefix("test_") for name in metrics))
    prefixes = {"validation": "", "test": "test_"}
    splits = [split for split, prefix in prefixes.items() if any(f"{prefix}{name}" in metrics for name in names)]
    rows = [[shown(name), *(_score(metrics.get(f"{prefixes[split]}{name}")) for split in splits)] for name in names]
    before = [Shown("")] * (len(splits) - 1)
    for name, value in found["baselines"].items():
        rows.append([shown(f"baseline {name} ({names[0]})"), *before, _score(value)])
    yield from output.table(["metric", *splits], rows, right=(1, 2))


def _remark_lines(status: Status, history: History) -> Iterator[Shown]:
    told = remark(history, status) if status.state == "finished" else None
    if told is not None:
        yield shown(f"! {told}")


def _finding_lines(info: RunInfo, history: History) -> Iterator[Shown]:
    """What the health watch found and holds still."""
    there = history.open_findings
    for one in there[:SAID_SHOWN]:
        yield shown(f"! {one.what}")
    if there:
        yield shown(f"tui-finetune health {info.short} says since when, and what helps.")


def _forecast_lines(status: Status, history: History) -> Iterator[Shown]:
    """The forecast beside what has come so far, or in the end how far off it was; why a run was not begun."""
    now = time.time()
    rows = result_rows(history.forecast_result)
    if not rows and status.live:
        rows = beside(history, progress(history, status, now), now)
    if rows:
        cells = [[shown(row.name), shown(row.forecast), shown(row.actual), shown(row.off)] for row in rows]
        yield from output.table(["", "forecast", "came", "off"], cells, right=(1, 2, 3))
        if history.forecast_result.get("changed"):
            yield Shown("The run was changed while it went on: its forecast was of another one.")
    elif history.refusal:
        yield from (shown(text) for _, text in refusal_said(history.refusal))


def _score(value: float | None) -> Shown:
    return Shown(words.score(value))


def _checkpoint_lines(found: Mapping[str, Any]) -> Iterator[Shown]:
    if not found["checkpoints"]:
        return
    rows = [
        [
            Shown(f"{one['step']:,}"),
            Shown(words.size(one["bytes"])),
            Shown(", ".join(word for word, so in (("whole", one["whole"]), ("best", one["best"])) if so)),
        ]
        for one in found["checkpoints"]
    ]
    yield from output.table(["checkpoint", "size", ""], rows, right=(0, 1))


def _attempt_lines(found: Mapping[str, Any]) -> Iterator[Shown]:
    """Only where there was more than one."""
    if len(found["attempts"]) < 2:
        return
    for one in found["attempts"]:
        step = f" at step {one['step']:,}" if one["step"] else ""
        yield shown(f"attempt {one['n']}: {one['state']}{step}{': ' + one['reason'] if one['reason'] else ''}")


def _control_lines(rows: Sequence[Asked]) -> Iterator[Shown]:
    """What was asked of it and changed, the newest last, with who asked and why."""
    now = time.time()
    if len(rows) > SAID_SHOWN:
        yield Shown(f"{len(rows) - SAID_SHOWN} earlier requests are in logs --events")
    for row in rows[-SAID_SHOWN:]:
        by = who(row)
        yield shown(f"{words.clock(row.t, now)}  {what(row)} {outcome(row)}{f'  {by}' if by else ''}")
        if row.reason:
            yield shown(f"       why: {row.reason}")


def _said_lines(found: Mapping[str, Any]) -> Iterator[Shown]:
    lines = [f"! {text}" for text in found["warnings"]] + [f"· {text}" for text in found["notes"]]
    for line in lines[:SAID_SHOWN]:
        yield shown(line)
    if len(lines) > SAID_SHOWN:
        yield Shown(f"… and {len(lines) - SAID_SHOWN} more in logs --events")


def _next(info: RunInfo, status: Status, found: Mapping[str, Any]) -> Iterator[Shown]:
    """What one may type next."""
    if status.state == "unreadable":
        return
    if status.live:
        yield shown(f"tui-finetune watch {info.short} follows it, stop {info.short} ends it with a checkpoint.")
    elif info.kind == "evaluate" and status.state == "finished":
        for split, folder in found["evaluations"].items():
            yield shown(f"Figures of each label of {split}, and all predictions: {folder}")
    elif found["model_path"] and info.kind == "train":
        yield shown(f'tui-finetune predict {info.short} "a text" uses its model.')
    elif status.state != "finished" and found["recipe"]:
        yield shown(f"tui-finetune resume {info.short} goes on, logs {info.short} shows what it printed.")
