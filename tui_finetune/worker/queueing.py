"""Waiting for a device, before torch is imported: the run stands in the home's queue and takes its turn by itself."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_finetune.errors import UserError, cannot_write
from tui_finetune.launch.devices import devices, visible_device
from tui_finetune.runs import atomic, queue
from tui_finetune.runs.info import read_info
from tui_finetune.runs.keeping import keeping
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.process import this_process
from tui_finetune.runs.queue import Entry
from tui_finetune.worker.attempt import Attempt
from tui_finetune.worker.controls import Controls

if TYPE_CHECKING:
    from tui_finetune.config.schema import RunTable
    from tui_finetune.paths import Home

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
MISSED = 4
"""Looks in a row at which a run must be gone before it counts as gone: a directory is replaced now and then."""


def take_turn(home: Home, wanted: RunTable, attempt: Attempt, controls: Controls) -> str:
    """Waits where the recipe says so, and gives the device that the run works on from now on: `cpu`, `cuda:1`.

    Raises RunEnded where it is asked to end meanwhile, UserError where what it waits for is gone.
    """
    if not wanted.queue and wanted.after is None:
        device = device_name(wanted.device)
        _hold(home, attempt.paths, device)
        return device
    turn = Turn(home, wanted, attempt, controls)
    try:
        return turn.wait()
    except OSError as error:
        raise UserError(cannot_write(home.queue, error)) from error
    finally:
        turn.close()


def device_name(wanted: str) -> str:
    """What `[run] device` means here now."""
    index = visible_device(wanted)
    return f"cuda:{index}" if index else "cpu"


def candidates(wanted: str) -> tuple[str, ...]:
    """The devices of this machine that a waiting run can be given."""
    if wanted != "auto":
        return (wanted,)
    return tuple(f"cuda:{device.index}" for device in devices()) or ("cpu",)


class Turn:
    """One run in the queue."""

    def __init__(self, home: Home, wanted: RunTable, attempt: Attempt, controls: Controls) -> None:
        self._home = home
        self._wanted = wanted
        self._attempt = attempt
        self._controls = controls
        self._run = attempt.paths.id
        self._told: tuple[Sequence[str], str] | None = None

    def wait(self) -> str:
        self._attempt.phase("queued")
        self._join(self._wanted.after)
        if self._wanted.after is not None:
            self._wait_for(self._wanted.after)
        if not self._wanted.queue:
            device = device_name(self._wanted.device)
            _hold(self._home, self._attempt.paths, device)
            return device
        while True:
            if self._is_next() and (taken := queue.take(self._home.queue, self._run)) is not None:
                return taken
            self._look_again()

    def close(self) -> None:
        """Out of the line, whatever the reason."""
        try:
            queue.leave(self._home.queue, self._run)
        except OSError as error:
            logger.warning("the queue cannot be written: %s", error)

    def _join(self, after: str | None = None) -> None:
        entry = _entry(self._attempt.paths, candidates(self._wanted.device), after)
        # A later attempt had its turn already.
        queue.join(self._home.queue, entry, first=self._attempt.number > 1)

    def _is_next(self) -> bool:
        try:
            line = queue.read_line(self._home.queue)
        except atomic.Unreadable as error:
            logger.warning("the queue cannot be read: %s", error)
            line = queue.Line()
        place = line.place(self._run)
        if place is None:  # the file was lost
            self._join()
            return False
        behind = line.behind(self._run)
        names = " and ".join(self._name(run) for run in behind[:2]) + (
            f" and {len(behind) - 2} more" if behind[2:] else ""
        )
        self._tell(behind, f"behind {names}" if behind else "next", place)
        return line.free_for(self._run) is not None

    def _wait_for(self, run: str) -> None:
        """Until that run has finished; one that ended otherwise may go on and finish yet."""
        missed = 0
        while True:
            info = read_info(RunPaths(self._home.runs / run))
            missed = missed + 1 if info.problem is not None else 0
            if missed >= MISSED:
                raise UserError(f"{run}, which it was to come after, is not there any more.")
            status = info.status()
            if status.state == "finished" or (not missed and not status.live and self._wanted.after_any):
                break
            if not missed:
                ended = "" if status.live else f", which {status.words}: it goes on after that run's resume"
                self._tell((run,), f"after {info.title}{ended}")
            self._look_again()
        queue.arrived(self._home.queue, self._run)

    def _look_again(self) -> None:
        self._attempt.heartbeat.beat_progress()
        self._controls.safe_point()
        time.sleep(LOOK_SECONDS)

    def _tell(self, behind: Sequence[str], why: str, place: int = 1) -> None:
        """An event where something has changed."""
        if self._told != (behind, why):
            self._told = (behind, why)
            self._attempt.events.write("queued", behind=list(behind), place=place, why=why)

    def _name(self, run: str) -> str:
        return read_info(RunPaths(self._home.runs / run)).title


def _entry(paths: RunPaths, wanted: tuple[str, ...], after: str | None = None) -> Entry:
    """This process in the queue, with its keeper where that is its parent."""
    kept = keeping(paths)
    keeper = kept.keeper if kept is not None and kept.keeper.get("pid") == os.getppid() else None
    return Entry(paths.id, wanted, this_process().as_json(), time.time(), after, keeper)


def _hold(home: Home, paths: RunPaths, device: str) -> None:
    """Says that the device is worked on; a run that did not ask to wait does not fail for it."""
    try:
        queue.hold(home.queue, _entry(paths, (device,)))
    except OSError as error:
        logger.warning("the queue cannot be written: %s", error)
