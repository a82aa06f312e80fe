"""A plugin file for the fault matrix: does one harm to its worker, once, at a named instant. Copied into a plugin folder.

TEST_HARM is `HARM@INSTANT`: `kill@step:7`, `segfault@substep:3`, `kill@phase:loading`, `kill@train:1.5` …; TEST_HARM_FLAG is
the file whose existence means that it has been done, or that `wait` waits until the file is gone.
"""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tui_finetune.plugin_api import hookimpl

HARM, _, INSTANT = os.environ.get("TEST_HARM", "none@never").partition("@")
FLAG = Path(os.environ.get("TEST_HARM_FLAG", "/nonexistent/flag"))
FLOOD_BYTES = 80_000_000
DAY = 86_400.0


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wait() -> None:
    while FLAG.exists():
        time.sleep(0.01)


def hang() -> None:
    while True:
        time.sleep(60)


def fail() -> None:
    raise ValueError("a callback that fails")


def leave() -> None:
    """What a library does that calls exit()."""
    sys.exit(3)


def leave_at_once() -> None:
    os._exit(3)


def segfault() -> None:
    ctypes.string_at(0)


def segfault_again() -> None:
    """In every attempt."""
    segfault()


def flood() -> None:
    line = b"x" * 999 + b"\n"
    for _ in range(FLOOD_BYTES // len(line)):
        os.write(1, line)


def take_memory() -> None:
    """Waits until the test has set the limit, then takes memory until the kernel says stop."""
    wait()
    held = []
    while True:
        held.append(b"x" * 16_000_000)


def set_clock() -> None:
    """The clock of this process goes to yesterday, as after a correction by hand."""
    now = time.time
    time.time = lambda: now() - DAY


HARMS: Mapping[str, Callable[[], None]] = {
    one.__name__: one
    for one in (kill, wait, hang, fail, leave, leave_at_once, segfault, segfault_again, flood, take_memory, set_clock)
}


def at(instant: str) -> None:
    if instant == INSTANT and HARM in HARMS and not FLAG.exists():
        if HARMS[HARM] is not segfault_again:
            FLAG.touch()
        HARMS[HARM]()


def _in_loader(harm: str, collate: Callable[[Any], Any], rows: Any) -> Any:
    """Runs in a process that loads rows."""
    if not FLAG.exists():
        FLAG.touch()
        HARMS[harm]()
    return collate(rows)


def _quick_to_look() -> None:
    """In a worker: what it does every ten seconds, or a minute later, it does at once, so that a test need not wait."""
    if "tui_finetune.worker.lifecycle" in sys.modules:
        from tui_finetune.worker import controls, log_cap, saving

        log_cap.LogCap.__init__.__defaults__ = (0.2,)
        controls.ABORT_GRACE_SECONDS = 0.5
        saving.RETRY_SECONDS = 0.5


def _soon(begin: str) -> None:
    """The harm is done so many seconds from now, wherever it is by then, where the instant is `<begin>:<seconds>`."""
    name, _, seconds = INSTANT.partition(":")
    if name == begin:
        timer = threading.Timer(float(seconds), HARMS[HARM])
        timer.daemon = True
        timer.start()


_quick_to_look()
if "tui_finetune.worker.lifecycle" in sys.modules:
    _soon("begin")


@hookimpl
def run_event(run: str, event: Mapping[str, Any]) -> None:
    if event["event"] == "phase":
        at(f"phase:{event['phase']}")


@hookimpl
def training_callbacks(recipe: Mapping[str, Any]) -> Sequence[Any]:
    from transformers import TrainerCallback
    from transformers.trainer_callback import ExportableState

    class Harm(TrainerCallback, ExportableState):  # type: ignore[misc]
        def __init__(self) -> None:
            self._trainer_state: Any = None

        def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            _soon("train")
            if INSTANT == "loader":
                loader = more["train_dataloader"]
                loader = getattr(loader, "base_dataloader", loader)
                loader.collate_fn = functools.partial(_in_loader, HARM, loader.collate_fn)

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            self._trainer_state = state
            at(f"step:{state.global_step}")

        def on_substep_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            at(f"substep:{state.global_step}")

        def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            at(f"train_end:{state.global_step}")

        def on_prediction_step(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            at(f"prediction:{state.global_step}")

        def state(self) -> dict[str, Any]:
            """Asked while a checkpoint is being written."""
            if self._trainer_state is not None:
                at(f"saving:{self._trainer_state.global_step}")
            return {"args": {}, "attributes": {}}

    return [Harm()]
