"""Texts one after the other in full blocks: what a causal model is trained on, without a token of padding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tui_finetune.builtin.tasks.token_losses import IGNORED
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import ROW_INDEX

Columns = Mapping[str, Sequence[Any]]
BLOCKS = 500
"""That are given at once."""


def packed_blocks(batches: Iterable[Columns], between: Sequence[int], length: int) -> Iterator[dict[str, list[Any]]]:
    """Blocks of `length` tokens of encoded texts with the tokens `between` after each; the last block may be shorter.

    Windows of a text go on where the one before ended: what two of them have in common stands once. Raises DataError where
    there is nothing to learn.
    """
    rest: list[int] = []
    blocks: list[list[int]] = []
    given = False
    for tokens in _texts(batches):
        rest += [*tokens, *between]
        while len(rest) >= length:
            blocks.append(rest[:length])
            rest = rest[length:]
        if len(blocks) >= BLOCKS:
            yield _columns(blocks)
            blocks, given = [], True
    if len(rest) > 1:
        blocks.append(rest)
    if blocks:
        yield _columns(blocks)
    elif not given:
        raise DataError(Problem("train has no text of two tokens: there is nothing to foretell.", "data.columns.text"))


def ended_texts(batches: Iterable[Columns], end: Sequence[int], length: int) -> Iterator[dict[str, Any]]:
    """The same features, the last of each text with the end-of-text tokens after it where there is room."""
    for batch in batches:
        ids, labels, index = ([*batch[name]] for name in ("input_ids", "labels", ROW_INDEX))
        for place, row in enumerate(index):
            last = place + 1 == len(index) or index[place + 1] != row
            if last and len(ids[place]) + len(end) <= length and list(ids[place][-len(end) :]) != list(end):
                ids[place], labels[place] = [*ids[place], *end], [*labels[place], *end]
        found = {name: values for name, values in batch.items() if name != "token_type_ids"}
        yield {**found, "input_ids": ids, "labels": labels}


def _texts(batches: Iterable[Columns]) -> Iterator[list[int]]:
    """The tokens of each text, of windows those that no window before had."""
    for batch in batches:
        tokens: list[int] = []
        row = None
        for ids, labels, of in zip(batch["input_ids"], batch["labels"], batch[ROW_INDEX], strict=True):
            if of != row and row is not None:
                yield tokens
                tokens = []
            elif row is not None:
                first = next((place for place, label in enumerate(labels) if label != IGNORED), len(ids))
                ids = ids[first:]
            tokens, row = [*tokens, *ids], of
        if row is not None:
            yield tokens


def _columns(blocks: list[list[int]]) -> dict[str, list[Any]]:
    return {
        "input_ids": blocks,
        "labels": [[IGNORED, *block[1:]] for block in blocks],
        "length": [len(block) for block in blocks],
        "truncated": [False] * len(blocks),
    }
