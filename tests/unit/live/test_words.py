"""Numbers in words."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import datetime

import pytest

from tui_finetune.live import words

CASES: list[tuple[Callable[..., str], float | None, str]] = [
    (words.duration, 0.84, "0.8 s"),
    (words.duration, 12.34, "12.3 s"),
    (words.duration, 59.96, "1 m"),
    (words.duration, 252, "4 m 12 s"),
    (words.duration, 11_520, "3 h 12 m"),
    (words.duration, 187_200, "2 d 4 h"),
    (words.duration, -3, "0.0 s"),
    (words.duration, None, "–"),
    (words.duration, math.nan, "–"),
    (words.coarse, 0.2, "1 s"),
    (words.coarse, 43.2, "43 s"),
    (words.coarse, 840, "14 m"),
    (words.coarse, 3_590, "1 h"),
    (words.coarse, 11_520, "3 h 12 m"),
    (words.coarse, math.inf, "–"),
    (words.age, 4.2, "4 s ago"),
    (words.age, 125, "2 m ago"),
    (words.age, 7_300, "2 h ago"),
    (words.age, -1, "0 s ago"),
    (words.count, 1_234_567, "1,234,567"),
    (words.count, 22_713_216, "22.7 M"),
    (words.count, None, "–"),
    (words.short_count, 1_234_567, "1.23 M"),
    (words.short_count, 9_999, "9,999"),
    (words.short_count, 7.6e9, "7.6 G"),
    (words.size, 839_000, "839 kB"),
    (words.size, 1_200_000_000, "1.2 GB"),
    (words.size, 0, "0 B"),
    (words.size, 24.1e9, "24.1 GB"),
    (words.size, None, "–"),
    (words.score, 0.18249, "0.182"),
    (words.score, math.nan, "nan"),
    (words.score, -math.inf, "-inf"),
    (words.score, 1922.4, "1,922"),
    (words.score, 1.5e12, "1.5e12"),
    (words.rate, 2e-5, "2e-5"),
    (words.rate, 8.25e-6, "8.25e-6"),
    (words.rate, 0.01, "0.01"),
    (words.rate, 0.0, "0"),
    (words.rate, math.nan, "nan"),
    (words.speed, 2.144, "2.14 steps/s"),
    (words.speed, 0.741, "1.35 s/step"),
    (words.speed, 0.0, "–"),
    (words.speed, 12_345.0, "12,345 steps/s"),
]


@pytest.mark.parametrize(("word", "value", "text"), CASES, ids=[f"{w.__name__} {v}" for w, v, _ in CASES])
def test_words(word: Callable[..., str], value: float | None, text: str) -> None:
    assert word(value) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(9.1e9, 24.1e9, "9.1 of 24.1 GB"), (839e3, 2e9, "839 kB of 2.0 GB"), (9.1e9, None, "9.1 GB")],
)
def test_a_part_of_a_size_names_the_unit_once(part: float, whole: object, text: str) -> None:
    assert words.part_of(part, whole) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(59, 100, "59 %"), (3, 1_000, "0.3 %"), (999, 1_000, "99 %"), (100, 100, "100 %"), (0, 10, "0 %"), (1, 0, "–")],
)
def test_a_share_is_whole_and_never_done_too_early(part: float, whole: float, text: str) -> None:
    assert words.share(part, whole) == text


def test_a_clock_is_as_short_as_the_day_allows() -> None:
    now = datetime(2026, 11, 23, 12, 0).timestamp()
    assert words.clock(datetime(2026, 11, 23, 9, 50).timestamp(), now) == "09:50"
    assert words.clock(datetime(2026, 11, 22, 2, 15).timestamp(), now) == "22 Nov 02:15"
    assert words.clock(datetime(2025, 11, 22, 2, 15).timestamp(), now) == "2025-11-22"
    assert words.clock(1e30, time.time()) == "–"
    assert words.clock(None, now) == "–"
