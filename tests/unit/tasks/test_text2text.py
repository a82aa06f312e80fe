"""text2text-generation without a model: figures beside their reference implementations, rows to tokens, texts to a person."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from tui_finetune.builtin.tasks.generation_baselines import generation_baselines
from tui_finetune.builtin.tasks.text2text import WRITTEN, Text2Text
from tui_finetune.builtin.tasks.text_options import Text2TextOptions
from tui_finetune.builtin.text_metrics import TEXT_METRICS
from tui_finetune.evaluation.generated import corpus_bleu, corpus_chrf, longest_common, rouge_l, rouge_n, words_13a
from tui_finetune.evaluation.measure import measure
from tui_finetune.plugin_api import Decoded, LabelSet
from tui_finetune.plugin_api.testing import PieceEncoder, check_metric, check_task

NONE = LabelSet.of(())
SAID = ["the cat sat on the mat", "It's 3.5 km, isn't it?", "a dog", "Ein Mann & eine Frau gehen."]
GOLD = ["the cat sat on a mat", "It is 3.5 km, isn't it?", "two dogs run", "Ein Mann und eine Frau gehen im Käse."]

REFERENCE = {
    "chrf": 62.75700156953252,
    "bleu": 45.131867006758725,
    "rouge1": 0.605654761904762,
    "rouge2": 0.45357142857142857,
    "rougeL": 0.605654761904762,
}
"""What sacrebleu 2.6.0 and rouge_score 0.1.2 say of these."""


def test_the_task_goes_through_the_kit() -> None:
    check_task(Text2Text())


@pytest.mark.parametrize("metric", TEXT_METRICS, ids=lambda metric: metric.name)
def test_a_metric_goes_through_the_kit(metric: Any) -> None:
    check_metric(metric)
    assert np.isnan(metric.compute(Decoded(NONE, [None], ["a text"])))


def test_figures_are_those_of_sacrebleu_2_6_and_rouge_score_0_1_2() -> None:
    found = measure(Decoded(NONE, SAID, GOLD), TEXT_METRICS)
    assert {name: found[name] for name in REFERENCE} == pytest.approx(REFERENCE, abs=1e-6)


def test_any_texts_have_the_figures_of_the_reference() -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    rouge = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer(["rouge1", "rouge2", "rougeL"])
    draw = random.Random(1)
    words = [
        "the",
        "cat",
        "sat",
        "on",
        "a",
        "mat,",
        "3.5",
        "it's",
        "(well)",
        "&amp;",
        "x-y",
        "12-13",
        "Käse",
        "—",
        "你好",
        "end.",
    ]
    for _ in range(40):
        gold = [" ".join(draw.choices(words, k=draw.randint(1, 9))) for _ in range(draw.randint(1, 5))]
        said = [one if draw.random() < 0.5 else " ".join(draw.choices(words, k=draw.randint(0, 9))) for one in gold]
        assert corpus_chrf(said, gold) == pytest.approx(sacrebleu.corpus_chrf(said, [gold]).score, abs=1e-6)
        assert corpus_bleu(said, gold) == pytest.approx(sacrebleu.corpus_bleu(said, [gold]).score, abs=1e-6)
        for one, other in zip(said, gold, strict=True):
            score = rouge.score(other, one)
            ours = rouge_n(one, other, 1), rouge_n(one, other, 2), rouge_l(one, other)
            assert ours == pytest.approx([score[name].fmeasure for name in ("rouge1", "rouge2", "rougeL")], abs=1e-6)


def test_nothing_written_is_nothing_right() -> None:
    assert corpus_chrf([""], ["a"]) == corpus_bleu([""], ["a"]) == rouge_l("", "a") == 0.0
    assert words_13a("It costs 3.50, x-y.") == ["It", "costs", "3.50", ",", "x-y", "."]
    assert longest_common("abcbdab", "bdcaba") == 4


class Languages(PieceEncoder):
    """Puts an end and a language behind each text, as mBART's tokenizer does."""

    def whole(self, texts: Any, *, special: bool = True) -> Any:
        codes = {"en_XX": 9001, "de_DE": 9002}
        found = super().whole(texts, special=False)
        for text, one in zip(texts, found, strict=True):
            one.ids = [codes[text]] if text in codes else [*one.ids, *([9000, 9001] if special else [])]
        return found


def test_a_target_is_cut_before_its_end_and_has_its_own_language() -> None:
    task = Text2Text().variant({"max_target_length": 6, "source_language": "en_XX", "target_language": "de_DE"})
    rows = {"text": ["one two", "one"], "target": ["eins zwei drei vier fuenf sechs sieben", ""]}
    encoded = task.encode(rows, Languages(), NONE)
    long, empty = encoded["labels"]
    assert len(long) == 6
    assert long[-2:] == empty == [9000, 9002]
    assert encoded["truncated"] == [True, False]
    assert "labels" not in task.encode({"text": ["one"]}, Languages(), NONE)


def test_a_prefix_stands_before_every_source() -> None:
    plain = Text2Text().encode({"text": ["summarize: one two"]}, PieceEncoder(), NONE)
    assert Text2Text().variant({"prefix": "summarize: "}).encode({"text": ["one two"]}, PieceEncoder(), NONE) == plain


def test_what_was_written_is_stored_and_shown() -> None:
    task = Text2Text()
    logits = [np.array([("das rote haus", 0.5)], dtype=WRITTEN), np.array([("", 2.0)], dtype=WRITTEN)]
    rows = {"text": ["the red house", "a dog"], "target": ["das rote haus", "ein hund"]}
    decoded = task.decode(logits, rows, NONE, {})
    assert decoded.losses is not None
    assert decoded.losses.tolist() == [0.5, 2.0]
    columns = task.prediction_columns(decoded)
    assert columns["chrf"] == pytest.approx([100.0, 0.0])
    assert task.answer(decoded, 0, {"text": "the red house"}) == {"text": "the red house", "generated": "das rote haus"}
    assert task.show_error({**{k: v[1] for k, v in rows.items()}, **{k: v[1] for k, v in columns.items()}}) == [
        "a dog",
        "predicted  nothing  chrF 0.0",
        "gold       ein hund",
    ]
    report = task.report(decoded)["texts"]
    assert (report["rows"], report["exact"], report["empty"], report["there"]) == (2, 1, 1, 21)
    assert [part["chrf"] for part in report["parts"]] == pytest.approx([0.0, 100.0])


def test_baselines_copy_and_look_for_the_nearest() -> None:
    copy, nearest = generation_baselines(
        ["red house", "blue dog"], ["rotes haus", "blauer hund"], ["a blue dog"], ["blauer hund"], TEXT_METRICS
    )
    assert (copy.name, nearest.name) == ("copy", "nearest")
    assert nearest.metrics["exact_match"] == 1.0
    assert copy.metrics["exact_match"] == 0.0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"source_language": "en_XX"}, "go together"),
        ({"length_penalty": 2.0}, "only with num_beams above 1"),
        ({"temperature": 0.5}, "only with do_sample"),
        ({"max_target_length": 1}, "greater than or equal to 2"),
        ({"prefixes": "x"}, "Extra inputs"),
    ],
)
def test_options_that_cannot_be(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Text2TextOptions(**given)
