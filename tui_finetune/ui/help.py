"""Help: the keys of the focused pane, of the screen, everywhere, and what the marks mean; made from the table of actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_finetune.live.spans import EMPTY, Line, line, muted, span, wrap
from tui_finetune.ui.actions import EVERYWHERE, MOVES, Action, Keymap, Place
from tui_finetune.ui.widgets.sheet import TextSheet

if TYPE_CHECKING:
    from tui_finetune.ui.page import Page

KEY_CELLS = 12
LABEL_CELLS = 15


def help_sheet(page: Page) -> TextSheet:
    """What can be pressed where the keys are now."""
    places = page.places()
    near = places[0][0]

    def labelled(action: Action) -> Action:
        return replace(action, label=page.ui.look.label(action.label))

    title = f"Help: {near.title} of the {page.PLACE.title} screen" if near is not page.PLACE else f"Help: {near.title}"
    every = [
        (place, [(labelled(action), action.offer(target).why) for action in place.actions if action.label])
        for place, target in places
    ]
    parts = _moves_last(every)
    keymap = page.ui.keymap
    marks = tuple(mark for place, _ in places for mark in place.marks)
    return TextSheet(title, lambda width: help_lines(parts, keymap, marks, width))


Part = tuple[Place, Sequence[tuple[Action, str]]]


def _moves_last(parts: Sequence[tuple[Place, list[tuple[Action, str]]]]) -> list[Part]:
    """Moving, which everybody expects, after what can be done here, and before what works everywhere."""
    ids = {action.id for action in MOVES}
    moves = [one for _, actions in parts for one in actions if one[0].id in ids]
    rest = [(place, [one for one in actions if one[0].id not in ids]) for place, actions in parts]
    everywhere = [part for part in rest if part[0].name == EVERYWHERE.name]
    here = [part for part in rest if part[0].name != EVERYWHERE.name]
    return [*here, (Place("moving", "moving", ()), moves), *everywhere]


def help_lines(
    parts: Sequence[Part],
    keymap: Keymap,
    marks: Sequence[tuple[str, str]],
    width: int,
) -> list[Line]:
    """Each action once, nearest place first; one that is off says why."""
    lines: list[Line] = []
    known: set[str] = set()
    for place, actions in parts:
        new = [(action, why) for action, why in actions if action.id not in known]
        known |= {action.id for action, _ in new}
        if not new:
            continue
        lines += [EMPTY] if lines else []
        lines.append(line(" ", span(place.title, "accent")))
        for action, why in new:
            lines += _action_lines(action, why, keymap, width)
    if marks:
        lines += [EMPTY, line(" ", span("seen here", "accent"))]
        lines += [line("   ", span(mark.ljust(KEY_CELLS)), text) for mark, text in marks]
    return lines


def _action_lines(action: Action, why: str, keymap: Keymap, width: int) -> list[Line]:
    keys = " ".join(keymap.keys(action.id)) if action.id != "app.screen" else "1-9"
    text = f"off: {why}" if why else action.text
    head = (span(f"   {keys.ljust(KEY_CELLS)}", "muted" if why else "text"), span(action.label.ljust(LABEL_CELLS)))
    first = 3 + KEY_CELLS + LABEL_CELLS
    parts = wrap(text, max(10, width - first - 1), token="muted")
    if len(action.label) >= LABEL_CELLS:
        return [line(*head), *(line(muted(" " * first), *part) for part in parts)]
    return [line(*head, *parts[0]), *(line(muted(" " * first), *part) for part in parts[1:])]
