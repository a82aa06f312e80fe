"""question-answering, light half: windows, places of answers in any script, the search for the best one, SQuAD's figures."""

from __future__ import annotations

import collections
import re
import string
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tui_finetune.builtin.answer_metrics import ANSWER_METRICS
from tui_finetune.builtin.tasks.answer_search import NULL, best_threshold, token_span
from tui_finetune.builtin.tasks.answer_texts import answers_of, span_in, spans_of
from tui_finetune.builtin.tasks.question_answering import QuestionAnswering
from tui_finetune.errors import DataError, UserError
from tui_finetune.evaluation.measure import measure
from tui_finetune.evaluation.squad import best_f1, is_exact, signs_of
from tui_finetune.plugin_api import ROW_INDEX, Decoded, LabelSet
from tui_finetune.plugin_api.testing import PieceEncoder, check_metric, check_task

TASK = QuestionAnswering()
LABELS = LabelSet.of(["start", "end"])
CONTEXT = "Ada Lovelace was born in London in 1815 and died there in 1852."
DRAW = np.random.default_rng(3)


def answers(*texts: str, context: str = CONTEXT) -> list[dict[str, Any]]:
    return [{"text": text, "answer_start": context.index(text)} for text in texts]


def row(*texts: str, context: str = CONTEXT, question: str = "Where was she born?") -> dict[str, list[Any]]:
    return {"question": [question], "context": [context], "answers": [answers(*texts, context=context)]}


def decoded_saying(rows: dict[str, list[Any]], said: list[tuple[int, int]], room: int = 64, **options: Any) -> Decoded:
    """What is decoded where the model of each feature says a first and a last token."""
    encoded = TASK.encode(rows, PieceEncoder(room), LABELS)
    logits = []
    for place, ids in enumerate(encoded["input_ids"]):
        one = np.zeros((len(ids), 2), dtype=np.float32)
        one[said[place][0], 0] += 5
        one[said[place][1], 1] += 5
        logits.append(one)
    return TASK.decode(logits, {**rows, **encoded}, LABELS, options)


def test_the_kit() -> None:
    check_task(TASK)
    for metric in ANSWER_METRICS:
        check_metric(metric)


class TestAnswersOfRows:
    def test_both_ways_of_writing(self) -> None:
        listed = [{"text": "a", "answer_start": 3}, {"text": "b", "answer_start": None}]
        assert answers_of(listed) == [("a", 3), ("b", None)]
        assert answers_of({"text": ["a", "b"], "answer_start": [3]}) == [("a", 3), ("b", None)]
        assert answers_of({"text": [], "answer_start": []}) == answers_of([]) == answers_of(None) == []

    @pytest.mark.parametrize(
        ("context", "text", "told", "found"),
        [
            ("one two one", "one", 0, (0, 3)),
            ("one two one", "one", 8, (8, 11)),
            ("one two one", "one", 6, (8, 11)),  # told in other units: the nearest
            ("one two one", "one", None, (0, 3)),
            ("ولدت في لندن عام 1815", "لندن", 8, (8, 12)),
            ("出生于伦敦，1815年", "伦敦", 3, (3, 5)),
            ("😀 é in Köln", "Köln", 11, (7, 11)),  # told in UTF-16 or bytes
            ("one", "two", 0, None),
            ("", "two", 0, None),
        ],
    )
    def test_places(self, context: str, text: str, told: int | None, found: tuple[int, int] | None) -> None:
        assert span_in(context, (text, told)) == found

    def test_an_answer_that_is_not_there_is_named(self) -> None:
        with pytest.raises(DataError, match="the answer 'Paris' does not stand in its context, 'Ada Lovelace was"):
            spans_of(CONTEXT, [{"text": "Paris", "answer_start": 4}])
        assert spans_of(CONTEXT, [{"text": "Paris", "answer_start": 4}, *answers("London")]) == [(25, 31)]


class TestEncoding:
    def test_tokens_of_the_answer(self) -> None:
        found = TASK.encode(row("London"), PieceEncoder(), LABELS)
        start, end = found["start_positions"][0], found["end_positions"][0]
        assert (found["context_starts"][0][start], found["context_ends"][0][end]) == (25, 31)
        assert (found[ROW_INDEX], found["truncated"]) == ([0], [False])

    def test_windows_without_the_answer_learn_that_there_is_none(self) -> None:
        task = TASK.variant({"doc_stride": 2})
        found = task.encode(row("London"), PieceEncoder(18), LABELS)
        assert found[ROW_INDEX] == [0] * len(found["input_ids"])
        seen = [
            (starts[start], ends[end])
            for start, end, starts, ends in zip(
                found["start_positions"],
                found["end_positions"],
                found["context_starts"],
                found["context_ends"],
                strict=True,
            )
        ]
        assert set(seen) == {(25, 31), (-1, -1)}
        assert {start for start, place in zip(found["start_positions"], seen, strict=True) if place[0] < 0} == {NULL}

    def test_the_first_answer_that_is_whole_in_a_window_is_learnt(self) -> None:
        found = TASK.variant({"doc_stride": 0}).encode(row("Ada Lovelace", "1852"), PieceEncoder(18), LABELS)
        learnt = list(zip(found["start_positions"], found["context_starts"], strict=True))
        assert [starts[start] for start, starts in learnt if start != NULL] == [0, 58]

    def test_a_question_that_is_too_long_is_told(self) -> None:
        found = TASK.encode(row("London", question="why " * 40), PieceEncoder(32), LABELS)
        assert set(found["truncated"]) == {True}

    @pytest.mark.parametrize("room", [16, 24, 64])
    def test_several_rows(self, room: int) -> None:
        one, none = row("London"), row()
        rows = {name: [*one[name], *none[name], *one[name]] for name in one}
        found = TASK.encode(rows, PieceEncoder(room), LABELS)
        assert sorted(set(found[ROW_INDEX])) == [0, 1, 2]
        middle = [place for place, index in enumerate(found[ROW_INDEX]) if index == 1]
        assert {found["start_positions"][place] for place in middle} == {NULL}


@pytest.mark.parametrize(
    ("span", "tokens"), [((2, 4), (1, 1)), ((2, 9), (1, 3)), ((3, 8), (1, 3)), ((0, 4), None), ((7, 12), None)]
)
def test_tokens_of_characters(span: tuple[int, int], tokens: tuple[int, int] | None) -> None:
    starts, ends = np.array([-1, 2, 4, 7, -1]), np.array([-1, 4, 6, 9, -1])
    assert token_span(starts, ends, span) == tokens


class TestDecoding:
    def test_the_text_is_the_context_s(self) -> None:
        encoded = TASK.encode(row("London"), PieceEncoder(), LABELS)
        start, end = encoded["start_positions"][0], encoded["end_positions"][0]
        found = decoded_saying(row("London"), [(start, end)])
        assert (found.predicted, found.gold) == (["London"], [["London"]])
        answer = TASK.answer(found, 0, {"question": "q", "context": CONTEXT})
        assert (answer["answer"], answer["start"], answer["end"]) == ("London", 25, 31)
        assert CONTEXT[answer["start"] : answer["end"]] == answer["answer"]
        assert found.losses is not None

    @pytest.mark.parametrize("threshold", [None, 0.0, 11.0])
    def test_no_answer_above_the_threshold(self, threshold: float | None) -> None:
        found = decoded_saying(row(), [(NULL, NULL)], null_threshold=threshold)
        assert found.predicted == ([""] if threshold == 0.0 else ["Ada"])
        assert found.scores is not None
        assert found.scores[0]["margin"] == pytest.approx(10.0)
        assert TASK.show_answer(TASK.answer(found, 0, {}))[0].startswith("no answer" if threshold == 0.0 else "Ada")

    def test_an_empty_context_has_no_answer(self) -> None:
        found = decoded_saying(row(context=""), [(NULL, NULL)])
        assert found.predicted == [""]
        assert TASK.prediction_columns(found)["gold"] == [""]

    def test_one_that_is_too_long_is_not_given(self) -> None:
        found = decoded_saying(row(), [(6, 20)], max_answer_length=3)
        assert len(found.predicted[0].split()) <= 3

    def test_what_is_stored_is_right_where_squad_says_so(self) -> None:
        found = Decoded(LABELS, ["the london"], [["London.", "x"]], [{"score": 1.0, "start": 0, "end": 1}])
        stored = TASK.prediction_columns(found)
        assert (stored["gold"], stored["golds"], stored["f1"]) == (["the london"], [["London.", "x"]], [1.0])
        wrong = Decoded(LABELS, ["in London"], [["Paris", "London"]], [{"score": 1.0, "start": 0, "end": 1}])
        assert TASK.prediction_columns(wrong)["gold"] == ["London"]


# The reference: squad's own evaluation, written out again


def reference_normal(text: str) -> str:
    def remove_articles(s: str) -> str:
        return re.sub(re.compile(r"\b(a|an|the)\b", re.UNICODE), " ", s)

    def white_space_fix(s: str) -> str:
        return " ".join(s.split())

    def remove_punctuation(s: str) -> str:
        exclude = set(string.punctuation)
        return "".join(ch for ch in s if ch not in exclude)

    return white_space_fix(remove_articles(remove_punctuation(text.lower())))


def reference_exact(gold: str, said: str) -> int:
    return int(reference_normal(gold) == reference_normal(said))


def reference_f1(gold: str, said: str) -> float:
    gold_tokens, said_tokens = reference_normal(gold).split(), reference_normal(said).split()
    common = collections.Counter(gold_tokens) & collections.Counter(said_tokens)
    same = sum(common.values())
    if len(gold_tokens) == 0 or len(said_tokens) == 0:
        return int(gold_tokens == said_tokens)
    if same == 0:
        return 0
    precision, recall = 1.0 * same / len(said_tokens), 1.0 * same / len(gold_tokens)
    return (2 * precision * recall) / (precision + recall)


def reference_rows(said: list[str], gold: list[list[str]]) -> tuple[list[float], list[float]]:
    exact, f1 = [], []
    for one, right in zip(said, gold, strict=True):
        kept = [text for text in right if reference_normal(text)] or [""]
        exact.append(float(max(reference_exact(text, one) for text in kept)))
        f1.append(max(reference_f1(text, one) for text in kept))
    return exact, f1


PARTS = [
    "the",
    "The",
    "a",
    "An",
    "cat",
    "cat's",
    "U.S.",
    "1,000",
    "伦敦",
    "لندن",
    "naïve",
    "—",
    "",
    "…",
    "-",
    "Theatre",
]


def drawn_text() -> str:
    return " ".join(DRAW.choice(PARTS, size=DRAW.integers(0, 5)).tolist())


def test_figures_are_the_reference_s() -> None:
    said = [drawn_text() for _ in range(400)]
    gold = [[drawn_text() for _ in range(DRAW.integers(0, 4))] for _ in said]
    exact, f1 = reference_rows(said, gold)
    assert [float(is_exact(*pair)) for pair in zip(said, gold, strict=True)] == exact
    assert [best_f1(*pair) for pair in zip(said, gold, strict=True)] == pytest.approx(f1, abs=1e-12)
    found = measure(Decoded(LABELS, said, gold), ANSWER_METRICS)
    assert found["exact_match"] == pytest.approx(np.mean(exact), abs=1e-12)
    assert found["f1"] == pytest.approx(np.mean(f1), abs=1e-12)


def test_f1_by_signs_has_no_need_of_blanks() -> None:
    found = measure(Decoded(LABELS, ["在伦敦"], [["伦敦"]]), ANSWER_METRICS)
    assert (found["exact_match"], found["f1"]) == (0.0, 0.0)
    assert found["f1_signs"] == pytest.approx(0.8)
    assert signs_of("The 伦敦 of 1815年.") == ["伦", "敦", "of", "1815", "年"]


def reference_post_processing(
    features: list[dict[str, Any]], context: str, n_best_size: int, max_answer_length: int, threshold: float | None
) -> tuple[str, float]:
    """postprocess_qa_predictions of transformers' example, for one row, written out again: the text, and the null score."""
    null: float | None = None
    found: list[dict[str, Any]] = []
    for feature in features:
        start_logits, end_logits = feature["start"], feature["end"]
        offsets = feature["offsets"]
        feature_null = start_logits[0] + end_logits[0]
        if null is None or null > feature_null:
            null = feature_null
        for start in np.argsort(start_logits)[-1 : -n_best_size - 1 : -1].tolist():
            for end in np.argsort(end_logits)[-1 : -n_best_size - 1 : -1].tolist():
                if offsets[start] is None or offsets[end] is None:
                    continue
                if end < start or end - start + 1 > max_answer_length:
                    continue
                found.append(
                    {"offsets": (offsets[start][0], offsets[end][1]), "score": start_logits[start] + end_logits[end]}
                )
    assert null is not None
    best = max(found, key=lambda one: one["score"]) if found else None
    if best is None:
        return "", float(null)
    text = context[best["offsets"][0] : best["offsets"][1]]
    if threshold is not None and null - best["score"] > threshold:
        text = ""
    return text, float(null)


@pytest.mark.parametrize("threshold", [None, 0.0, -3.0])
@pytest.mark.parametrize("room", [20, 64])
def test_post_processing_is_that_of_the_library_s_example(threshold: float | None, room: int) -> None:
    task = TASK.variant({"doc_stride": 4})
    for _ in range(20):
        encoded = task.encode(row("London"), PieceEncoder(room), LABELS)
        logits = [DRAW.normal(scale=3, size=(len(ids), 2)).astype(np.float32) for ids in encoded["input_ids"]]
        rows = {**row("London"), **encoded}
        found = task.decode(logits, rows, LABELS, {"null_threshold": threshold, "max_answer_length": 6})
        features = [
            {
                "start": one[:, 0],
                "end": one[:, 1],
                "offsets": [
                    None if start < 0 else (start, end)
                    for start, end in zip(encoded["context_starts"][place], encoded["context_ends"][place], strict=True)
                ],
            }
            for place, one in enumerate(logits)
        ]
        said, null = reference_post_processing(features, CONTEXT, 1000, 6, threshold)
        assert found.predicted == [said]
        assert found.scores is not None
        best = logits_of_best(features, 6)
        assert found.scores[0]["margin"] == pytest.approx(null - best, abs=1e-5)
        assert sum(one["score"] for one in found.scores[0]["answers"]) + (
            found.scores[0]["null"] or 0
        ) == pytest.approx(1)


def logits_of_best(features: list[dict[str, Any]], longest: int) -> float:
    return max(
        float(one["start"][start] + one["end"][end])
        for one in features
        for start, place in enumerate(one["offsets"])
        for end in range(start, min(start + longest, len(one["offsets"])))
        if place is not None and one["offsets"][end] is not None
    )


class TestThreshold:
    def test_the_best_is_found(self) -> None:
        for _ in range(50):
            margins = np.round(DRAW.normal(size=12), 1)
            with_answer, without = DRAW.random(12), DRAW.integers(0, 2, 12).astype(float)
            found = best_threshold(margins.tolist(), with_answer.tolist(), without.tolist())
            tried = [*(margins + 0.05), margins.min() - 1]
            sums = [float(np.where(margins > one, without, with_answer).sum()) for one in tried]
            assert float(np.where(margins > found, without, with_answer).sum()) == pytest.approx(max(sums))

    def test_rows_without_any_answer_draw_no_line(self) -> None:
        assert best_threshold([np.inf], [0.0], [1.0]) == 0.0
        assert best_threshold([1.0, np.inf], [1.0, 1.0], [0.0, 1.0]) == 2.0

    def test_it_is_tuned_where_questions_have_no_answer(self) -> None:
        said = [{"answers": [{"text": "x"}], "margin": margin} for margin in (-4.0, 2.0)]
        scored = Decoded(LABELS, ["x", "x"], [["x"], []], said)
        assert TASK.tuned(scored, {"n_best": 5}) == {"n_best": 5, "null_threshold": -1.0}
        assert TASK.tuned(scored, {"null_threshold": 0.5}) == {"null_threshold": 0.5}
        answered = Decoded(LABELS, ["x", "x"], [["x"], ["y"]], said)
        assert TASK.tuned(answered, {"null_threshold": "tuned"}) == {"null_threshold": "tuned"}


def test_report_and_baselines_tell_questions_without_an_answer_apart() -> None:
    found = Decoded(LABELS, ["x", "", "y"], [["x"], [], []], [])
    assert TASK.report(found)["answers"] == {
        "with_answer": {"rows": 1, "answered": 1, "exact_match": 1.0, "f1": 1.0},
        "without_answer": {"rows": 2, "answered": 1, "exact_match": 0.5, "f1": 0.5},
    }
    both = {name: [*row("London")[name], *row()[name]] for name in row()}
    named = {one.name: one.metrics for one in TASK.baselines(both, both, LABELS, ANSWER_METRICS)}
    assert named["no_answer"]["exact_match"] == 0.5
    assert 0 < named["sentence"]["f1"] < 0.5


def test_what_is_typed() -> None:
    assert TASK.input_row("who?", "Ada.") == {"question": "who?", "context": "Ada."}
    with pytest.raises(UserError, match="the context goes into --pair"):
        TASK.input_row("who?")


def test_labels_are_the_models_outputs() -> None:
    assert TASK.infer_labels(pa.chunked_array([pa.array([answers("London")])]), None).names == ("start", "end")
