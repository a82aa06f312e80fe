"""A widget that is a list of lines. It sends what has changed and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui_finetune.live.spans import EMPTY, Line, width_of
from tui_finetune.text import cell_width

if TYPE_CHECKING:
    from tui_finetune.ui.app import TuiFinetune
    from tui_finetune.ui.page import Page


class Painted(Widget):
    """Subclasses say what they show in `picture`, and call `repaint` when something may have changed."""

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = "Painted { width: 1fr; height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._painted: list[Line] = []
        self._cursor: int | None = None

    @property
    def ui(self) -> TuiFinetune:
        return cast("TuiFinetune", self.app)

    @property
    def page(self) -> Page:
        return cast("Page", self.screen)

    def picture(self, width: int, height: int) -> Sequence[Line]:
        """The lines that are shown now, at most `height` of them, each at most `width` cells."""
        raise NotImplementedError

    def cursor_line(self) -> int | None:
        """The line that has the cursor, if one has."""
        return None

    def repaint(self) -> None:
        """Looks at the picture anew and sends the cells that differ."""
        width, height = self.size
        if not width or not height:
            return
        before, now = self._painted, self._framed(width, height)
        self._painted = now
        cursor, self._cursor = self._cursor, self.cursor_line()
        if len(before) != len(now):
            self.refresh()
            return
        regions = [
            Region(start, y, max(1, end - start), 1)
            for y, (old, new) in enumerate(zip(before, now, strict=True))
            if old != new
            for start, end in (_changed(old, new, width),)
        ]
        if cursor != self._cursor:
            regions += [Region(0, y, width, 1) for y in (cursor, self._cursor) if y is not None]
        if regions:
            self.refresh(*regions)

    def _framed(self, width: int, height: int) -> list[Line]:
        lines = list(self.picture(width, height))[:height]
        lines += [EMPTY] * (height - len(lines))
        return lines

    def on_resize(self, event: events.Resize) -> None:
        self._painted = []
        self.repaint()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        if len(self._painted) != height:
            self._painted = self._framed(width, height)
        if y >= len(self._painted):
            return Strip.blank(width)
        return self._strip(self._painted[y], y, width)

    def _strip(self, line: Line, y: int, width: int) -> Strip:
        look, filler = self.ui.look, None
        if y == self.cursor_line():
            segments = look.cursor(line, focused=self.has_focus)
            filler = segments[-1].style if segments else None
        else:
            segments = look.segments(line)
        taken = sum(cell_width(one.text) for one in segments)
        if taken < width:
            segments.append(Segment(" " * (width - taken), filler))
        return Strip(segments).crop(0, width)

    def act_at(self, x: int, y: int) -> str | None:
        """What a click at this cell does, where a piece of the line says so."""
        if not 0 <= y < len(self._painted):
            return None
        column = 0
        for span in self._painted[y]:
            column += cell_width(span.text)
            if x < column:
                return span.act
        return None

    def on_click(self, event: events.Click) -> None:
        if (act := self.act_at(event.x, event.y)) is not None:
            event.stop()
            self.page.press(act)


def _changed(old: Line, new: Line, width: int) -> tuple[int, int]:
    """From which cell to which the two lines differ, in whole pieces."""
    start = 0
    for a, b in zip(old, new, strict=False):
        if a != b:
            break
        start += cell_width(a.text)
    if width_of(old) != width_of(new):
        return start, width
    end = width_of(new)
    for a, b in zip(reversed(old), reversed(new), strict=False):
        if a != b or end <= start:
            break
        end -= cell_width(a.text)
    return start, max(end, start + 1)
