"""fill-mask, the light half: a model of plain texts that finds the words which are hidden from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_finetune.builtin.tasks.masking import NO_WORD
from tui_finetune.builtin.tasks.token_losses import OUTPUTS, TokenTask, token_decoded
from tui_finetune.plugin_api import (
    ROW_INDEX,
    Decoded,
    Encoder,
    FormField,
    LabelSet,
    Role,
    row_of_each,
)
from tui_finetune.plugin_api.windows import text_windows

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

MASK = "[MASK]"
"""What stands for a hidden word in a text that is asked, whatever the tokenizer's own is."""
FILLS = "fills"
"""Of a prediction: for each mask the likeliest tokens with their scores."""


class FillMask(TokenTask):
    name = "fill-mask"
    title = "Masked language model"
    help = "Finds words that are hidden in plain texts: an encoder gets used to the texts of a domain."
    pipeline_tag = "fill-mask"
    roles = (
        Role(
            "text",
            "text",
            usual_names=("text", "content", "document", "article", "body", "passage", "paragraph", "sentence", "line"),
            help="What is learnt.",
        ),
    )
    heavy = "tui_finetune.builtin.heads.fill_mask:FillMaskHead"
    metrics = ("perplexity", "accuracy")
    architectures = ("ForMaskedLM",)
    windowed = True
    form_fields = (FormField("data.columns.text", "Column of the texts."),)

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.tasks.language_options import FillMaskOptions

        return FillMaskOptions

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        return LabelSet.of(())

    def output_width(self, labels: LabelSet) -> int:
        return OUTPUTS

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        """A text in windows that have nothing in common. What is hidden is drawn when a batch is made."""
        own = encoder.chat.tokens.get("mask_token", MASK)
        texts = [text if own == MASK else (text or "").replace(MASK, own) for text in batch["text"]]
        windows = [text_windows(one, encoder.max_length, 0) for one in encoder.whole(texts)]
        features = [one for row in windows for one in row]
        columns: dict[str, list[Any]] = {"input_ids": [one.ids for one in features]}
        if any(one.type_ids for one in features):
            columns["token_type_ids"] = [one.type_ids for one in features]
        columns["words"] = [[NO_WORD if word is None else word for word in one.word_ids] for one in features]
        columns["token_starts"] = [[start for start, _ in one.offsets] for one in features]
        columns["token_ends"] = [[end for _, end in one.offsets] for one in features]
        columns["length"] = [one.length for one in features]
        columns["truncated"] = [False] * len(features)
        columns[ROW_INDEX] = row_of_each(windows)
        return columns

    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        """scores: `token_losses.Foretold` of each row."""
        return token_decoded(logits, rows, labels, (FILLS,))

    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """text, filled: the text with the likeliest token at each mask; fills: the likeliest at each, with their scores."""
        assert decoded.scores is not None
        fills, text = decoded.scores[index].said.get(FILLS) or [], row.get("text") or ""
        return {"text": text, "filled": filled(text, fills), FILLS: fills}

    def show_answer(self, answer: Mapping[str, Any]) -> list[str]:
        if not answer[FILLS]:
            return [f"no {MASK} in the text: put it where a word is to be found"]
        lines = [answer["filled"]]
        for fills in answer[FILLS]:
            lines.append("  " + "  ".join(f"{one['text'].strip()} {one['score']:.3f}" for one in fills))
        return lines

    def show_error(self, row: Mapping[str, Any]) -> list[str]:
        return [row["text"] or "", f"{row['predicted']:,} of {row['gold']:,} hidden tokens found"]


def filled(text: str, fills: Sequence[Sequence[Mapping[str, Any]]]) -> str:
    """The text with the first of the tokens at each mask."""
    parts = text.split(MASK)
    if len(parts) != len(fills) + 1:
        own = next((mask for mask in ("<mask>",) if text.count(mask) == len(fills)), None)
        if own is None:
            return text
        parts = text.split(own)
    found = parts[0]
    for part, candidates in zip(parts[1:], fills, strict=True):
        found += (candidates[0]["text"].strip() if candidates else MASK) + part
    return found
