"""Of a paint only the cells are sent that the terminal does not show already.

The library sends whole widgets, and several times where a sheet opens: most of that is there, and a thin line is slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from tui_finetune.text import cell_width

if TYPE_CHECKING:
    from rich.console import Console

Cell = tuple[str, str]
"""A character and what makes its colours: the parameters of SGR, empty for none."""
Piece = tuple[int, int, Iterable[Segment]]
"""Column, line, and what is painted from there on."""
_INK_COLOUR = re.compile(r"38;(5;\d+|2;\d+;\d+;\d+)")
_INK = frozenset(("", "1", "2", "3", "39", *map(str, range(30, 38)), *map(str, range(90, 98))))
BLANK: Final[Cell] = (" ", "")
ERASE = "\x1b[K"
"""Makes the rest of a line blank."""
WORTH_A_MOVE = 8
"""Fewer cells that stand between two changes are sent again: to move the cursor takes as many bytes."""


class Frames:
    """What a terminal shows, as far as it is known. Owned by the driver."""

    def __init__(self) -> None:
        self._lines: dict[int, list[Cell | None]] = {}
        self._of: tuple[object, object] = (None, None)

    def forget(self) -> None:
        """The terminal may show anything."""
        self._lines.clear()

    def begin(self, painter: object, size: object) -> None:
        """Another screen and another size are painted whole, whatever stood there: that mends what others have written."""
        if self._of != (painter, size):
            self._of = (painter, size)
            self.forget()

    def changes(self, pieces: Iterable[Piece], width: int, colours: ColorSystem) -> str:
        """What is to be sent for pieces of a frame that is so wide. From now on the terminal shows them."""
        out: list[str] = []
        for x, y, segments in pieces:
            line = self._lines.setdefault(y, [None] * width)
            cells = _cells(segments, colours)
            if cells is None:
                out.append(f"\x1b[{y + 1};{x + 1}H{_as_they_are(segments, colours)}")
                line[x:] = [None] * (width - x)
                continue
            cells = cells[: width - x]
            inked = _inked(cells) if x + len(cells) == width else len(cells)
            for start, end in _runs(line[x : x + len(cells)], cells):
                out.append(f"\x1b[{y + 1};{x + start + 1}H{_painted(cells[start : min(end, inked)])}")
                if end > inked:
                    out.append(ERASE)
            line[x : x + len(cells)] = cells
        return "".join(out)


def _cells(segments: Iterable[Segment], colours: ColorSystem) -> list[Cell] | None:
    """Cell by cell; None where a character takes none or two: how terminals show those differs, so they are sent whole."""
    cells: list[Cell] = []
    for text, style, _ in segments:
        if not _plain(text):
            return None
        codes, blank = _codes(style, colours) if style is not None else ("", "")
        cells += [(char, codes if char != " " else blank) for char in text]
    return cells


@lru_cache(maxsize=4096)
def _plain(text: str) -> bool:
    return text.isascii() or all(cell_width(char) == 1 for char in set(text))


@lru_cache(maxsize=1024)
def _codes(style: Style, colours: ColorSystem) -> Cell:
    """Parameters of SGR for text, and for a blank, where the colour of what is not written is of no matter."""
    codes = Strip.render_ansi(style, colours)
    codes = "" if codes == "39" else codes
    return codes, codes if _shows_on_blanks(codes) else ""


@lru_cache(maxsize=1024)
def _shows_on_blanks(codes: str) -> bool:
    """True for a background, reversed, underlined, struck …; false for what colours ink alone."""
    return bool(codes) and any(code not in _INK for code in _INK_COLOUR.sub("", codes).split(";"))


def _runs(before: list[Cell | None], now: list[Cell]) -> list[tuple[int, int]]:
    """From where to where the cells differ; runs that are close to each other are one."""
    if before == now:
        return []
    runs: list[tuple[int, int]] = []
    for at, (old, new) in enumerate(zip(before, now, strict=True)):
        if old == new:
            continue
        if runs and at - runs[-1][1] < WORTH_A_MOVE:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return runs


def _inked(cells: list[Cell]) -> int:
    """Cells without the blanks at their end."""
    count = len(cells)
    while count and cells[count - 1] == BLANK:
        count -= 1
    return count


def _painted(cells: list[Cell]) -> str:
    out: list[str] = []
    pen = ""
    for char, codes in cells:
        if codes != pen and not (char == " " and not codes and not _shows_on_blanks(pen)):
            out.append(f"\x1b[{'0;' if pen and codes else ''}{codes}m")
            pen = codes
        out.append(char)
    if pen:
        out.append("\x1b[m")
    return "".join(out)


def _as_they_are(segments: Iterable[Segment], colours: ColorSystem) -> str:
    return "".join(
        text if style is None else Strip.render_style(style, text, color_system=colours) for text, style, _ in segments
    )


class _Changes(CompositorUpdate):
    """In place of one of the library's updates: asked for its bytes when they are sent."""

    def __init__(self, update: LayoutUpdate | ChopsUpdate, frames: Frames, painter: Compositor) -> None:
        self._update = update
        self._frames = frames
        self._painter = painter

    def __rich_console__(self, console: Any, options: Any) -> Any:
        return self._update.__rich_console__(console, options)

    def render_segments(self, console: Console) -> str:
        size = self._painter.size
        self._frames.begin(self._painter, size)
        pieces = _of_layout(self._update) if isinstance(self._update, LayoutUpdate) else _of_chops(self._update)
        return self._frames.changes(pieces, size.width, console._color_system or ColorSystem.TRUECOLOR)


def _of_layout(update: LayoutUpdate) -> Iterator[Piece]:
    for y, strips in enumerate(update.strips, update.region.y):
        yield update.region.x, y, [segment for strip in strips for segment in strip]


def _of_chops(update: ChopsUpdate) -> Iterator[Piece]:
    """As the library goes through them."""
    for y, left, right in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x <= right and end > left:
                yield x, y, strip if end <= right else strip.crop(0, right - x)


class ChangedCells(Compositor):
    """The library's compositor, whose updates are of what has changed where the driver knows what the terminal shows."""

    def __init__(self, frames: Any) -> None:
        """frames: gives the Frames of the terminal, or None."""
        super().__init__()
        self._frames = frames

    def render_update(self, *args: Any, **options: Any) -> Any:
        update = super().render_update(*args, **options)
        frames = self._frames()
        if frames is None or not isinstance(update, LayoutUpdate | ChopsUpdate):
            return update
        return _Changes(update, frames, self)
