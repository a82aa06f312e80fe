"""The figures of the benchmarks: ratios of neighbours, an interval that holds what it says, a page that is kept in order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import common
from benchmarks.common import Ratio, alternating, report
from benchmarks.training import from_events


def test_interval_of_nine_pairs_is_from_the_second_to_the_last_but_one() -> None:
    pairs = [(float(n), 10.0) for n in (9, 1, 8, 2, 7, 3, 6, 4, 5)]
    assert Ratio.of(pairs) == Ratio(0.5, 0.2, 0.8, 9)
    assert str(Ratio.of(pairs)) == "0.500 (0.200 to 0.800, 9 pairs)"


def test_few_pairs_give_the_whole_range() -> None:
    assert Ratio.of([(1.0, 1.0), (3.0, 1.0), (2.0, 1.0)]) == Ratio(2.0, 1.0, 3.0, 3)


def test_alternating_takes_turns_and_leaves_the_first_pair_out() -> None:
    calls: list[str] = []

    def timed(name: str, value: float) -> Callable[[], float]:
        def run() -> float:
            calls.append(name)
            return value

        return run

    assert alternating(timed("a", 2.0), timed("b", 1.0), 2, what="test") == [(2.0, 1.0), (2.0, 1.0)]
    assert calls == ["b", "a", "a", "b", "b", "a"]


def test_a_section_is_replaced_and_the_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "RESULTS", tmp_path / "benchmarks.md")
    report("One", ["first"], write=True)
    report("Two", ["second"], write=True)
    report("One", ["third"], write=True)
    report("Three", ["not written"], write=False)
    page = (tmp_path / "benchmarks.md").read_text()
    assert page.startswith("# Benchmarks\n\n## One\n\nthird\n")
    assert page.count("\n## ") == 2
    assert "second" in page
    assert "first" not in page


def test_training_time_is_that_of_its_phase() -> None:
    events = [
        {"event": "phase", "phase": "loading", "t": 1.0},
        {"event": "plan", "tokens": 99, "t": 2.0},
        {"event": "phase", "phase": "training", "t": 10.0},
        {"event": "step", "loss": 0.5, "t": 11.0},
        {"event": "step", "loss": 0.25, "t": 12.0},
        {"event": "phase", "phase": "saving", "t": 13.5},
    ]
    trained = from_events(events)
    assert (trained.seconds, trained.losses, trained.tokens) == (3.5, (0.5, 0.25), 99)
