"""The panes of the Columns and Prepared tabs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui_finetune.live import data_facts, data_steps
from tui_finetune.live.columns import head_line
from tui_finetune.live.data_facts import FactLine
from tui_finetune.live.data_set import ColumnInfo
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.spans import EMPTY, Line, line, span, wrap
from tui_finetune.ui.screens.data.panes import Pane, QuietTable
from tui_finetune.ui.screens.data.places import COLUMNS, FACTS, PREVIEW, STEPS
from tui_finetune.ui.widgets.table import Lines, Table


class ColumnsTable(Pane, Table):
    """The columns of the data."""

    PLACE = COLUMNS

    def __init__(self) -> None:
        super().__init__(id="columns")
        self.facts: dict[tuple[str, str], Mapping[str, Any]] = {}
        """By split and column, as they were counted."""

    @property
    def columns(self) -> Sequence[ColumnInfo]:
        found = self.data_page.found
        return found.columns if found is not None else ()

    @property
    def current(self) -> ColumnInfo | None:
        return self.columns[self.cursor] if 0 <= self.cursor < len(self.columns) else None

    def facts_of(self, name: str) -> Mapping[str, Any] | None:
        return self.facts.get((self.data_page.split, name))

    def count(self) -> int:
        return len(self.columns)

    def head(self, width: int) -> Line:
        return head_line(data_facts.columns_for(width))

    def row(self, index: int, width: int) -> Line:
        found, info = self.data_page.found, self.columns[index]
        assert found is not None
        return data_facts.column_line(found, info, self.facts_of(info.name), data_facts.columns_for(width + 3))

    def moved(self) -> None:
        self.data_page.ask_facts()

    def do_list_open(self) -> None:
        self.data_page.zoom_facts(True)


class FactsPane(Pane, Table):
    """What there is to know of the column under the cursor; values stand for their rows."""

    PLACE = FACTS

    def __init__(self) -> None:
        super().__init__(id="facts")

    def _facts(self) -> list[FactLine]:
        page = self.data_page
        info = page.columns.current
        if info is None or page.found is None:
            return []
        facts = page.columns.facts_of(info.name)
        return data_facts.fact_lines(
            info, facts, page.found.max_length, self.size.width or 80, ascii=page.ui.look.ascii
        )

    def count(self) -> int:
        return len(self._facts())

    def row(self, index: int, width: int) -> Line:
        return self._facts()[index].line

    def picture(self, width: int, height: int) -> Sequence[Line]:
        facts = self._facts()
        self._keep_in_sight()
        return [self._shown(index, facts[index]) for index in range(self.top, min(len(facts), self.top + height))]

    def _shown(self, index: int, one: FactLine) -> Line:
        """A line that stands for rows shows the cursor as every list does."""
        if index != self.cursor or one.filter is None or not self.has_focus:
            return one.line
        return line(" ", span("▸", "accent"), *one.line[1:]) if one.line[0].text == "  " else one.line

    def cursor_line(self) -> int | None:
        return super().cursor_line() if self.has_focus else None

    def to_first(self) -> None:
        """The cursor on the first line that stands for rows."""
        self.top = 0
        self.cursor = next((index for index, one in enumerate(self._facts()) if one.filter is not None), 0)

    def current_filter(self) -> str | None:
        facts = self._facts()
        return facts[self.cursor].filter if 0 <= self.cursor < len(facts) else None

    def open_offer(self) -> Offer:
        return ON if self.current_filter() is not None else off("This line stands for no rows of its own.")

    def do_list_open(self) -> None:
        wanted = self.current_filter()
        if wanted is not None:
            self.data_page.show_filtered(wanted)


class StepsTable(Pane, QuietTable):
    """The preprocessors there are; marked ones are used, in the order of their marking."""

    PLACE = STEPS

    def __init__(self) -> None:
        super().__init__(id="steps")
        self.steps: Sequence[data_steps.Step] = ()

    @property
    def current(self) -> data_steps.Step | None:
        return self.steps[self.cursor] if 0 <= self.cursor < len(self.steps) else None

    def count(self) -> int:
        return len(self.steps)

    def marked(self, index: int) -> bool:
        return self.steps[index].name in self.data_page.chosen

    def row(self, index: int, width: int) -> Line:
        step = self.steps[index]
        page = self.data_page
        return data_steps.step_line(step, page.chosen, page.chain_counts, width)

    def step_offer(self) -> Offer:
        return ON if self.current is not None else off("The preprocessors are being looked for.")

    def order_offer(self, by: int) -> Offer:
        step, names = self.current, list(self.data_page.chosen)
        if step is None or step.name not in names:
            return off("The step is not used; space uses it.")
        place = names.index(step.name) + by
        return ON if 0 <= place < len(names) else off(f"It is the {'first' if by < 0 else 'last'} one.")

    def do_item_earlier(self) -> None:
        self._reorder(-1)

    def do_item_later(self) -> None:
        self._reorder(1)

    def _reorder(self, by: int) -> None:
        step = self.current
        if step is not None:
            self.data_page.reorder(data_steps.moved(self.data_page.chosen, step.name, by))

    def options_offer(self) -> Offer:
        step = self.current
        if step is None:
            return self.step_offer()
        return ON if step.options else off(f"{step.name} has no options.")

    def do_list_mark(self) -> None:
        step = self.current
        assert step is not None
        page = self.data_page
        usual = data_steps.options_for(step, page.found) if page.found is not None else {}
        page.use_step(step, None if step.name in page.chosen else usual)

    def do_list_open(self) -> None:
        step = self.current
        assert step is not None
        self.data_page.ask_options(step)


class PreviewPane(Pane, Lines):
    """Rows before and after the chosen steps."""

    PLACE = PREVIEW

    def __init__(self) -> None:
        super().__init__(id="preview")
        self.preview: data_steps.Preview | None = None
        self.why = ""

    def _lines(self) -> list[Line]:
        page = self.data_page
        if page.found is None or not page.query_one(StepsTable).count():
            return []
        if self.why:
            return [line(" ", *part) for part in wrap(self.why, (self.size.width or 80) - 2, token="warn")]
        return [EMPTY, *data_steps.preview_lines(page.found, self.preview, list(page.chosen), self.size.width or 80)]

    def count(self) -> int:
        return len(self._lines())

    def parts(self, index: int, width: int) -> Sequence[Line]:
        return [self._lines()[index]]
