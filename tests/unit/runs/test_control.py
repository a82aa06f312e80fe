"""Requests: created by rename, read once, oldest first."""

from __future__ import annotations

import logging
import os

import pytest

from tests.fakes import FakeRun
from tui_finetune.paths import Home
from tui_finetune.runs import atomic, control
from tui_finetune.runs.control import RequestReader


def test_a_request_is_read_once_and_gone_when_answered(home: Home) -> None:
    run = FakeRun(home)
    sent = control.send(run.paths, "set", 2, {"learning_rate": 1e-5})
    assert sent.path is not None
    assert sent.path.stat().st_mode & 0o777 == 0o600
    reader = RequestReader(run.paths)
    (got,) = reader.poll()
    assert (got.id, got.action, got.attempt, got.values, got.by) == (
        sent.id,
        "set",
        2,
        {"learning_rate": 1e-5},
        sent.by,
    )
    assert reader.poll() == []
    reader.answered(got)
    assert os.listdir(run.paths.control) == []
    reader.answered(got)


def test_requests_come_in_the_order_of_their_time(home: Home) -> None:
    run = FakeRun(home)
    sent = [control.send(run.paths, action, 1).id for action in ("pause", "continue", "stop")]
    assert [request.id for request in RequestReader(run.paths).poll()] == sent


def test_a_request_that_nobody_answered_meets_the_next_attempt(home: Home) -> None:
    run = FakeRun(home)
    control.send(run.paths, "stop", 1)
    RequestReader(run.paths).poll()
    (again,) = RequestReader(run.paths).poll()
    assert again.attempt == 1


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"id": "a"}', b'{"id": "a", "action": "stop", "attempt": "x"}']
)
def test_what_is_no_request_is_removed_and_named(home: Home, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    run = FakeRun(home)
    (run.paths.control / "1-bad.json").write_bytes(content)
    good = control.send(run.paths, "stop", 1)
    with caplog.at_level(logging.WARNING):
        found = RequestReader(run.paths).poll()
    assert [request.id for request in found] == [good.id]
    assert "1-bad.json" in caplog.text
    assert len(os.listdir(run.paths.control)) == 1


def test_half_written_and_foreign_files_are_left_alone(home: Home) -> None:
    run = FakeRun(home)
    for name in (".writing-x.json-12", "README", "a.json.swp"):
        (run.paths.control / name).write_text("{")
    assert RequestReader(run.paths).poll() == []
    assert len(os.listdir(run.paths.control)) == 3


def test_a_request_can_be_taken_back(home: Home) -> None:
    run = FakeRun(home)
    sent = control.send(run.paths, "stop", 1)
    assert control.withdraw(sent) is True
    assert control.withdraw(sent) is False
    assert RequestReader(run.paths).poll() == []


def test_a_missing_control_folder_is_made_by_the_sender_and_no_trouble_to_the_reader(home: Home) -> None:
    run = FakeRun(home)
    run.paths.control.rmdir()
    assert RequestReader(run.paths).poll() == []
    assert atomic.read_json(control.send(run.paths, "stop", 1).path or run.paths.root)["action"] == "stop"
