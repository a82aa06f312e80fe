"""The panes of the Predict screen: the head of the field, the answer, two answers, the history, a file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.widget import Widget

from tui_finetune.live import batch_page
from tui_finetune.live.answers import headed, more_line, scored
from tui_finetune.live.kept import Kept, has_words, history_head, history_line
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.predict_page import compare_lines, one_lines, tokens_line
from tui_finetune.live.spans import EMPTY, Line, fact_lines, line, muted
from tui_finetune.ui.screens.predict.places import ANSWER, BATCH, COMPARE, HISTORY
from tui_finetune.ui.widgets.painted import Painted
from tui_finetune.ui.widgets.sheet import TextSheet
from tui_finetune.ui.widgets.table import Lines, Table

if TYPE_CHECKING:
    from tui_finetune.ui.screens.predict.page import PredictPage


class Pane:
    """What the panes share: their page."""

    @property
    def predict(self) -> PredictPage:
        return cast("PredictPage", cast(Painted, self).screen)


class BoxHead(Painted, Pane):
    """The line above a field: what it is for, and how many tokens the model reads of it."""

    DEFAULT_CSS = "BoxHead { height: 1; }"

    def __init__(self, title: str, *, counts: bool = False) -> None:
        super().__init__(id=f"head-{title.partition(' ')[0]}")
        self._title = title
        self._counts = counts

    def picture(self, width: int, height: int) -> Sequence[Line]:
        side = self.predict.side
        right = tokens_line(side, self.predict.text, width) if self._counts else EMPTY
        return [headed(self._title, right, width)]


class _Answers(Lines, Pane):
    """Lines that are made anew when something changed."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._made: list[Line] = []

    def made(self, width: int, height: int) -> list[Line]:
        raise NotImplementedError

    def picture(self, width: int, height: int) -> Sequence[Line]:
        self._made = self.made(width, height)
        return super().picture(width, height)

    def count(self) -> int:
        return len(self._made)

    def parts(self, index: int, width: int) -> Sequence[Line]:
        return [self._made[index]]


class AnswerPane(_Answers):
    """One model's answer, all scores; what does not fit is scrolled to."""

    PLACE = ANSWER

    def __init__(self) -> None:
        super().__init__("one")

    def made(self, width: int, height: int) -> list[Line]:
        page = self.predict
        if page.side is None:
            return page.nothing(width)
        return one_lines(page.side, page.text, page.pair, width, height)

    def picture(self, width: int, height: int) -> Sequence[Line]:
        lines = list(super().picture(width, height))
        below = len(self._made) - self.top - height
        side = self.predict.side
        rows = scored(side.answered.answer) if side is not None and side.answered is not None else []
        if below > 0 and rows and len(self._made) == len(rows) + 1:
            lines[-1] = more_line(rows[-below - 1 :], width)
        return lines

    def empty(self, width: int) -> Sequence[Line]:
        return ()


class ComparePane(_Answers):
    """Two models on the same text."""

    PLACE = COMPARE

    def __init__(self) -> None:
        super().__init__("compare")

    def made(self, width: int, height: int) -> list[Line]:
        page = self.predict
        return compare_lines(page.sides, page.text, page.pair, width, height) if page.sides else page.nothing(width)


class HistoryPane(Table, Pane):
    """Kept answers, the newest first."""

    PLACE = HISTORY

    def __init__(self) -> None:
        super().__init__(id="history")
        self.wanted = ""

    @property
    def shown_rows(self) -> list[Kept]:
        kept = reversed(self.predict.kept)
        return [one for one in kept if has_words(one, self.wanted)] if self.wanted else list(kept)

    @property
    def current(self) -> Kept | None:
        rows = self.shown_rows
        return rows[self.cursor] if 0 <= self.cursor < len(rows) else None

    def count(self) -> int:
        return len(self.shown_rows)

    def head(self, width: int) -> Line:
        return history_head(width)

    def row(self, index: int, width: int) -> Line:
        return history_line(self.shown_rows[index], width + 3, time.time())

    def picture(self, width: int, height: int) -> Sequence[Line]:
        if self.count():
            return super().picture(width, height)
        why = f"No kept answer has {self.wanted}." if self.wanted else "Nothing is kept yet: enter in the field keeps."
        return [self.head(width), EMPTY, line("   ", muted(why))]

    def open_offer(self) -> Offer:
        return ON if self.current is not None else off("No kept answer under the cursor.")

    def do_list_open(self) -> None:
        assert self.current is not None
        self.predict.use_again(self.current)


class BatchHead(Painted, Pane):
    """How far the file is."""

    DEFAULT_CSS = "BatchHead { height: auto; }"

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return len(batch_page.head_lines(self.predict.batch_look, width))

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return batch_page.head_lines(self.predict.batch_look, width)


class BatchRows(Table, Pane):
    """The first rows with their answers."""

    PLACE = BATCH

    def __init__(self) -> None:
        super().__init__(id="batch-rows")

    def count(self) -> int:
        batch = self.predict.batch_look
        return len(batch.rows) if batch is not None else 0

    def head(self, width: int) -> Line | None:
        return batch_page.rows_head(width) if self.count() else None

    def row(self, index: int, width: int) -> Line:
        batch = self.predict.batch_look
        assert batch is not None
        return batch_page.row_of(batch, index, width + 3)

    def open_offer(self) -> Offer:
        return ON if self.count() else self.predict.batch_offer()

    def do_list_open(self) -> None:
        batch = self.predict.batch_look
        if batch is None or not batch.rows:
            self.do_data_source()
            return
        index = self.cursor
        facts = batch_page.row_facts(batch, index)
        self.page.open_sheet(TextSheet(f"Row {index:,} of {batch.file.name}", lambda width: fact_lines(facts, width)))

    def do_data_source(self) -> None:
        self.predict.ask_for_file()


class BatchPane(Widget):
    """A file: its head and its rows."""

    DEFAULT_CSS = "BatchPane { layout: vertical; height: 1fr; }"

    def __init__(self) -> None:
        super().__init__(id="batch")

    def compose(self) -> ComposeResult:
        yield BatchHead()
        yield BatchRows()
