"""causal-lm, the light half: a model of plain texts that foretells each token from those before it, and writes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_finetune.builtin.tasks.token_losses import (
    IGNORED,
    OUTPUTS,
    TokenTask,
    foretold_bytes,
    foretold_words,
    shown_losses,
    token_answer,
    token_decoded,
)
from tui_finetune.plugin_api import (
    ROW_INDEX,
    Baseline,
    Decoded,
    Encoded,
    Encoder,
    FormField,
    LabelSet,
    Metric,
    Role,
    Task,
    row_of_each,
)
from tui_finetune.plugin_api.windows import step_of, text_windows

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

STRIDE = 1
CONTINUATION = "continuation"
"""What the model wrote on after the text; of a prediction alone."""


class CausalLm(TokenTask):
    name = "causal-lm"
    title = "Causal language model"
    help = "Foretells each token of plain texts from those before it, and writes on."
    pipeline_tag = "text-generation"
    roles = (
        Role(
            "text",
            "text",
            usual_names=("text", "content", "document", "article", "body", "passage", "paragraph", "sentence", "line"),
            help="What is learnt, and what is written on.",
        ),
    )
    heavy = "tui_finetune.builtin.heads.causal_lm:CausalLmHead"
    metrics = ("perplexity", "bits_per_byte", "accuracy")
    architectures = ("ForCausalLM", "LMHeadModel")
    windowed = True
    form_fields = (FormField("data.columns.text", "Column of the texts."),)

    def __init__(self, stride: int | None = None) -> None:
        if stride is not None:
            self._stride = stride

    def variant(self, options: Mapping[str, Any]) -> Task:
        stride = options.get("stride")
        return CausalLm(stride) if isinstance(stride, int) and stride > STRIDE else self

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.tasks.language_options import CausalLmOptions

        return CausalLmOptions

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        return LabelSet.of(())

    def output_width(self, labels: LabelSet) -> int:
        return OUTPUTS

    # Data -> model

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        """A text in windows; each token but the first is to be foretold once, where nothing stands before it."""
        stride: int = getattr(self, "_stride", STRIDE)
        whole = encoder.whole(batch["text"])
        windows = [text_windows(one, encoder.max_length, stride) for one in whole]
        columns: dict[str, list[Any]] = {"input_ids": [one.ids for row in windows for one in row]}
        if any(one.type_ids for row in windows for one in row):
            columns["token_type_ids"] = [one.type_ids for row in windows for one in row]
        by_row = [_asked(row, encoder.max_length, stride) for row in windows]
        asked = [flags for row in by_row for flags in row]
        columns["labels"] = [
            [token if wanted else IGNORED for token, wanted in zip(ids, flags, strict=True)]
            for ids, flags in zip(columns["input_ids"], asked, strict=True)
        ]
        columns["token_starts"] = [[start for start, _ in one.offsets] for row in windows for one in row]
        columns["token_ends"] = [[end for _, end in one.offsets] for row in windows for one in row]
        columns["foretold_bytes"] = [
            size
            for text, row, flags in zip(batch["text"], windows, by_row, strict=True)
            for size in foretold_bytes(text, [[end for _, end in one.offsets] for one in row], flags)
        ]
        index = row_of_each(windows)
        columns["length"] = [one.length for row in windows for one in row]
        columns["truncated"] = [False] * len(index)
        columns[ROW_INDEX] = index
        return columns

    # Model -> person

    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        """scores: `token_losses.Foretold` of each row."""
        return token_decoded(logits, rows, labels, (CONTINUATION,))

    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """text, continuation, and how well the text itself was foretold: loss, perplexity, tokens."""
        assert decoded.scores is not None
        found, text = decoded.scores[index], row.get("text") or ""
        return {"text": text, CONTINUATION: found.said.get(CONTINUATION) or "", **token_answer(found, text)}

    def show_answer(self, answer: Mapping[str, Any]) -> list[str]:
        written = (answer[CONTINUATION] or "nothing more").splitlines() or [""]
        return [*written, *shown_losses(answer)]

    def show_error(self, row: Mapping[str, Any]) -> list[str]:
        return [row["text"] or "", foretold_words(row)]

    def baselines(
        self,
        train: Mapping[str, Sequence[Any]],
        test: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        metrics: Sequence[Metric],
    ) -> list[Baseline]:
        from tui_finetune.builtin.tasks.byte_baselines import byte_baselines

        return byte_baselines(train["text"], test["text"], [metric.name for metric in metrics])


def _asked(windows: Sequence[Encoded], max_length: int, stride: int) -> list[list[bool]]:
    """Of each window's tokens whether it is to be foretold: those of the text that no window before had, and that have one
    before them."""
    found = []
    for number, one in enumerate(windows):
        parts = one.sequence_ids or [0] * len(one.ids)
        room = max_length - (len(parts) - sum(part is not None for part in parts))
        seen = room - step_of(room, stride) if number else 0
        flags = []
        for place, part in enumerate(parts):
            flags.append(part is not None and seen <= 0 and place > 0)
            seen -= part is not None
        found.append(flags)
    return found
