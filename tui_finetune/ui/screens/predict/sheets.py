"""What the Predict screen asks: which model, which file."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from tui_finetune.live.predict_page import Usable, looks_like_folder, matching, usable_line
from tui_finetune.live.spans import Line, line, muted, span
from tui_finetune.ui.actions import Place
from tui_finetune.ui.widgets.find_sheet import FindSheet, find_place
from tui_finetune.ui.widgets.sheet import FieldsSheet


@dataclass(frozen=True)
class Folder:
    """A place that was typed in place of a run."""

    path: str


class ModelSheet(FindSheet[Usable | Folder]):
    """The models of runs; a typed folder is one of them."""

    PLACE: ClassVar[Place] = find_place("predict.models", "models", "Use it", "Load the model under the cursor.")
    FIELD_PLACE = PLACE
    LABEL = "model"
    NOTHING = "No run's model is called that; a folder is typed with a slash, ./model."

    def __init__(
        self,
        title: str,
        usable: Callable[[], Sequence[Usable]],
        warm: Sequence[str],
        take: Callable[[str, str], None],
        *,
        folders: bool = True,
    ) -> None:
        """usable: those that there are now. take: given the query of the chosen one and what to call it until it is loaded."""
        super().__init__(title, placeholder="words of a run, or a folder" if folders else "words of a run")
        self._warm = warm
        self._take = take
        self._folders = folders
        self._usable = usable

    def matching(self, typed: str) -> Sequence[Usable | Folder]:
        if self._folders and looks_like_folder(typed.strip()):
            return [Folder(typed.strip())]
        return matching(sorted(self._usable(), key=lambda one: one.query not in self._warm), typed)

    def line_of(self, one: Usable | Folder, width: int) -> Line:
        if isinstance(one, Folder):
            return line(span("Use "), span(one.path), muted("  a folder with a model, or a name in the Hub's cache"))
        return usable_line(one, self._warm, width, time.time())

    def take(self, one: Usable | Folder) -> None:
        self._take(*((one.path, one.path) if isinstance(one, Folder) else (one.query, one.short)))


@dataclass(frozen=True)
class Asked:
    """A file to predict, as it was typed."""

    file: str = ""
    target: str = ""
    columns: str = ""


def file_sheet(asked: Asked, take: Callable[[Asked, dict[str, str]], None]) -> FieldsSheet:
    """A file to predict, and where its answers go. take: given what was typed, and the columns by role."""

    def taken(values: Sequence[str]) -> str | None:
        found = Asked(*(value.strip() for value in values))
        if not found.file:
            return "File: a path is needed."
        pairs = [pair.partition("=") for pair in found.columns.split()]
        if not all(role and equals and name for role, equals, name in pairs):
            return "Columns: role=name is expected, as in text=review."
        take(found, {role: name for role, _, name in pairs})
        return None

    return FieldsSheet(
        "Predict a file",
        [("file", asked.file), ("write to", asked.target), ("columns", asked.columns)],
        taken,
        hint="write to: .csv .tsv .jsonl .parquet, else beside the file; columns: text=NAME",
    )
