"""A line as it is painted: pieces of text with what they mean. No colours and no terminal are known here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tui_finetune.text import Shown, cell_width, shown

BLANK = Shown("")


class Span(NamedTuple):
    """A piece of a line."""

    text: Shown
    token: str = "text"
    """What it means: text, muted, live, held, warn, bad, good, accent, series-1 … series-4."""
    bold: bool = False
    act: str | None = None
    """What a click on it does, where that is not what a click on the line does."""


Line = tuple[Span, ...]
EMPTY: Line = ()


def span(raw: object, token: str = "text", *, bold: bool = False, act: str | None = None) -> Span:
    """A piece of any text, made safe."""
    return Span(shown(raw), token, bold, act)


def line(*pieces: object) -> Line:
    """A line of texts and spans; a text has no meaning of its own."""
    return tuple(piece if isinstance(piece, Span) else span(piece) for piece in pieces if piece != "")


def muted(raw: object) -> Span:
    return span(raw, "muted")


def width_of(spans: Iterable[Span]) -> int:
    """Cells that a line takes."""
    return sum(cell_width(one.text) for one in spans)


def plain(spans: Iterable[Span]) -> Shown:
    """The text alone."""
    return Shown("".join(one.text for one in spans))


def blanks(count: int) -> Span:
    return Span(Shown(" " * max(0, count)))


def clip(spans: Line, width: int) -> Line:
    """A line that fits into `width` cells; what is cut ends in `…`."""
    if width_of(spans) <= width:
        return spans
    kept: list[Span] = []
    room = width - 1
    for one in spans:
        size = cell_width(one.text)
        if size <= room:
            kept.append(one)
            room -= size
            continue
        kept.append(one._replace(text=Shown(_beginning(one.text, room) + "…")))
        break
    return tuple(kept) if width > 0 else EMPTY


def _beginning(text: str, width: int) -> str:
    """As much of a text as fits into `width` cells."""
    if text.isascii():
        return text[:width]
    taken = 0
    for index, char in enumerate(text):
        taken += cell_width(char)
        if taken > width:
            return text[:index]
    return text


def fill(spans: Line, width: int) -> Line:
    """A line that takes exactly `width` cells."""
    spans = clip(spans, width)
    rest = width - width_of(spans)
    return (*spans, blanks(rest)) if rest > 0 else spans


def ends(left: Line, right: Line, width: int, *, gap: int = 1) -> Line:
    """`left` at the left edge and `right` at the right one; what does not fit is cut from the left line."""
    right = clip(right, width)
    room = max(0, width - width_of(right) - (gap if right else 0))
    left = clip(left, room)
    return (*left, blanks(width - width_of(left) - width_of(right)), *right)


def at(columns: Iterable[tuple[int, Line]], width: int) -> Line:
    """Pieces, each at its column; one that would run into the next is cut."""
    placed = sorted(columns, key=lambda one: one[0])
    out: list[Span] = []
    taken = 0
    for index, (column, spans) in enumerate(placed):
        end = placed[index + 1][0] - 1 if index + 1 < len(placed) else width
        if column > taken:
            out.append(blanks(column - taken))
            taken = column
        piece = clip(spans, max(0, end - taken))
        out += piece
        taken += width_of(piece)
    return tuple(out)


def wrap(raw: object, width: int, *, token: str = "text", indent: int = 0) -> list[Line]:
    """Free text in lines of at most `width` cells, broken at blanks; its own line ends are kept."""
    out: list[Line] = []
    for paragraph in shown(raw, multiline=True).split("\n"):
        out += [
            (blanks(indent), Span(Shown(part), token)) if indent else (Span(Shown(part), token),)
            for part in _parts(paragraph, max(1, width - indent))
        ]
    return out


def fact_lines(facts: Sequence[tuple[str, object]], width: int) -> list[Line]:
    """Names, muted, and their values side by side, the values wrapped below themselves."""
    wide = max((cell_width(name) for name, _ in facts), default=0) + 2
    lines: list[Line] = []
    for name, value in facts:
        first, *more = wrap(value, max(10, width - wide - 2))
        lines.append(line(" ", muted(name.ljust(wide)), *first))
        lines += [(blanks(wide + 1), *part) for part in more]
    return lines


def _parts(text: str, width: int) -> list[str]:
    parts: list[str] = []
    current = ""
    for word in text.split(" "):
        tried = f"{current} {word}" if current else word
        if cell_width(tried) <= width:
            current = tried
            continue
        if current:
            parts.append(current)
        while cell_width(word) > width:
            head = _beginning(word, width) or word[0]
            parts.append(head)
            word = word[len(head) :]
        current = word
    return [*parts, current]
