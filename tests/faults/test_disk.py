"""A disk that is full, and one that turns read-only under a run; skipped where none can be mounted."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.test_bad_input_disk import fill, mount, no_check_of_room
from tests.faults.place import Place
from tests.waiting import wait_until
from tests.worker.training import ended, events
from tui_finetune.paths import Home
from tui_finetune.runs.process import start_ticks

pytestmark = pytest.mark.slow
__all__ = ["mount", "no_check_of_room"]


def on_disk(place: Place, disk: Path) -> None:
    """The run is made there."""
    place.ground = dataclasses.replace(place.ground, home=Home(disk / "home").ensure())


def test_no_room_for_a_checkpoint(place: Place, mount: Callable[[str], Path], no_check_of_room: None) -> None:
    disk = mount("32m")
    on_disk(place, disk)
    info = place.waiting(7)
    full = fill(disk)
    begun = time.time()
    place.release()
    wait_until(lambda: (info.fresh().status().step or 0) >= 12, "training to go on without a checkpoint")
    seen = info.fresh().status()
    full.unlink()
    then = "it goes on, tries again every 60 s (0.5 s here); after 10 minutes it waits for room"
    place.unharmed("disk-full", info, seen=seen, begun=begun, reached=12, then=then)
    assert events(info, "save_failed"), "it was said when it happened"


class Ext4:
    """A file system in a file, which turns read-only as one with an error does."""

    def __init__(self, folder: Path) -> None:
        self.image, self.root = folder / "image", folder / "ext4"
        self.root.mkdir()
        self.image.touch()
        with self.image.open("r+b") as file:
            file.truncate(64_000_000)
        _do("mkfs.ext4", "-q", "-F", str(self.image))
        self.mount()

    def mount(self) -> None:
        _do("mount", "-o", "loop,errors=remount-ro", str(self.image), str(self.root))

    def turn_read_only(self) -> None:
        device = _do("findmnt", "-n", "-o", "SOURCE", str(self.root)).strip()
        (Path("/sys/fs/ext4") / Path(device).name / "trigger_fs_error").write_text("a test")

    def unmount(self) -> None:
        subprocess.run(["umount", "-l", str(self.root)], check=True)

    def repair(self) -> None:
        """As after a restart: what had not been written is lost. A copy, for memory maps here hold the broken one."""
        self.unmount()
        copy = self.image.with_name("copy")
        shutil.copy(self.image, copy)
        self.image = copy
        subprocess.run(["e2fsck", "-fy", str(self.image)], capture_output=True)
        self.mount()


def _do(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip(f"no {command[0]} here")
    if done.returncode != 0:
        pytest.skip(f"no file system can be made and mounted here: {done.stderr.strip()}")
    return done.stdout


@pytest.fixture
def ext4(tmp_path: Path) -> Iterator[Ext4]:
    found = Ext4(tmp_path)
    yield found
    found.unmount()


def test_the_disk_turns_read_only(place: Place, ext4: Ext4, no_check_of_room: None) -> None:
    on_disk(place, ext4.root)
    info = place.waiting(7)
    pid = info.status().process["pid"]
    ext4.turn_read_only()
    place.release()
    wait_until(lambda: start_ticks(pid) is None, "the worker to end")
    status = ended(info)
    assert status.ended_badly, status.words
    ext4.repair()
    place.go_on("home-read-only", info, reached=8, seen=status, then="mend the disk, then resume")
    assert events(info, "attempt")[-1].get("from_step") == 4
