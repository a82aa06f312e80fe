"""What is known of the training before it is started."""

from __future__ import annotations

from collections.abc import Sequence

from tui_finetune.live.forecast import planned_lines
from tui_finetune.live.spans import EMPTY, Line, line, muted, wrap
from tui_finetune.ui.screens.train.messages import RunPlanned
from tui_finetune.ui.screens.train.panes import Pane
from tui_finetune.ui.screens.train.places import FORECAST
from tui_finetune.ui.widgets.painted import Painted


class ForecastPane(Painted, Pane, can_focus=True):
    """Rows, steps, disk, and the time that a run like it took."""

    PLACE = FORECAST

    def __init__(self) -> None:
        super().__init__(id="forecast")
        self.found: RunPlanned | None = None
        self.asked: str | None = None
        """The text that is being looked at, or was."""

    def take(self, found: RunPlanned) -> None:
        """What was found of the text that was asked last."""
        if found.text == self.asked:
            self.found = found
            self.repaint()

    def ask(self, text: str) -> bool:
        """Whether a look at this text is still to be taken; what was found of another one is forgotten."""
        if text == self.asked:
            return False
        self.asked, self.found = text, None
        self.repaint()
        return True

    def picture(self, width: int, height: int) -> Sequence[Line]:
        if self.found is None:
            return [EMPTY, line("   ", muted("Looking at data and model …"))]
        if self.found.problems:
            told = (part for one in self.found.problems for part in wrap(str(one), width - 4))
            return [EMPTY, line(" ", muted("A forecast waits for these:")), *(line("   ", *part) for part in told)][
                :height
            ]
        return planned_lines(self.found.planned, width)[:height]
