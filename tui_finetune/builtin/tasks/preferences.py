"""Pairs of answers of which one is preferred, light half: what dpo and reward have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tui_finetune.builtin.tasks.chat_texts import Answered, Texts, cut, texts_of, tokenized
from tui_finetune.evaluation.preferences import preference_report
from tui_finetune.plugin_api import Baseline, Decoded, Encoder, LabelSet, Metric, Role, Shape, Task

if TYPE_CHECKING:
    import pyarrow as pa

CHOSEN, REJECTED = "chosen", "rejected"
PROMPT = Role(
    "prompt",
    "messages",
    required=False,
    usual_names=("prompt", "question", "instruction", "query", "conversations", "conversation", "messages", "input"),
    help="What was asked: a text, or the messages so far. Without it, it is what both answers begin with.",
)
CHOSEN_NAMES = ("chosen", "preferred", "chosen_response", "response_chosen", "better", "winner")
REJECTED_NAMES = ("rejected", "dispreferred", "rejected_response", "response_rejected", "worse", "loser")


class Preferences(Task):
    """A row is a prompt with two answers. The model rates both; what counts is by how much the preferred one is ahead."""

    shape: ClassVar[Shape] = "preferences"
    metrics = ("accuracy", "margin")
    packages = ("trl",)
    argument_defaults: ClassVar[Mapping[str, Any]] = {"bf16": False, "gradient_checkpointing": None}
    refused_arguments: ClassVar[Mapping[str, str]] = {
        "label_smoothing_factor": "pairs have no labels",
        "max_length": "use [model] max_length",
        "chat_template_path": "use [task_options] template",
        "eos_token": "the tokenizer's own is used",
        "pad_token": "the tokenizer's own is used",
        "dataset_num_proc": "rows are encoded once, before training",
        "model_init_kwargs": "use [model]",
        "use_liger_kernel": "the loss is computed by TRL's own code",
    }
    template: ClassVar[str | None] = None
    """Of the options: how messages become a text."""

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        """The one number that an answer gets."""
        return LabelSet.of(["reward"])

    # Data -> model

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        """`input_ids` is the longer one of a pair, `other_ids` the other one, and `chosen_first` tells which is preferred:
        so the row's length is what it needs."""
        answers = tokenized(self._texts(batch, encoder), encoder)
        shortened = [cut(row, encoder.max_length) for row in answers]
        columns: dict[str, list[Any]] = {
            "prompt_tokens": [row[0].prompt for row in shortened],
            "length": [max(len(one.ids) for one in row) for row in answers],
            "truncated": [any(len(one.ids) > encoder.max_length for one in row) for row in answers],
        }
        if REJECTED not in batch:
            return {"input_ids": [row[0].ids for row in shortened], **columns}
        first = [len(chosen.ids) >= len(rejected.ids) for chosen, rejected in shortened]
        longer = [_picked(row, 0 if is_first else 1) for row, is_first in zip(shortened, first, strict=True)]
        other = [_picked(row, 1 if is_first else 0) for row, is_first in zip(shortened, first, strict=True)]
        return {"input_ids": longer, "other_ids": other, "chosen_first": first, **columns}

    def _texts(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder) -> list[Texts]:
        prompts = batch.get("prompt")
        names = [name for name in (CHOSEN, REJECTED) if name in batch]
        rows = zip(*(batch[name] for name in names), strict=True)
        return [
            texts_of(None if prompts is None else prompts[place], row, encoder.chat, self.template)
            for place, row in enumerate(rows)
        ]

    # Model -> person

    @abstractmethod
    def ratings(self, raw: np.ndarray, options: Mapping[str, Any]) -> np.ndarray:
        """Ratings of the answers of each row, the preferred one first, from the model's numbers. Shape [rows, 1 or 2]."""

    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        """The loss is Bradley and Terry's: minus the log of the chance that the margin gives the preferred answer."""
        raw = np.stack(logits).astype(np.float64) if len(logits) else np.zeros((0, self.output_width(labels)))
        rated = self.ratings(raw, options)
        if "other_ids" not in rows:
            return Decoded(labels, rated[:, 0].tolist(), None, list(rated[:, :1]))
        margins = rated[:, 0] - rated[:, 1]
        losses = np.logaddexp(0.0, -margins)
        return Decoded(labels, margins.tolist(), [1.0] * len(margins), list(rated), losses)

    def prediction_schema(self, labels: LabelSet) -> pa.Schema:
        """gold: `chosen`; predicted: which is rated higher; score: the chance that the margin gives the preferred answer."""
        import pyarrow as pa

        numbers = [pa.field(name, pa.float64()) for name in ("score", "margin", "chosen_rating", "rejected_rating")]
        return pa.schema([pa.field("gold", pa.string()), pa.field("predicted", pa.string()), *numbers])

    def prediction_columns(self, decoded: Decoded) -> dict[str, list[Any]]:
        count = len(decoded.predicted)
        rated = [list(map(float, row)) for row in decoded.scores or ()]
        if decoded.gold is None:
            nothing = [None] * count
            columns = dict.fromkeys(("gold", "predicted", "score", "margin", "rejected_rating"), nothing)
            return {**columns, "chosen_rating": [row[0] for row in rated]}
        margins = [float(margin) for margin in decoded.predicted]
        return {
            "gold": [CHOSEN] * count,
            "predicted": [CHOSEN if margin > 0 else REJECTED for margin in margins],
            "score": (1 / (1 + np.exp(-np.clip(margins, -700, 700)))).tolist(),
            "margin": margins,
            "chosen_rating": [row[0] for row in rated],
            "rejected_rating": [row[1] for row in rated],
        }

    def show_error(self, row: Mapping[str, Any]) -> list[str]:
        """The prompt, and both answers with their ratings, the preferred one first."""
        asked = [str(row["prompt"])] if row.get("prompt") is not None else []
        rated = [
            f"{name} {'–' if row.get(f'{name}_rating') is None else format(row[f'{name}_rating'], '.3f')}  {row.get(name) or ''}"
            for name in (CHOSEN, REJECTED)
        ]
        return [*asked, *rated]

    def baselines(
        self,
        train: Mapping[str, Sequence[Any]],
        test: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        metrics: Sequence[Metric],
    ) -> list[Baseline]:
        from tui_finetune.builtin.tasks.preference_baselines import preference_baselines

        return preference_baselines(train, test, labels, metrics)

    def report(self, decoded: Decoded) -> dict[str, Any]:
        return preference_report(decoded)


def _picked(row: Sequence[Answered], place: int) -> list[int]:
    return list(row[place].ids)
