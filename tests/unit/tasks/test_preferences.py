"""dpo and reward, light halves: texts of pairs as tokens, ratings as figures, trivial methods."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tui_finetune.builtin.preference_metrics import PREFERENCE_METRICS
from tui_finetune.builtin.tasks.chat_texts import Answered, cut, template_of, texts_of
from tui_finetune.builtin.tasks.dpo import CONTINUATION, DirectPreference
from tui_finetune.builtin.tasks.preference_baselines import preference_baselines
from tui_finetune.builtin.tasks.preferences import Preferences
from tui_finetune.builtin.tasks.reward import Reward
from tui_finetune.errors import DataError
from tui_finetune.evaluation.measure import measure
from tui_finetune.evaluation.preferences import preference_report
from tui_finetune.plugin_api import Decoded, LabelSet
from tui_finetune.plugin_api.chat import NAMED, Chat
from tui_finetune.plugin_api.conversations import as_text
from tui_finetune.plugin_api.testing import PieceEncoder, check_metric, check_task, default_options

LABELS = LabelSet.of(["reward"])
CHAT = Chat(tokens={"eos_token": "<end>"})
ASKED = as_text([{"role": "user", "content": "Capital of France?"}])


@pytest.mark.parametrize(
    "task",
    [
        Reward(),
        Reward().variant({"template": "chatml"}),
        DirectPreference(),
        DirectPreference().variant({"template": "alpaca", "beta": 0.5}),
    ],
)
def test_the_kit(task: Preferences) -> None:
    check_task(task)


@pytest.mark.parametrize("metric", PREFERENCE_METRICS, ids=lambda metric: metric.name)
def test_metrics(metric: Any) -> None:
    check_metric(metric)
    margins = np.random.default_rng(0).normal(size=50)
    wanted = {"accuracy": np.mean(margins > 0), "margin": margins.mean()}[metric.name]
    assert metric.compute(Decoded(LABELS, margins.tolist(), [1.0] * 50)) == pytest.approx(wanted, abs=1e-12)
    assert math.isnan(metric.compute(Decoded(LABELS, [1.0, math.nan], [1.0, 1.0])))


def test_alike_is_wrong() -> None:
    assert measure(Decoded(LABELS, [0.0, 1.0], [1.0, 1.0]), PREFERENCE_METRICS)["accuracy"] == 0.5


class TestTexts:
    def test_plain_texts_are_joined_and_ended(self) -> None:
        found = texts_of("2 + 2 = ", ["4", "5<end>"], CHAT, None)
        assert (found.prompt, found.whole, found.templated) == ("2 + 2 = ", ("2 + 2 = 4<end>", "2 + 2 = 5<end>"), False)

    def test_without_a_prompt_it_is_what_both_begin_with(self) -> None:
        found = texts_of(None, ["The sky is blue.", "The sky is green."], CHAT, None)
        assert found.prompt == "The sky is"
        assert found.whole == ("The sky is blue.<end>", "The sky is green.<end>")

    def test_messages_go_through_a_template(self) -> None:
        found = texts_of(ASKED, ["Paris.", "Rome."], CHAT, "chatml")
        assert found.prompt == "<|im_start|>user\nCapital of France?<|im_end|>\n<|im_start|>assistant\n"
        assert found.whole[1] == f"{found.prompt}Rome.<|im_end|>\n"
        by_default = texts_of(ASKED, ["Paris."], CHAT, None)
        assert by_default.whole == ("### Instruction:\nCapital of France?\n\n### Response:\nParis.<end>",)
        assert found.templated

    def test_conversations_that_have_their_beginning_in_common(self) -> None:
        chosen, rejected = (
            as_text([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": said}])
            for said in ("Yes?", "No.")
        )
        both = texts_of(None, [chosen, rejected], CHAT, None)
        assert both == texts_of(as_text([{"role": "user", "content": "Hi"}]), ["Yes?", "No."], CHAT, None)
        assert texts_of(None, [chosen], CHAT, None).whole == both.whole[:1]

    def test_a_named_template_takes_plain_texts_too(self) -> None:
        assert texts_of("Hi", ["Yes?"], CHAT, "alpaca").whole == ("### Instruction:\nHi\n\n### Response:\nYes?<end>",)

    def test_the_models_own_template_has_to_be_there(self) -> None:
        assert template_of(Chat("{{ x }}"), "model") == template_of(Chat("{{ x }}"), None) == "{{ x }}"
        assert template_of(Chat(), None) == NAMED["alpaca"]
        with pytest.raises(DataError, match="no chat template"):
            template_of(Chat(), "model")


class TestCutting:
    @pytest.mark.parametrize(
        ("prompt", "answers", "kept", "lengths"),
        [
            (3, (2, 4), 3, (5, 7)),  # fits
            (9, (2, 1), 8, (10, 9)),  # the prompt loses its beginning
            (9, (20, 3), 5, (10, 8)),  # down to half of the room
            (2, (20, 3), 2, (10, 5)),
        ],
    )
    def test_a_pair_keeps_one_prompt(
        self, prompt: int, answers: tuple[int, int], kept: int, lengths: tuple[int, int]
    ) -> None:
        begun = list(range(prompt))
        pair = [Answered([*begun, *[99] * count], prompt) for count in answers]
        found = cut(pair, 10)
        assert [len(one.ids) for one in found] == list(lengths)
        assert {one.prompt for one in found} == {kept}
        assert all(one.ids[:kept] == begun[prompt - kept :] for one in found)

    def test_the_longer_answer_is_the_rows_length(self) -> None:
        batch = {"prompt": ["ask", "ask"], "chosen": ["one two three", "one"], "rejected": ["one", "one two three"]}
        encoded = Reward().encode(batch, PieceEncoder(), LABELS)
        assert encoded["chosen_first"] == [True, False]
        assert encoded["input_ids"][0] == encoded["input_ids"][1]
        assert encoded["other_ids"][0] == encoded["other_ids"][1]
        assert encoded["length"] == [len(encoded["input_ids"][0])] * 2


class TestRatings:
    def test_the_loss_is_that_of_bradley_and_terry(self) -> None:
        task = Reward()
        rows = {"other_ids": [[1]] * 3}
        raw = [np.array(pair, dtype=np.float32) for pair in ([1.0, 0.0], [0.5, 2.0], [800.0, -800.0])]
        decoded = task.decode(raw, rows, LABELS, default_options(task))
        assert decoded.losses is not None
        assert decoded.losses.tolist() == pytest.approx([math.log1p(math.exp(-1)), math.log1p(math.exp(1.5)), 0.0])
        columns = task.prediction_columns(decoded)
        assert columns["predicted"] == ["chosen", "rejected", "chosen"]
        assert columns["score"] == pytest.approx([1 / (1 + math.exp(-1)), 1 / (1 + math.exp(1.5)), 1.0])

    def test_an_answer_alone_is_rated(self) -> None:
        task = Reward()
        row = task.input_row("Capital?", "Paris.")
        decoded = task.decode([np.array([1.5], dtype=np.float32)], {k: [v] for k, v in row.items()}, LABELS, {})
        assert decoded.losses is None
        assert task.answer(decoded, 0, row) == {"prompt": "Capital?", "chosen": "Paris.", "values": {"reward": 1.5}}

    def test_dpo_rates_by_how_much_likelier_an_answer_became(self) -> None:
        task = DirectPreference()
        raw = [np.array([-10.0, -12.0, -14.0, -9.0]), np.array([-5.0, -5.0, -5.0, -5.0])]
        decoded = task.decode(raw, {"other_ids": [[1]] * 2}, LABELS, {"beta": 0.5})
        assert decoded.predicted == [3.5, 0.0]
        assert decoded.losses is not None
        assert decoded.losses[1] == pytest.approx(math.log(2))

    def test_dpo_answers_a_prompt(self) -> None:
        task, row = DirectPreference(), {"prompt": "one two " * 60}
        encoded = task.encode({"prompt": [row["prompt"]]}, PieceEncoder(), LABELS)
        assert (encoded["length"], encoded["truncated"], len(encoded["input_ids"][0])) == ([122], [True], 64)
        decoded = task.decode([np.zeros(1)], {**encoded, CONTINUATION: ["three\nfour"]}, LABELS, {})
        answer = task.answer(decoded, 0, row)
        assert answer == {**row, CONTINUATION: "three\nfour"}
        assert task.show_answer(answer) == ["three", "four"]
        with pytest.raises(DataError, match="no prompt"):
            task.encode({}, PieceEncoder(), LABELS)

    def test_the_report_tells_how_far_ahead(self) -> None:
        raw = [np.array([float(m), 0.0]) for m in (-1, 0, 1, 3)]
        decoded = Reward().decode(raw, {"other_ids": [[1]] * 4}, LABELS, {})
        margins = preference_report(decoded)["margins"]
        assert (margins["wrong"], margins["chosen"], margins["rejected"], margins["most"]) == (2, 0.75, 0.0, 3.0)
        assert sum(margins["counts"]) == 4


def test_trivial_methods() -> None:
    rows = {
        "chosen": ["a good reply here"] * 6 + ["good"] * 4,
        "rejected": ["bad"] * 6 + ["a bad reply to this"] * 4,
    }
    found = {one.name: one.metrics for one in preference_baselines(rows, rows, LABELS, PREFERENCE_METRICS)}
    assert found["longer"] == {"accuracy": 0.6}
    assert found["tfidf"]["accuracy"] == 1.0
    assert found["tfidf"]["margin"] > 0
