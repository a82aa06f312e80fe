"""Training on a worker: what a run says, how it ends, and that going on is the same run bit for bit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.waiting import wait_until
from tests.worker import training
from tests.worker.forked import ForkServer
from tests.worker.training import Ground, ask, ended, events, finished, weights
from tui_finetune.errors import UserError
from tui_finetune.paths import Home
from tui_finetune.runs.info import read_info
from tui_finetune.runs.layout import MANIFEST, RunPaths
from tui_finetune.runs.testing import check_run_directory

KILLER = Path(__file__).with_name("killer.py")
STEPS = 18
"""48 rows of train, 4 a batch, 2 batches a step: 6 steps an epoch, 3 epochs."""


@pytest.fixture
def ground(home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path) -> Ground:
    folder = tmp_path / "data"
    folder.mkdir()
    return Ground(home, tiny_model, training.write_rows(folder / "rows.csv"))


@pytest.fixture
def deadly(ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """The same, with the plugin that kills at the instant of TEST_KILL_AT."""
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    shutil.copy(KILLER, plugins / "killer.py")
    monkeypatch.setenv("TEST_KILL_FLAG", str(tmp_path / "killed"))
    ground.plugin_dirs = (plugins,)
    return ground


def test_a_run_tells_its_whole_story(ground: Ground) -> None:
    info = finished(ground.start())
    check_run_directory(info.paths.root, only_known_events=True)
    (plan,) = events(info, "plan")
    assert plan.get("rows") == {"train": 48, "validation": 12}
    assert (plan.get("steps"), plan.get("epochs"), plan.get("precision")) == (STEPS, 3.0, "fp32")
    assert plan.get("truncated")["train"] > 0
    assert plan.get("parameters") == plan.get("parameters_trainable") > 1000
    (preflight,) = events(info, "preflight")
    assert preflight.get("longest_tokens") == training.MAX_LENGTH
    assert preflight.get("peak_memory_bytes") > 1_000_000
    steps = events(info, "step")
    assert [step.step for step in steps] == list(range(1, STEPS + 1))
    assert all(len(step.get("losses")) == 1 and step.get("grad_norm") > 0 for step in steps)
    assert all({"learning_rate", "tokens_per_second", "samples_per_second", "epoch"} <= set(s.fields) for s in steps)
    assert [c.step for c in events(info, "checkpoint")] == [4, 8, 12, 16, 18]
    assert events(info, "device")
    phases = [event.get("phase") for event in events(info, "phase")]
    assert [p for p in ("loading", "tokenizing", "pre-flight", "training", "evaluating", "saving") if p in phases] == [
        "loading",
        "tokenizing",
        "pre-flight",
        "training",
        "evaluating",
        "saving",
    ]
    status = info.status()
    assert next(iter(status.metrics)) == "accuracy"
    assert set(status.baselines) == {"majority", "tfidf"}


def test_metrics_while_training_are_those_of_the_final_evaluation(ground: Ground) -> None:
    """Rows are evaluated in order of length; those that are cut must still meet their own label."""
    info = finished(ground.start(train__save_total_limit=20))
    in_training = {e.step: e.get("metrics") for e in events(info, "evaluation") if not e.get("final")}
    (final,) = (e for e in events(info, "evaluation") if e.get("final"))
    best = in_training[final.step]
    assert final.get("metrics")["accuracy"] == pytest.approx(best["accuracy"])
    assert final.get("metrics")["loss"] == pytest.approx(best["loss"], rel=1e-4)


def test_the_model_folder_is_plain(ground: Ground) -> None:
    info = finished(ground.start())
    names = {path.name for path in info.paths.model.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "task.json", "README.md", MANIFEST} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pth"))]
    config = json.loads((info.paths.model / "config.json").read_text())
    assert list(config["id2label"].values()) == ["a", "b", "c"]
    for folder in info.paths.checkpoints.iterdir():
        assert not (folder / "training_args.bin").exists()


def test_surplus_checkpoints_go_the_best_and_the_newest_stay(ground: Ground) -> None:
    info = finished(ground.start(train__save_total_limit=2))
    kept = {int(path.name.rpartition("-")[2]) for path in info.paths.checkpoints.iterdir()}
    best = info.status().best_step
    assert kept == {best, STEPS} if best != STEPS else STEPS in kept
    assert len(kept) <= 2
    assert {e.step for e in events(info, "checkpoint_removed")} == {4, 8, 12, 16, 18} - kept


ORDERS = ("random", "length", "sequential")


@pytest.fixture(scope="module")
def uninterrupted() -> dict[str, str]:
    """Order to the weights of a run that nothing happened to."""
    return {}


def expected(ground: Ground, uninterrupted: dict[str, str], order: str) -> str:
    if order not in uninterrupted:
        uninterrupted[order] = weights(finished(ground.start("whole", batching__order=order)))
        assert len(set(uninterrupted.values())) == len(uninterrupted), "each order leads somewhere else"
    return uninterrupted[order]


INSTANTS = (
    ("length", "step:7", 4),
    ("length", "substep:10", 8),
    ("length", "saving:8", 4),
    ("random", "prediction:8", 4),
    ("random", "step:15", 12),
    ("sequential", "substep:17", 16),
    ("length", "step:3", None),
)


@pytest.mark.parametrize(
    ("order", "instant", "goes_on_from"),
    [pytest.param(*one, marks=pytest.mark.slow if index else ()) for index, one in enumerate(INSTANTS)],
    ids=[f"{order}-{instant}" for order, instant, _ in INSTANTS],
)
def test_killed_and_resumed_is_the_same_run(
    deadly: Ground,
    uninterrupted: dict[str, str],
    order: str,
    instant: str,
    goes_on_from: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = expected(deadly, uninterrupted, order)
    monkeypatch.setenv("TEST_KILL_AT", instant)
    info = deadly.start("killed", batching__order=order)
    assert ended(info).state == "died"
    finished(deadly.resume(info))
    attempts = events(info, "attempt")
    assert [a.get("from_step") for a in attempts] == [0, goes_on_from or 0]
    if goes_on_from is None:
        assert any("begins again at step 0" in note.get("message") for note in events(info, "note"))
    assert weights(info) == whole
    check_run_directory(info.paths.root, only_known_events=True)


def test_stopped_and_resumed_is_the_same_run(
    deadly: Ground, uninterrupted: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = expected(deadly, uninterrupted, "length")
    monkeypatch.setenv("TEST_KILL_AT", "pause:6")
    flag = tmp_path / "killed"
    info = deadly.start("stopped", batching__order="length")
    wait_until(flag.exists, "step 6")
    asked = ask(info, "stop")
    wait_until(lambda: [e for e in events(info, "request") if e.get("id") == asked], "the answer")
    monkeypatch.setenv("TEST_KILL_AT", "none:0")
    flag.unlink()
    assert ended(info).state == "stopped"
    assert [e.get("step") for e in events(info, "applied") if e.get("id") == asked] == [6]
    assert info.status().ended_badly is False
    finished(deadly.resume(info))
    assert events(info, "attempt")[-1].get("from_step") == 6
    assert weights(info) == whole


def test_aborted_loses_what_was_not_saved_and_can_go_on(
    deadly: Ground, uninterrupted: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = expected(deadly, uninterrupted, "random")
    monkeypatch.setenv("TEST_KILL_AT", "pause:6")
    flag = tmp_path / "killed"
    info = deadly.start("aborted", batching__order="random")
    wait_until(flag.exists, "step 6")
    asked = ask(info, "abort")
    wait_until(lambda: [e for e in events(info, "request") if e.get("id") == asked], "the answer")
    monkeypatch.setenv("TEST_KILL_AT", "none:0")
    flag.unlink()
    assert ended(info).state == "aborted"
    assert sorted(p.name for p in info.paths.checkpoints.iterdir()) == ["checkpoint-4"]
    finished(deadly.resume(info))
    assert weights(info) == whole


def test_a_broken_checkpoint_is_named_kept_aside_and_skipped(
    deadly: Ground, uninterrupted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = expected(deadly, uninterrupted, "length")
    monkeypatch.setenv("TEST_KILL_AT", "step:10")
    info = deadly.start("broken", batching__order="length")
    ended(info)
    optimizer = info.paths.checkpoint(8) / "optimizer.pt"
    optimizer.write_bytes(optimizer.read_bytes()[:-1])
    finished(deadly.resume(info))
    (skipped,) = events(info, "checkpoint_skipped")
    assert "optimizer.pt" in skipped.get("why")
    assert (info.paths.root / skipped.get("path")).is_dir()
    assert events(info, "attempt")[-1].get("from_step") == 4
    assert weights(info) == whole


def test_other_requests_are_refused_by_name(deadly: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KILL_AT", "pause:2")
    flag = tmp_path / "killed"
    info = deadly.start()
    wait_until(flag.exists, "step 2")
    asked = ask(info, "dance")
    answers = wait_until(lambda: [e for e in events(info, "request") if e.get("id") == asked], "the answer")
    assert answers[0].get("answer") == "refused"
    assert answers[0].get("why") == "dance is not available in this version"
    flag.unlink()
    finished(info)


def test_a_worker_that_is_asked_to_go_saves_first(
    deadly: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os
    import signal

    monkeypatch.setenv("TEST_KILL_AT", "pause:5")
    flag = tmp_path / "killed"
    info = deadly.start()
    wait_until(flag.exists, "step 5")
    os.kill(json.loads(info.paths.process_json.read_text())["pid"], signal.SIGTERM)
    flag.unlink()
    assert ended(info).state == "preempted"
    assert info.paths.checkpoint(5).is_dir() or info.paths.checkpoint(6).is_dir()


def test_a_run_of_another_machine_goes_on_only_when_told(
    deadly: Ground, uninterrupted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a container is made anew every run that lived in it looks so."""
    from tui_finetune.launch.handoff import Launch
    from tui_finetune.launch.start import resume
    from tui_finetune.runs import atomic

    whole = expected(deadly, uninterrupted, "random")
    monkeypatch.setenv("TEST_KILL_AT", "step:10")
    info = deadly.start("elsewhere", batching__order="random")
    ended(info)
    process = atomic.read_json(info.paths.process_json)
    atomic.write_json(info.paths.process_json, {**process, "host": "another", "boot_id": "x", "pid_namespace": "y"})
    old = atomic.read_json(info.paths.heartbeat)
    atomic.write_json(info.paths.heartbeat, {**old, "t": old["t"] - 3600, "progress_t": old["progress_t"] - 3600})
    assert info.fresh().status().state == "unreachable"
    launch = Launch(deadly.home, deadly.plugin_dirs)
    with pytest.raises(UserError, match="--force starts a new attempt here"):
        resume(info.fresh(), launch)
    resume(info.fresh(), launch, force=True)
    assert weights(finished(info)) == whole


def test_an_evaluation_reads_only_what_it_measures(ground: Ground, cli: Cli) -> None:
    info = finished(ground.start())
    said = cli("evaluate", info.id, "--json", "--wait")
    assert said.code == 0, said.err
    evaluation = read_info(RunPaths(Path(said.json["path"])))
    encoded = {event.get("what") for event in events(evaluation, "progress") if "tokenizing" in event.get("what")}
    assert encoded == {"tokenizing validation"}
    assert said.json["metrics"]["accuracy"] == pytest.approx(info.status().metrics["accuracy"])
