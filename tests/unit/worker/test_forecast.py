"""The arithmetic of a forecast: batches laid out as the run lays them out, what is still due, room on the disk, the error."""

from __future__ import annotations

import numpy as np
import pytest

from tui_finetune.worker.forecast import LAID_OUT, Curve, Forecast, compare, due, kept_at_most, lay_out

LENGTHS = [3, 9, 5, 1, 7, 2, 8, 4, 6, 10, 11]


def test_every_row_is_in_one_batch() -> None:
    for order in ("random", "sequential", "length", "sorted"):
        found = lay_out(LENGTHS, 4, order=order, seed=1)
        assert sorted(np.concatenate(found.batches).tolist()) == list(range(len(LENGTHS)))
        assert [len(batch) for batch in found.batches] == [4, 4, 3]
        assert found.tokens.max() == 11


def test_an_order_is_what_its_name_says() -> None:
    assert lay_out(LENGTHS, 4, order="sequential", seed=1).tokens.tolist() == [9, 8, 11]
    assert lay_out(LENGTHS, 4, order="sorted", seed=1).tokens.tolist() == [11, 7, 3]
    assert len(lay_out(LENGTHS, 4, order="random", seed=1, drop_last=True).batches) == 2


def test_length_groups_waste_less_than_chance() -> None:
    lengths = np.random.default_rng(0).integers(5, 120, 2_000)
    grouped, drawn = (lay_out(lengths.tolist(), 8, order=order, seed=3) for order in ("length", "random"))
    assert grouped.tokens[0] == lengths.max()
    assert grouped.tokens.sum() < 0.8 * drawn.tokens.sum()


def test_of_very_many_rows_a_sample_is_laid_out() -> None:
    found = lay_out(np.full(3 * LAID_OUT, 7).tolist(), 10, order="sequential", seed=1)
    assert found.share == pytest.approx(1 / 3, rel=0.01)
    assert Curve(10, {7: 2.0}).total(found) == pytest.approx(2.0 * 3 * LAID_OUT / 10)


def test_time_of_an_epoch_is_a_line_between_measured_lengths() -> None:
    layout = lay_out([10, 10, 30, 30, 20], 2, order="sequential", seed=1)
    assert layout.tokens.tolist() == [10, 30, 20]
    # The last batch has half the rows.
    assert Curve(2, {10: 1.0, 30: 3.0}).total(layout) == pytest.approx(1.0 + 3.0 + 2.0 / 2)
    assert Curve(2).total(layout) == 0.0


def test_the_batch_at_a_quantile_is_a_whole_one() -> None:
    layout = lay_out([1, 1, 5, 5, 9, 9, 99], 2, order="sequential", seed=1)
    assert [layout.tokens[layout.at(quantile)] for quantile in (0.0, 0.5, 1.0)] == [1, 5, 9]


@pytest.mark.parametrize(
    ("strategy", "every", "start", "count"),
    [
        ("no", 0, 0, 0),
        ("epoch", 0, 0, 3),
        ("epoch", 0, 10, 2),
        ("epoch", 0, 20, 1),
        ("epoch", 0, 25, 0),
        ("steps", 4, 0, 7),
        ("steps", 5, 0, 5),
        ("steps", 5, 20, 1),
        ("steps", 0.5, 0, 2),
    ],
)
def test_what_is_still_due(strategy: str, every: float, start: int, count: int) -> None:
    """25 steps, ten an epoch: the last epoch is a half one, and ends are done too."""
    assert due(strategy, every, start=start, total=25, per_epoch=10) == count


def test_checkpoints_at_once() -> None:
    assert kept_at_most(9, None, best=True) == 9
    assert kept_at_most(9, 2, best=True) == 3
    assert kept_at_most(9, 1, best=True) == 3
    assert kept_at_most(9, 1, best=False) == 2
    assert kept_at_most(1, 2, best=True) == 1


def forecast(**changes: object) -> Forecast:
    """One with figures that are easy to follow."""
    figures: dict[str, object] = {
        "peak_memory_bytes": 1_000_000_000,
        "memory_total_bytes": 4_000_000_000,
        "memory_left_bytes": 3_000_000_000,
        "device": "cpu",
        "parts": {"training": 90.0, "evaluations": 6.0, "saves": 3.0, "closing": 1.0},
        "step_seconds": 0.123456789,
        "eval_seconds": None,
        "checkpoint_bytes": 300_000_000,
        "checkpoint_seconds": 1.0,
        "checkpoint_by": "written",
        "checkpoints_kept": 3,
        "disk_bytes": 1_000_000_000,
        "disk_free_bytes": 9_000_000_000,
        "points": 3,
    }
    return Forecast(**{**figures, **changes})  # type: ignore[arg-type]


def test_the_event_of_a_forecast() -> None:
    event = forecast().as_event(now=1_000.0)
    assert (event["seconds_left"], event["ends"], event["step_seconds"]) == (100.0, 1_100.0, 0.123457)
    assert event["eval_seconds"] is None
    assert "forced" not in event
    assert forecast(forced=True).as_event(now=0.0)["forced"] is True


def test_the_error_is_a_share_of_what_came() -> None:
    found = compare({"seconds": 110.0, "eval_seconds": None}, {"seconds": 100.0, "eval_seconds": 3.0, "other": 1.0})
    assert found == {"seconds": {"forecast": 110.0, "actual": 100.0, "error": 0.1}}
