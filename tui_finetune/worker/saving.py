"""Checkpoints while training goes on: whole, or owed and tried again; old ones removed only after the new one is whole."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from tui_finetune.live import words
from tui_finetune.runs.branches import steps_in_use
from tui_finetune.runs.dropping import remove
from tui_finetune.runs.manifest import problem
from tui_finetune.worker import checkpoints
from tui_finetune.worker.attempt import Attempt, disk_free
from tui_finetune.worker.controls import Controls, RunEnded
from tui_finetune.worker.disk import NO_ROOM_WORDS, why_unwritten
from tui_finetune.worker.owed import Owed, Patience

logger = logging.getLogger(__name__)

RETRY_SECONDS = 60.0
"""Between two tries to write a checkpoint that could not be; each at the end of a step."""
PAUSE_AFTER_SECONDS = 600.0
"""After so long without one, and not before the next one fell due, training waits for room."""
POLL_SECONDS: Final = 0.2
MARGIN: Final = 65_536
"""Bytes beside the tensors: names, sizes, small files; the first checkpoint tells how much it really is."""
REGULAR: Final = frozenset({"steps", "epoch"})


class Standing(Protocol):
    """What there is to save: a Trainer as it stands."""

    @property
    def step(self) -> int: ...

    @property
    def best_step(self) -> int | None: ...

    @property
    def limit(self) -> int | None:
        """`save_total_limit`."""

    @property
    def strategy(self) -> str:
        """`save_strategy`."""

    @property
    def needs(self) -> Sequence[str]:
        """Files without which a checkpoint of it is not whole."""

    @property
    def made_with(self) -> Mapping[str, Any]:
        """Facts of the process that a resume compares."""

    def model_bytes(self) -> int:
        """Of the weights."""

    def tensor_bytes(self) -> int:
        """Of weights and optimizer, as a checkpoint holds them."""

    def spoilt(self) -> str | None:
        """Why the weights are not worth keeping."""

    def fill(self, folder: Path) -> None:
        """Writes everything into `folder`."""


class Saver:
    """The checkpoints of one attempt."""

    def __init__(
        self,
        attempt: Attempt,
        controls: Controls,
        state: Standing,
        *,
        patience: Callable[[], Patience] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        free: Callable[[Path], int] = disk_free,
    ) -> None:
        self._patience = patience or (lambda: Patience(RETRY_SECONDS, PAUSE_AFTER_SECONDS))
        self.owed = Owed(self._patience, clock)
        self._attempt = attempt
        self._controls = controls
        self._state = state
        self._clock = clock
        self._sleep = sleep
        self._free = free
        self._rest = MARGIN
        """Bytes of a checkpoint that are no tensors."""
        self._why: str | None = None
        """Why the newest try came to nothing."""

    @property
    def saved(self) -> bool:
        """True where the step as it stands has a checkpoint."""
        return self._attempt.paths.checkpoint(self._state.step).is_dir()

    @property
    def needed_bytes(self) -> int:
        """What the next checkpoint takes."""
        return self._state.tensor_bytes() + self._rest

    def save(self, *, due: bool = True) -> bool:
        """A checkpoint of the step as it stands; False where it could not be written, which costs training nothing.

        due: it is wanted now, and not tried again because an earlier one failed. Where too much work has been done without
        one, and where the run is to stop, this waits for room: a stop that loses work in silence is none.
        """
        before = self._attempt.phase_name
        if not self._try(due=due) and self.owed:
            self._wait_where_needed()
        self._phase("training" if before == "saving" else before)
        return self.saved

    def retry_due(self) -> bool:
        """True at the end of a step where the checkpoint that is owed is to be tried again."""
        return self.owed.retry()

    def save_unless_saved(self) -> bool:
        """The same for the last step: True where it has a checkpoint then."""
        return self.saved or self.save()

    def close(self) -> None:
        """At the end of training: what is owed is tried once more. Where not even the model would fit, which comes next, the run
        is held until there is room for both; else it ends without, and says so."""
        if not self.owed or self._try(due=False):
            return
        if self._free(self._attempt.paths.root) < self._state.model_bytes() + self._rest:
            self._controls.hold(f"{self._cause('a checkpoint')}; goes on when there is", until=self._tried_again)
            self._controls.safe_point()
        if self.owed:
            self._attempt.warn(f"checkpoint-{self._state.step} was not written: {self._why}.")

    def write_model(self, fill: Callable[[Path], None], facts: Mapping[str, Any]) -> None:
        """model/, whole."""
        self.until_written("the model", lambda: checkpoints.write_whole(self._attempt.paths.model, fill, facts))

    def until_written(self, what: str, write: Callable[[], object]) -> None:
        """Does `write`. Where the disk does not take it the run is held and it is done again until it does: after training
        nothing is lost to a full disk."""
        owed, done = Owed(self._patience, self._clock), False

        def tried() -> bool:
            nonlocal done
            if not done and (not owed or owed.retry()):
                self._why = self._unwritten(write)
                done = self._why is None
                owed.failed(due=False)
            return done

        while not tried():
            self._controls.hold(f"{self._cause(what)}; goes on when there is", until=tried)
            self._controls.safe_point()

    def note_best(self) -> None:
        """The best step so far and its checkpoint, where it has one, into the attempt's outcome.

        Not into the library's state, which at the end of training would remove other checkpoints by it, unsaid.
        """
        paths, outcome, best = self._attempt.paths, self._attempt.outcome, self._state.best_step
        there = best is not None and paths.checkpoint(best).is_dir()
        outcome.best_step = best if there else None
        outcome.best_checkpoint = str(paths.checkpoint(best).relative_to(paths.root)) if there and best else None

    def newest_words(self) -> str:
        """What is safe: `checkpoint-1407 is whole`."""
        there = sorted(checkpoints.all_checkpoints(self._attempt.paths), reverse=True)
        whole = next((step for step, folder in there if problem(folder, content=False) is None), None)
        return "no checkpoint is whole" if whole is None else f"checkpoint-{whole} is whole"

    # One try

    def _try(self, *, due: bool) -> bool:
        step, root = self._state.step, self._attempt.paths.root
        if not root.is_dir():
            raise RunEnded("failed", f"the run directory {root} is gone")
        if (spoilt := self._state.spoilt()) is not None:
            # Told, and nothing is owed: the next one that is due asks again.
            self._tell_failed(spoilt, again=False)
            return False
        why = self._no_room() or self._written(step)
        self.note_best()
        if why is None:
            self.owed.paid()
            self._remove_surplus()
        else:
            self.owed.failed(due=due)
            if due or why != self._why:
                self._tell_failed(why, again=True)
        self._why = why
        return why is None

    def _no_room(self) -> str | None:
        return NO_ROOM_WORDS if self._free(self._attempt.paths.root) < self.needed_bytes else None

    def _written(self, step: int) -> str | None:
        """Writes the checkpoint; why it could not, where the disk is the cause."""
        attempt, folder = self._attempt, self._attempt.paths.checkpoint(step)
        facts = {"step": step, "attempt": attempt.number, "made_with": dict(self._state.made_with)}
        attempt.phase("saving")
        started = time.monotonic()
        sizes = []

        def write() -> None:
            sizes.append(checkpoints.write_whole(folder, self._state.fill, facts, needs=self._state.needs))

        if (why := self._unwritten(write)) is not None:
            return why
        self._rest = max(MARGIN, sizes[0] - self._state.tensor_bytes()) + MARGIN
        path, seconds = str(folder.relative_to(attempt.paths.root)), round(time.monotonic() - started, 3)
        attempt.events.write("checkpoint", step=step, path=path, bytes=sizes[0], seconds=seconds)
        return None

    def _unwritten(self, write: Callable[[], object]) -> str | None:
        """Why `write` could not, where the disk is the cause; anything else is raised."""
        try:
            write()
        except Exception as error:
            if (why := why_unwritten(error)) is None:
                raise
            if why != self._why:
                traceback.print_exc()
            return why
        return None

    def _tell_failed(self, why: str, *, again: bool) -> None:
        root = self._attempt.paths.root
        self._attempt.events.write(
            "save_failed",
            step=self._state.step,
            why=why,
            needed_bytes=self.needed_bytes,
            free_bytes=self._free(root),
            retry_seconds=self.owed.patience.retry_seconds if again else None,
        )

    def _remove_surplus(self) -> None:
        attempt, paths, limit = self._attempt, self._attempt.paths, self._state.limit
        for folder in checkpoints.surplus_aside(paths):
            logger.info("%s: newer ones lie aside too; it is removed", folder.name)
            remove(folder)
        if not checkpoints.surplus(paths, limit, [self._state.best_step]):
            return
        keep = [self._state.best_step, *steps_in_use(paths)]
        for step, folder in checkpoints.surplus(paths, limit, keep):
            remove(folder)
            attempt.events.write("checkpoint_removed", step=step, path=str(folder.relative_to(paths.root)))

    # Waiting for room

    def _wait_where_needed(self) -> None:
        """Holds the run until the checkpoint that is owed is written, where it should not go on without.

        A person's `continue` ends that too: training goes on without, for as long as it did before. Of a run that is to
        stop only an abort and a signal that the process has to go end it.
        """
        controls, owed = self._controls, self.owed
        regular = self._state.strategy in REGULAR
        if self._state.strategy != "no" and owed.waits(regular=regular) and not (controls.held or controls.stopping):
            controls.hold(self._held_words(), until=self._tried_again)
            controls.safe_point()
            owed.go_on()
        while owed and controls.stopping and controls.stop_state != "preempted":
            self._phase("paused", f"{self._cause('a checkpoint')}; stops when there is, an abort ends it without")
            controls.safe_point()
            self._attempt.heartbeat.beat_progress()
            self._sleep(POLL_SECONDS)
            self._tried_again()

    def _tried_again(self) -> bool:
        """True once it is written."""
        if not self.owed.retry():
            return not self.owed
        if self._try(due=False):
            return True
        self._phase("paused", self._held_words())
        return False

    def _held_words(self) -> str:
        return f"{self._cause('a checkpoint')} for {words.coarse(self.owed.seconds)}; goes on when there is"

    def _phase(self, name: str, detail: str | None = None) -> None:
        """Said where it is another one."""
        if self._attempt.phase_name != name:
            self._attempt.phase(name, detail)

    def _cause(self, what: str) -> str:
        return f"no room for {what}" if self._why == NO_ROOM_WORDS else f"{what} cannot be written ({self._why})"
