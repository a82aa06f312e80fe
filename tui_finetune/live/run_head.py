"""The upper lines of the Run screen: the run by name, how far it is; of one that is not well what to do."""

from __future__ import annotations

from tui_finetune.live import words
from tui_finetune.live.marks import mark
from tui_finetune.live.reader import device_name
from tui_finetune.live.run_ends import ended_lines, finished_lines, held_lines
from tui_finetune.live.run_look import RunLook
from tui_finetune.live.runs_page import bar, hub_id
from tui_finetune.live.series import History, said
from tui_finetune.live.spans import Line, clip, ends, line, muted, span, width_of, wrap
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.status import Status
from tui_finetune.text import cut_middle

BAR = 60
"""Cells of the bar at most."""


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
    rest = "".join(f" · {part}" for part in (device, attempt) if part)
    room = width - width_of(left) - len(rest) - 3
    what = _made_of(info, room)
    return ends(left, line(muted(f"{what}{rest}" if what else rest.removeprefix(" · ")), " "), width, gap=2)


def _made_of(info: RunInfo, room: int) -> str:
    """`bert-base-uncased on imdb`: with the Hub's owners where there is room for them, of the model alone where little is."""
    names = [one for one in (info.model, info.data) if one]
    short = [hub_id(one, 0) for one in names]
    tried = (" on ".join(names), " on ".join(short), *short[:1])
    found = next((one for one in tried if len(one) <= room), "")
    return found or (cut_middle(short[0], room) if short and room > 8 else "")


def _short_state(text: str) -> str:
    """Up to the colon: the reason is told below."""
    return text.partition(":")[0]


def head_lines(look: RunLook, width: int, now: float) -> list[Line]:
    """How far it is; of a run that is held or has ended what is known, and what to do."""
    status = look.status
    if look.gone is not None:
        why = wrap(f"! {look.gone}; trying every second", width - 2, token="warn")
        return [*(line(" ", *part) for part in why), *progress_lines(look, width, now, bold=False)]
    if status.state == "finished":
        return finished_lines(look.info, status, look.history, look.files.has_model, width, now)
    if not status.live:
        return ended_lines(look.info, status, look.history, look.files.checkpoints, look.log, width, now)
    lines = held_lines(status, look.history, look.log, width, now)
    if status.state == "queued":
        return lines
    if look.history.save_failed is not None and status.state != "paused":
        lines += [line(" ", *part) for part in wrap(f"! {said(look.history.save_failed)}", width - 2, token="warn")]
    return [*lines, *progress_lines(look, width, now, bold=not lines)]


def progress_lines(look: RunLook, width: int, now: float, *, bold: bool = True) -> list[Line]:
    """The bar, and below it epoch, speed and time left."""
    found, history, status = look.now(now), look.history, look.status
    if not found.steps or found.step is None:
        return _doing_lines(history, status, width, bold=bold)
    head = f" step {found.step:,} of {found.steps:,}  "
    # Reserved for the largest step, so that the bar does not move.
    head = head.ljust(len(f" step {found.steps:,} of {found.steps:,}  "))
    cells = min(BAR, max(10, width - len(head) - 18))
    first = line(head, span(bar(found.share, cells), "accent"), "  ",
                 span(words.share(found.step, found.steps), bold=bold))  # fmt: skip
    epoch = history.get("epoch").last
    epochs = history.plan.get("epochs")
    parts = []
    if epoch is not None:
        of = f" of {epochs:g}" if isinstance(epochs, int | float) else ""
        parts.append(f"epoch {epoch:.2f}{of}".ljust(16))
    parts.append(words.speed(found.steps_per_second))
    right = "–"
    if found.left is not None:
        about = "about " if found.about else ""
        right = f"{about}{words.duration(round(found.left))} left, ends about {words.clock(now + found.left, now)}"
    if status.state in ("paused", "stalled", "unreachable"):
        right = "time left –"
    room = width - len(right) - 4 - sum(len(part) + 5 for part in parts)
    doing = _doing(history, status)
    if status.phase not in (None, "training", "paused") and len(doing) <= room:
        parts.append(doing)  # the state of line 2 says the phase too
    return [first, ends(line(" ", "     ".join(parts)), line(right, " "), width)]


def _doing_lines(history: History, status: Status, width: int, *, bold: bool) -> list[Line]:
    """Of work that has no steps, or none yet: what it is at, with a bar where it counts."""
    doing = history.doing
    head = line(" ", span(_doing(history, status), bold=bold))
    if history.step:
        return [line(*head, f"  step {history.step:,}     {words.speed(history.get('steps_per_second').last)}")]
    if doing is None or not doing.total:
        return [head]
    share = words.share(doing.done, doing.total)
    cells = min(BAR, max(10, width - width_of(head) - len(share) - 6))
    return [line(*head, "  ", span(bar(doing.done / doing.total, cells), "accent"), "  ", span(share))]


def _doing(history: History, status: Status) -> str:
    doing = history.doing
    phase = status.phase or status.state
    if doing is not None:
        what = doing.what if doing.what.startswith(phase) else f"{phase}: {doing.what}"
        return f"{what} {doing.done:,}" + (f" of {doing.total:,}" if doing.total else "")
    return f"{phase}: {history.phase_detail}" if history.phase_detail else phase


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
