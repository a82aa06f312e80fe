"""sentence-similarity from texts that belong together: of pairs and triplets, measured as a search among all second texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tui_finetune.builtin.tasks.sentence_similarity import (
    FIRST,
    NEGATIVE_NAMES,
    SECOND_NAMES,
    SentenceSimilarity,
    shown_vector,
)
from tui_finetune.builtin.tasks.sentence_texts import encoded_texts, vectors_of
from tui_finetune.builtin.tasks.text_classification import texts_of
from tui_finetune.builtin.tasks.text_search import Candidates, products, searched
from tui_finetune.evaluation.ranks import rank_report
from tui_finetune.plugin_api import Baseline, Decoded, Encoder, LabelSet, Metric, Role, Shape

if TYPE_CHECKING:
    import pyarrow as pa

ROLES = ("text", "text_pair", "negative")
SCALE, MARGIN = 20.0, 0.5


@dataclass(frozen=True)
class Searched:
    """What a row's search found."""

    right: str
    """The text that belongs to the row's first one; of several the one that was found first."""
    similarity: float
    """Of the row's own two texts."""
    negative: float | None = None
    """Of the first text and the one that does not belong to it."""
    first: str = ""
    """The text that was found first."""
    first_similarity: float = 0.0
    rank: int = 0
    """Of `right`, counted from 1."""


class TextRetrieval(SentenceSimilarity):
    """Rows are decoded together: what is found for one hangs on the texts of all."""

    roles: ClassVar[tuple[Role, ...]] = (
        FIRST,
        Role("text_pair", "text", usual_names=SECOND_NAMES, by_name=True, help="A text that belongs to the first."),
    )
    shape: ClassVar[Shape] = "ranks"
    metrics: ClassVar[tuple[str, ...]] = ("ndcg_at_10", "mrr_at_10", "recall_at_1", "recall_at_10")
    together = True

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        return LabelSet.of(())

    def output_width(self, labels: LabelSet) -> int:
        return len(self.roles) * 4

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        return encoded_texts([batch[name] for name in ROLES if name in batch], encoder)

    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        """predicted: the ranks of all texts that belong to a row's first one among the second (and third) texts of all rows;
        gold: how many there are; scores: `Searched`. Of single texts their vectors."""
        names = [name for name in ROLES if name in rows]
        vectors = vectors_of(logits, len(names))
        if len(names) == 1:
            return Decoded(labels, vectors[:, 0].tolist())
        texts = [[str(text or "") for text in rows[name]] for name in names]
        return search_decoded(texts, list(vectors.transpose(1, 0, 2)), labels, options)

    def prediction_schema(self, labels: LabelSet) -> pa.Schema:
        """gold: the text that belongs to the first one; predicted: what was found first; score and gold_score: their
        similarities; rank: gold's place among all; negative_score: the similarity of the text that does not belong to it."""
        import pyarrow as pa

        texts = [pa.field(name, pa.string()) for name in ("gold", "predicted")]
        numbers = [pa.field(name, pa.float32()) for name in ("score", "gold_score", "negative_score")]
        return pa.schema([*texts, *numbers, pa.field("rank", pa.int32())])

    def prediction_columns(self, decoded: Decoded) -> dict[str, list[Any]]:
        if decoded.scores is None:
            nothing = [None] * len(decoded.predicted)
            return dict.fromkeys(("gold", "predicted", "score", "gold_score", "negative_score", "rank"), nothing)
        found: Sequence[Searched] = decoded.scores
        return {
            "gold": [one.right for one in found],
            "predicted": [one.first for one in found],
            "score": [one.first_similarity for one in found],
            "gold_score": [one.similarity for one in found],
            "negative_score": [one.negative for one in found],
            "rank": [one.rank for one in found],
        }

    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """text, and of a pair text_pair and values: similarity; else embedding."""
        if decoded.scores is None:
            return {**texts_of(row), "embedding": decoded.predicted[index]}
        return {**texts_of(row), "values": {"similarity": decoded.scores[index].similarity}}

    def show_answer(self, answer: Mapping[str, Any]) -> list[str]:
        if "embedding" in answer:
            return [shown_vector(answer["embedding"])]
        return [f"{name}  {value:.3f}" for name, value in answer["values"].items()]

    def show_error(self, row: Mapping[str, Any]) -> list[str]:
        return [
            str(row.get("text") or ""),
            f"found first  {row['score']:.3f}  {row['predicted']}",
            f"place {row['rank']:,}  {row['gold_score']:.3f}  {row['gold']}",
        ]

    def baselines(
        self,
        train: Mapping[str, Sequence[Any]],
        test: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        metrics: Sequence[Metric],
    ) -> list[Baseline]:
        from tui_finetune.builtin.tasks.similarity_baselines import search_baselines

        return search_baselines(train, test, labels, metrics)

    def report(self, decoded: Decoded) -> dict[str, Any]:
        return rank_report(decoded)


class Triplets(TextRetrieval):
    roles: ClassVar[tuple[Role, ...]] = (
        *TextRetrieval.roles,
        Role("negative", "text", usual_names=NEGATIVE_NAMES, by_name=True, help="A text that does not belong to it."),
    )
    metrics: ClassVar[tuple[str, ...]] = ("ndcg_at_10", "mrr_at_10", "recall_at_1", "triplet_accuracy")


def search_decoded(
    texts: Sequence[Sequence[str]], vectors: Sequence[Any], labels: LabelSet, options: Mapping[str, Any]
) -> Decoded:
    """texts, vectors: by role; of each a matrix [rows, numbers], dense or sparse."""
    candidates = Candidates.of(texts)
    scale = float(options.get("scale") or SCALE)
    found = searched(candidates, vectors, scale)
    own = products(vectors[0], vectors[1])
    wrong = products(vectors[0], vectors[2]) if len(vectors) > 2 else None
    scores = [
        Searched(
            right=candidates.texts[one.right],
            similarity=float(own[row]),
            negative=None if wrong is None else float(wrong[row]),
            first=candidates.texts[one.first],
            first_similarity=one.similarity,
            rank=one.ranks[0],
        )
        for row, one in enumerate(found)
    ]
    if options.get("loss") == "triplet" and wrong is not None:
        losses = np.maximum(wrong - own + float(options.get("margin") or MARGIN), 0.0)
    else:
        losses = np.array([one.log_sum for one in found]) - scale * own
    return Decoded(labels, [list(one.ranks) for one in found], [len(one.ranks) for one in found], scores, losses)


@cache
def text_retrieval(triplets: bool) -> TextRetrieval:
    return Triplets() if triplets else TextRetrieval()
