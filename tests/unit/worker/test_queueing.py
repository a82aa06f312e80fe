"""Which devices a waiting run can be given."""

from __future__ import annotations

import pytest

from tui_finetune.launch.devices import Device
from tui_finetune.worker import queueing


@pytest.mark.parametrize(
    ("wanted", "gpus", "can"),
    [
        ("auto", 2, ("cuda:0", "cuda:1")),
        ("auto", 0, ("cpu",)),
        ("cuda:1", 2, ("cuda:1",)),
        ("cpu", 2, ("cpu",)),
    ],
)
def test_candidates(wanted: str, gpus: int, can: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    there = [Device(index, "GPU", 8, 8, 0) for index in range(gpus)]
    monkeypatch.setattr(queueing, "devices", lambda: there)
    assert queueing.candidates(wanted) == can
