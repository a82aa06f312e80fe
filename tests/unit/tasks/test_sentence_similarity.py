"""sentence-similarity, the light half: texts as tokens, similarities in the scores' units, searches as trec_eval counts them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from tui_finetune.builtin.rank_metrics import RANK_METRICS
from tui_finetune.builtin.tasks.sentence_similarity import SentenceSimilarity
from tui_finetune.builtin.tasks.sentence_texts import texts_in_order
from tui_finetune.builtin.tasks.similarity_options import SimilarityOptions
from tui_finetune.builtin.tasks.text_retrieval import TextRetrieval, search_decoded
from tui_finetune.errors import DataError
from tui_finetune.evaluation.measure import measure
from tui_finetune.plugin_api import Decoded, LabelSet
from tui_finetune.plugin_api.testing import PieceEncoder, check_metric, check_task

TASK = SentenceSimilarity()
PAIRS, TRIPLETS = (TASK.variant({"rows": rows}) for rows in ("pairs", "triplets"))
SCORE, NONE = LabelSet.of(("score",)), LabelSet.of(())


@pytest.mark.parametrize("task", [TASK, TASK.variant({"range": [0, 5], "loss": "cosine"}), PAIRS, TRIPLETS])
def test_the_kit(task: SentenceSimilarity) -> None:
    check_task(task)


class TestOptions:
    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"loss": "triplet"}, 'of rows = "scored" there is cosent and cosine and contrastive'),
            ({"rows": "pairs", "margin": 0.3}, "margin goes with contrastive and triplet, not with multiple_negatives"),
            ({"rows": "triplets", "loss": "triplet", "scale": 10}, "scale goes with cosent and multiple_negatives"),
            ({"symmetric": True}, "symmetric goes with multiple_negatives, not with cosent"),
            ({"rows": "pairs", "range": [0, 1]}, 'range goes with rows = "scored"'),
            ({"range": [5, 0]}, "the second number is to be above the first"),
        ],
    )
    def test_what_does_not_go_together_is_refused(self, given: dict[str, Any], said: str) -> None:
        with pytest.raises(ValidationError, match=said):
            SimilarityOptions(**given)

    def test_scores_are_compared_with_the_range(self) -> None:
        scores = pa.chunked_array([[0.0, 3.8, 5.0]])
        with pytest.raises(DataError) as error:
            TASK.infer_labels(scores, None)
        assert "2 of 3 scores are outside -1 to 1" in str(error.value)
        assert error.value.problems[0].hint == "Say what they lie between: task_options.range = [0, 5]."
        assert TASK.variant({"range": [0, 5]}).infer_labels(scores, None) == SCORE
        with pytest.raises(DataError, match="two values"):
            TASK.variant({"range": [0, 5], "loss": "contrastive"}).infer_labels(scores, None)
        with pytest.raises(DataError, match="not finite"):
            TASK.infer_labels(pa.chunked_array([[0.0, math.nan]]), None)


def test_texts_are_read_each_by_itself_and_the_longest_is_the_rows_length() -> None:
    batch: dict[str, list[Any]] = {
        "text": ["one", "one two three four five"],
        "text_pair": ["one two three", "one"],
        "score": [5.0, 2.5],
    }
    encoded = TASK.variant({"range": [0, 5]}).encode(batch, PieceEncoder(6), SCORE)
    assert encoded["place"] == [1, 0]
    assert encoded["length"] == [6, 8]
    assert encoded["truncated"] == [False, True]
    assert encoded["labels"] == [1.0, 0.5]
    for row in range(2):
        texts = texts_in_order({name: values[row] for name, values in encoded.items()})
        assert texts == [PieceEncoder(6).texts([batch[name][row]])[0].ids for name in ("text", "text_pair")]


class TestScored:
    def test_similarities_are_told_in_the_units_of_the_scores(self) -> None:
        task = TASK.variant({"range": [0, 5], "loss": "cosine"})
        rows: dict[str, list[Any]] = {
            "text": ["a", "b"],
            "text_pair": ["c", "d"],
            "score": [5.0, 1.0],
            "other_ids": [[[1]], [[1]]],
        }
        logits = [np.array([1.0, 0, 2, 0]), np.array([1.0, 0, 0, 3])]
        decoded = task.decode(logits, rows, SCORE, {"loss": "cosine"})
        assert decoded.predicted == pytest.approx([5.0, 0.0])
        assert decoded.losses is not None
        assert decoded.losses.tolist() == pytest.approx([0.0, 0.04])
        assert task.decode(logits, rows, SCORE, {}).losses is None, "cosent is a loss of pairs of rows"
        asked = {"text": "a", "text_pair": "c"}
        assert task.answer(decoded, 0, asked) == {**asked, "values": {"similarity": 1.0, "score": 5.0}}

    def test_a_text_alone_has_its_vector_as_an_answer(self) -> None:
        for task in (TASK, PAIRS):
            alone: dict[str, list[Any]] = {"text": ["a"], "other_ids": [[]]}
            decoded = task.decode([np.array([3.0, 4.0])], alone, SCORE, {})
            answer = task.answer(decoded, 0, task.input_row("a"))
            assert answer == {"text": "a", "embedding": [0.6, 0.8]}
            assert task.show_answer(answer) == ["2 numbers: 0.600, 0.800"]


def searched(first: list[str], second: list[str], vectors: Any, **options: Any) -> Decoded:
    return search_decoded([first, second], vectors, NONE, options)


class TestSearch:
    def test_what_belongs_to_the_same_text_is_all_right(self) -> None:
        one, other = np.eye(3)[[0, 0, 1]], np.array([[0.6, 0.8, 0], [0.8, 0.6, 0], [0, 1.0, 0]])
        found = searched(["q", "q", "p"], ["a", "b", "c"], [one, other])
        assert found.predicted == [[1, 2], [1, 2], [1]]
        assert found.gold == [2, 2, 1]
        assert found.scores is not None
        assert [row.right for row in found.scores] == ["b", "b", "c"]

    def test_what_is_as_similar_stands_before(self) -> None:
        """A model that gives every text one vector finds nothing."""
        found = searched(["p", "q", "r"], ["a", "b", "c"], [np.ones((3, 1))] * 2)
        assert found.predicted == [[3]] * 3
        figures = measure(found, RANK_METRICS)
        assert figures["recall_at_1"] == 0.0
        assert figures["mrr_at_10"] == pytest.approx(1 / 3)
        assert all(row.first != row.right for row in found.scores or ())

    def test_texts_that_stand_twice_are_one(self) -> None:
        one, other = np.eye(2)[[0, 1]], np.eye(2)[[0, 0]]
        assert searched(["p", "q"], ["a", "a"], [one, other]).predicted == [[1], [1]]

    def test_the_loss_is_the_libraries_with_all_texts_as_candidates(self) -> None:
        draw = np.random.default_rng(0)
        one, other = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in draw.normal(size=(2, 9, 5)))
        found = searched(list("abcdefghi"), list("rstuvwxyz"), [one, other], scale=7.0)
        scaled = 7 * one @ other.T
        wanted = np.log(np.exp(scaled).sum(axis=1)) - np.diag(scaled)
        assert found.losses is not None
        assert found.losses.tolist() == pytest.approx(wanted.tolist())

    def test_stored_and_shown(self) -> None:
        logits = [np.array([1.0, 0, 0, 1, 1, 0]), np.array([0, 1.0, 1, 0, 0.6, 0.8])]
        rows: dict[str, list[Any]] = {
            "text": ["p", "q"],
            "text_pair": ["a", "b"],
            "negative": ["x", "y"],
            "other_ids": [[], []],
        }
        decoded = TRIPLETS.decode(logits, rows, NONE, {"loss": "triplet", "margin": 0.5})
        assert decoded.losses is not None
        assert decoded.losses.tolist() == pytest.approx([1.5, 1.3])
        columns = TRIPLETS.prediction_columns(decoded)
        assert columns["gold"] == ["a", "b"]
        assert columns["rank"] == [4, 4]
        assert columns["negative_score"] == pytest.approx([1.0, 0.8])
        shown = TRIPLETS.show_error({**{n: v[0] for n, v in rows.items()}, **{n: v[0] for n, v in columns.items()}})
        assert shown[0] == "p"
        assert shown[2] == "place 4  0.000  a"
        assert measure(decoded, RANK_METRICS)["triplet_accuracy"] == 0.0
        assert TRIPLETS.report(decoded)["ranks"]["places"][2] == {"from": 4, "to": 10, "rows": 2}


@pytest.mark.parametrize("metric", RANK_METRICS, ids=lambda metric: metric.name)
def test_metrics(metric: Any) -> None:
    check_metric(metric)


def test_figures_are_those_of_a_definition_by_hand() -> None:
    """Two right texts at places 2 and 12, one at place 1."""
    found = measure(Decoded(NONE, [[2, 12], [1]], [2, 1]), RANK_METRICS)
    assert found["recall_at_1"] == 0.5
    assert found["recall_at_10"] == pytest.approx((0.5 + 1) / 2)
    assert found["mrr_at_10"] == pytest.approx((0.5 + 1) / 2)
    assert found["map_at_100"] == pytest.approx(((1 / 2 + 2 / 12) / 2 + 1) / 2)
    ideal = 1 + 1 / math.log2(3)
    assert found["ndcg_at_10"] == pytest.approx((1 / math.log2(3) / ideal + 1) / 2)


class TestBaselines:
    TRAIN = {"text": ["a red box", "a blue sky", "the sea"], "text_pair": ["the red box", "one blue sky", "a sea"]}

    def test_words_in_common(self) -> None:
        rows: dict[str, list[Any]] = {**self.TRAIN, "score": [4.0, 3.0, 2.0]}
        scored = TASK.variant({"range": [0, 5]})
        from tui_finetune.builtin.number_metrics import NUMBER_METRICS

        found = {b.name: b.metrics for b in scored.baselines(rows, rows, SCORE, NUMBER_METRICS)}
        assert set(found) == {"overlap", "tfidf"}
        assert found["overlap"]["mae"] == pytest.approx(np.mean([abs(5 * 2 / 3 - 4), abs(5 * 2 / 3 - 3), abs(2.5 - 2)]))

    def test_a_search_by_words(self) -> None:
        assert isinstance(PAIRS, TextRetrieval)
        (found,) = PAIRS.baselines(self.TRAIN, self.TRAIN, NONE, RANK_METRICS)
        assert found.metrics["recall_at_1"] == 1.0
