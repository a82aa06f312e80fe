"""A view's rows, read where they lie: windows of them, one whole, their tokens. For threads of the bridge."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import UserError
from tui_finetune.live.data_row import TokenView
from tui_finetune.live.data_set import DataSet, Split

if TYPE_CHECKING:
    from tui_finetune.data.windows import RowReader
    from tui_finetune.inference.encoders import BackendEncoder
    from tui_finetune.plugin_api import LabelSet, Task
    from tui_finetune.plugin_api.manager import Catalog

BLOCK, FEW = 64, 16
"""Rows that are read at once, and of those that lie here and there."""
LIST_ENDING = ".rows.json"
_ENCODING = threading.Lock()
"""A tokenizer has its truncation set while it encodes: one thread at a time."""


@dataclass(frozen=True)
class Other:
    """Whose tokens stand beside: another model's, another length's, or both."""

    title: str
    tokenizer: str | None = None
    """Its tokenizer.json; None for the model of the data."""
    max_length: int | None = None


class Reading:
    """The rows of a split in the order of a view. rows: the file of their numbers; None for all as they are.

    reader: gives the reader of a split's file, which views share. lent: the file is not the view's own, and stays.
    """

    def __init__(
        self, found: DataSet, split: Split, rows: Path | None, reader: Callable[[str], RowReader], *, lent: bool = False
    ) -> None:
        self._reader_of = reader
        self._found = found
        self._split = split
        self._file = rows
        self._lent = lent
        self._rows: Any = None
        if rows is not None and rows.stat().st_size:
            import numpy as np

            self._rows = np.memmap(rows, dtype=np.int64, mode="r")
        self._encoder: BackendEncoder | None = None
        self._other: tuple[Other, BackendEncoder] | None = None

    def __len__(self) -> int:
        if self._file is None:
            return self._split.rows
        return len(self._rows) if self._rows is not None else 0

    def know(self, found: DataSet) -> None:
        """What was found out since the rows were opened."""
        self._found, self._encoder, self._other = found, None, None

    def close(self) -> None:
        """Takes the file of numbers away."""
        if self._file is not None and not self._lent:
            self._file.unlink(missing_ok=True)

    @property
    def looked(self) -> bool:
        return self._found.looked

    @property
    def counts_tokens(self) -> bool:
        return bool(self._found.tokenizer and self._found.inputs and self._found.task)

    def numbers(self, start: int, count: int) -> Sequence[int]:
        if self._file is None:
            return range(start, min(start + count, self._split.rows))
        return [int(one) for one in self._rows[start : start + count]] if self._rows is not None else ()

    def place_of(self, number: int | None) -> int | None:
        """Where a row stands in the view; None where it is not in it."""
        if number is None or self._file is None:
            return number
        if self._rows is None:
            return None
        import numpy as np

        found = np.flatnonzero(self._rows == number)
        return int(found[0]) if len(found) else None

    def block(self, start: int, count: int) -> tuple[Sequence[int], Sequence[Mapping[str, Any]]]:
        numbers = self.numbers(start, count)
        return list(numbers), self._open().cells(numbers, [one.name for one in self._found.columns])

    def whole(self, index: int) -> tuple[int, dict[str, Any]]:
        number = self.numbers(index, 1)[0]
        return number, self._open().whole(number)

    @property
    def block_rows(self) -> int:
        """Rows that are read at once: fewer where they lie here and there in a large file, each on a page of its own."""
        return FEW if self._file is not None and self._split.arrow.endswith(LIST_ENDING) else BLOCK

    def _open(self) -> RowReader:
        return self._reader_of(self._split.arrow)

    # Tokens

    def token_counts(self, start: int, count: int, catalog: Catalog) -> list[int]:
        from tui_finetune.inference.token_view import token_lengths

        task = self._task(catalog)
        roles = {role: column for role, column in self._found.roles.items() if role != self._found.gold}
        columns = self._open().columns(self.numbers(start, count), list(roles.values()))
        with _ENCODING:
            return token_lengths(
                task, dict(zip(roles, (one.to_pylist() for one in columns), strict=True)), self._light()
            )

    def tokens(
        self, row: Mapping[str, Any], catalog: Catalog, other: Other | None = None
    ) -> tuple[TokenView | None, str]:
        """The row's tokens, or why there are none. other: as it sees the row."""
        found = self._found
        if not found.looked:
            return None, "labels and lengths are being looked at still"
        if found.task is None:
            return None, "no task fits these columns"
        if found.tokenizer is None and (other is None or other.tokenizer is None):
            return None, f"{found.model or 'no model'} has no tokenizer here; m chooses a model"
        from tui_finetune.inference.token_view import token_view

        by_role = {role: row.get(column) for role, column in found.roles.items()}
        name = other.title if other is not None else found.model_short
        try:
            with _ENCODING:
                encoder = self._light() if other is None else self._beside(other)
                view = token_view(self._task(catalog), by_role, encoder, self._labels(), name)
        except UserError as error:
            return None, str(error.problems[0])
        return view, ""

    def _task(self, catalog: Catalog) -> Task:
        task: Task = catalog.task(str(self._found.task), self._found.look.get("task_options"))
        return task

    def _labels(self) -> LabelSet | None:
        from tui_finetune.plugin_api import LabelSet

        labels = self._found.labels
        if not labels:
            return None
        return LabelSet(tuple(str(one["name"]) for one in labels), tuple(one["value"] for one in labels))

    def _light(self) -> BackendEncoder:
        if self._encoder is None:
            from tui_finetune.inference.encoders import light_encoder

            self._encoder = light_encoder(Path(str(self._found.tokenizer)).parent, self._found.max_length)
        return self._encoder

    def _beside(self, other: Other) -> BackendEncoder:
        if self._other is None or self._other[0] != other:
            from tui_finetune.inference.encoders import light_encoder

            file, length = other.tokenizer or self._found.tokenizer, other.max_length or self._found.max_length
            self._other = (other, light_encoder(Path(str(file)).parent, length))
        return self._other[1]
