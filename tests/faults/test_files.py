"""Harm to the run directory: files torn, cut, gone; two workers; another machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.place import Place
from tests.faults.record import Measured, keep
from tests.waiting import wait_until
from tests.worker.training import ended, events
from tui_finetune.launch.handoff import ATTEMPT_TAKEN, Launch
from tui_finetune.launch.start import resume
from tui_finetune.paths import Home
from tui_finetune.runs import atomic
from tui_finetune.runs.info import read_info
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.process import start_ticks

pytestmark = pytest.mark.slow


def flip_a_bit(checkpoint: Path) -> None:
    weights = checkpoint / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-100] ^= 1
    weights.write_bytes(content)


def cut_short(checkpoint: Path) -> None:
    optimizer = checkpoint / "optimizer.pt"
    os.truncate(optimizer, optimizer.stat().st_size // 2)


def lose_a_file(checkpoint: Path) -> None:
    (checkpoint / "scheduler.pt").unlink()


CORRUPTED: dict[str, Callable[[Path], None]] = {
    "bit-flipped": flip_a_bit,
    "truncated": cut_short,
    "file-missing": lose_a_file,
}


@pytest.mark.parametrize("row", CORRUPTED)
def test_a_checkpoint_that_is_not_whole_is_skipped(row: str, place: Place) -> None:
    info = place.start("kill@step:10")
    status = ended(info)
    CORRUPTED[row](info.paths.checkpoint(8))
    place.go_on(row, info, reached=10, seen=status, then="resume names it, puts it aside, goes on from the one before")
    (skipped,) = events(info, "checkpoint_skipped")
    assert "checkpoint-8 is not whole" in skipped.get("why")
    assert (info.paths.root / skipped.get("path")).is_dir(), "it is kept for a person to look at"


def test_a_torn_line(place: Place) -> None:
    info = place.start("kill@step:7")
    ended(info)
    with info.paths.events.open("ab") as file:
        file.write(b'{"v":1,"seq":99,"t":1795424')
    place.go_on("torn-line", info, reached=7)


def test_deleted_while_it_trains(place: Place) -> None:
    info = place.waiting(7)
    pid = info.status().process["pid"]
    shutil.rmtree(info.paths.root)
    begun = time.time()
    place.release()
    wait_until(lambda: start_ticks(pid) is None, "the worker to end")
    seconds = round(time.time() - begun, 1)
    assert not info.paths.root.exists(), "what was deleted does not come back"
    keep("folder-deleted", Measured("not listed any more", f"the worker ends after {seconds} s", None, None, None))


def test_two_workers_on_one_directory(place: Place) -> None:
    info = place.waiting(7)
    status, begun = info.status(), time.time()
    command = Launch(place.ground.home, place.ground.plugin_dirs).command(info.paths, 2)
    second = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert second.returncode == ATTEMPT_TAKEN
    assert f"Process {status.process['pid']} works on {info.id}." in second.stderr
    place.release()
    place.unharmed("two-workers", info, seen=status, begun=begun, reached=7)


def test_copied_to_another_machine(place: Place, tmp_path: Path) -> None:
    """The copy of a run that died elsewhere: nobody can tell here whether it lives there."""
    info = place.start("kill@step:7")
    ended(info)
    copy = RunPaths(Home(tmp_path / "other").ensure().runs / info.id)
    shutil.copytree(info.paths.root, copy.root)
    process = atomic.read_json(copy.process_json)
    atomic.write_json(copy.process_json, {**process, "host": "gpu1", "boot_id": "another", "pid_namespace": "other"})
    beat = atomic.read_json(copy.heartbeat)
    atomic.write_json(copy.heartbeat, {**beat, "t": beat["t"] - 3_600})
    there = read_info(copy)
    status = there.status()
    assert status.state == "unreachable", status.words
    ground = place.ground
    place.monkeypatch.setenv("TEST_HARM", "none@never")
    begun = time.time()
    resume(there, Launch(Home(tmp_path / "other"), ground.plugin_dirs), force=True)
    place.finish(
        "copied", there, reached=7, seen=status, begun=begun, then="resume --force, once it is known to be gone there"
    )
