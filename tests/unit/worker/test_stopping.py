"""Early stopping: what counts as better, and how long it waits."""

from __future__ import annotations

import pytest

from tui_finetune.worker.steering.stopping import EarlyStopping

NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "greater", "threshold", "since"),
    [
        ([0.5, 0.6, 0.7], True, 0.0, 0),
        ([0.5, 0.6, 0.7], False, 0.0, 2),
        ([0.5, 0.505, 0.509], True, 0.01, 2),
        ([0.5, 0.505, 0.52], True, 0.01, 0),
        ([0.5, 0.5, 0.5], True, 0.0, 2),
        ([0.5, NAN, 0.4], True, 0.0, 2),
        ([NAN, 0.4], True, 0.0, 0),
    ],
)
def test_evaluations_without_a_better_one(values: list[float], greater: bool, threshold: float, since: int) -> None:
    stopping = EarlyStopping(2, threshold)
    for value in values:
        stopping.look(value, greater=greater)
    assert stopping.since == since
    assert stopping.ended == (since >= 2)


def test_without_patience_it_never_ends_and_a_patience_set_later_counts_what_was() -> None:
    stopping = EarlyStopping()
    for value in (0.5, 0.4, 0.3):
        stopping.look(value, greater=True)
    assert not stopping.ended
    stopping.patience = 2
    assert not stopping.ended, "not before the next evaluation"
    stopping.look(0.2, greater=True)
    assert stopping.ended


def test_it_goes_on_from_a_checkpoint() -> None:
    stopping = EarlyStopping(3, 0.01)
    for value in (0.5, 0.4):
        stopping.look(value, greater=True)
    again = EarlyStopping()
    again.load(stopping.as_json())
    assert again == stopping
