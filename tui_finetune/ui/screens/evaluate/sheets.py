"""What the Evaluate screen asks: which evaluation, what is to be measured, which file."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from tui_finetune.live.evaluation_page import Choosable, choosable_line, having
from tui_finetune.live.spans import Line
from tui_finetune.ui.actions import Place
from tui_finetune.ui.widgets.find_sheet import FindSheet, find_place
from tui_finetune.ui.widgets.sheet import FieldsSheet


class EvaluationSheet(FindSheet[Choosable]):
    """The evaluations that there are."""

    PLACE: ClassVar[Place] = find_place(
        "evaluate.choose", "evaluations", "Open", "Open the evaluation under the cursor."
    )
    FIELD_PLACE = PLACE
    NOTHING = "No evaluation is called that."

    def __init__(self, title: str, found: Callable[[], Sequence[Choosable]], take: Callable[[str], None]) -> None:
        """found: those that there are now. take: given the key of the chosen one."""
        super().__init__(title, placeholder="words of a run, or a split")
        self._found = found
        self._take = take

    def matching(self, typed: str) -> Sequence[Choosable]:
        return having(self._found(), typed)

    def line_of(self, one: Choosable, width: int) -> Line:
        return choosable_line(one, width, time.time())

    def take(self, one: Choosable) -> None:
        self._take(one.key)


def measure_sheet(name: str, take: Callable[[str, str], None]) -> FieldsSheet:
    """What a model is measured on. take: given data and split; both may be empty."""

    def taken(values: Sequence[str]) -> str | None:
        split, data = (value.strip() for value in values)
        take(str(Path(data).expanduser()) if data.startswith("~") else data, split)
        return None

    return FieldsSheet(
        f"Evaluate {name}",
        [("split", ""), ("other data", "")],
        taken,
        hint="empty: what the run kept out of training, test before validation; a run of its own",
    )


def write_sheet(what: str, name: str, take: Callable[[Path], None]) -> FieldsSheet:
    """Where a table goes."""

    def taken(values: Sequence[str]) -> str | None:
        path = Path(values[0].strip()).expanduser().absolute()
        if path.suffix.lower() not in (".csv", ".md"):
            return "File: a name that ends in .csv or .md."
        take(path)
        return None

    return FieldsSheet(f"Write {what}", [("file", name)], taken, hint="its ending says how: .csv or .md (Markdown)")
