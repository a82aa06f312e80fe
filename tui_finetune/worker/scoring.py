"""The raw output of a model for rows, block by block: for final evaluations, with a prediction for every row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc
import torch

from tui_finetune.plugin_api import ROW_INDEX, Decoded, HeavyTask
from tui_finetune.worker.advice import is_out_of_memory

if TYPE_CHECKING:
    import datasets
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BLOCK_ROWS = 2048
"""Rows whose batches are sorted by length together, and that make a row group of predictions.parquet."""


@dataclass(frozen=True)
class Scorer:
    """A model, ready to give logits."""

    head: HeavyTask
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    max_length: int
    batch_size: int
    halved: Callable[[int, BaseException], None] | None = None
    """Told of the smaller batch that is used from then on, where memory ran out; without it that is an error."""
    by: Callable[[Any, dict[str, Any], Any], list[np.ndarray]] | None = None
    """What is asked of the head in place of `score`."""

    def blocks(
        self, rows: datasets.Dataset, tick: Callable[[int], None]
    ) -> Iterator[tuple[Sequence[int], list[np.ndarray]]]:
        """Indices and logits of the rows in their order, a block at a time; features of one row are in one block.

        `tick(done)` is called after each batch."""
        collator = self.head.collator(self.tokenizer, padding="longest", max_length=self.max_length)
        inputs = rows.remove_columns([name for name in rows.column_names if name not in self._model_inputs(rows)])
        size = self.batch_size
        for indices in block_ranges(rows):
            start = indices.start
            block = [inputs[index] for index in indices]
            found: list[np.ndarray | None] = [None] * len(block)
            by_length = sorted(range(len(block)), key=lambda i: -len(block[i]["input_ids"]))
            first = 0
            while first < len(by_length):
                chosen = by_length[first : first + size]
                try:
                    scored = self._forward(collator([block[i] for i in chosen]))
                except (RuntimeError, MemoryError) as error:
                    if not is_out_of_memory(error) or self.halved is None or size < self.batch_size or size == 1:
                        raise
                    size //= 2
                    self.halved(size, error)
                    continue
                for position, logits in zip(chosen, scored, strict=True):
                    found[position] = logits
                first += len(chosen)
                tick(start + first)
            yield indices, [logits for logits in found if logits is not None]

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _forward(self, batch: dict[str, Any]) -> list[np.ndarray]:
        self.model.eval()
        tensors = {name: value.to(self.model.device) for name, value in batch.items() if hasattr(value, "to")}
        return (self.by or self.head.score)(self.model, tensors, self.tokenizer)

    def _model_inputs(self, rows: datasets.Dataset) -> set[str]:
        import inspect

        taken = {*inspect.signature(self.model.forward).parameters, *self.head.inputs}
        return {name for name in rows.column_names if name in taken}


def block_ranges(rows: datasets.Dataset) -> Iterator[range]:
    """Places of the rows of each block: about BLOCK_ROWS, and never some of a row's features without the rest."""
    index = row_index(rows)
    start, count = 0, len(rows)
    while start < count:
        end = min(start + BLOCK_ROWS, count)
        while index is not None and end < count and index[end] == index[end - 1]:
            end += 1
        yield range(start, end)
        start = end


def row_index(rows: datasets.Dataset) -> np.ndarray | None:
    """Of each feature the row that it is of; None where each row is one feature."""
    if ROW_INDEX not in rows.column_names:
        return None
    found: np.ndarray = rows.with_format("arrow")[ROW_INDEX][:].to_numpy()
    return found


def longest_rows(rows: datasets.Dataset, size: int) -> list[int]:
    """Indices of the `size` longest rows by tokens after cutting."""
    chosen: list[int] = np.argsort(-row_lengths(rows), kind="stable")[:size].tolist()
    return chosen


def row_lengths(rows: datasets.Dataset) -> np.ndarray:
    """Tokens of each row after cutting, from the offsets of the lists: no token is read."""
    lengths: np.ndarray = pc.list_value_length(rows.with_format("arrow")["input_ids"][:]).to_numpy()
    return lengths


def joined(pieces: Sequence[Decoded]) -> Decoded:
    """The predictions of several blocks as one."""
    if not pieces:
        raise ValueError("no rows were scored")
    first = pieces[0]
    losses = [p.losses for p in pieces if p.losses is not None]
    sizes = [p.sizes for p in pieces if p.sizes is not None]
    return replace(
        first,
        predicted=[x for p in pieces for x in p.predicted],
        gold=None if first.gold is None else [x for p in pieces for x in (p.gold or ())],
        scores=None if first.scores is None else [x for p in pieces if p.scores is not None for x in p.scores],
        losses=np.concatenate(losses) if losses else None,
        sizes=np.concatenate(sizes) if sizes else None,
    )
