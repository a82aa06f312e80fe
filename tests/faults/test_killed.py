"""kill -9 of the worker in each of its phases: it is told as died, resume goes on, and the weights are the calm run's."""

from __future__ import annotations

import pytest

from tests.faults.place import Place
from tests.worker.training import ended, events

pytestmark = pytest.mark.slow

INSTANTS: dict[str, tuple[str, int, int]] = {
    "killed-loading": ("phase:loading", 0, 0),
    "killed-tokenizing": ("phase:tokenizing", 0, 0),
    "killed-preflight": ("phase:pre-flight", 0, 0),
    "killed-training": ("step:7", 7, 4),
    "killed-accumulating": ("substep:10", 10, 8),
    "killed-evaluating": ("prediction:8", 8, 4),
    "killed-saving": ("saving:8", 8, 4),
    "killed-ending": ("train_end:18", 18, 18),
}
"""Row to instant, steps done by then, and the checkpoint that the run goes on from."""


@pytest.mark.parametrize("row", INSTANTS)
def test_killed_in_each_phase(row: str, place: Place) -> None:
    instant, reached, goes_on_from = INSTANTS[row]
    info = place.start(f"kill@{instant}")
    status = ended(info)
    assert status.state == "died", status.words
    place.go_on(row, info, reached=reached, seen=status)
    assert [event.get("from_step") for event in events(info, "attempt")][-1] == goes_on_from
