"""What is chosen for speed, and the words for it."""

from __future__ import annotations

import pytest

from tui_finetune.worker.choices import Spent, padding_share
from tui_finetune.worker.forecast import lay_out


@pytest.mark.parametrize(
    ("fp32", "bf16", "pays"), [(1.0, 0.5, True), (1.0, 0.85, True), (1.0, 0.9, False), (0.1, 3.0, False)]
)
def test_bf16_is_taken_where_it_is_faster_by_more_than_noise(fp32: float, bf16: float, pays: bool) -> None:
    assert Spent(fp32, bf16).pays is pays


def test_the_words_name_both_times_and_the_switch() -> None:
    assert Spent(1.24, 0.35).words == "bf16: a batch takes 350 ms, 1.2 s in fp32 (train.bf16 = false switches it off)"
    assert Spent(0.1, 0.3).words == "fp32: a batch takes 100 ms, 300 ms in bf16, which is not worth it"


def test_padding_is_a_share_of_what_the_model_computes_on() -> None:
    lengths = [10, 2, 10, 2]
    assert padding_share(lengths, lay_out(lengths, 2, order="sequential", seed=1)) == pytest.approx(16 / 40)
    assert padding_share(lengths, lay_out(lengths, 2, order="sorted", seed=1)) == 0.0
