"""Requests: created by rename, read once, oldest first."""

from __future__ import annotations

import logging
import os
import socket
import sys
import time

import pytest

from tests.fakes import FakeRun
from tui_finetune.paths import Home
from tui_finetune.runs import atomic, control, plain_request
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


# Who asks


def test_the_author_is_named_with_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    main, terminal = os.openpty()
    with os.fdopen(main), os.fdopen(terminal) as stdin:
        monkeypatch.setattr(sys, "__stdin__", stdin)
        assert control.author().endswith(f"@{socket.gethostname()}:{os.ttyname(stdin.fileno()).removeprefix('/dev/')}")


def test_the_control_folder_is_made_private_again(home: Home) -> None:
    run = FakeRun(home)
    assert run.paths.control.stat().st_mode & 0o777 == 0o700
    run.paths.control.chmod(0o777)
    RequestReader(run.paths)
    assert run.paths.control.stat().st_mode & 0o777 == 0o700


def test_a_request_of_another_user_is_handed_on_with_its_refusal(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    run = FakeRun(home).begin()
    control.send(run.paths, "abort", 1)
    (run.paths.control / "stop.toml").write_text("")
    monkeypatch.setattr(os, "getuid", lambda: 4_000_001)
    monkeypatch.setattr(plain_request, "_ADMINISTRATOR", 4_000_002)
    reader = RequestReader(run.paths)
    found = [*reader.poll(), *reader.poll()]
    assert [one.action for one in found] == ["abort", "stop"]
    assert all("only the owner steers a run" in (one.problem or "") for one in found)


def test_requests_that_wait_can_be_looked_at(home: Home) -> None:
    run = FakeRun(home)
    sent = [control.send(run.paths, action, 1) for action in ("pause", "set")]
    (run.paths.control / "bad.json").write_text("{")
    assert [one.id for one in control.waiting(run.paths)] == [one.id for one in sent]
    assert len(os.listdir(run.paths.control)) == 3


# Plain files


def taken(run: FakeRun, name: str, text: str | bytes) -> control.Request:
    """A plain file as the worker takes it."""
    reader = RequestReader(run.paths)
    (run.paths.control / name).write_bytes(text.encode() if isinstance(text, str) else text)
    assert reader.poll() == []
    (found,) = reader.poll()
    reader.answered(found)
    assert os.listdir(run.paths.control) == []
    return found


def test_a_plain_file_is_a_request(home: Home) -> None:
    run = FakeRun(home).begin()
    text = 'learning_rate = "x0.5"\nreason = "too fast"\nstretch = false\n[health]\nloss_spike = "pause"\n'
    found = taken(run, "set.toml", text)
    assert (found.action, found.attempt, found.problem) == ("set", 1, None)
    assert found.values == {
        "set": {"learning_rate": "x0.5", "health.loss_spike": "pause"},
        "reason": "too fast",
        "stretch": False,
    }
    assert found.by.endswith(f"@{socket.gethostname()}")
    assert taken(run, "pause.toml", "release = true").values == {"release": True}
    assert taken(run, "stop.toml", "").values == {}


def test_a_plain_file_is_left_in_peace_while_it_is_written(home: Home) -> None:
    run = FakeRun(home).begin()
    reader, file = RequestReader(run.paths), run.paths.control / "set.toml"
    file.write_text("learning_rate = ")
    assert reader.poll() == []
    file.write_text("learning_rate = 1e-5")
    assert reader.poll() == []
    assert [one.values["set"] for one in reader.poll()] == [{"learning_rate": 1e-5}]


def test_the_same_plain_file_can_be_used_again(home: Home) -> None:
    run = FakeRun(home).begin()
    reader, file = RequestReader(run.paths), run.paths.control / "set.toml"
    for rate in (1e-5, 2e-5):
        file.write_text(f"learning_rate = {rate}")
        found = [*reader.poll(), *reader.poll()]
        assert [one.values["set"]["learning_rate"] for one in found] == [rate]
        reader.answered(found[0])
        assert not file.exists()


def test_a_plain_file_that_is_written_again_before_its_answer_is_another_request(home: Home) -> None:
    run = FakeRun(home).begin()
    reader, file = RequestReader(run.paths), run.paths.control / "set.toml"
    file.write_text("learning_rate = 1e-5")
    first = [*reader.poll(), *reader.poll()]
    file.write_text("weight_decay = 0.25")
    reader.answered(first[0])
    assert [one.values["set"] for one in [*reader.poll(), *reader.poll()]] == [{"weight_decay": 0.25}]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"learning_rate 1e-5", "set.toml is not TOML"),
        (b"note = \xff", "set.toml is not UTF-8 text"),
        (b"#" * 70_000, "set.toml has more than 64 kB"),
    ],
)
def test_a_plain_file_that_is_no_request_is_refused_in_words(home: Home, content: bytes, told: str) -> None:
    assert told in (taken(FakeRun(home).begin(), "set.toml", content).problem or "")


def test_a_plain_file_of_before_the_attempt_is_refused(home: Home) -> None:
    run = FakeRun(home).begin()
    (run.paths.control / "stop.toml").write_text("")
    os.utime(run.paths.control / "stop.toml", (1.0, 1.0))
    reader = RequestReader(run.paths)
    (found,) = [*reader.poll(), *reader.poll()]
    assert found.problem == "stop.toml was written before attempt 1 began; write it again"


def test_requests_of_two_people_come_in_the_order_of_their_time_whatever_way_they_came(home: Home) -> None:
    run = FakeRun(home).begin()
    first = control.send(run.paths, "set", 1, {"set": {"learning_rate": 1e-5}})
    plain = run.paths.control / "set.toml"
    plain.write_text("weight_decay = 0.1")
    later = time.time() + 5
    os.utime(plain, (later, later))
    reader = RequestReader(run.paths)
    assert [one.id for one in reader.poll()] == [first.id]
    between = control.send(run.paths, "pause", 1)
    assert [one.action for one in reader.poll()] == ["pause", "set"]
    assert between.by == first.by


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("rollback", 'checkpoint = "x"', "checkpoint is 'x'; expected the step of a checkpoint"),
        ("rollback", "checkpoint = true", "checkpoint is True; expected the step of a checkpoint"),
        ("rollback", 'set = "y"', "set is 'y'; expected a table of settings"),
        ("evaluate", "split = 3", "split is 3; expected a text"),
        ("pause", 'release = "yes"', "release is 'yes'; expected true or false"),
        ("pause", "relase = true", "relase means nothing to pause; did you mean release?"),
        ("continue", "x = 1", "x means nothing to continue; it takes reason"),
        ("set", "learning_rate = 1e-5\nreason = 3", "reason is 3; expected a text"),
    ],
)
def test_values_of_another_kind_are_refused_before_anybody_acts_on_them(
    home: Home, name: str, text: str, told: str
) -> None:
    assert taken(FakeRun(home).begin(), f"{name}.toml", text).problem == told


def test_values_of_another_kind_are_refused_whatever_program_sent_them(home: Home) -> None:
    run = FakeRun(home)
    control.send(run.paths, "rollback", 1, {"checkpoint": "x", "extra": 1})
    control.send(run.paths, "rollback", 1, {"checkpoint": None, "extra": 1})
    first, second = RequestReader(run.paths).poll()
    assert first.problem == "checkpoint is 'x'; expected the step of a checkpoint"
    assert second.problem is None
