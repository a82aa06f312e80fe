"""The health pane, below the chart: findings one by one, and what is well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from tui_finetune.live.health import health
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.points import Finding
from tui_finetune.live.run_health import finding_line, listed
from tui_finetune.live.spans import Line, clip, line, muted, span
from tui_finetune.ui.screens.run.pane import Pane
from tui_finetune.ui.screens.run.places import HEALTH
from tui_finetune.ui.widgets.table import Table

if TYPE_CHECKING:
    from tui_finetune.ui.screens.run.steer.acts import SteerActions

MOST = 6
"""Findings in sight at once."""


class HealthPane(Table, Pane):
    """One row a finding; without one what was looked at."""

    PLACE = HEALTH
    DEFAULT_CSS = "HealthPane { height: 3; display: none; }"

    def __init__(self) -> None:
        super().__init__(id="health")

    def _found(self) -> Sequence[Finding]:
        return listed(self.look.history) if self.look is not None else ()

    def _current(self) -> Finding | None:
        found = self._found()
        return found[self.cursor] if self.cursor < len(found) else None

    def count(self) -> int:
        return len(self._found())

    def lines_wanted(self) -> int:
        """Its height: a heading, and a line for each finding or each thing that is well."""
        return 1 + min(MOST, self.count() or len(self._well(80)))

    def head(self, width: int) -> Line:
        history = self.look.history if self.look is not None else None
        still = len(history.open_findings) if history is not None else 0
        said = f"{still} now, {self.count()} in all" if self.count() else "nothing was found"
        return line(" ", span("Health", "accent" if self.has_focus else "muted"), "  ", muted(said))

    def row(self, index: int, width: int) -> Line:
        return clip(finding_line(self._found()[index]), width)

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return super().picture(width, height) if self.count() else [self.head(width), *self._well(width)]

    def _well(self, width: int) -> list[Line]:
        look = self.look
        if look is None:
            return []
        signs = {"ok": span("✓", "good"), "warning": span("!", "warn")}
        return [clip(line("   ", signs[level], " ", text), width) for level, text in health(look.history, look.status)][
            :MOST
        ]

    def finding_offer(self) -> Offer:
        return ON if self._current() is not None else off("Nothing was found.")

    def do_list_open(self) -> None:
        found = self._current()
        assert found is not None
        cast("SteerActions", self.screen).open_finding(found)

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()
