"""Harm by the machine: a restart, the kernel's hand, the clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.place import Place, worker_pid
from tests.waiting import wait_until
from tests.worker.training import ended
from tui_finetune.runs import atomic

pytestmark = pytest.mark.slow

LIMIT = 300_000_000
"""Bytes beyond which the kernel kills; what the worker had before it came into the group is not counted."""
GROUPS = Path("/sys/fs/cgroup")


@pytest.fixture
def small_group() -> Iterator[Path]:
    """A control group with little memory; skipped where none can be made."""
    memory = GROUPS / "memory"
    base, limit = (memory, "memory.limit_in_bytes") if memory.is_dir() else (GROUPS, "memory.max")
    group = base / "tui-finetune-test"
    try:
        group.mkdir()
        (group / limit).write_text(str(LIMIT))
    except OSError as error:
        pytest.skip(f"no control group of memory can be made here: {error}")
    yield group
    wait_until(lambda: not (group / "cgroup.procs").read_text().strip(), "the group to be empty")
    group.rmdir()


def test_killed_for_memory(place: Place, small_group: Path) -> None:
    info = place.start("take_memory@step:7")
    wait_until(place.flag.exists, "step 7")
    (small_group / "cgroup.procs").write_text(str(worker_pid(info)))
    place.release()
    status = ended(info)
    assert status.state == "died", status.words
    assert "for want of memory" in status.words
    place.go_on("out-of-memory", info, reached=7, seen=status)


def test_the_machine_was_started_again(place: Place) -> None:
    """Nothing of an earlier boot is left, whatever process has the pid now."""
    info = place.start("kill@step:7")
    ended(info)
    process = atomic.read_json(info.paths.process_json)
    atomic.write_json(info.paths.process_json, {**process, "boot_id": "that of yesterday"})
    beat = atomic.read_json(info.paths.heartbeat)
    atomic.write_json(info.paths.heartbeat, {**beat, "t": beat["t"] - 600, "progress_t": beat["progress_t"] - 600})
    status = info.fresh().status()
    assert status.state == "died", status.words
    assert "the machine was started again since" in status.words
    place.go_on("reboot", info, reached=7, seen=status)


def test_the_clock_is_set(place: Place) -> None:
    """What counts on one machine is measured by its uptime, which nobody sets."""
    info = place.start("set_clock@step:7")
    wait_until(lambda: place.flag.exists() and (info.fresh().status().step or 0) > 7, "the clock to be set")
    seen = info.fresh().status()
    assert seen.state in ("running", "finished"), seen.words
    place.unharmed("clock", info, seen=seen, begun=time.time(), reached=18)
