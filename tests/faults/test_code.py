"""Code of others that misbehaves within a worker: plugins, native code, processes that load data."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.faults.place import Place
from tests.waiting import wait_until
from tests.worker.training import ask, ended
from tui_finetune.runs import status as status_module
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.status import Status

pytestmark = pytest.mark.slow

ENDS: dict[str, tuple[str, str, str]] = {
    "callback-raises": ("fail@step:7", "failed", "ValueError: a callback that fails (plugin harm"),
    "callback-exits": ("leave@step:7", "failed", "SystemExit"),
    "callback-leaves": ("leave_at_once@step:7", "died", "process gone without a result"),
    "segfault": ("segfault@step:7", "died", "its last words: Segmentation fault"),
}
"""Row to harm, the state it ends in, and what is said."""


@pytest.mark.parametrize("row", ENDS)
def test_code_that_ends_the_run(row: str, place: Place) -> None:
    harm, state, words = ENDS[row]
    info = place.start(harm)
    status = ended(info)
    assert (status.state, words in status.words) == (state, True), status.words
    if row == "segfault":
        assert "Segmentation fault" in info.paths.stdout_log.read_text(), "the log says where"
    place.go_on(row, info, reached=7, seen=status)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that finds work that stands still for two seconds worth a word; the real times are minutes."""
    monkeypatch.setattr(status_module, "PHASE_SECONDS", dict.fromkeys(status_module.PHASE_SECONDS, 2.0))


def stalled(info: RunInfo) -> Status:
    def still() -> Status | None:
        status = info.fresh().status()
        return status if status.state == "stalled" else None

    found = wait_until(still, f"{info.id} to be seen to stand still")
    assert found is not None
    return found


HANGS = {"callback-hangs": ("hang@step:7", {}), "loader-hangs": ("hang@loader", {"train__dataloader_num_workers": 1})}


@pytest.mark.parametrize("row", HANGS)
def test_code_that_hangs_is_seen_and_can_be_ended(row: str, place: Place, impatient: None) -> None:
    harm, sets = HANGS[row]
    info = place.start(harm, **sets)
    wait_until(place.flag.exists, "the hang")
    status = stalled(info)
    assert "no progress for" in status.words
    begun = time.monotonic()
    ask(info, "abort")
    assert ended(info).state == "aborted"
    wait_until(lambda: not _left_over(info), "no process to be left")
    assert time.monotonic() - begun < 30
    reached = 7 if row == "callback-hangs" else 0
    place.go_on(
        row, info, reached=reached, seen=status, then="it is said after 10 minutes (2 s here); abort, then resume"
    )


def _left_over(info: RunInfo) -> list[str]:
    """Processes that still work in the run's directory."""
    return [found.name for found in Path("/proc").iterdir() if found.name.isdigit() and _works_in(found, info)]


def _works_in(process: Path, info: RunInfo) -> bool:
    try:
        return os.readlink(process / "cwd") == str(info.paths.root)
    except OSError:
        return False


def test_a_loading_process_that_is_killed(place: Place) -> None:
    info = place.start("kill@loader", train__dataloader_num_workers=1)
    status = ended(info)
    assert status.state == "failed", status.words
    place.go_on("loader-killed", info, reached=0, seen=status)


def test_a_plugin_that_hangs_when_it_is_told_of_an_event(place: Place) -> None:
    begun = time.time()
    info = place.start("hang@phase:training")
    wait_until(place.flag.exists, "the plugin to hang")
    place.unharmed("listener-hangs", info, seen=info.status(), begun=begun, reached=0)


def test_a_flood_of_output(place: Place) -> None:
    begun = time.time()
    info = place.start("flood@step:7")
    wait_until(place.flag.exists, "the flood")
    seen = info.status()
    place.unharmed("flood", info, seen=seen, begun=begun, reached=7)
    assert info.paths.stdout_log.stat().st_size < 64_000_000
