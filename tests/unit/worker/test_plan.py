"""The batch plan against counting it out row by row."""

from __future__ import annotations

import math

import pytest

from tui_finetune.worker.steering.plan import Epochs, Segment, steps_per_epoch, total_steps


def counted(rows: int, batch: int, accumulation: int, *, drop_last: bool) -> list[int]:
    """Rows of each optimizer step of an epoch, as a loader and Trainer's loop give them."""
    batches = [min(batch, rows - start) for start in range(0, rows, batch)]
    if drop_last:
        batches = [size for size in batches if size == batch]
    return [sum(batches[start : start + accumulation]) for start in range(0, len(batches), accumulation)]


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize(("rows", "batch", "accumulation"), [(48, 4, 2), (47, 4, 2), (45, 4, 5), (3, 4, 1), (13, 3, 4)])
def test_an_epoch_in_one_segment_is_as_counted(rows: int, batch: int, accumulation: int, drop_last: bool) -> None:
    steps = counted(rows, batch, accumulation, drop_last=drop_last)
    epochs, segment = Epochs(rows, drop_last), Segment(2, 0, 100, batch, accumulation)
    assert segment.steps(epochs) == len(steps)
    if not steps:
        return
    assert [segment.row(100 + done, epochs) for done in range(1, len(steps) + 1)] == [
        sum(steps[:done]) for done in range(1, len(steps) + 1)
    ]
    assert segment.position(100 + len(steps), epochs) == 3.0
    assert not segment.ends_at(100 + len(steps) - 1, epochs)
    assert segment.ends_at(100 + len(steps), epochs)
    assert steps_per_epoch(epochs, batch, accumulation) == len(steps)


@pytest.mark.parametrize("wanted", [0.5, 1, 2.5, 3])
def test_an_unsteered_run_has_the_steps_that_trainer_counts(wanted: float) -> None:
    epochs = Epochs(47)
    each = steps_per_epoch(epochs, 4, 2)
    assert total_steps(Segment(0, 0, 0, 4, 2), epochs, wanted) == math.ceil(wanted * each)
    if wanted > 1:
        assert total_steps(Segment(1, 0, each, 4, 2), epochs, wanted) == math.ceil(wanted * each)


def test_another_shape_goes_on_with_the_next_row() -> None:
    epochs = Epochs(48)
    segment = Segment(1, 0, 6, 4, 2)
    changed = segment.changed(8, epochs, 6, 1)
    assert changed == Segment(1, 16, 8, 6, 1)
    assert changed.steps(epochs) == math.ceil(32 / 6)
    assert changed.row(9, epochs) == 22
    assert changed.position(14, epochs) == 2.0
    assert 1 + 16 / 48 < changed.position(9, epochs) < changed.position(10, epochs) < 2
    assert total_steps(changed, epochs, 3) == 8 + 6 + 8


def test_an_end_that_has_passed_is_now() -> None:
    epochs = Epochs(48)
    assert total_steps(Segment(1, 24, 9, 4, 2), epochs, 1.25) == 9
    assert total_steps(Segment(1, 0, 6, 4, 2), epochs, 1.5) == 9


def test_a_segment_is_the_same_read_back() -> None:
    segment = Segment(1, 16, 8, 6, 1)
    assert Segment.from_json(segment.as_json()) == segment
