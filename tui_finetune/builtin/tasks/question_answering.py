"""question-answering, the light half: the piece of a context that answers a question, or that there is none.

A long context is read in windows that overlap; of several right answers a window learns the first that is whole in it,
and that there is none where none is. What is said of a row is the best span of all its windows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tui_finetune.builtin.tasks.answer_search import (
    NULL,
    Feature,
    Found,
    best_answers,
    best_threshold,
    probabilities,
    token_span,
)
from tui_finetune.builtin.tasks.answer_texts import all_texts, spans_of
from tui_finetune.builtin.tasks.text_classification import log_softmax
from tui_finetune.errors import UserError
from tui_finetune.evaluation.squad import best_f1, f1_of, is_exact, right_texts
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
    features_of_rows,
    row_of_each,
)

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

DOC_STRIDE, LONGEST_ANSWER, N_BEST = 128, 30, 20
TUNED = "tuned"
SHOWN = 5
"""Answers that a prediction lists."""


class QuestionAnswering(Task):
    name = "question-answering"
    title = "Extractive question answering"
    help = "The piece of a context that answers a question, or that there is none."
    pipeline_tag = "question-answering"
    roles = (
        Role("question", "text", usual_names=("question", "query"), help="What is asked."),
        Role(
            "context",
            "text",
            usual_names=("context", "passage", "paragraph", "document"),
            help="Where the answer stands.",
        ),
        Role(
            "answers",
            "answers",
            gold=True,
            usual_names=("answers", "answer"),
            help="Right answers with the character at which each begins, as SQuAD has them; none where there is no answer.",
        ),
    )
    heavy = "tui_finetune.builtin.heads.question_answering:QuestionAnsweringHead"
    shape = "answers"
    metrics = ("f1", "exact_match")
    architectures = ("ForQuestionAnswering",)
    windowed = True
    form_fields = (
        FormField("data.columns.question", "Column of the questions."),
        FormField("data.columns.context", "Column of the texts that the answers stand in."),
        FormField("data.columns.answers", "Column of the answers: texts and the characters where they begin."),
    )
    refused_arguments: ClassVar[Mapping[str, str]] = {
        "label_smoothing_factor": "the answers' first and last tokens are learnt as they are"
    }

    def __init__(self, doc_stride: int | None = None) -> None:
        if doc_stride is not None:
            self._doc_stride = doc_stride

    def variant(self, options: Mapping[str, Any]) -> Task:
        stride = options.get("doc_stride")
        return QuestionAnswering(stride) if isinstance(stride, int) and stride >= 0 else self

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.tasks.answer_options import QuestionAnsweringOptions

        return QuestionAnsweringOptions

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        """The model's two numbers a token."""
        return LabelSet.of(["start", "end"])

    # Data -> model

    def encode(self, batch: Mapping[str, Sequence[Any]], encoder: Encoder, labels: LabelSet) -> dict[str, list[Any]]:
        questions, contexts = batch["question"], batch["context"]
        windows = encoder.windows(questions, contexts, getattr(self, "_doc_stride", DOC_STRIDE))
        index = row_of_each(windows)
        features = [window for row in windows for window in row]
        columns: dict[str, list[Any]] = {"input_ids": [one.ids for one in features]}
        if any(one.type_ids for one in features):
            columns["token_type_ids"] = [one.type_ids for one in features]
        places = [_context_places(one) for one in features]
        if "answers" in batch:
            spans = [spans_of(context, value) for context, value in zip(contexts, batch["answers"], strict=True)]
            learnt = [_positions(starts, ends, spans[row]) for (starts, ends), row in zip(places, index, strict=True)]
            columns["start_positions"] = [start for start, _ in learnt]
            columns["end_positions"] = [end for _, end in learnt]
        columns["length"] = [one.length for one in features]
        columns["truncated"] = [_question_is_cut(one, questions[row]) for one, row in zip(features, index, strict=True)]
        columns["context_starts"] = [starts.tolist() for starts, _ in places]
        columns["context_ends"] = [ends.tolist() for _, ends in places]
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
        """predicted: a text, empty for no answer; scores: a row's `answers`, `null` and `margin`, see `_said`."""
        places = features_of_rows(rows[ROW_INDEX])
        n_best, longest = int(options.get("n_best") or N_BEST), int(options.get("max_answer_length") or LONGEST_ANSWER)
        threshold = _threshold(options)
        predicted, scores = [], []
        for row, of_row in enumerate(places):
            features = [_feature(logits[one], rows, one) for one in of_row]
            said = _said(best_answers(features, n_best, longest), rows["context"][row] or "", threshold)
            predicted.append(said["text"])
            scores.append(said)
        gold = None
        if "answers" in rows and all(value is not None for value in rows["answers"]):
            gold = all_texts(rows["answers"])
        return Decoded(labels, predicted, gold, scores, _losses(logits, rows, places) if gold is not None else None)

    def tuned(self, decoded: Decoded, options: Mapping[str, Any]) -> dict[str, Any]:
        """null_threshold by the best F1, where there are questions without an answer and nobody has said it."""
        said = options.get("null_threshold")
        if said not in (None, TUNED) or decoded.gold is None or decoded.scores is None:
            return dict(options)
        if all(right_texts(gold) != [""] for gold in decoded.gold):
            return dict(options)
        answered = [one["answers"][0]["text"] if one["answers"] else "" for one in decoded.scores]
        threshold = best_threshold(
            [one["margin"] for one in decoded.scores],
            [best_f1(text, gold) for text, gold in zip(answered, decoded.gold, strict=True)],
            [best_f1("", gold) for gold in decoded.gold],
        )
        return {**options, "null_threshold": round(threshold, 4)}

    def prediction_schema(self, labels: LabelSet) -> pa.Schema:
        """gold: of the right answers the one nearest to what was said, written as that where SQuAD takes the two for the same;
        empty where there is no answer. golds: all of them as the data has them. start and end: characters of the context."""
        import pyarrow as pa

        return pa.schema(
            [
                pa.field("gold", pa.string()),
                pa.field("predicted", pa.string()),
                pa.field("score", pa.float32()),
                pa.field("start", pa.int32()),
                pa.field("end", pa.int32()),
                pa.field("f1", pa.float32()),
                pa.field("golds", pa.list_(pa.string())),
            ]
        )

    def prediction_columns(self, decoded: Decoded) -> dict[str, list[Any]]:
        said = list(decoded.scores or ())
        gold = list(decoded.gold) if decoded.gold is not None else None
        return {
            "gold": [None] * len(said) if gold is None else list(map(_nearest, decoded.predicted, gold)),
            "predicted": list(decoded.predicted),
            "score": [one["score"] for one in said],
            "start": [one["start"] for one in said],
            "end": [one["end"] for one in said],
            "f1": [None] * len(said) if gold is None else list(map(best_f1, decoded.predicted, gold)),
            "golds": [None] * len(said) if gold is None else gold,
        }

    def answer(self, decoded: Decoded, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """question, context, answer (empty where there is none), its score and characters, and the likeliest answers."""
        assert decoded.scores is not None
        said = decoded.scores[index]
        return {
            "question": row.get("question") or "",
            "context": row.get("context") or "",
            "answer": said["text"],
            "score": said["score"],
            "start": said["start"],
            "end": said["end"],
            "no_answer": said["null"],
            "answers": said["answers"][:SHOWN],
        }

    def show_answer(self, answer: Mapping[str, Any]) -> list[str]:
        first = answer["answer"] or "no answer"
        place = f"  ({answer['start']}-{answer['end']})" if answer["answer"] else ""
        others = [f"{one['text']}  {one['score']:.3f}" for one in answer["answers"] if one["text"] != answer["answer"]]
        return [f"{first}  {answer['score']:.3f}{place}", *(f"  {line}" for line in others)]

    def show_error(self, row: Mapping[str, Any]) -> list[str]:
        golds = row.get("golds") or []
        return [
            f"question   {row['question']}",
            f"predicted  {row['predicted'] or 'no answer'}",
            f"gold       {' | '.join(golds) or 'no answer'}",
        ]

    def baselines(
        self,
        train: Mapping[str, Sequence[Any]],
        test: Mapping[str, Sequence[Any]],
        labels: LabelSet,
        metrics: Sequence[Metric],
    ) -> list[Baseline]:
        from tui_finetune.builtin.tasks.answer_baselines import answer_baselines

        return answer_baselines(test["question"], test["context"], all_texts(test["answers"]), labels, metrics)

    def report(self, decoded: Decoded) -> dict[str, Any]:
        """`answers`: questions with and without an answer apart, as SQuAD 2 tells them."""
        if decoded.gold is None:
            return {}
        rows = list(zip(decoded.predicted, decoded.gold, strict=True))
        parts = {
            "with_answer": [(said, gold) for said, gold in rows if right_texts(gold) != [""]],
            "without_answer": [(said, gold) for said, gold in rows if right_texts(gold) == [""]],
        }
        return {
            "answers": {
                name: {
                    "rows": len(part),
                    "answered": sum(bool(said) for said, _ in part),
                    "exact_match": float(np.mean([is_exact(*one) for one in part])),
                    "f1": float(np.mean([best_f1(*one) for one in part])),
                }
                for name, part in parts.items()
                if part
            }
        }

    def input_row(self, text: str, pair: str | None = None) -> dict[str, Any]:
        """text is the question, pair the context."""
        if pair is None:
            raise UserError("question-answering reads a question and its context: the context goes into --pair.")
        return {"question": text, "context": pair}


def _context_places(encoded: Encoded) -> tuple[np.ndarray, np.ndarray]:
    """First and last character of each token in the context, -1 for those outside it."""
    inside = np.array([part == 1 for part in encoded.sequence_ids], dtype=bool)
    places = np.asarray(encoded.offsets, dtype=np.int32).reshape(-1, 2)
    return np.where(inside, places[:, 0], -1), np.where(inside, places[:, 1], -1)


def _positions(starts: np.ndarray, ends: np.ndarray, spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """First and last token of the first answer that is whole in the window; `NULL` twice where none is."""
    found = (token_span(starts, ends, span) for span in spans)
    return next((one for one in found if one is not None), (NULL, NULL))


def _question_is_cut(encoded: Encoded, question: str) -> bool:
    """A question that takes more than half of the room loses its end."""
    asked = [place for place, part in zip(encoded.offsets, encoded.sequence_ids, strict=True) if part == 0]
    return 2 * len(asked) >= len(encoded.ids) - 4 and bool(asked) and asked[-1][1] < len(question.rstrip())


def _feature(logits: np.ndarray, rows: Mapping[str, Sequence[Any]], place: int) -> Feature:
    return Feature(logits, np.asarray(rows["context_starts"][place]), np.asarray(rows["context_ends"][place]))


def _threshold(options: Mapping[str, Any]) -> float | None:
    """The margin above which no answer is given; None where one is always given."""
    said = options.get("null_threshold")
    return float(said) if isinstance(said, int | float) else None


def _said(found: Found, context: str, threshold: float | None) -> dict[str, Any]:
    """What is said of a row: `text`, `start`, `end` and `score` of the answer that is given, the best `answers`, the share of
    no answer (`null`, where that can be said), and `margin`: its score above the best answer's."""
    none = not found.spans or (threshold is not None and found.margin > threshold)
    with_null = threshold is not None or not found.spans
    shares = probabilities(np.append(found.scores, found.null) if with_null else found.scores)
    answers = [
        {"text": context[start:end], "start": start, "end": end, "score": float(share)}
        for (start, end), share in zip(found.spans, shares, strict=False)
    ]
    null = float(shares[-1]) if with_null else None
    given = {"text": "", "start": None, "end": None, "score": null} if none else answers[0]
    return {**given, "answers": answers, "null": null, "margin": found.margin}


def _losses(
    logits: Sequence[np.ndarray], rows: Mapping[str, Sequence[Any]], places: Sequence[Sequence[int]]
) -> np.ndarray:
    """Of each row the mean of its windows' losses, which are the model's: the mean of those of start and end."""
    learnt = zip(logits, rows["start_positions"], rows["end_positions"], strict=True)
    each = [-(log_softmax(one.T)[[0, 1], [start, end]]).mean() for one, start, end in learnt]
    return np.array([np.mean([each[place] for place in of_row]) for of_row in places])


def _nearest(said: str, gold: Sequence[str]) -> str:
    """Of the right answers the nearest; what was said itself, where that is right."""
    if is_exact(said, gold):
        return said
    return max(right_texts(gold), key=lambda text: f1_of(said, text))
