"""What the Train screen says around its form: the recipe by name, what can be done with it now, what to start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tui_finetune.errors import Problem
from tui_finetune.live import words
from tui_finetune.live.document import Document
from tui_finetune.live.form import Judged
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.spans import Line, clip, ends, fill, line, muted, span
from tui_finetune.text import cut_end, cut_middle


@dataclass(frozen=True)
class Disk:
    """What is known of the document's file."""

    changed: float | None = None
    """When it was changed by somebody else; None while it is as it was read."""
    gone: bool = False


def thing_line(document: Document, judged: Judged | None, disk: Disk, width: int) -> Line:
    """Line 2: the recipe by name, what became of it, its task."""
    origin = document.origin
    if disk.gone:
        state = span("its file is gone", "warn")
    elif disk.changed is not None:
        state = span("changed on disk", "warn")
    elif document.changed:
        state = span("changed, not yet written", "text", bold=True)
    else:
        state = muted(origin.words or "as written")
    task = judged.form.text("task") if judged is not None and judged.form is not None else ""
    return ends(line(" ", span(origin.title), "  ", state), line(muted(task), " "), width)


def quiet_line(
    document: Document, judged: Judged | None, found: Sequence[Problem], disk: Disk, keys: Mapping[str, str]
) -> Line:
    """The message line while there is nothing else to say. keys: shown keys by id of the action."""
    if disk.gone:
        return (
            span(f"! {document.origin.title} is not there any more; {keys['item.write']} writes it again.", "warn"),
        )
    if disk.changed is not None:
        return (
            span(
                f"! file changed on disk at {words.clock(disk.changed, disk.changed)}: {keys['view.reload']} reads it,"
                f" {keys['item.write']} asks before it overwrites",
                "warn",
            ),
        )
    if judged is None:
        return line(muted("Checking the recipe …"))
    count = len(judged.problems) + len(found)
    if count:
        return line(f"{count} problem{'' if count == 1 else 's'}; starting waits for {'it' if count == 1 else 'them'}.")
    return line(muted(f"No problems. {keys['train.start']} looks at data and model, and starts after enter."))


def start_offer(document: Document | None, judged: Judged | None, found: Sequence[Problem]) -> Offer:
    """Check and start. found: problems that the last check of this same text has told."""
    if document is None:
        return off("Choose what to start from first.")
    problems = [*(judged.problems if judged is not None else ()), *found]
    if not problems:
        return ON
    names = ", ".join(dict.fromkeys(_called(problem) for problem in problems))
    return off(cut_end(f"{len(problems)} problem{'' if len(problems) == 1 else 's'}: {names}.", 70))


def _called(problem: Problem) -> str:
    return (problem.key or "").rpartition(".")[2] or problem.key or "the file"


StartKind = Literal["draft", "run", "sample", "task", "recent", "file"]


@dataclass(frozen=True)
class Start:
    """Something that a recipe can begin with."""

    kind: StartKind
    name: str
    """What opens it: a draft's name, a run's id, a sample, a task, a path; empty for the file that is asked for."""
    title: str
    about: str


TITLE = 30


def start_line(one: Start, width: int) -> Line:
    """A row of the list of beginnings."""
    token = "accent" if one.kind == "draft" else "text"
    return clip((*fill((span(cut_middle(one.title, TITLE - 2), token),), TITLE), muted(one.about)), width)


def draft_words(saved: float, now: float) -> str:
    """`changes of 14 m ago, not written`."""
    return f"changes of {words.age(now - saved)}, not written to a file"
