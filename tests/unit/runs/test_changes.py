"""changes.json: what was set, by step; read tolerantly, written whole, dropped by a rollback and never forgotten."""

from __future__ import annotations

import json

import pytest

from tests.fakes import FakeRun
from tui_finetune.paths import Home
from tui_finetune.runs.changes import Change, add_change, drop_beyond, in_force, read_changes


def change(at_step: int, **values: object) -> Change:
    return Change(
        at_step, values or {"learning_rate": 1e-5}, reason="why", by="ann@gpu1:pts/3", t=1.0, attempt=1, id="r"
    )


def test_changes_read_back_in_the_order_of_their_steps(home: Home) -> None:
    paths = FakeRun(home).paths
    assert read_changes(paths) == ()
    for one in (change(20, weight_decay="x0.5"), change(10), change(20, freeze=["embeddings"])):
        add_change(paths, one)
    assert read_changes(paths) == (change(10), change(20, weight_decay="x0.5"), change(20, freeze=["embeddings"]))
    assert paths.changes_json.stat().st_mode & 0o777 == 0o600


def test_a_rollback_drops_what_its_checkpoint_lacks_and_keeps_the_record(home: Home) -> None:
    paths = FakeRun(home).paths
    for step in (10, 11, 30):
        add_change(paths, change(step))
    gone = drop_beyond(paths, 10, "rollback to 10")
    assert [one.at_step for one in gone] == [11, 30]
    assert [(one.at_step, one.dropped) for one in read_changes(paths)] == [
        (10, None),
        (11, "rollback to 10"),
        (30, "rollback to 10"),
    ]
    add_change(paths, change(11, max_grad_norm=0.5))
    assert [one.set for one in in_force(read_changes(paths), beyond=10)] == [{"max_grad_norm": 0.5}]
    assert drop_beyond(paths, 11, "rollback to 11") == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"v": 1, "changes": 3}'])
def test_a_file_that_cannot_be_read_is_nothing_to_readers_and_never_written_over(home: Home, content: str) -> None:
    paths = FakeRun(home).paths
    paths.changes_json.write_text(content)
    assert read_changes(paths) == ()
    with pytest.raises(OSError, match=r"changes\.json"):
        add_change(paths, change(1))
    assert paths.changes_json.read_text() == content


def test_entries_that_are_none_are_passed_over(home: Home) -> None:
    paths = FakeRun(home).paths
    odd = [
        3,
        {},
        {"at_step": True, "set": {}},
        {"at_step": 1, "set": []},
        {"at_step": 5, "set": {"new_key": 1}, "more": 1},
    ]
    paths.changes_json.write_text(json.dumps({"v": 1, "changes": odd}))
    assert read_changes(paths) == (Change(5, {"new_key": 1}),)
