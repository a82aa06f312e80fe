"""The Live tab of the Run screen: how far it is, its chart, its figures, as one picture of lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui_finetune.live import words
from tui_finetune.live.chart import too_small
from tui_finetune.live.charting import Charting, no_points
from tui_finetune.live.control import asked, changes
from tui_finetune.live.control_page import control_short
from tui_finetune.live.health import health_line
from tui_finetune.live.launching import Step, preflight_step, step_lines
from tui_finetune.live.metrics import LOSS, Metric, best_so_far, metrics
from tui_finetune.live.reader import device_name
from tui_finetune.live.run_head import head_lines
from tui_finetune.live.run_look import RunLook
from tui_finetune.live.series import History
from tui_finetune.live.side import side_lines
from tui_finetune.live.situation import in_force, situation
from tui_finetune.live.spans import EMPTY, Line, at, clip, ends, line, span, width_of, wrap
from tui_finetune.runs.status import Status
from tui_finetune.runs.tail import number

WIDE, TALL = 110, 30
"""From this size on the tabs' contents in short stand beside the chart."""
SIDE = 38
SMALL = 8
"""Lines of a chart below the large one: a blank, its heading, five rows, its axis."""
CHART = 11
"""Lines of the chart with its heading where the screen has 24."""


def live_lines(look: RunLook, charting: Charting, width: int, height: int, now: float, *, ascii: bool) -> list[Line]:
    """The Live tab."""
    charting.died = look.status.state == "died"
    head = head_lines(look, width, now)
    if width >= WIDE and height >= TALL - 6 and look.history.series:
        return _wide(look, charting, head, width, height, now, ascii=ascii)
    foot = foot_lines(look, width, now)
    above = [*head, EMPTY]
    if charting.zoomed:
        return [*head[:1], *chart_lines(look, charting, width, height - 1, ascii=ascii)]
    if too_small(width, height - len(above) - len(foot) - 2):
        foot = []
    room = height - len(above) - len(foot) - 1
    chart = chart_lines(look, charting, width, room, ascii=ascii)
    return [*above, *chart, EMPTY, *foot][:height]


def _wide(
    look: RunLook, charting: Charting, head: list[Line], width: int, height: int, now: float, *, ascii: bool
) -> list[Line]:
    """Charts at the left, health, device, evaluations and checkpoints at the right."""
    left = width - SIDE - 1
    rows = height - len(head) - 1
    if charting.zoomed:
        return [*head[:1], *chart_lines(look, charting, width, height - 1, ascii=ascii)]
    told = _control(look, left, now)
    stack = _stack(look, charting, left, rows - len(told), ascii=ascii)
    stack += [EMPTY] * (rows - len(told) - len(stack)) + told
    side = side_lines(look.history, look.status, look.files.checkpoints, SIDE, now)
    body = [
        at([(0, stack[row] if row < len(stack) else EMPTY), (left + 1, side[row] if row < len(side) else EMPTY)], width)
        for row in range(rows)
    ]
    return [*head, EMPTY, *body]


def _stack(look: RunLook, charting: Charting, width: int, height: int, *, ascii: bool) -> list[Line]:
    """The chosen metric large, two others below it where there is room."""
    there = _metrics(look)
    chosen = _chosen(there, charting)
    names = ("loss", "grad_norm", "learning_rate")
    others = [one for one in there if one.name in names and one.name != chosen.name][:2]
    while others and height - SMALL * len(others) < CHART + 2:
        others.pop()
    lines = charting.lines(chosen, look.history, width, height - SMALL * len(others), ascii=ascii)
    for other in others:
        lines += [EMPTY, *charting.lines(other, look.history, width, SMALL - 1, ascii=ascii, below=1)]
    return lines


def _control(look: RunLook, width: int, now: float) -> list[Line]:
    """The newest changes and who made them; nothing where none was asked for."""
    told = control_short(changes(asked(look.history)), width, now)
    return [EMPTY, line(" ", span("Control", "muted")), *told] if told else []


def _metrics(look: RunLook) -> list[Metric]:
    """What can be drawn; rate and norm with the settings that are over them."""
    now = situation(look)
    said = {"learning_rate": now.schedule_words, "grad_norm": now.clip_words}
    return [replace(one, unit=said[one.name] or one.unit) if one.name in said else one for one in metrics(look.history)]


def _chosen(there: Sequence[Metric], charting: Charting) -> Metric:
    return next((one for one in there if one.name == charting.metric), LOSS)


def chart_lines(look: RunLook, charting: Charting, width: int, height: int, *, ascii: bool) -> list[Line]:
    """The chosen metric; before there is a point, what is waited for; of a job without charts what it has said."""
    history, status = look.history, look.status
    if there := _metrics(look):
        return charting.lines(_chosen(there, charting), history, width, height, ascii=ascii)
    if look.info.kind == "train" and status.state in ("starting", "queued"):
        return step_lines(_start(look), width)[:height]
    if look.info.kind == "train" and status.live:
        return no_points(width, "The first figures come at the first logged step.")
    return _said(look.said, width, height)


def _start(look: RunLook) -> Sequence[Step]:
    """The three steps of a start, of which the first two have passed where the run can be looked at."""
    pid = look.status.process.get("pid")
    worker = f"process {pid}" if pid is not None else "a process of its own"
    return (
        Step("Check", (("passed", "before it was started"),)),
        Step("Handoff", (("passed", f"{worker} works on it; closing the terminal changes nothing"),)),
        preflight_step(look.history, look.status),
    )


def _said(events: Sequence[str], width: int, height: int) -> list[Line]:
    """The newest events."""
    lines = [part for one in events for part in wrap(one, width - 2)]
    return [line(" ", *part) for part in lines[-height:]]


def foot_lines(look: RunLook, width: int, now: float) -> list[Line]:
    """Newest evaluation and rate, health, device."""
    history, status = look.history, look.status
    if not history.series:
        return []
    level, text = health_line(history, status)
    mark_of = span("✓", "good") if level == "ok" else span("!", "warn")
    newest = _newest(history, number(in_force(look.files.recipe, history).get("learning_rate")), width)
    lines = [newest] if width_of(newest) else []
    if status.live:
        lines.append(clip(line(" ", mark_of, " health: ", text), width))
        if (device := device_line(history, status, width, now)) is not None:
            lines.append(clip(device, width))
    return lines


def _newest(history: History, peak: float | None, width: int) -> Line:
    left: list[object] = []
    newest = history.last("validation")
    if newest is not None:
        name, value = next(
            ((n, v) for n, v in newest.metrics.items() if n != "loss"), ("loss", newest.metrics.get("loss"))
        )
        best = ", best so far" if best_so_far(history, f"validation/{name}") else ""
        left.append(f" validation {name} {words.score(value)}{best}")
    rates = history.get("learning_rate")
    right = EMPTY
    if rates.last is not None:
        top = peak if peak is not None else rates.largest
        peak_said = f" (peak {words.rate(top)})" if top != rates.last else ""
        right = line(f"learning rate {words.rate(rates.last)}{peak_said} ")
    return ends(line(*left), right, width)


def device_line(history: History, status: Status, width: int, now: float) -> Line | None:
    """`cuda:0 9.1 of 24.1 GB, 97 % busy     memory 6.2 GB`; figures that no longer come carry their age."""
    found = history.device
    if not found:
        return None
    name = (device_name(history.plan, status.process) or "device").partition(",")[0]
    parts: list[str] = []
    used, total = found.get("memory_bytes"), found.get("memory_total_bytes")
    if isinstance(used, int | float):
        parts.append(f"{name} {words.part_of(used, total)}")
    if isinstance(found.get("utilisation"), int | float):
        parts.append(f"{found['utilisation']:.0f} % busy")
    if isinstance(found.get("cpu_percent"), int | float):
        parts.append(f"{'' if parts else name + ' '}processor {found['cpu_percent']:.0f} %")
    if isinstance(found.get("rss_bytes"), int | float):
        parts.append(f"memory {words.size(found['rss_bytes'])}")
    if width >= WIDE and isinstance(found.get("disk_free_bytes"), int | float):
        parts.append(f"{words.size(found['disk_free_bytes'])} free")
    old = now - history.device_t if history.device_t is not None else 0.0
    stale = old > 60.0
    text = ", ".join(parts) + (f", {words.age(old)}" if stale else "")
    return line(" ", span(text, "muted" if stale else "text"))
