"""sentence-similarity, the light half: a vector for each text, so that what is alike lies close together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from tui_finetune.builtin.tasks.sentence_texts import encoded_texts, vectors_of
from tui_finetune.builtin.tasks.text_classification import texts_of
from tui_finetune.errors import DataError, Problem
from tui_finetune.evaluation.numbers import number_report
from tui_finetune.plugin_api import Baseline, Decoded, Encoder, FormField, LabelSet, Metric, Role, Shape, Task

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

SCORED, PAIRS, TRIPLETS = "scored", "pairs", "triplets"
Range = tuple[float, float]
SHOWN_NUMBERS = 6
"""Of a vector, for a person."""
FIRST = Role(
    "text",
    "text",
    usual_names=("text", "sentence1", "text1", "anchor", "query", "question", "sentence", "premise", "first"),
    help="The first text.",
)
SECOND_NAMES = ("text_pair", "sentence2", "text2", "positive", "pos", "answer", "passage", "document", "hypothesis")
NEGATIVE_NAMES = ("negative", "neg", "hard_negative", "negative_passage", "distractor")
SCORE_NAMES = (
    "score",
    "similarity",
    "similarity_score",
    "relatedness_score",
    "gold_score",
    "label",
    "is_duplicate",
    "rating",
    "quality",
)


class SentenceSimilarity(Task):
    """Texts with a score of how alike they are; its variants learn from texts that belong together."""

    name = "sentence-similarity"
    title = "Sentence similarity"
    help: ClassVar[str] = "A vector for each text, from texts that are alike: search, duplicates, clusters."
    pipeline_tag = "sentence-similarity"
    roles: ClassVar[tuple[Role, ...]] = (
        FIRST,
        Role("text_pair", "text", usual_names=SECOND_NAMES, help="The second text."),
        Role(
            "score",
            "number",
            gold=True,
            usual_names=SCORE_NAMES,
            otherwise='Without scores: task_options.rows = "pairs" or "triplets".',
            help="How alike the two are.",
        ),
    )
    heavy: ClassVar[str] = "tui_finetune.builtin.heads.sentence_similarity:SentenceSimilarityHead"
    shape: ClassVar[Shape] = "numbers"
    metrics: ClassVar[tuple[str, ...]] = ("spearman", "pearson")
    form_fields: ClassVar[tuple[FormField, ...]] = (
        FormField("data.columns.text", "Column of the first text."),
        FormField("data.columns.text_pair", "Column of the second text."),
        FormField("data.columns.score", "Column of the score, where rows are scored."),
        FormField("data.columns.negative", "Column of a text that does not belong to the first, of triplets."),
    )
    refused_arguments: ClassVar[Mapping[str, str]] = {"label_smoothing_factor": "texts have no labels here"}
    typed_pair: ClassVar[Literal["optional", "yes"] | None] = "optional"
    range: ClassVar[Range | None] = None
    loss: ClassVar[str | None] = None

    def variant(self, options: Mapping[str, Any]) -> Task:
        rows, loss = options.get("rows"), options.get("loss")
        if rows in (PAIRS, TRIPLETS):
            from tui_finetune.builtin.tasks.text_retrieval import text_retrieval

            return text_retrieval(rows == TRIPLETS)
        return _scored(_range(options.get("range")), loss if isinstance(loss, str) else None)

    def variants(self) -> tuple[Mapping[str, Any], ...]:
        return {}, {"rows": TRIPLETS}, {"rows": PAIRS}

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.tasks.similarity_options import SimilarityOptions

        return SimilarityOptions

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        """The score alone. Raises DataError for scores outside the range, or that the loss cannot be of."""
        scores = _scores(values.drop_null().to_pylist())
        if not len(scores):
            raise DataError(Problem("the score column holds nothing.", key="data.columns"))
        found = float(scores.min()), float(scores.max())
        low, high = self.range or (-1.0, 1.0)
        if found[0] < low or found[1] > high:
            outside = int(((scores < low) | (scores > high)).sum())
            hint = f"Say what they lie between: task_options.range = [{min(0.0, found[0]):g}, {found[1]:g}]."
            message = f"{outside:,} of {len(scores):,} scores are outside {low:g} to {high:g}."
            raise DataError(Problem(message, key="task_options.range", hint=hint))
        if self.loss == "contrastive" and not set(self._scaled(scores).tolist()) <= {0.0, 1.0}:
            hint = "Take cosent or cosine for scores of all kinds."
            raise DataError(Problem("contrastive needs scores of two values.", "task_options.loss", hint=hint))
        return LabelSet.of(("score",))

    def output_width(self, labels: LabelSet) -> int:
        """A multiple of this: two texts of any number of numbers."""
        return 2 * 4

    # Data -> model

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        columns = encoded_texts([batch[name] for name in ("text", "text_pair") if name in batch], encoder)
        if "score" in batch:
            columns["labels"] = self._scaled(_scores(batch["score"])).tolist()
        return columns

    def _scaled(self, scores: np.ndarray) -> np.ndarray:
        """As similarities."""
        low, high = self.range or (0.0, 1.0)
        scaled: np.ndarray = (scores - low) / (high - low)
        return scaled

    # Model -> person

    def decode(
        self,
        logits: Sequence[np.ndarray],
        rows: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        options: Mapping[str, Any],
    ) -> Decoded:
        """The similarities in the units of the scores; of single texts their vectors. scores: the cosines."""
        texts = _texts_a_row(rows)
        vectors = vectors_of(logits, texts)
        if texts == 1:
            return Decoded(labels, vectors[:, 0].tolist())
        similar = (vectors[:, 0] * vectors[:, 1]).sum(axis=-1)
        low, high = self.range or (0.0, 1.0)
        gold = _gold(rows, low, high)
        losses = None if gold is None else _losses(similar, self._scaled(gold), options)
        said = (low + similar * (high - low)).tolist()
        return Decoded(labels, said, None if gold is None else gold.tolist(), similar.tolist(), losses)

    def prediction_schema(self, labels: LabelSet) -> pa.Schema:
        """gold and predicted in the units of the scores, similarity (the cosine), error: how far apart they are."""
        import pyarrow as pa

        return pa.schema([pa.field(name, pa.float64()) for name in ("gold", "predicted", "similarity", "error")])

    def prediction_columns(self, decoded: Decoded) -> dict[str, list[Any]]:
        said, count = list(decoded.predicted), len(decoded.predicted)
        columns = {"predicted": said, "similarity": list(decoded.scores or [None] * count)}
        if decoded.gold is None:
            return {"gold": [None] * count, "error": [None] * count, **columns}
        apart = [abs(a - b) for a, b in zip(said, decoded.gold, strict=True)]
        return {"gold": list(decoded.gold), "error": apart, **columns}

    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """text, and of a pair text_pair and values: similarity, and score where there is a range; else embedding."""
        if decoded.scores is None:
            return {**texts_of(row), "embedding": decoded.predicted[index]}
        values = {"similarity": float(decoded.scores[index])}
        score = {} if self.range is None else {"score": float(decoded.predicted[index])}
        return {**texts_of(row), "values": values | score}

    def show_answer(self, answer: Mapping[str, Any]) -> list[str]:
        if "embedding" in answer:
            return [shown_vector(answer["embedding"])]
        return [f"{name}  {value:.3f}" for name, value in answer["values"].items()]

    def show_error(self, row: Mapping[str, Any]) -> list[str]:
        said = [f"{name:<10} {row[name]:.3f}" for name in ("predicted", "gold") if row.get(name) is not None]
        return [*texts_of(row).values(), *said]

    def baselines(
        self,
        train: Mapping[str, Sequence[Any]],
        test: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        metrics: Sequence[Metric],
    ) -> list[Baseline]:
        from tui_finetune.builtin.tasks.similarity_baselines import similarity_baselines

        low, high = self.range or (0.0, 1.0)
        return similarity_baselines(train, test, lambda similar: low + similar * (high - low), labels, metrics)

    def report(self, decoded: Decoded) -> dict[str, Any]:
        return number_report(decoded)


@cache
def _scored(range: Range | None, loss: str | None) -> SentenceSimilarity:
    found: SentenceSimilarity = type("SentenceSimilarity", (SentenceSimilarity,), {"range": range, "loss": loss})()
    return found


def shown_vector(vector: Sequence[float]) -> str:
    """`384 numbers: 0.012, -0.034 …`."""
    first = ", ".join(f"{one:.3f}" for one in vector[:SHOWN_NUMBERS])
    return f"{len(vector):,} numbers: {first}{' …' if len(vector) > SHOWN_NUMBERS else ''}"


def _texts_a_row(rows: Mapping[str, Sequence[Any]]) -> int:
    return 1 + len(rows["other_ids"][0]) if len(rows["other_ids"]) else 2


def _range(given: Any) -> Range | None:
    numbers = isinstance(given, list | tuple) and len(given) == 2 and all(isinstance(v, int | float) for v in given)
    return (float(given[0]), float(given[1])) if numbers and given[0] < given[1] else None


def _scores(given: Sequence[Any]) -> np.ndarray:
    """Shape [rows]. Raises DataError where one is a list, or not finite."""
    if any(isinstance(one, list | tuple | np.ndarray) for one in given):
        raise DataError(Problem("the score column holds lists; one number a row is needed.", "data.columns.score"))
    found = np.asarray(given, dtype=np.float64)
    if not np.isfinite(found).all():
        raise DataError(Problem("the score column holds numbers that are not finite.", key="data.columns.score"))
    return found


def _gold(rows: Mapping[str, Sequence[Any]], low: float, high: float) -> np.ndarray | None:
    given = rows.get("score")
    if given is not None and all(value is not None for value in given):
        return _scores(given)
    return low + np.asarray(rows["labels"], dtype=np.float64) * (high - low) if "labels" in rows else None


def _losses(similar: np.ndarray, wanted: np.ndarray, options: Mapping[str, Any]) -> np.ndarray | None:
    """The loss of each row, where the loss is one of rows."""
    loss = options.get("loss")
    found: np.ndarray
    if loss == "cosine":
        found = np.square(similar - wanted)
        return found
    if loss == "contrastive":
        far = np.maximum(float(options.get("margin") or 0.5) - (1 - similar), 0.0)
        found = (wanted * np.square(1 - similar) + (1 - wanted) * np.square(far)) / 2
        return found
    return None  # cosent is one of all pairs of rows
