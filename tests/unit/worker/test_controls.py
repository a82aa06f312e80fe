"""Requests answered by a worker, without torch: in which order it is told, and what is left of a process that was killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.waiting import wait_until
from tui_finetune.paths import Home
from tui_finetune.runs.control import send
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.store import RunStore
from tui_finetune.runs.tail import read_events
from tui_finetune.worker.attempt import Attempt
from tui_finetune.worker.checkpoints import remove_leftovers
from tui_finetune.worker.controls import Controls, RunEnded


@pytest.fixture
def paths(home: Home) -> RunPaths:
    return RunStore(home).create("asked", kind="train", task=None, of=None)


@pytest.mark.parametrize(("action", "state"), [("stop", "stopped"), ("abort", "aborted")])
def test_what_is_obeyed_at_once_was_accepted_before(action: str, state: str, paths: RunPaths) -> None:
    attempt = Attempt.claim(paths)
    attempt.begin()
    attempt.phase("tokenizing")
    controls = Controls(attempt)
    controls.start()
    send(paths, action, 1)
    ends: list[tuple[str, str]] = []

    def obeyed() -> bool:
        try:
            controls.safe_point()
        except RunEnded as ended:
            ends.append((ended.state, ended.reason))
        return bool(ends)

    wait_until(obeyed, "the request to be obeyed")
    controls.close()
    attempt.end("stopped")
    told = [(event.name, event.get("action")) for event in read_events(paths) if event.get("action")]
    assert told == [("request", action), ("applied", action)]
    assert ends == [(state, "asked to abort" if action == "abort" else "asked to stop, tokenizing")]


def test_what_a_killed_process_was_writing_is_removed(paths: RunPaths) -> None:
    left: list[Path] = [paths.checkpoints, paths.evaluation("test"), paths.evaluation("validation")]
    for folder in left:
        folder.mkdir(parents=True)
        (folder / ".writing-17-predictions.parquet").touch()
    (paths.root / ".writing-model").mkdir()
    remove_leftovers(paths)
    assert not list(paths.root.rglob(".writing-*"))
    assert all(folder.is_dir() for folder in left)
