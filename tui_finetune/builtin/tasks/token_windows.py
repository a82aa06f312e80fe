"""token-classification of long documents: a row is read in windows, and each word is tagged where most stands around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tui_finetune.builtin.tasks.token_classification import TokenClassification, gold_ids, token_labels
from tui_finetune.plugin_api import ROW_INDEX, Decoded, Encoded, Encoder, LabelSet, features_of_rows, row_of_each


class WindowedTokenClassification(TokenClassification):
    """The task where `[task_options] doc_stride` is set."""

    windowed = True

    def __init__(self, doc_stride: int, *, bare_types: bool = False) -> None:
        super().__init__(bare_types=bare_types)
        self._doc_stride = doc_stride

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        """`words`: the words that begin in a window; `word_tokens`: the first token of each."""
        words = batch["tokens"]
        windows = encoder.word_windows(words, self._doc_stride)
        index = row_of_each(windows)
        features = [one for row in windows for one in row]
        begun = [found for row in windows for found in _begun(row)]
        columns: dict[str, list[Any]] = {"input_ids": [one.ids for one in features]}
        if any(one.type_ids for one in features):
            columns["token_type_ids"] = [one.type_ids for one in features]
        if "tags" in batch:
            gold = gold_ids(words, batch["tags"], labels)
            columns["labels"] = [
                token_labels([gold[row][word] for word in found], list(found.values()), len(one.ids))
                for one, found, row in zip(features, begun, index, strict=True)
            ]
        columns["length"] = [one.length for one in features]
        columns["truncated"] = [False] * len(features)
        columns["words"] = [list(found) for found in begun]
        columns["word_tokens"] = [list(found.values()) for found in begun]
        columns[ROW_INDEX] = index
        return columns

    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        """Each word by the window in which its first token has most tokens on its shorter side."""
        joined, starts = [], []
        for row, features in enumerate(features_of_rows(rows[ROW_INDEX])):
            chosen: dict[int, tuple[int, np.ndarray]] = {}
            for one in features:
                for word, token in zip(rows["words"][one], rows["word_tokens"][one], strict=True):
                    around = min(token, len(logits[one]) - 1 - token)
                    if word not in chosen or around > chosen[word][0]:
                        chosen[word] = around, logits[one][token]
            places = {word: place for place, word in enumerate(sorted(chosen))}
            joined.append(np.array([chosen[word][1] for word in places]).reshape(len(places), len(labels)))
            starts.append([places.get(word, -1) for word in range(len(rows["tokens"][row]))])
        by_row = {name: rows[name] for name in ("tokens", "tags") if name in rows}
        return super().decode(joined, {**by_row, "word_starts": starts}, labels, options)


def _begun(windows: Sequence[Encoded]) -> list[dict[int, int]]:
    """Of each window the words that begin in it, with their first tokens. One that is there before its first token is not:
    the window before has its beginning."""
    found: list[dict[int, int]] = []
    seen: set[int] = set()
    for window in windows:
        here: dict[int, int] = {}
        for token, word in enumerate(window.word_ids):
            if word is not None:
                here.setdefault(word, token)
        first = next(iter(here), None)
        known = set(here)
        if first in seen:
            del here[first]
        seen |= known
        found.append(here)
    return found
