"""What can be done on the Evaluate screen: choose, compare, measure, write, try, copy, sort, filter."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual import on
from textual.widgets import Input

from tui_finetune.live import evaluation_page
from tui_finetune.live.beside import compare_table
from tui_finetune.live.evaluation_page import Choosable, confusion_table, metric_table
from tui_finetune.live.label_figures import label_table
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.row_filter import RowFilter
from tui_finetune.live.spans import fact_lines
from tui_finetune.plugin_api.tasks import READ
from tui_finetune.ui.page import Page
from tui_finetune.ui.screens.evaluate.looking import WRONG, Looking
from tui_finetune.ui.screens.evaluate.panes import LabelsPane, WeakestPane
from tui_finetune.ui.screens.evaluate.sheets import EvaluationSheet, measure_sheet, write_sheet
from tui_finetune.ui.screens.evaluate.work import Evaluations
from tui_finetune.ui.wants import PredictWanted
from tui_finetune.ui.widgets.sheet import TextSheet

NO_EVALUATION = off("No evaluation is open.")
WRITTEN = {"summary": "figures", "labels": "labels", "confusion": "confusion", "rows": "rows", "compare": "comparison"}
"""What a tab's file is called."""


class EvaluateActions(Page):
    """A page that has an evaluation open."""

    def __init__(self) -> None:
        super().__init__()
        self.work: Evaluations
        """From the mount on."""
        self.looking: Looking | None = None
        self.found: Sequence[Choosable] | None = None
        """All evaluations; None until they were looked for."""
        self.about: str | None = None
        """The run for which an evaluation was asked last."""
        self.waiting: str | None = None
        """The run that measures, until it has ended."""

    @property
    def number(self) -> int | None:
        """Place of the row under the cursor."""
        raise NotImplementedError

    def open_current(self) -> None:
        """The evaluation of the run that was opened last."""
        raise NotImplementedError

    def ask_rows(self, wanted: RowFilter, group: str = "") -> None:
        """Other rows are wanted."""
        raise NotImplementedError

    def do_item_choose(self) -> None:
        self.work.find(self.ui.listing.rows)
        self.open_sheet(EvaluationSheet("Evaluation", lambda: self.found or (), self._open))

    def _open(self, key: str) -> None:
        self.work.open(key, self.ui.listing.rows)

    def _others(self) -> list[Choosable]:
        """Evaluations that may be of the same rows."""
        key = self.looking.measured.key if self.looking is not None else None
        mine = next((one for one in self.found or () if one.key == key), None)
        return [one for one in self.found or () if mine is not None and one.may_stand_beside(mine)]

    def compare_offer(self) -> Offer:
        if self.looking is None:
            return NO_EVALUATION
        return ON if self._others() else off("Nothing else is evaluated on these rows.")

    def do_item_compare(self) -> None:
        assert self.looking is not None
        found = self.looking.measured
        self.open_sheet(EvaluationSheet(f"Beside {found.short} on {found.split}", self._others, self._compare))

    def _compare(self, key: str) -> None:
        if self.looking is not None:
            self.work.compare(self.looking.measured, key, self.ui.listing.rows)

    def compare_with_run(self, run_id: str) -> None:
        other = next((one for one in self._others() if one.about == run_id), None)
        if other is not None:
            self._compare(other.key)
        else:
            self.say("The other run is not evaluated on the same split: v there evaluates it.", "warn")

    def evaluate_offer(self) -> Offer:
        if self.waiting is not None:
            return off("An evaluation is under way.")
        return ON if self._model() is not None else off("No model: choose an evaluation or a run first.")

    def _model(self) -> tuple[str, str] | None:
        """The run whose model is measured: its id, and what it is called."""
        about = self.looking.measured.about if self.looking is not None else self.about
        row = self.ui.row(about)
        return (row.id, row.info.title) if row is not None and row.has_model else None

    def do_run_evaluate(self) -> None:
        model = self._model()
        assert model is not None
        self.open_sheet(measure_sheet(model[1], lambda data, split: self._evaluate(model[0], data, split)))

    def _evaluate(self, query: str, data: str, split: str) -> None:
        self.say("Looking at model and data …")
        self.work.evaluate(query, data, split)

    # Files

    def write_offer(self) -> Offer:
        if self.looking is None:
            return NO_EVALUATION
        if self.tab == "compare" and self.looking.compared is None:
            return off("Nothing is compared.")
        if self.tab == "rows" and not self.looking.numbers:
            return off("No rows are shown.")
        return ON

    def do_item_write(self) -> None:
        looking = self.looking
        assert looking is not None
        name, found = WRITTEN[self.tab], looking.measured
        title = f"{found.name} {found.short} on {found.split}: {name}"
        file = f"{found.short}-{found.split}-{name}.csv"
        self.open_sheet(write_sheet(f"the {name}", file, lambda path: self._write(path, title)))

    def _write(self, path: Path, title: str) -> None:
        looking = self.looking
        assert looking is not None
        if self.tab == "rows":
            self.work.write_rows(looking.measured.key, path, list(looking.numbers or ()), title)
            return
        head, rows = self._table(looking)
        self.work.write(path, head, rows, title)

    def _table(self, looking: Looking) -> tuple[list[str], list[list[Any]]]:
        if self.tab == "labels":
            return label_table(looking.listed)
        if self.tab == "confusion" and looking.confusion is not None:
            return confusion_table(looking.confusion)
        if self.tab == "compare" and looking.compared is not None:
            return compare_table(looking.compared)
        return metric_table(looking.measured)

    # Everything else

    def try_offer(self) -> Offer:
        if self.number is None:
            return off("No row under the cursor.")
        return ON if self._model() is not None else off("The model that was measured is not a run's of this home.")

    def try_row(self) -> None:
        looking, model = self.looking, self._model()
        assert looking is not None
        assert model is not None
        row = looking.rows.get(self.number if self.number is not None else -1)
        if row is not None:
            read = [row[name] for name in READ if row.get(name) is not None]
            text, pair = (*read, None)[:2] if read else (evaluation_page.text_of(row), None)
            self.ui.show_screen("predict", PredictWanted(model[0], text, pair))

    def copy_offer(self) -> Offer:
        return ON if self.looking is not None else NO_EVALUATION

    def do_item_copy(self) -> None:
        looking = self.looking
        assert looking is not None
        if self.tab == "rows" and looking.whole is not None:
            self.ui.copy_text(json.dumps(looking.whole[1], ensure_ascii=False, default=str))
            return
        table = self.query_one(LabelsPane if self.tab == "labels" else WeakestPane)
        current = table.current
        self.ui.copy_text(current.label if current is not None else looking.measured.folder)

    def open_offer(self) -> Offer:
        return ON if self.looking is not None else NO_EVALUATION

    def do_item_details(self) -> None:
        assert self.looking is not None
        facts = evaluation_page.details(self.looking.measured)
        self.open_sheet(TextSheet("Details of the evaluation", lambda width: fact_lines(facts, width)))

    def do_view_reload(self) -> None:
        if self.looking is not None:
            self.work.open(self.looking.measured.key, self.ui.listing.rows)
            self.say("Read again.")
        else:
            self.open_current()

    def sort_offer(self) -> Offer:
        return ON if self.tab in ("labels", "rows") else off("It sorts labels and rows.")

    def do_list_sort(self) -> None:
        looking = self.looking
        if looking is None:
            return
        if self.tab == "labels":
            self.say(f"Sorted by {looking.next_sort()}.")
            self.repaint()
            return
        self.say(f"Sorted by {looking.next_order()}.")
        self.ask_rows(looking.wanted, looking.group)

    def do_list_turn(self) -> None:
        looking = self.looking
        if looking is None:
            return
        if self.tab == "labels":
            looking.reverse = not looking.reverse
            self.repaint()
            return
        looking.turn()
        self.ask_rows(looking.wanted, looking.group)

    def filter_offer(self) -> Offer:
        if self.looking is None or self.tab not in ("rows", "labels"):
            return off("It filters rows and labels.")
        return ON if self.tab == "labels" or self.looking.stored is not None else off("No rows are stored.")

    def do_list_filter(self) -> None:
        assert self.looking is not None
        self.open_filter(self.looking.wanted.text if self.tab == "rows" else self.looking.label_words)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if not self.filter_open or self.looking is None:
            return
        event.stop()
        if self.tab == "labels":
            self.looking.label_words = event.value
            self.repaint()
        else:
            self.ask_rows(self.looking.parse(event.value), self.looking.group)

    def filter_closed(self, kept: bool) -> None:
        looking = self.looking
        if looking is None:
            return
        if not kept:
            self.clear_filter()
        elif self.tab == "rows" and looking.wanted.problem is not None:
            self.say(looking.wanted.problem, "warn")

    def clear_filter(self) -> bool:
        """All errors again, all labels; False where there was nothing to clear."""
        looking = self.looking
        if looking is None:
            return False
        if self.tab == "labels" and looking.label_words:
            looking.label_words = ""
        elif self.tab == "rows" and looking.narrowed:
            self.ask_rows(WRONG)
        else:
            return False
        self.repaint()
        return True
