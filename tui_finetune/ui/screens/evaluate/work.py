"""What the Evaluate screen asks of the disk: evaluations, their rows, two beside each other, files, a new one. In threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.message import Message

from tui_finetune.errors import UserError
from tui_finetune.evaluation.stored import SPLITS, Stored, all_evaluations, best_for, measured_of
from tui_finetune.live.beside import ComparedLook
from tui_finetune.live.evaluation_page import Choosable, Measured
from tui_finetune.live.listing import split_words
from tui_finetune.live.reader import RunRow
from tui_finetune.live.row_filter import RowFilter, RowOrder
from tui_finetune.ui.screens.evaluate import messages

if TYPE_CHECKING:
    from tui_finetune.evaluation.comparing import Compared
    from tui_finetune.evaluation.rows import StoredRows
    from tui_finetune.ui.bridge import Bridge


class Evaluations:
    """One for the interface. The rows of the evaluation that is open stay open, and those of the one beside it."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._lock = threading.Lock()
        self._stored: dict[str, Stored] = {}
        self._rows: tuple[str, StoredRows] | None = None
        self._other: tuple[str, StoredRows, Compared] | None = None

    def find(self, rows: Sequence[RunRow]) -> None:
        """All evaluations there are."""
        self._bridge.latest("evaluate.find", "Look for evaluations", lambda _: self._find(rows))

    def _find(self, rows: Sequence[RunRow]) -> Message:
        known = {row.id: row for row in rows}
        found = all_evaluations([row.info for row in rows])
        self._stored = {one.key: one for one in found}
        return messages.EvaluationsFound([_choosable(one, known) for one in found])

    def open_of(self, run_id: str, rows: Sequence[RunRow]) -> None:
        """The evaluation that stands for a run: its own, else one that measured it."""

        def work(_: Callable[[], bool]) -> Message | None:
            self._bridge.post(self._find(rows))
            row = next((one for one in rows if one.id == run_id), None)
            about = row.info.of.get("run") if row is not None and row.info.kind == "evaluate" and row.info.of else None
            stored = list(self._stored.values())
            found = best_for(stored, run_id) or (best_for(stored, str(about)) if about else None)
            if found is None:
                return messages.EvaluationUnread(run_id, "")
            return self._open(found, rows)

        self._bridge.latest("evaluate.open", "Open an evaluation", work)

    def open(self, key: str, rows: Sequence[RunRow]) -> None:
        """One evaluation, by its key."""

        def work(_: Callable[[], bool]) -> Message | None:
            stored = self._stored.get(key)
            return self._open(stored, rows) if stored is not None else None

        self._bridge.latest("evaluate.open", "Open an evaluation", work)

    def _open(self, stored: Stored, rows: Sequence[RunRow]) -> Message:
        """Its figures; and its rows, where those can be read."""
        try:
            measured = self._measured(stored, rows)
        except UserError as error:
            return messages.EvaluationUnread(stored.key, str(error))
        try:
            opened = self._rows_of(stored)
            errors = opened.count(RowFilter(wrong=True)) if opened is not None else 0
        except UserError as error:
            return messages.EvaluationRead(measured, None, problem=str(error))
        with self._lock:
            self._rows, self._other = (stored.key, opened) if opened is not None else None, None
        if opened is None:
            return messages.EvaluationRead(measured, None)
        return messages.EvaluationRead(measured, opened.total, errors, opened.tagged, opened.labels)

    def _measured(self, stored: Stored, rows: Sequence[RunRow]) -> Measured:
        run = next((row for row in rows if row.id == stored.about), None)
        others = list(self._stored.values())
        return measured_of(stored, others, *((run.info, run.status) if run is not None else ()))

    def _rows_of(self, stored: Stored) -> StoredRows | None:
        if not stored.predictions.is_file():
            return None
        from tui_finetune.evaluation.rows import StoredRows

        return StoredRows(stored.predictions)

    def _opened(self, key: str) -> StoredRows | None:
        with self._lock:
            return self._rows[1] if self._rows is not None and self._rows[0] == key else None

    # Rows

    def match(self, key: str, asked: int, wanted: RowFilter, order: RowOrder, among: Sequence[int] | None) -> None:
        """Which rows match; only the newest question is answered."""

        def work(_: Callable[[], bool]) -> Message | None:
            rows = self._opened(key)
            return messages.RowsMatched(key, asked, rows.matching(wanted, order, among)) if rows is not None else None

        self._bridge.latest("evaluate.match", "Filter", work)

    def fetch(self, key: str, numbers: Sequence[int]) -> None:
        """The rows at these places, for the list."""

        def work(_: Callable[[], bool]) -> Message | None:
            rows = self._opened(key)
            return messages.RowsFetched(key, rows.brief(numbers)) if rows is not None else None

        self._bridge.latest("evaluate.fetch", "Read rows", work)

    def ids(self, key: str, numbers: Sequence[int]) -> list[str]:
        """The ids of the rows at these places, in their order; for a thread. Raises UserError."""
        rows = self._opened(key)
        found = rows.brief(numbers) if rows is not None else {}
        return [str(found[number]["row_id"]) for number in numbers if number in found]

    def whole(self, key: str, number: int) -> None:
        """One row with everything, and the other evaluation's."""

        def work(_: Callable[[], bool]) -> Message | None:
            rows = self._opened(key)
            if rows is None:
                return None
            with self._lock:
                other = self._other
            theirs = other[2].partner.get(number) if other is not None else None
            beside = other[1].whole(theirs) if other is not None and theirs is not None else None
            return messages.RowFetched(key, number, rows.whole(number), beside)

        self._bridge.latest("evaluate.row", "Read a row", work)

    # Another one beside it

    def compare(self, measured: Measured, other_key: str, rows: Sequence[RunRow]) -> None:
        """Puts another evaluation of the same rows beside the one that is open."""

        def work(_: Callable[[], bool]) -> Message | None:
            stored, mine = self._stored.get(other_key), self._opened(measured.key)
            if stored is None or mine is None:
                return None
            try:
                return self._compared(measured, mine, stored, rows)
            except UserError as error:
                return messages.ComparisonRefused(measured.key, str(error))

        self._bridge.latest("evaluate.compare", "Compare", work)

    def _compared(self, measured: Measured, mine: StoredRows, stored: Stored, rows: Sequence[RunRow]) -> Message:
        from tui_finetune.evaluation.comparing import compare

        other, theirs = self._measured(stored, rows), self._rows_of(stored)
        names = f"{measured.short} on {measured.split}", f"{other.short} on {other.split}"
        if theirs is None:
            raise UserError(f"{names[1]}: its predictions are not stored.")
        compared = compare(mine, theirs, names)
        with self._lock:
            self._other = (stored.key, theirs, compared)
        groups = {str(group): numbers for group, numbers in compared.groups.items()}
        return messages.ComparisonMade(measured.key, ComparedLook(measured, other, groups, compared.differ))

    # Files, and a new evaluation

    def write(self, target: Path, head: Sequence[str], rows: Iterable[Sequence[Any]], title: str) -> None:
        """A table into a file."""

        def work() -> Message:
            from tui_finetune.evaluation.exporting import write_table

            return messages.TableWritten(str(target), write_table(target, head, rows, title))

        self._bridge.do(f"Write {target.name}", work)

    def write_rows(self, key: str, target: Path, numbers: Sequence[int], title: str) -> None:
        """The rows that are shown into a file."""
        rows = self._opened(key)
        if rows is None:
            return

        def work() -> Message:
            from tui_finetune.evaluation.exporting import ROW_HEAD, row_cells, write_table

            return messages.TableWritten(str(target), write_table(target, ROW_HEAD, row_cells(rows, numbers), title))

        self._bridge.do(f"Write {target.name}", work)

    def evaluate(self, query: str, data: str, split: str) -> None:
        """Measures a model in a run of its own."""
        self._bridge.do("Evaluate", lambda: self._evaluate(query, data, split))

    def _evaluate(self, query: str, data: str, split: str) -> Message:
        from tui_finetune.inference.model_choice import choose_model
        from tui_finetune.inference.model_folder import open_model_folder
        from tui_finetune.launch.evaluation import EvaluationRequest, check_evaluation
        from tui_finetune.launch.start import start
        from tui_finetune.runs.info import read_info

        home, catalog = self._bridge.home, self._bridge.catalog()
        try:
            chosen = choose_model(home, query)
            folder = open_model_folder(chosen.folder, catalog, home, trust_remote_code=True)
            request = EvaluationRequest(folder, chosen.run, data or None, split or None, checkpoint=chosen.step)
            checked = check_evaluation(request, home=home, catalog=catalog)
            name = request.called(checked.recipe.evaluate.split)
            info = read_info(start(checked, self._bridge.started_with(), name=name).paths)
        except UserError as error:
            return messages.EvaluationRefused(str(error))
        self._bridge.look_now()
        return messages.EvaluationStarted(info.id, info.name)


def _choosable(stored: Stored, known: dict[str, RunRow]) -> Choosable:
    run = known.get(stored.about)
    about = run.info if run is not None else stored.info
    own = "" if stored.info.id == stored.about else f"  ({stored.info.name} {stored.info.short})"
    row = known.get(stored.info.id)
    told = row is not None and (stored.split in SPLITS or row.info.kind == "evaluate")
    result = split_words(row.status, stored.split) if row is not None and told else ""
    return Choosable(
        stored.key, f"{about.name} {about.short} on {stored.split}{own}", stored.about, stored.split, stored.t, result,
        stored.info.task or "", stored.info.data or "",
    )  # fmt: skip
