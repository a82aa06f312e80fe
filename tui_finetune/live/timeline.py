"""What happened along the steps of a run: the letters below its chart, the lines through it, and each of them in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui_finetune.live import words
from tui_finetune.live.lines import DONE
from tui_finetune.live.points import Mark
from tui_finetune.live.series import History

LETTERS: Mapping[str, str] = {"evaluation": "v", "checkpoint": "w", "warning": "!", "finding": "!", "refit": "c"}
ANSWERS: Mapping[str, str] = {"set": "c", "pause": "p", "continue": "p"}
"""Requests that were obeyed and have a letter; those that save, evaluate or roll back leave the letter of what they made."""
ASKED = ("stopped", "finished", "aborted")
"""Ends that somebody asked for, or that were planned."""
ENDS_LETTER = "x"


@dataclass(frozen=True)
class Stop:
    """A place of the time line where something happened; what happened at one step is one."""

    step: int
    letters: str
    said: str


def letter_of(mark: Mark) -> str | None:
    """The letter of the event row; None for what has none."""
    if mark.name == "attempt":
        return "r" if mark.step or mark.text != "attempt 1" else None
    if mark.name == "end":
        return None if mark.text in ASKED else ENDS_LETTER
    if mark.name == "request":
        return ANSWERS.get(mark.text)
    return LETTERS.get(mark.name)


def events(history: History, *, died: bool = False) -> list[tuple[int, str]]:
    """The letters of the event row, in the order in which things happened."""
    found = [(mark.step, letter) for mark in history.marks if (letter := letter_of(mark)) is not None]
    return [*found, (history.step, ENDS_LETTER)] if died else found


def bars(history: History) -> list[int]:
    """Steps at which another attempt began, or a value was changed."""
    changed = [mark.step for mark in history.marks if mark.name in ("request", "refit") and letter_of(mark) == "c"]
    return [*(note.from_step for note in history.attempts if note.number > 1), *changed]


def stop_steps(history: History, *, died: bool = False) -> list[int]:
    """Every step at which something happened, in order."""
    return sorted({step for step, _ in events(history, died=died)})


def stop_at(history: History, step: int, *, died: bool = False) -> Stop | None:
    """What happened at a step, in words; None where nothing did. Asked at every paint: only that step's marks are worded."""
    marked = [(mark, letter_of(mark)) for mark in history.marks if mark.step == step]
    found = [(letter, mark_words(mark, history)) for mark, letter in marked if letter is not None]
    if died and step == history.step:
        found.append((ENDS_LETTER, "last sign"))
    if not found:
        return None
    letters, said = dict.fromkeys(letter for letter, _ in found), dict.fromkeys(words_ for _, words_ in found)
    return Stop(step, "".join(letters), "; ".join(said))


def step_from(found: Sequence[int], step: int | None, *, by: int) -> int | None:
    """The step after (by = 1) or before (by = -1) one of them; without one the newest. None where there is none."""
    if step is None:
        return found[-1] if found else None
    if by > 0:
        return next((one for one in found if one > step), None)
    return next((one for one in reversed(found) if one < step), None)


def mark_words(mark: Mark, history: History) -> str:
    """`learning_rate 2e-5 → 1e-5`, `checkpoint`, `validation: accuracy 0.921`."""
    if mark.name == "evaluation":
        return _evaluation_words(mark, history)
    if mark.name == "checkpoint":
        return "checkpoint"
    if mark.name == "attempt":
        return f"{mark.text} begins{f', {mark.detail}' if mark.detail else ''}"
    if mark.name == "request":
        return mark.detail or DONE.get(mark.text, mark.text)
    return f"{mark.text}{f': {mark.detail}' if mark.detail else ''}"


def _evaluation_words(mark: Mark, history: History) -> str:
    found = next((one for one in history.evaluations if one.step == mark.step and one.split == mark.text), None)
    if found is None or not found.metrics:
        return f"{mark.text} measured"
    name = next((one for one in found.metrics if one != "loss"), "loss")
    return f"{mark.text} {name} {words.score(found.metrics[name])}"
