"""What stands above the bar of a run that is held, and what the sheet of a finding says."""

from __future__ import annotations

import pytest

from tests.unit.live.test_timeline import event, steered
from tui_finetune.live.run_ends import held_lines
from tui_finetune.live.run_health import finding_lines
from tui_finetune.live.series import History
from tui_finetune.live.spans import plain
from tui_finetune.runs.status import Status


@pytest.mark.parametrize(
    ("did", "kept"),
    [({"released": True}, "released"), ({}, "kept")],
    ids=["given up", "nothing to give up"],
)
def test_device_memory_is_what_the_worker_did_with_it(did: dict[str, bool], kept: str) -> None:
    """Not what it was asked for: on a processor there is nothing to give up."""
    history = History([event("attempt", n=1, from_step=0)])
    history.feed(
        [
            event("request", id="p", action="pause", answer="accepted", by="ann@gpu1", values={"release": True}),
            event("applied", id="p", action="pause", step=600, **did),
        ]
    )
    first = plain(held_lines(Status("paused", "paused", step=600), history, (), 80, 1.76e9)[0])
    assert first.endswith(f"at step 600; device memory {kept}")


def test_a_finding_tells_its_figures_with_their_units() -> None:
    history = steered()
    history.feed([event("finding", id="m", rule="memory_creep", severity="warn", step=420, since=410, what="it grows",
                        figures={"used_bytes": 4.2e9, "full_in_seconds": 2_400, "learning_rate": 2e-5})])  # fmt: skip
    told = " ".join(plain(one) for one in finding_lines(history.findings["m"], history, 80))
    assert "used 4.2 GB, full in 40 m, learning rate 2e-5" in " ".join(told.split())
