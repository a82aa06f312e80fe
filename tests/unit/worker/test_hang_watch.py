"""Native code that keeps the interpreter's lock: no Python thread has a turn, and the stacks are written all the same."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

HELD = """
import ctypes, threading
from types import SimpleNamespace
from tui_finetune.worker import hang_watch

hang_watch.SILENT_SECONDS = 0.5
looked = threading.Event()
attempt = SimpleNamespace(heartbeat=SimpleNamespace(phase="training", idle=0.0, step=3))
watch = hang_watch.HangWatch(attempt, SimpleNamespace(idle=lambda seen: looked.set()), interval=0.05)
watch.start()
looked.wait()
def native():
    ctypes.PyDLL(None).sleep(2)
native()
watch.stop()
"""


@pytest.mark.slow
def test_the_stacks_of_a_process_whose_threads_have_no_turn(
    run_python: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    ran = run_python(HELD)
    assert ran.returncode == 0, ran.stderr
    assert "in native" in ran.stderr
