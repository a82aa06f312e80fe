"""How long texts are: in tokens where a tokenizer's file is at hand, else in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.splitting import sample

if TYPE_CHECKING:
    import pyarrow as pa
    from tokenizers import Tokenizer

    from tui_finetune.plugin_api import Task

TOKENIZED_ROWS = 5_000
"""Rows that are tokenized; of more a drawn sample is, and the longest by characters."""
LONGEST_ROWS = 100
_SEED = 0
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts without blanks between words: each sign counts as a word."""
_WORD = rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+"


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


def measure_lengths(table: pa.Table, task: Task, tokenizer: Path | None, max_length: int | None) -> Lengths | None:
    """Of the input roles of a split; None where it has none, or no rows."""
    inputs = [r for r in task.roles if r.kind in ("text", "words") and r.name in table.column_names]
    if not inputs or table.num_rows == 0:
        return None
    columns = [table.column(role.name) for role in inputs]
    if tokenizer is None:
        found = _words(columns)
        return _summary("words", found, table.num_rows, found, max_length)
    drawn, longest = _rows_to_measure(table, columns)
    counted = _tokens(tokenizer, [column.take(drawn) for column in columns])
    beyond = _tokens(tokenizer, [column.take(longest) for column in columns]) if len(longest) else []
    return _summary("tokens", counted, table.num_rows, [*counted, *beyond], max_length)


def _rows_to_measure(table: pa.Table, columns: Sequence[pa.ChunkedArray]) -> tuple[Any, Any]:
    """The rows that are measured, and, where those are a sample, the longest by a quick look."""
    import numpy as np

    if table.num_rows <= TOKENIZED_ROWS:
        return np.arange(table.num_rows), np.arange(0)
    order = np.argsort(-np.asarray(_words(columns)), kind="stable")
    return sample(table.num_rows, TOKENIZED_ROWS, _SEED), order[:LONGEST_ROWS]


def _words(columns: Sequence[pa.ChunkedArray]) -> Any:
    """Words of each row."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    found = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        if pa.types.is_list(column.type):
            counts = pc.list_value_length(column)
        else:
            counts = pc.count_substring_regex(column, _WORD)
        found += pc.fill_null(counts, 0).to_numpy().astype(np.int64)
    return found


def _tokens(file: Path, columns: Sequence[pa.ChunkedArray]) -> list[int]:
    from tokenizers import Tokenizer

    tokenizer: Tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    inputs = [column.to_pylist() for column in columns]
    rows = list(zip(*inputs, strict=True)) if len(inputs) > 1 else inputs[0]
    words = bool(rows) and isinstance(rows[0], list)
    return [len(encoding.ids) for encoding in tokenizer.encode_batch(rows, is_pretokenized=words)]


def _summary(unit: str, measured: Any, rows: int, every: Any, max_length: int | None) -> Lengths:
    import numpy as np

    values = np.asarray(measured)
    cut = None
    if max_length is not None:
        over = int((values > max_length).sum())
        cut = over if len(values) == rows else round(over * rows / len(values))
    return Lengths(
        unit,
        int(np.median(values)),
        int(np.percentile(values, 95)),
        int(np.max(every)),
        max_length,
        cut,
        None if len(values) == rows else len(values),
    )


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
