"""What the Run screen says: the run's line, how far it is, its chart, its figures; and of one that is not well what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tui_finetune.live import words
from tui_finetune.live.chart import too_small
from tui_finetune.live.charting import Charting, no_points
from tui_finetune.live.health import health_line
from tui_finetune.live.launching import preflight_step, step_lines
from tui_finetune.live.marks import mark
from tui_finetune.live.metrics import LOSS, Metric, best_so_far, metrics
from tui_finetune.live.progress import Progress, progress
from tui_finetune.live.reader import device_name
from tui_finetune.live.run_ends import ended_lines, finished_lines, held_lines
from tui_finetune.live.runs_page import bar, hub_id
from tui_finetune.live.series import History
from tui_finetune.live.side import side_lines
from tui_finetune.live.spans import EMPTY, Line, at, blanks, clip, ends, line, muted, span, width_of
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.records import AttemptRecord, CheckpointRecord
from tui_finetune.runs.status import Status
from tui_finetune.text import cut_middle

WIDE, TALL = 110, 30
"""From this size on the tabs' contents in short stand beside the chart."""
SIDE = 38
SMALL = 8
"""Lines of a chart below the large one: a blank, its heading, five rows, its axis."""
CHART = 11
"""Lines of the chart with its heading where the screen has 24."""


@dataclass(frozen=True)
class Files:
    """What lies on the disk of a run."""

    checkpoints: Sequence[CheckpointRecord] = ()
    attempts: Sequence[AttemptRecord] = ()
    recipe: str = ""
    request: str = ""
    has_model: bool = False


@dataclass
class RunLook:
    """All that is known of the run that is shown."""

    info: RunInfo
    status: Status
    history: History = field(default_factory=History)
    files: Files = Files()
    log: Sequence[str] = ()
    """The newest lines that it printed."""
    gone: str | None = None
    """Why its directory cannot be read now."""

    def now(self, now: float) -> Progress:
        return progress(self.history, self.status, now)


def thing_line(look: RunLook, width: int) -> Line:
    """` imdb-bert k3f9  ● running, training      bert-base-uncased on imdb · cuda:0`."""
    info, status = look.info, look.status
    found = mark(status.state)
    words_of = status.words if status.live else status.state
    name = cut_middle(info.name, 28)
    left = line(" ", span(name), " ", muted(info.short), "  ",
                span(f"{found.glyph} {_short_state(words_of)}", found.token))  # fmt: skip
    device = (device_name(look.history.plan, status.process) or "").partition(",")[0]
    attempt = f"attempt {status.attempt}" if status.attempt > 1 else ""
    rest = " · ".join(part for part in (device, attempt) if part)
    room = width - width_of(left) - len(rest) - 6
    what = " on ".join(hub_id(one, room // 2 - 2) for one in (info.model, info.data) if one)
    right = " · ".join(part for part in (what, rest) if part)
    return ends(left, (*clip(line(muted(right)), width - width_of(left) - 3), blanks(1)), width, gap=2)


def _short_state(text: str) -> str:
    """Up to the colon: the reason is told below."""
    return text.partition(":")[0]


def live_lines(look: RunLook, charting: Charting, width: int, height: int, now: float, *, ascii: bool) -> list[Line]:
    """The Live tab."""
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
    stack = _stack(look, charting, left, rows, ascii=ascii)
    side = side_lines(look.history, look.status, look.files.checkpoints, SIDE, now)
    body = [
        at([(0, stack[row] if row < len(stack) else EMPTY), (left + 1, side[row] if row < len(side) else EMPTY)], width)
        for row in range(rows)
    ]
    return [*head, EMPTY, *body]


def _stack(look: RunLook, charting: Charting, width: int, height: int, *, ascii: bool) -> list[Line]:
    """The chosen metric large, two others below it where there is room."""
    chosen = _chosen(look.history, charting)
    names = ("loss", "grad_norm", "learning_rate")
    others = [one for one in metrics(look.history) if one.name in names and one.name != chosen.name][:2]
    while others and height - SMALL * len(others) < CHART + 2:
        others.pop()
    lines = charting.lines(chosen, look.history, width, height - SMALL * len(others), ascii=ascii)
    for other in others:
        lines += [EMPTY, *charting.lines(other, look.history, width, SMALL - 1, ascii=ascii, below=1)]
    return lines


def _chosen(history: History, charting: Charting) -> Metric:
    return next((one for one in metrics(history) if one.name == charting.metric), LOSS)


def chart_lines(look: RunLook, charting: Charting, width: int, height: int, *, ascii: bool) -> list[Line]:
    """The chosen metric; before there is a point, what is waited for."""
    history, status = look.history, look.status
    if not metrics(history):
        if status.live and status.state in ("starting", "queued") and look.info.kind == "train":
            return step_lines((preflight_step(history, status),), width)[:height]
        why = "The first figures come at the first logged step." if status.live else "No figures were written."
        return no_points(width, why)
    return charting.lines(_chosen(history, charting), history, width, height, ascii=ascii)


def head_lines(look: RunLook, width: int, now: float) -> list[Line]:
    """How far it is; of a run that is held or has ended what is known, and what to do."""
    status = look.status
    if look.gone is not None:
        return [line(" ", span(f"! {look.gone}; trying every second", "warn", bold=True))]
    if status.state == "finished":
        return finished_lines(look.info, status, look.history, look.files.has_model, width, now)
    if not status.live:
        return ended_lines(look.info, status, look.history, look.files.checkpoints, look.log, width, now)
    lines = held_lines(status, look.log, width, now)
    return [*lines, *progress_lines(look, width, now, bold=not lines)]


def progress_lines(look: RunLook, width: int, now: float, *, bold: bool = True) -> list[Line]:
    """The bar, and below it epoch, speed and time left."""
    found, history, status = look.now(now), look.history, look.status
    if not found.steps or found.step is None:
        return [line(" ", span(_doing(history, status), bold=bold))]
    head = f" step {found.step:,} of {found.steps:,}  "
    # Reserved for the largest step, so that the bar does not move.
    head = head.ljust(len(f" step {found.steps:,} of {found.steps:,}  "))
    cells = min(60, max(10, width - len(head) - 18))
    first = line(head, span(bar(found.share, cells), "accent"), "  ",
                 span(words.share(found.step, found.steps), bold=bold))  # fmt: skip
    epoch = history.get("epoch").last
    epochs = history.plan.get("epochs")
    parts = []
    if epoch is not None:
        of = f" of {epochs:g}" if isinstance(epochs, int | float) else ""
        parts.append(f"epoch {epoch:.2f}{of}".ljust(16))
    parts.append(words.speed(found.steps_per_second))
    if status.phase not in (None, "training"):
        parts.append(_doing(history, status))
    right = "–"
    if found.left is not None:
        about = "about " if found.about else ""
        right = f"{about}{words.duration(round(found.left))} left, ends about {words.clock(now + found.left, now)}"
    if status.state in ("paused", "stalled", "unreachable"):
        right = "time left –"
    return [first, ends(line(" ", "     ".join(parts)), line(right, " "), width)]


def _doing(history: History, status: Status) -> str:
    doing = history.doing
    phase = status.phase or status.state
    if doing is not None:
        return f"{phase}: {doing.what} {doing.done:,}" + (f" of {doing.total:,}" if doing.total else "")
    return f"{phase}: {history.phase_detail}" if history.phase_detail else phase


def foot_lines(look: RunLook, width: int, now: float) -> list[Line]:
    """Newest evaluation and rate, health, device."""
    history, status = look.history, look.status
    if not history.series:
        return []
    level, text = health_line(history, status)
    mark_of = span("✓", "good") if level == "ok" else span("!", "warn")
    lines = [_newest(history, width)] if width_of(_newest(history, width)) else []
    if status.live:
        lines.append(clip(line(" ", mark_of, " health: ", text), width))
        if (device := device_line(history, status, width, now)) is not None:
            lines.append(clip(device, width))
    return lines


def _newest(history: History, width: int) -> Line:
    left: list[object] = []
    newest = history.last("validation")
    if newest is not None:
        name, value = next(
            ((n, v) for n, v in newest.metrics.items() if n != "loss"), ("loss", newest.metrics.get("loss"))
        )
        best = ", best so far" if best_so_far(history, f"validation/{name}") else ""
        left.append(f" validation {name} {words.score(value)}{best}")
    rates = history.get("learning_rate").values
    right = EMPTY
    if rates:
        peak = f" (peak {words.rate(max(rates))})" if max(rates) != rates[-1] else ""
        right = line(f"learning rate {words.rate(rates[-1])}{peak} ")
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


def small_lines(look: RunLook, width: int, height: int, now: float) -> list[Line]:
    """The five-second answer, down to 20x4."""
    info, status, found = look.info, look.status, look.now(now)
    mark_of = mark(status.state)
    lines = [line(span(cut_middle(info.name, max(6, width - 20))), " ", muted(info.short), "  ",
                  span(f"{mark_of.glyph} {status.state}", mark_of.token))]  # fmt: skip
    if found.steps and found.step is not None:
        share = words.share(found.step, found.steps)
        text = f"step {found.step:,} of {found.steps:,}  {share}"
        lines.append(line(text if len(text) <= width else f"{share}  step {found.step:,}"))
    elif status.live:
        lines.append(line(_doing(look.history, status)))
    loss = look.history.get("loss").last
    left = f"   {words.coarse(found.left)} left" if found.left is not None else ""
    lines.append(line(f"loss {words.score(loss)}{left}" if loss is not None else (status.reason or status.words)))
    tail = "Training goes on." if status.live else ""
    lines.append(line(muted(f"Needs 80x24 for the rest. {tail}".rstrip())))
    return [clip(one, width) for one in lines][:height]
