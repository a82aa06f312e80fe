"""The predictor that runs on torch. Importing this module imports nothing heavy; loading a model does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import ModelError, Problem, first_line
from tui_finetune.inference.adapters import inputs_of, load_whole
from tui_finetune.inference.encoders import transformers_encoder
from tui_finetune.inference.model_files import unreadable_tokenizer
from tui_finetune.inference.model_folder import ModelFolder
from tui_finetune.inference.predictor import Answer, Row, alike, as_columns
from tui_finetune.plugin_api import (
    ROW_INDEX,
    HeavyTask,
    LabelSet,
    ModelRequest,
    Progress,
    features_of_rows,
    no_progress,
)
from tui_finetune.plugin_api.heavy import resolve

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BATCH_ROWS = 32


class TorchPredictor:
    """A model on the CPU, or on the first GPU that this process may see where `device` is cuda."""

    def __init__(
        self,
        folder: ModelFolder,
        *,
        cuda: bool = False,
        batch_rows: int = BATCH_ROWS,
        trust_remote_code: bool = False,
    ) -> None:
        import torch

        self.card, self.task = folder.card, folder.task
        self._labels: LabelSet = folder.card.labels
        self._batch_rows = batch_rows
        self._head: HeavyTask = resolve(folder.task.heavy)(folder.task)
        self._tokenizer = _load_tokenizer(folder, trust_remote_code)
        self._model = _load_model(self._head, folder, trust_remote_code)
        place = torch.device("cuda" if cuda and torch.cuda.is_available() else "cpu")
        self._model.to(place).eval()
        self.device = f"{place} {torch.cuda.get_device_name(place)}" if place.type == "cuda" else "cpu"
        self._encoder = transformers_encoder(self._tokenizer, folder.card.max_length)
        self._collate = self._head.collator(self._tokenizer, padding="longest", max_length=folder.card.max_length)
        self._inputs = inputs_of(self._model) | set(self._head.inputs)

    def predict(self, rows: Sequence[Row], progress: Progress = no_progress) -> list[Answer]:
        answers: list[Answer | None] = [None] * len(rows)
        done = 0
        for indices in alike(rows):
            before = done

            def tick(count: int, before: int = before) -> None:
                progress("predicting", before + count, len(rows))

            for index, answer in zip(indices, self._answers([rows[i] for i in indices], tick), strict=True):
                answers[index] = answer
            done += len(indices)
        return [answer for answer in answers if answer is not None]

    def tokenize(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        found: list[dict[str, Any] | None] = [None] * len(rows)
        for indices in alike(rows):
            encoded = self.task.encode(as_columns([rows[i] for i in indices]), self._encoder, self._labels)
            for place, index in zip(_first_features(encoded, len(indices)), indices, strict=True):
                ids = encoded["input_ids"][place]
                found[index] = {
                    "tokens": self._tokenizer.convert_ids_to_tokens(ids),
                    "ids": ids,
                    "length": encoded["length"][place],
                    "truncated": encoded["truncated"][place],
                }
        return [one for one in found if one is not None]

    def save(self, folder: Path) -> None:
        self._model.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)
        self._head.write_beside(folder, self.card.max_length)

    def _answers(self, rows: Sequence[Row], tick: Callable[[int], None]) -> list[Answer]:
        """Answers of rows that have the same roles."""
        import torch

        columns = as_columns(rows)
        encoded = self.task.encode(columns, self._encoder, self._labels)
        logits = self._logits(encoded, tick)
        with torch.inference_mode():
            said = self._head.said(self._model, encoded, self._tokenizer, self.card.options, self._batch_rows)
        decoded = self.task.decode(logits, {**columns, **encoded, **said}, self._labels, self.card.options)
        return [self.task.answer(decoded, index, row) for index, row in enumerate(rows)]

    def _logits(self, encoded: Mapping[str, Sequence[Any]], tick: Callable[[int], None]) -> list[np.ndarray]:
        """The raw output of each row; batches of like length, so that little is padded."""
        names = [name for name in encoded if name in self._inputs]
        ids = encoded["input_ids"]
        order = sorted(range(len(ids)), key=lambda index: -len(ids[index]))
        found: list[np.ndarray | None] = [None] * len(ids)
        for start in range(0, len(order), self._batch_rows):
            chosen = order[start : start + self._batch_rows]
            batch = self._collate([{name: encoded[name][index] for name in names} for index in chosen])
            for index, row in zip(chosen, self._forward(batch), strict=True):
                found[index] = row
            tick(start + len(chosen))
        return [row for row in found if row is not None]

    def _forward(self, batch: Mapping[str, Any]) -> list[np.ndarray]:
        import torch

        tensors = {name: value.to(self._model.device) for name, value in batch.items() if hasattr(value, "to")}
        with torch.inference_mode():
            return self._head.score(self._model, tensors, self._tokenizer)


def _first_features(encoded: Mapping[str, Sequence[Any]], rows: int) -> list[int]:
    """Places of the features that the rows begin with."""
    index = encoded.get(ROW_INDEX)
    return list(range(rows)) if index is None else [places[0] for places in features_of_rows(index)]


def _load_tokenizer(folder: ModelFolder, trust_remote_code: bool) -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer

    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            folder.path, trust_remote_code=trust_remote_code
        )
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ModelError(unreadable_tokenizer(folder.path, error)) from error
    if tokenizer.pad_token is None and tokenizer.eos_token is not None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _load_model(head: HeavyTask, folder: ModelFolder, trust_remote_code: bool) -> PreTrainedModel:
    request = ModelRequest(
        path=str(folder.path),
        labels=folder.card.labels,
        options=dict(folder.card.options),
        trust_remote_code=trust_remote_code,
    )
    try:
        return load_whole(head, request)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise ModelError(Problem(f"{folder.path}: {first_line(error)}")) from error
