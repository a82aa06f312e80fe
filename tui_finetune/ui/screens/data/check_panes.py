"""The panes of the Findings tab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui_finetune.live import data_findings
from tui_finetune.live.columns import head_line
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.spans import EMPTY, Line, line, muted
from tui_finetune.ui.screens.data.fact_panes import StepsTable
from tui_finetune.ui.screens.data.panes import Pane
from tui_finetune.ui.screens.data.places import FINDINGS
from tui_finetune.ui.widgets.table import Table

MIN_LIST = 5
"""Findings that stay in sight above what there is to know of one."""


class FindingsTable(Pane, Table):
    """What a check found, the most harmful first; below it all about the one under the cursor."""

    PLACE = FINDINGS

    def __init__(self) -> None:
        super().__init__(id="findings")
        self.document: Mapping[str, Any] | None = None
        self.why = ""
        """Why there are none."""
        self.asked = 0
        """Number of the opening that was checked last."""

    @property
    def findings(self) -> Sequence[Mapping[str, Any]]:
        return self.document["findings"] if self.document is not None else ()

    @property
    def current(self) -> Mapping[str, Any] | None:
        return self.findings[self.cursor] if 0 <= self.cursor < len(self.findings) else None

    def step(self) -> str | None:
        """The step that mends the finding under the cursor."""
        there = [step.name for step in self.data_page.query_one(StepsTable).steps]
        return data_findings.step_for(self.current, there) if self.current is not None else None

    def count(self) -> int:
        return len(self.findings)

    def head(self, width: int) -> Line:
        return head_line(data_findings.columns_for(width))

    def row(self, index: int, width: int) -> Line:
        return data_findings.finding_line(self.findings[index], data_findings.columns_for(width + 3))

    @property
    def room(self) -> int:
        return max(1, min(self.count(), self._list_height(self.size.height)))

    def _list_height(self, height: int) -> int:
        return max(MIN_LIST, height // 2 - 1)

    def picture(self, width: int, height: int) -> Sequence[Line]:
        found = self.current
        if self.document is None:
            return [EMPTY, line("   ", muted(self.why or "checking …"))]
        if found is None:
            rows = sum(self.document["profile"]["splits"].values())
            return [EMPTY, line("   ", f"Nothing was found in {rows:,} rows.")]
        lines = super().picture(width, 1 + self.room)
        key = self.data_page.ui.keymap.shown("list.mark")
        return [*lines, *data_findings.about_lines(found, self.step(), key, width)][:height]

    def moved(self) -> None:
        self.data_page.repaint()

    def rows_offer(self) -> Offer:
        if self.document is None:
            return off("The data are being checked.") if self.data_page.checking else ON
        if self.current is None:
            return off("No finding under the cursor.")
        return ON if self.current["rows"] else off("It is about the data as a whole, not about rows of them.")

    def mend_offer(self) -> Offer:
        if self.current is None:
            return off("No finding under the cursor.")
        return ON if self.step() is not None else off("No step mends it by itself; the line `mend` says what does.")

    def do_list_open(self) -> None:
        if self.document is None:
            self.data_page.ask_findings()
        elif self.current is not None:
            self.data_page.show_finding(self.current, self.document["rows"][self.current["id"]])

    def do_list_mark(self) -> None:
        name = self.step()
        if name is not None:
            self.data_page.mend_by(name)
