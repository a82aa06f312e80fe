"""What is said of a run that nobody has looked at since it ended badly."""

from __future__ import annotations

from datetime import datetime

import pytest

from tui_finetune.live.since import not_seen
from tui_finetune.runs.status import State, Status

MORNING = datetime(2026, 11, 23, 9, 30).timestamp()


@pytest.mark.parametrize(
    ("state", "ended", "said"),
    [
        ("died", datetime(2026, 11, 23, 2, 15), "Not seen yet: it died at 02:15."),
        ("failed", datetime(2026, 11, 22, 2, 15), "Not seen yet: it ended as failed 22 Nov 02:15."),
        ("preempted", datetime(2025, 11, 22, 2, 15), "Not seen yet: it ended as preempted 2025-11-22."),
        ("died", None, "Not seen yet: it died."),
    ],
)
def test_when_it_ended(state: State, ended: datetime | None, said: str) -> None:
    assert not_seen(Status(state, "", ended=ended.timestamp() if ended else None), MORNING) == said
