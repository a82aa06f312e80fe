"""What the panes of the Run screen share."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tui_finetune.ui.widgets.painted import Painted

if TYPE_CHECKING:
    from tui_finetune.live.run_look import RunLook
    from tui_finetune.ui.screens.run.page import RunPage

LONGEST = 4_000
"""Characters of one line that are shown; the rest is in the file."""


class Pane:
    """Their page's run."""

    @property
    def run_page(self) -> RunPage:
        return cast("RunPage", cast(Painted, self).screen)

    @property
    def look(self) -> RunLook | None:
        return self.run_page.look
