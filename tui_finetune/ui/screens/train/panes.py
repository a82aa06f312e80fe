"""Panes of the Train screen beside the form: its file, its problems, what differs, and what a recipe can begin with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from tui_finetune.errors import Problem
from tui_finetune.live import form_lines
from tui_finetune.live.form import Difference
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.spans import EMPTY, Line, blanks, line, muted, span, wrap
from tui_finetune.live.train_page import Start, start_line
from tui_finetune.ui.screens.train.places import CHANGES, FILE, PROBLEMS, STARTS
from tui_finetune.ui.widgets.painted import Painted
from tui_finetune.ui.widgets.sheet import Choice, ChoiceSheet
from tui_finetune.ui.widgets.table import Table

if TYPE_CHECKING:
    from tui_finetune.ui.screens.train.page import TrainPage


ABOUT_LINES = 6
"""Below the beginnings, for what is said of the one under the cursor: a blank line and five."""


class Pane:
    """What the panes share: their page."""

    @property
    def train(self) -> TrainPage:
        return cast("TrainPage", cast(Painted, self).screen)


class Below(Painted, Pane):
    """The lines below: the row under the cursor, or the value that is typed."""

    DEFAULT_CSS = "Below { height: 4; }"

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return [EMPTY, *self.train.detail(width)]


class FilePane(Table, Pane):
    """The recipe's text."""

    PLACE = FILE

    def __init__(self) -> None:
        super().__init__(id="file")
        self.lines: Sequence[str] = ()
        self.bad: frozenset[int] = frozenset()

    def take(self, text: str, problems: Sequence[Problem]) -> None:
        self.lines = text.split("\n")
        if self.lines and not self.lines[-1]:
            self.lines = self.lines[:-1]
        self.bad = frozenset(problem.line for problem in problems if problem.line is not None)
        self.repaint()

    def count(self) -> int:
        return len(self.lines)

    def row(self, index: int, width: int) -> Line:
        return form_lines.file_line(self.lines[index], index + 1, index + 1 in self.bad, width)

    @property
    def line_here(self) -> str:
        return self.lines[self.cursor] if 0 <= self.cursor < len(self.lines) else ""

    def moved(self) -> None:
        self.train.query_one(Below).repaint()

    def do_list_open(self) -> None:
        self.train.go_to_line(self.cursor + 1)


class ProblemsPane(Table, Pane):
    """All that is wrong, one a line."""

    PLACE = PROBLEMS

    def __init__(self) -> None:
        super().__init__(id="problems")

    def count(self) -> int:
        return len(self.train.problems)

    def row(self, index: int, width: int) -> Line:
        return (span("✗", "bad"), blanks(1), *form_lines.problem_line(self.train.problems[index], width - 2))

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return super().picture(width, height) if self.count() else [EMPTY, line("   ", muted("No problems."))]

    @property
    def here(self) -> Problem | None:
        found = self.train.problems
        return found[self.cursor] if 0 <= self.cursor < len(found) else None

    def moved(self) -> None:
        self.train.cursor_moved()

    def do_list_open(self) -> None:
        self.train.go_to_problem()


class ChangesPane(Table, Pane):
    """What differs from where the recipe came from, or from another one."""

    PLACE = CHANGES

    def __init__(self) -> None:
        super().__init__(id="changes")

    def count(self) -> int:
        return len(self.train.changes)

    def row(self, index: int, width: int) -> Line:
        return form_lines.difference_line(self.train.changes[index], width)

    def head(self, width: int) -> Line:
        state = self.train.state
        return line("   ", muted(state.against_words() if state is not None else ""))

    def picture(self, width: int, height: int) -> Sequence[Line]:
        found = super().picture(width, height)
        return found if self.count() else [*found, EMPTY, line("   ", muted("Nothing differs."))]

    @property
    def here(self) -> Difference | None:
        found = self.train.changes
        return found[self.cursor] if 0 <= self.cursor < len(found) else None

    def moved(self) -> None:
        self.train.cursor_moved()

    def do_list_open(self) -> None:
        if (one := self.here) is not None:
            self.train.go_to(one.key)


class StartsPane(Table, Pane):
    """What a recipe can begin with."""

    PLACE = STARTS

    def __init__(self) -> None:
        super().__init__(id="starts")
        self.starts: Sequence[Start] = ()

    def count(self) -> int:
        return len(self.starts)

    def head(self, width: int) -> Line:
        return line("   ", muted("Choose what the recipe begins with; enter fills the form from it."))

    def row(self, index: int, width: int) -> Line:
        return start_line(self.starts[index], width)

    @property
    def room(self) -> int:
        """Rows, with lines left below them for what is said of one."""
        whole = super().room
        return whole - ABOUT_LINES if whole >= 2 * ABOUT_LINES else whole

    def picture(self, width: int, height: int) -> Sequence[Line]:
        """The rows, and below them what is said of the one under the cursor, whole."""
        found = list(super().picture(width, self.room + 1))
        about = wrap(self.here.about, width - 6, token="muted") if self.here is not None else []
        return [*found, EMPTY, *(line("   ", *part) for part in about)][:height]

    def take(self, starts: Sequence[Start]) -> None:
        self.starts = starts
        self.cursor = min(self.cursor, max(0, len(starts) - 1))
        self.repaint()

    @property
    def here(self) -> Start | None:
        return self.starts[self.cursor] if 0 <= self.cursor < len(self.starts) else None

    def delete_offer(self) -> Offer:
        here = self.here
        return ON if here is not None and here.kind == "draft" else off("Only drafts can be thrown away.")

    def do_list_open(self) -> None:
        if (here := self.here) is not None:
            self.train.begin(here)

    def do_item_delete(self) -> None:
        here = self.here
        assert here is not None
        said = [line(f" The changes of {here.title} are in no file; they would be gone for good.")]
        drop = Choice("throw the draft away", lambda: self.train.workshop.drop(here.name, here.title))
        self.page.open_sheet(ChoiceSheet(f"Delete the draft of {here.title}", said, [Choice("keep"), drop]))
