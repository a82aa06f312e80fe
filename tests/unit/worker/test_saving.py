"""Checkpoints on a disk that has no room, by a clock and a disk of the test's own; the files are real."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest

from tui_finetune.paths import Home
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.manifest import problem, read_manifest
from tui_finetune.runs.store import RunStore
from tui_finetune.runs.tail import Event, read_events
from tui_finetune.worker.attempt import Attempt
from tui_finetune.worker.checkpoints import BROKEN_PREFIX, RESUME_FILES, put_aside
from tui_finetune.worker.controls import Controls, RunEnded
from tui_finetune.worker.owed import Patience
from tui_finetune.worker.saving import Saver

SIZE = 10_000
"""Bytes of the tensors."""
PLENTY = 10**9


class Standing:
    """A Trainer of a few bytes, where the test says."""

    def __init__(self) -> None:
        self.step = 0
        self.best_step: int | None = None
        self.limit: int | None = None
        self.strategy = "steps"
        self.needs: tuple[str, ...] = RESUME_FILES
        self.made_with = {"versions": {"torch": "2.13.0"}, "device_kind": "cpu"}
        self.left_out: str | None = None
        self.spoilt_by: str | None = None
        self.fails: BaseException | None = None

    def model_bytes(self) -> int:
        return SIZE // 3

    def tensor_bytes(self) -> int:
        return SIZE

    def spoilt(self) -> str | None:
        return self.spoilt_by

    def fill(self, folder: Path) -> None:
        for name in ("model.safetensors", *RESUME_FILES):
            if name != self.left_out:
                (folder / name).write_bytes(os.urandom(SIZE // 6))
        if self.fails is not None:
            raise self.fails


class Asked:
    """What a person or the system wants of the worker."""

    def __init__(self) -> None:
        self.stopping = False
        self.stop_state = "stopped"
        self.training = True
        self.aborted = False
        self.held = False
        self.continued = False
        self.desk: Desk

    def hold(self, detail: str, *, until: Callable[[], bool]) -> None:
        """As Controls.hold: until it is so, a person continues, or something ends the run."""
        attempt = self.desk.attempt
        before = attempt.phase_name
        attempt.phase("paused", detail)
        while not (self.stopping or self.aborted or self.continued or until()):
            self.desk.sleep(0.5)
        self.continued = False
        attempt.phase(before)

    def safe_point(self) -> None:
        if self.aborted:
            raise RunEnded("aborted", "asked to abort")


class Desk:
    """A Saver with a clock, a disk and requests that the test holds in its hands."""

    def __init__(self, paths: RunPaths) -> None:
        self.paths = paths
        self.attempt = Attempt.claim(paths)
        self.attempt.begin()
        self.attempt.phase("training")
        self.state, self.asked = Standing(), Asked()
        self.asked.desk = self
        self.now, self.free = 0.0, PLENTY
        self.while_waiting: Callable[[], None] = lambda: None
        self.slept = 0
        self.saver = Saver(
            self.attempt,
            cast(Controls, self.asked),
            self.state,
            patience=lambda: Patience(60.0, 600.0),
            clock=lambda: self.now,
            sleep=self.sleep,
            free=lambda path: self.free,
        )

    def sleep(self, seconds: float) -> None:
        self.slept += 1
        assert self.slept < 10_000, "waits for ever"
        self.now += 1.0
        self.while_waiting()

    def save(self, step: int, *, due: bool = True) -> bool:
        self.state.step = step
        return self.saver.save(due=due)

    def events(self, name: str) -> list[Event]:
        return [event for event in read_events(self.paths) if event.name == name]

    def there(self) -> list[str]:
        return sorted(os.listdir(self.paths.checkpoints)) if self.paths.checkpoints.is_dir() else []


@pytest.fixture
def desk(home: Home) -> Iterator[Desk]:
    found = Desk(RunStore(home).create("saving", kind="train", task=None, of=None))
    yield found
    found.attempt.end("finished")


def test_a_checkpoint_says_what_it_was_made_with(desk: Desk) -> None:
    assert desk.save(4)
    folder = desk.paths.checkpoint(4)
    assert problem(folder, needs=RESUME_FILES) is None
    facts = read_manifest(folder).facts
    assert (facts["step"], facts["attempt"], facts["made_with"]) == (4, 1, desk.state.made_with)
    assert [event.step for event in desk.events("checkpoint")] == [4]


def test_no_room_is_told_once_and_training_goes_on(desk: Desk) -> None:
    desk.free = 500
    assert not desk.save(4)
    assert desk.there() == []
    (told,) = desk.events("save_failed")
    assert told.fields["why"] == "no room"
    assert told.fields["needed_bytes"] > SIZE
    assert (told.fields["free_bytes"], told.fields["retry_seconds"]) == (500, 60.0)
    assert desk.attempt.phase_name == "training"
    desk.now = 30.0
    assert not desk.saver.retry_due()
    desk.now = 61.0
    assert desk.saver.retry_due()
    assert not desk.save(5, due=False)
    assert len(desk.events("save_failed")) == 1, "a retry that fails for the same reason is not told again"
    desk.now, desk.free = 122.0, PLENTY
    assert desk.saver.retry_due()
    assert desk.save(6, due=False)
    assert not desk.saver.owed
    assert desk.there() == ["checkpoint-6"]


def test_a_disk_that_becomes_full_while_it_is_written_leaves_nothing(desk: Desk) -> None:
    desk.save(4)
    for error, why in (
        (OSError(errno.ENOSPC, "No space left on device"), "no room"),
        (
            RuntimeError("[enforce fail at inline_container.cc:672]"),
            "a file could not be written, probably for no room",
        ),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "no room"),
        (OSError(errno.EROFS, "Read-only file system"), "Read-only file system"),
    ):
        desk.state.fails = error
        assert not desk.save(8)
        assert desk.there() == ["checkpoint-4"]
        assert desk.events("save_failed")[-1].fields["why"] == why
    assert problem(desk.paths.checkpoint(4)) is None


def test_another_error_is_no_matter_of_the_disk(desk: Desk) -> None:
    desk.state.fails = ValueError("a plugin's")
    with pytest.raises(ValueError, match="a plugin's"):
        desk.save(4)
    assert desk.there() == []


@pytest.mark.parametrize("name", RESUME_FILES)
def test_a_checkpoint_without_a_part_is_none(desk: Desk, name: str) -> None:
    desk.state.left_out = name
    with pytest.raises(RuntimeError, match=f"checkpoint-4 would be without {name}"):
        desk.save(4)
    assert desk.there() == []


def test_training_waits_for_room_and_goes_on_by_itself(desk: Desk) -> None:
    desk.free = 500
    desk.save(4)
    desk.now = 590.0
    desk.save(8)
    assert desk.slept == 0
    desk.now = 660.0

    def room() -> None:
        assert desk.attempt.phase_name == "paused"
        if desk.now > 1_000:
            desk.free = PLENTY

    desk.while_waiting = room
    assert desk.save(9, due=False)
    assert desk.there() == ["checkpoint-9"]
    (paused,) = [event for event in desk.events("phase") if event.fields["phase"] == "paused"]
    assert paused.fields["detail"] == "no room for a checkpoint for 11 m; goes on when there is"
    assert desk.attempt.phase_name == "training"


def test_while_it_waits_an_abort_ends_it(desk: Desk) -> None:
    desk.free = 500
    desk.save(4)
    desk.now = 700.0
    desk.while_waiting = lambda: setattr(desk.asked, "aborted", True)
    with pytest.raises(RunEnded, match="asked to abort"):
        desk.save(8)


def test_a_person_may_go_on_without_for_as_long_again(desk: Desk) -> None:
    desk.free = 500
    for now in (0.0, 300.0, 660.0):
        desk.now = now
        desk.while_waiting = lambda: setattr(desk.asked, "continued", True)
        assert not desk.save(4)
    assert desk.slept == 1
    desk.now += 300
    assert not desk.save(8)
    assert desk.slept == 1, "not held again before its time"


def test_a_stop_while_it_is_held_waits_on(desk: Desk) -> None:
    desk.free = 500
    desk.save(4)
    desk.now = 700.0

    def stop() -> None:
        desk.free = PLENTY if desk.asked.stopping else 500
        desk.asked.stopping = True

    desk.while_waiting = stop
    assert desk.save(8)
    assert desk.there() == ["checkpoint-8"]


def test_what_is_asked_of_a_held_run_holds_it_no_second_time(desk: Desk) -> None:
    desk.free, desk.asked.held = 500, True
    desk.save(4)
    desk.now = 5_000.0
    assert not desk.save(4)
    assert desk.slept == 0


def test_without_a_strategy_training_never_waits(desk: Desk) -> None:
    desk.state.strategy, desk.free = "no", 500
    desk.save(4)
    desk.now = 5_000.0
    assert not desk.save(8)
    assert desk.slept == 0


def test_a_stop_waits_for_room_and_a_preemption_does_not(desk: Desk) -> None:
    desk.free, desk.asked.stopping = 500, True
    desk.while_waiting = lambda: setattr(desk, "free", PLENTY)
    assert desk.save(4)
    assert [event.fields["phase"] for event in desk.events("phase")] == ["training", "paused", "saving", "training"]
    desk.free, desk.asked.stop_state, desk.slept = 500, "preempted", 0
    assert not desk.save(5)
    assert desk.slept == 0
    assert desk.saver.newest_words() == "checkpoint-4 is whole"


def test_a_spoilt_model_is_not_saved_and_not_owed(desk: Desk) -> None:
    desk.save(4)
    desk.state.spoilt_by = "the model is spoilt: a.weight has weights that are no numbers"
    assert not desk.save(8)
    assert not desk.saver.owed
    (told,) = desk.events("save_failed")
    assert (told.fields["why"], told.fields["retry_seconds"]) == (desk.state.spoilt_by, None)
    assert desk.there() == ["checkpoint-4"]


def test_old_ones_go_only_after_the_new_one_is_whole(desk: Desk) -> None:
    desk.state.limit = 2
    for step in (1, 2):
        desk.save(step)
    desk.state.fails = OSError(errno.ENOSPC, "No space left on device")
    desk.save(3)
    assert desk.there() == ["checkpoint-1", "checkpoint-2"]
    desk.state.fails, desk.state.best_step = None, 1
    desk.save(4)
    assert desk.there() == ["checkpoint-1", "checkpoint-4"]
    assert desk.attempt.outcome.best_checkpoint == "checkpoints/checkpoint-1"


def test_of_those_put_aside_the_oldest_go_once_a_new_one_is_whole(desk: Desk) -> None:
    for step in range(1, 6):
        desk.save(step)
        put_aside(desk.paths.checkpoint(step), BROKEN_PREFIX)
    desk.state.fails = OSError(errno.ENOSPC, "No space left on device")
    desk.save(6)
    assert len(desk.there()) == 4, "what is there stays until a new one is whole"
    desk.state.fails = None
    desk.save(7)
    assert desk.there() == ["checkpoint-7", *(f"not-whole-checkpoint-{step}" for step in (3, 4, 5))]


def test_one_that_a_branch_starts_from_is_kept(desk: Desk, home: Home) -> None:
    desk.state.limit = 1
    desk.save(1)
    of: dict[str, Any] = {"run": desk.paths.id, "checkpoint": 1}
    RunStore(home).create("branch", kind="train", task=None, of=of)
    desk.save(2)
    desk.save(3)
    assert desk.there() == ["checkpoint-1", "checkpoint-3"]


def test_one_that_is_being_measured_is_kept_until_that_is_done(desk: Desk, home: Home) -> None:
    desk.state.limit = 1
    desk.save(1)
    other = RunStore(home).create("eval", kind="evaluate", task=None, of={"run": desk.paths.id, "checkpoint": 1})
    desk.save(2)
    assert desk.there() == ["checkpoint-1", "checkpoint-2"]
    other.result_json.write_text('{"v": 1, "attempt": 1, "state": "finished"}')
    desk.save(3)
    assert desk.there() == ["checkpoint-3"]


def test_what_is_owed_at_the_end_is_tried_once_more(desk: Desk) -> None:
    desk.free = 500
    desk.save(4)
    desk.free = PLENTY
    desk.saver.close()
    assert desk.there() == ["checkpoint-4"]


def test_at_the_end_it_waits_where_not_even_the_model_has_room(desk: Desk) -> None:
    desk.free = 500
    desk.save(4)
    desk.while_waiting = lambda: setattr(desk, "free", PLENTY if desk.now > 200 else 500)
    desk.saver.close()
    assert desk.there() == ["checkpoint-4"]
    assert desk.events("warning") == []


def test_at_the_end_the_model_waits_for_its_room(desk: Desk) -> None:
    desk.free = 500
    desk.save(4)
    desk.free = SIZE // 3 + 70_000
    desk.saver.close()
    assert [event.fields["message"] for event in desk.events("warning")] == ["checkpoint-4 was not written: no room."]
    tried = []

    def fill(folder: Path) -> None:
        tried.append(desk.now)
        if len(tried) < 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        (folder / "config.json").write_text("{}")

    desk.saver.write_model(fill, {"step": 4})
    assert problem(desk.paths.model) is None
    assert [later - earlier for earlier, later in pairwise(tried)] == [60.0, 60.0]


def test_after_training_nothing_is_lost_to_a_full_disk(desk: Desk) -> None:
    """What a step wrote in part is written again; an error of another kind ends the run as it does anywhere."""
    done: list[float] = []

    def measure() -> None:
        done.append(desk.now)
        if len(done) < 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    desk.saver.until_written("predictions and figures", measure)
    assert done == [0.0, 60.0, 120.0]
    assert desk.events("phase")[1].fields["detail"] == "no room for predictions and figures; goes on when there is"
    with pytest.raises(ZeroDivisionError):
        desk.saver.until_written("predictions and figures", lambda: 1 // 0)


def test_a_run_directory_that_is_gone_does_not_come_back(desk: Desk) -> None:
    gone = desk.paths.root.rename(desk.paths.root.parent / "elsewhere")
    with pytest.raises(RunEnded, match="is gone"):
        desk.save(4)
    assert not desk.paths.root.exists()
    gone.rename(desk.paths.root)


def test_the_estimate_learns_from_the_first_one(desk: Desk) -> None:
    before = desk.saver.needed_bytes
    desk.save(4)
    written = read_manifest(desk.paths.checkpoint(4)).size
    assert before >= written
    assert written <= desk.saver.needed_bytes <= written + 200_000
