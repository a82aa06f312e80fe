"""What was forecast before the first step, beside what has come so far."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tui_finetune.live.forecast import Row, beside, result_rows, row_lines
from tui_finetune.live.spans import Line, ends, line, muted, span
from tui_finetune.ui.screens.run.pane import Pane
from tui_finetune.ui.screens.run.places import FORECAST
from tui_finetune.ui.widgets.painted import Painted


class ForecastPane(Painted, Pane, can_focus=True):
    """A line for each figure: forecast, what came, how far off."""

    PLACE = FORECAST
    DEFAULT_CSS = "ForecastPane { height: 3; display: none; }"

    def __init__(self) -> None:
        super().__init__(id="forecast")

    def rows(self) -> Sequence[Row]:
        look = self.look
        if look is None:
            return ()
        if look.history.forecast_result:
            return result_rows(look.history.forecast_result)
        now = time.time()
        return beside(look.history, look.now(now), now)

    def lines_wanted(self) -> int:
        return 2 + len(self.rows())

    def picture(self, width: int, height: int) -> Sequence[Line]:
        done = self.look is not None and bool(self.look.history.forecast_result)
        said = "as it came out" if done else "as it is so far"
        head = line(" ", span("Forecast", "accent" if self.has_focus else "muted"))
        return [ends(head, line(muted(said), " "), width), *row_lines(self.rows(), width)]

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()
