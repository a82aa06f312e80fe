"""What a history tells of steering: sentences of what went otherwise than planned, findings, what was forecast."""

from __future__ import annotations

from typing import Any

import pytest

from tui_finetune.live.lines import event_line
from tui_finetune.live.points import Finding
from tui_finetune.live.run_health import act_now, act_words, loss_of_rollback
from tui_finetune.live.series import History, said
from tui_finetune.live.steered import value_words
from tui_finetune.runs.records import CheckpointRecord
from tui_finetune.runs.tail import Event


def event(name: str, **fields: Any) -> Event:
    return Event(name, 1.76e9, 1, 1, fields)


SAID = [
    (event("save_failed", step=9, why="no space", needed_bytes=1.3e9, free_bytes=0.9e9, retry_seconds=60.0),
     "Disk: 1.3 GB needed for the next checkpoint, 900 MB free. Training goes on; saving is retried every 60 s."),
    (event("save_failed", step=9, why="loss is nan at step 9", needed_bytes=1.3e9, free_bytes=9e9),
     "No checkpoint could be written: loss is nan at step 9. Training goes on."),
    (event("save_failed", step=9, why="the file system is read-only"),
     "No checkpoint could be written: the file system is read-only. Training goes on."),
    (event("refit", step=9, what="micro-batch", reason="out of memory",
           old={"per_device_train_batch_size": 16, "gradient_accumulation_steps": 1},
           new={"per_device_train_batch_size": 8, "gradient_accumulation_steps": 2}),
     "Out of memory: batch 16 → 8, accumulation 1 → 2, the same rows a step."),
    (event("notice", channel="webhook", what="finished", ok=False, why="no route"),
     "notice by webhook: finished; not sent: no route"),
    (event("note", text="the machine was warm"), "the machine was warm"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "words"), SAID, ids=[one.name for one, _ in SAID])
def test_what_went_otherwise_is_a_sentence(told: Event, words: str) -> None:
    assert said(told) == words


def test_a_save_that_is_owed_is_so_until_one_is_whole() -> None:
    history = History([event("save_failed", step=9, why="no space"), event("save_failed", step=9, why="no space")])
    assert history.save_failed is not None
    assert [mark.step for mark in history.marks] == [9], "tried again and again is one mark"
    history.feed([event("checkpoint", step=9, path="checkpoints/checkpoint-9")])
    assert history.save_failed is None


def test_a_rollback_is_no_warning() -> None:
    why = "rolled back to checkpoint-100"
    history = History([event("checkpoint_skipped", path="checkpoints/rolled-back-1-checkpoint-200", why=why)])
    assert history.warnings == []
    assert history.marks == []


LINES = [
    (event("applied", id="a", action="set", step=11, old={"learning_rate": 2e-5}, new={"learning_rate": 1e-5}, reason="high"),
     "applied at step 11: learning_rate 2e-5 → 1e-5; why: high"),
    (event("applied", id="a", action="pause", step=11), "paused at step 11"),
    (event("request", id="a", action="set", answer="refused", why="no", by="ann@gpu1"), "set refused: no (by ann@gpu1)"),
    (event("forecast", seconds_left=75.0, peak_memory_bytes=1.9e9, memory_total_bytes=24.1e9, disk_bytes=0.9e9),
     "forecast: about 1 m, peak memory 1.9 of 24.1 GB, disk 900 MB"),
    (event("forecast_result", seconds={"forecast": 78.0, "actual": 75.0, "error": 0.04}, changed=True),
     "forecast against what it was: time +4 %"),
    (event("queued", behind=["20261123T091502-imdb-bert-k3f9"], place=1), "queued, place 1, behind k3f9"),
    (event("queued", behind=["20261123T091502-a-k3f9"], place=1, why="after a (k3f9)"), "queued, after a (k3f9)"),
    (event("preflight_refused", what="memory", why="25.3 GB needed."), "! pre-flight refused: 25.3 GB needed."),
    (event("attempt", n=2, from_step=100, rollback=True), "attempt 2 begins from step 100, rolled back"),
    (
        event("attempt", n=1, from_step=20, of={"run": "20261127T064228-night-tyb0", "checkpoint": 20}),
        "attempt 1 begins from step 20, of tyb0",
    ),
    (
        event(
            "attempt",
            n=2,
            from_step=4,
            accepted=[{"name": "torch", "before": "2.13.0", "now": "2.13.1"}],
            set={"train.dataloader_num_workers": [8, 2]},
        ),
        "attempt 2 begins from step 4; torch 2.13.0 → 2.13.1, train.dataloader_num_workers 8 → 2",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("told", "words"), LINES, ids=[words for _, words in LINES])
def test_events_of_steering_are_lines(told: Event, words: str) -> None:
    line = event_line(told, History([told]))
    assert line is not None
    assert line.partition("  ")[2] == words


def finding(checkpoint: int | None, *, over: int | None = None) -> Finding:
    values = {"checkpoint": checkpoint, "set": {"learning_rate": "x0.5"}}
    act = {"action": "rollback", "values": values}
    return Finding("f", "loss_spike", "bad", 610, 602, "loss 547", {}, "", act, 1.76e9, over)


def there(*steps: int, broken: int | None = None) -> list[CheckpointRecord]:
    from pathlib import Path

    return [CheckpointRecord(step, Path(f"checkpoint-{step}"), step != broken, 7, best=False) for step in steps]


def test_a_rollback_goes_to_a_checkpoint_that_is_there() -> None:
    history = History([event("step", step=700, loss=0.1)])
    act, _ = act_now(finding(600), there(100, 600))
    assert act is not None
    assert act_words(act, history) == "roll back to 600 with half the learning rate"
    assert loss_of_rollback(act, history).startswith("100 steps after it are trained again")
    act, _ = act_now(finding(600), there(100, 500, 600, 700, broken=600))
    assert act is not None
    assert act["values"]["checkpoint"] == 500, "the newest whole one from before it"
    assert act_now(finding(600), there(700)) == (None, "No checkpoint from before it is left to go back to.")
    assert act_now(finding(600, over=650), there(600)) == (None, "")


@pytest.mark.parametrize(
    ("value", "words"),
    [(2e-5, "2e-5"), (None, "–"), (True, "true"), (3, "3"), (10_000, "10,000"), ([0.5, "a"], "[0.5, a]"), ([], "none"),
     ("x0.5", "x0.5"), ({"neg": 2.0, "pos": 1.0}, "neg 2, pos 1")],
)  # fmt: skip
def test_values_are_written_as_a_person_writes_them(value: object, words: str) -> None:
    assert value_words(value) == words
