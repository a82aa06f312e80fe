"""How long texts are: in tokens where a tokenizer's file is at hand, else in words."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.splitting import sample
from tui_finetune.errors import DataError, Problem, first_line

if TYPE_CHECKING:
    import pyarrow as pa
    from tokenizers import Tokenizer

    from tui_finetune.plugin_api import Task

TOKENIZED_ROWS = 5_000
"""Rows that are tokenized; of more a drawn sample is, and the longest by characters."""
LONGEST_ROWS = 100
_SEED = 0
UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts without blanks between words: each sign counts as a word."""
WORD = rf"[{UNSPACED}]|[^\s{UNSPACED}]+"


@dataclass(frozen=True)
class Lengths:
    """Lengths of a split's inputs; of pairs, both texts together."""

    unit: str
    """`tokens` or `words`."""
    median: int
    p95: int
    max: int
    max_length: int | None = None
    cut: int | None = None
    """Rows longer than `max_length`."""
    sampled: int | None = None
    """Rows that were measured, where not all were; `cut` is then reckoned from their share."""

    def as_json(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Measured:
    """Lengths of rows, one by one."""

    unit: str
    values: Sequence[int]
    """Of all rows, or of a drawn sample."""
    beyond: Sequence[int]
    """Of the longest rows, where a sample was drawn: the longest of all is among them."""
    rows: int
    """Rows that there are."""

    def summary(self, max_length: int | None) -> Lengths:
        import numpy as np

        values = np.asarray(self.values)
        whole = len(values) == self.rows
        cut = None
        if max_length is not None:
            over = int((values > max_length).sum())
            cut = over if whole else round(over * self.rows / len(values))
        return Lengths(
            self.unit,
            int(np.median(values)),
            int(np.percentile(values, 95)),
            max(int(np.max(values)), max(self.beyond, default=0)),
            max_length,
            cut,
            None if whole else len(values),
        )

    def bins(self, count: int) -> tuple[int, list[int]]:
        """Width of a bin, and how many values each holds, from 0 on to the longest of all."""
        import numpy as np

        longest = max(int(np.max(self.values)), max(self.beyond, default=0))
        width = max(1, -(-(longest + 1) // count))
        found = np.bincount(np.asarray(self.values, dtype=np.int64) // width, minlength=longest // width + 1)
        return width, [int(one) for one in found]


def measure_lengths(table: pa.Table, task: Task, tokenizer: Path | None, max_length: int | None) -> Lengths | None:
    """Of the input roles of a split; None where it has none, or no rows."""
    inputs = [r for r in task.roles if r.kind in ("text", "words", "messages") and r.name in table.column_names]
    if not inputs or table.num_rows == 0:
        return None
    columns = [table.column(role.name) for role in inputs]
    if any(role.kind == "messages" for role in inputs):
        columns = [_one_text([table.column(role.name) for role in inputs if not role.gold])]
    return measured(columns, tokenizer).summary(None if task.windowed else max_length)


def _one_text(columns: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    """What a model reads one after the other, in a line each."""
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*(pc.fill_null(column, "") for column in columns), "\n")


def measured(columns: Sequence[pa.ChunkedArray], tokenizer: Path | None) -> Measured:
    """Columns of texts or of lists of words, at least a row of them; together what a model reads of a row."""
    rows = len(columns[0])
    if tokenizer is None:
        return Measured("words", word_counts(columns), (), rows)
    drawn, longest = _rows_to_measure(columns)
    counted = token_counts(tokenizer, [column.take(drawn) for column in columns])
    beyond = token_counts(tokenizer, [column.take(longest) for column in columns]) if len(longest) else []
    return Measured("tokens", counted, beyond, rows)


def _rows_to_measure(columns: Sequence[pa.ChunkedArray]) -> tuple[Any, Any]:
    """The rows that are measured, and, where those are a sample, the longest by a quick look."""
    import numpy as np

    rows = len(columns[0])
    if rows <= TOKENIZED_ROWS:
        return np.arange(rows), np.arange(0)
    order = np.argsort(-np.asarray(word_counts(columns)), kind="stable")
    return sample(rows, TOKENIZED_ROWS, _SEED), order[:LONGEST_ROWS]


def word_counts(columns: Sequence[pa.ChunkedArray]) -> Any:
    """Words of each row."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    found = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        if pa.types.is_list(column.type):
            counts = pc.list_value_length(column)
        else:
            counts = pc.count_substring_regex(column, WORD)
        found += pc.fill_null(counts, 0).to_numpy().astype(np.int64)
    return found


def token_counts(file: Path, columns: Sequence[pa.ChunkedArray]) -> list[int]:
    """Tokens of each row, special ones included; of pairs, both texts together. What is missing is an empty text."""
    inputs = [[_given(value) for value in column.to_pylist()] for column in columns]
    rows = list(zip(*inputs, strict=True)) if len(inputs) > 1 else inputs[0]
    words = any(isinstance(row, list) for row in rows[:1])
    return [len(encoding.ids) for encoding in _tokenizer(file).encode_batch(rows, is_pretokenized=words)]


def _given(value: Any) -> Any:
    if isinstance(value, list):
        return [str(word or "") for word in value]
    return "" if value is None else str(value)


@functools.lru_cache(maxsize=1)
def _tokenizer(file: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        tokenizer: Tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # what tokenizers raises for a file that it cannot read has no class of its own
        hint = "Copy tokenizer.json again of the model that it was made from."
        raise DataError(Problem(f"{file} cannot be read: {first_line(error)}.", "model.path", hint=hint)) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def tokenizer_file(model: str | None, revision: str | None = None) -> Path | None:
    """tokenizer.json of a model folder, or of a Hub model that the cache of this machine holds. Asks no network."""
    if not model or ":" in model:
        return None
    folder = Path(model)
    if folder.is_dir():
        file = folder / "tokenizer.json"
        return file if file.is_file() else None
    if model.count("/") > 1:
        return None
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(model, "tokenizer.json", revision=revision)
    except HFValidationError:
        return None
    return Path(found) if isinstance(found, str) else None
