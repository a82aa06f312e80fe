"""The five fixed lines around every screen: screens, the thing shown, the rule with its tabs, the message, the footer."""

from __future__ import annotations

from collections.abc import Sequence

from tui_finetune.live.spans import Line, Span, blanks, clip, ends, line, muted, span, width_of
from tui_finetune.text import Shown
from tui_finetune.ui.screens import SCREENS
from tui_finetune.ui.widgets.painted import Painted

FOOTER_KEYS = 7


class FrameLine(Painted):
    """One line of the frame."""

    DEFAULT_CSS = "FrameLine { height: 1; }"


class HeaderLine(FrameLine):
    """The screens, the current one in brackets; at the right what needs eyes most."""

    def picture(self, width: int, height: int) -> Sequence[Line]:
        spans: list[Span] = []
        for entry in SCREENS:
            here = entry.name == self.page.NAME
            text = f"{entry.number} {entry.title}"
            act = f"app.screen:{entry.number}"
            spans.append(span(f"[{text}]" if here else f" {text} ", "text" if here else "muted", act=act))
        return [ends(tuple(spans), (*self.ui.eyes(), blanks(1)), width, gap=0)]


class ThingLine(FrameLine):
    """The thing that the screen shows, by name."""

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return [self.page.thing(width)]


class TabRule(FrameLine):
    """A rule that carries the tabs and their counts."""

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return [rule(self.page.tabs(), self.page.tab, width)]


def rule(tabs: Sequence[tuple[str, str]], current: str, width: int) -> Line:
    """`─[All 9]─ Live 2 ── Marked 0 ─────`."""
    spans: list[Span] = []
    for name, title in tabs:
        if name == current:
            spans += [muted("─"), span(f"[{title}]"), muted("─")]
        else:
            spans += [muted("─"), span(f" {title} ", "muted", act=f"tab:{name}"), muted("─")]
    found = clip(tuple(spans), width)
    return (*found, muted("─" * (width - width_of(found))))


class MessageLine(FrameLine):
    """What was said last."""

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return [clip((blanks(1), *self.page.message()), width)]


class FooterLine(FrameLine):
    """The likeliest keys now; help last and always there."""

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return [footer(self.page.footer(), width)]


def footer(keys: Sequence[tuple[str, str, str]], width: int) -> Line:
    """` enter Open  n New run  ? Help`: key, label and what a click does; those that do not fit are left out, never help."""
    *others, last = keys
    room = width - 2 - _cells(last)
    kept: list[tuple[str, str, str]] = []
    for one in others[: FOOTER_KEYS - 1]:
        if _cells(one) + 2 > room:
            break
        kept.append(one)
        room -= _cells(one) + 2
    spans: list[Span] = [blanks(1)]
    for place, (key, label, act) in enumerate([*kept, last]):
        spans += [blanks(2)] if place else []
        spans += [Span(Shown(key), "accent", act=act), Span(Shown(f" {label}"), "muted", act=act)]
    return clip(tuple(spans), width)


def _cells(one: tuple[str, str, str]) -> int:
    return width_of(line(f"{one[0]} {one[1]}"))
