"""Whose process it is: pid, start ticks, boot and namespace together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import gone_process
from tests.waiting import wait_until
from tui_finetune.runs import process
from tui_finetune.runs.process import is_alive, restarted, this_process


def identity(**changes: Any) -> dict[str, Any]:
    return {**this_process().as_json(), **changes}


def test_this_process_is_alive_and_one_that_ended_is_not() -> None:
    assert is_alive(identity()) is True
    assert is_alive(gone_process()) is False


def test_a_pid_that_another_process_has_now_is_not_taken_for_the_worker() -> None:
    ticks = this_process().start_ticks
    assert ticks is not None
    assert is_alive(identity(start_ticks=ticks - 100)) is False


def test_a_zombie_does_no_work() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    claimed = identity(pid=child.pid, start_ticks=None)
    wait_until(lambda: is_alive(claimed) is False, "the child that nobody has waited for to be a zombie")
    child.wait()


@pytest.mark.parametrize(
    ("changes", "alive"),
    [
        ({"host": "elsewhere", "boot_id": "another"}, None),
        ({"pid_namespace": "pid:[1]"}, None),
        ({"boot_id": "an earlier one"}, False),
        ({"pid": None}, None),
        ({"pid": -1}, None),
        ({"pid": "7"}, None),
    ],
)
def test_a_process_elsewhere_cannot_be_judged(changes: dict[str, Any], alive: bool | None) -> None:
    assert is_alive(identity(**changes)) is alive


def test_a_restart_of_this_machine_is_known() -> None:
    assert restarted(identity(boot_id="an earlier one")) is True
    assert restarted(identity()) is False
    assert restarted(identity(host="elsewhere", boot_id="another")) is False


def test_the_name_of_a_program_cannot_confuse_the_fields(tmp_path: Path) -> None:
    program = tmp_path / "a) R 1 (b"
    program.symlink_to(sys.executable)
    child = subprocess.Popen([program, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        ticks = process.start_ticks(child.pid)
        own = process.start_ticks(os.getpid())
        assert ticks is not None
        assert own is not None
        assert ticks >= own
    finally:
        child.communicate(b"\n")


def test_kills_for_memory_are_counted_where_the_kernel_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "memory.events"
    file.write_text("low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n")
    monkeypatch.setattr(process, "_memory_events", lambda: [tmp_path / "none", file])
    assert process.oom_kills() == 2
    monkeypatch.setattr(process, "_memory_events", lambda: [tmp_path / "none"])
    assert process.oom_kills() is None
