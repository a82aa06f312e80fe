"""What differs when a run is to go on: told in words, accepted by a person, kept in the history, or refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.calling import Cli
from tests.fakes import FakeRun
from tui_finetune.config.write import read_resolved
from tui_finetune.errors import LaunchError, UserError
from tui_finetune.launch import devices, start, versions
from tui_finetune.launch.differences import LAST_DIGITS, OTHER_RUN, Difference, Facts, NotTheSame, compare
from tui_finetune.launch.handoff import Launch
from tui_finetune.launch.resuming import differences
from tui_finetune.paths import Home
from tui_finetune.runs import atomic
from tui_finetune.runs.attempts import claim_attempt
from tui_finetune.runs.layout import MANIFEST, RunPaths
from tui_finetune.runs.manifest import file_sha256
from tui_finetune.runs.resumption import Resumption, read_resumption

HERE = Facts(
    versions={"torch": "2.13.0", "transformers": "5.23.0", "pyarrow": "20.0"},
    device_kind="cpu",
    device_name="Intel Xeon",
    threads=2,
    data={"/data/rows.csv": "a" * 64},
    plugins={"mine": "1.0", "builtin": "0.1"},
)
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, []),
    "torch": (
        {"versions": {"torch": "2.13.1", "transformers": "5.23.0"}},
        [f"torch 2.13.0 → 2.13.1: {LAST_DIGITS}"],
    ),
    "a package that changes no result": ({"versions": {**HERE.versions, "pyarrow": "21.0"}}, []),
    "one that is not known any more": ({"versions": {}}, []),
    "another kind of device": (
        {"device_kind": "cuda", "device_name": "NVIDIA A10", "threads": 8},
        [f"device CPU (Intel Xeon) → NVIDIA A10: {OTHER_RUN}"],
    ),
    "another processor": (
        {"device_name": "AMD EPYC", "threads": 64},
        [f"device CPU (Intel Xeon) → CPU (AMD EPYC): {LAST_DIGITS}"],
    ),
    "threads": ({"threads": 4}, [f"threads 2 → 4: {LAST_DIGITS}"]),
    "data": (
        {"data": {"/data/rows.csv": "b" * 64}},
        ["rows.csv aaaaaaaa → bbbbbbbb: other rows than the run has been trained on"],
    ),
    "data that is not there": ({"data": {}}, []),
    "a plugin": (
        {"plugins": {"mine": "1.1", "builtin": "0.2"}},
        ["plugin mine 1.0 → 1.1: what it adds may do something else"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_told(name: str) -> None:
    changed, told = CASES[name]
    found = compare(HERE, replace(HERE, **changed))
    assert [one.text for one in found] == told
    assert all(one.serious for one in found)


def test_threads_of_a_run_on_a_gpu_change_nothing() -> None:
    gpu = replace(HERE, device_kind="cuda", device_name="NVIDIA A10")
    assert compare(gpu, replace(gpu, threads=64)) == []


def test_what_an_earlier_version_did_not_note_is_not_compared() -> None:
    assert compare(Facts(versions={"torch": "2.13.0"}), HERE) == []


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("text,label\ngood,a\nbad,b\n")
    return path


@pytest.fixture
def run(home: Home, rows: Path, monkeypatch: pytest.MonkeyPatch) -> FakeRun:
    """A run that died at step 6 with a checkpoint of step 4, on this machine as the test has it."""
    monkeypatch.setattr(devices, "machine_facts", lambda index: MACHINE)
    monkeypatch.setattr(versions, "installed_versions", lambda: VERSIONS)
    recipe = f"""
version = 1
task = "text-classification"
[data]
source = "csv"
path = "{rows}"
columns = {{ text = "text", label = "label" }}
[model]
path = "{rows.parent}"
[train]
learning_rate = 2e-5
dataloader_num_workers = 8
[[resolved.inputs]]
path = "{rows}"
size = {rows.stat().st_size}
sha256 = "{file_sha256(rows)}"
"""
    made = FakeRun(home, "night", recipe=recipe).begin().plan().step(6).checkpoint(4).die()
    note(made.paths, MACHINE, VERSIONS)
    return made


MACHINE = {"device_kind": "cpu", "device_name": "Intel Xeon", "threads": 2}
VERSIONS = {"torch": "2.13.0", "transformers": "5.23.0"}


def note(paths: RunPaths, machine: dict[str, Any], there: dict[str, str]) -> None:
    """What the checkpoint of step 4 was made with."""
    path = paths.checkpoint(4) / MANIFEST
    atomic.write_json(path, {**json.loads(path.read_text()), "made_with": {"versions": there, **machine}})


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Attempts that would have been handed to a worker."""
    found: list[int] = []

    def hand_off(paths: RunPaths, attempt: int, launch: Launch, *, new: bool, auto_resume: int = 0) -> int:
        found.append(claim_attempt(paths, attempt))
        return 1

    monkeypatch.setattr(start, "hand_off", hand_off)
    return found


def test_the_same_run_needs_no_acceptance(run: FakeRun, home: Home, begun: list[int]) -> None:
    assert differences(run.info, Launch(home)) == []
    told: list[Any] = []
    start.resume(run.info, Launch(home), tell=told.extend)
    assert (begun, told) == ([2], [])
    assert read_resumption(run.paths, 2).event() == {}


def test_another_torch_is_named_and_has_to_be_accepted(run: FakeRun, home: Home, begun: list[int]) -> None:
    note(run.paths, MACHINE, {**VERSIONS, "torch": "2.12.0"})
    with pytest.raises(NotTheSame) as refused:
        start.resume(run.info, Launch(home))
    assert [str(problem) for problem in refused.value.problems] == [
        f"{run.info.title} would not be the same run: one thing differs.",
        f"! torch 2.12.0 → 2.13.0: {LAST_DIGITS}",
        "--accept goes on all the same, and the run's history keeps it; branch starts a new run from the checkpoint.",
    ]
    assert begun == []
    assert not run.paths.resume_json.exists()
    told: list[Difference] = []
    start.resume(run.info, Launch(home), accept=True, tell=told.extend)
    assert [one.name for one in told] == ["torch"]
    event = read_resumption(run.paths, 2).event()
    assert event["accepted"] == [{"name": "torch", "before": "2.12.0", "now": "2.13.0", "effect": LAST_DIGITS}]
    assert "@" in event["by"]
    assert read_resumption(run.paths, 3) == Resumption(3)


def test_without_a_checkpoint_only_the_data_counts(run: FakeRun, home: Home, rows: Path, begun: list[int]) -> None:
    note(run.paths, {**MACHINE, "device_kind": "cuda"}, {**VERSIONS, "torch": "2.12.0"})
    (run.paths.checkpoint(4) / "model.safetensors").unlink()
    assert differences(run.info, Launch(home)) == []
    rows.write_text("text,label\nother,a\n")
    assert [one.what for one in differences(run.info, Launch(home))] == ["data"]


def test_data_that_was_accepted_is_the_runs_own_from_then_on(
    run: FakeRun, home: Home, rows: Path, begun: list[int]
) -> None:
    before = run.paths.recipe_toml.read_text()
    rows.write_text("text,label\nother,a\n")
    with pytest.raises(NotTheSame, match=r"rows\.csv"):
        start.resume(run.info, Launch(home))
    assert run.paths.recipe_toml.read_text() == before
    start.resume(run.info, Launch(home), accept=True)
    assert read_resolved(run.paths.recipe_toml).resolved["inputs"][0]["sha256"] == file_sha256(rows)
    assert (run.paths.attempt(1) / "recipe.toml").read_text() == before


def test_loader_workers_may_be_set_and_need_no_acceptance(run: FakeRun, home: Home, begun: list[int]) -> None:
    told: list[Difference] = []
    start.resume(run.info, Launch(home), sets=["train.dataloader_num_workers=2"], tell=told.extend)
    assert [(one.text, one.serious) for one in told] == [
        ("train.dataloader_num_workers 8 → 2: changes no result", False)
    ]
    assert read_resolved(run.paths.recipe_toml).train["dataloader_num_workers"] == 2
    assert read_resumption(run.paths, 2).event()["set"] == {"train.dataloader_num_workers": [8, 2]}


def test_what_can_change_the_figures_is_accepted_first(run: FakeRun, home: Home, begun: list[int]) -> None:
    sets = ["train.per_device_eval_batch_size=8"]
    with pytest.raises(NotTheSame, match="per_device_eval_batch_size default → 8: figures of evaluations"):
        start.resume(run.info, Launch(home), sets=sets)
    start.resume(run.info, Launch(home), sets=sets, accept=True)
    assert begun == [2]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("train.learning_rate=1e-5", "would make it another run; a resume sets only what changes no result."),
        ("model.max_length=64", "would make it another run"),
        ("train.dataloader_num_workers", "has no '='"),
        ("train.dataloader_num_workers=many", "train.dataloader_num_workers"),
    ],
)
def test_what_cannot_be_set(run: FakeRun, home: Home, begun: list[int], given: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        start.resume(run.info, Launch(home), sets=[given], accept=True)
    assert begun == []


def test_loader_workers_that_live_on_draw_other_numbers(run: FakeRun, home: Home, begun: list[int]) -> None:
    recipe = run.paths.recipe_toml.read_text()
    run.paths.recipe_toml.write_text(recipe.replace("= 8\n", "= 8\ndataloader_persistent_workers = true\n"))
    with pytest.raises(UserError, match="dataloader_persistent_workers"):
        start.resume(run.info, Launch(home), sets=["train.dataloader_num_workers=2"])


def test_a_worker_that_does_not_begin_leaves_no_record(
    run: FakeRun, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run.paths.recipe_toml.read_bytes()

    def fails(*given: Any, **more: Any) -> int:
        raise LaunchError("no")

    monkeypatch.setattr(start, "hand_off", fails)
    with pytest.raises(LaunchError):
        start.resume(run.info, Launch(home), sets=["train.dataloader_num_workers=2"])
    assert run.paths.recipe_toml.read_bytes() == before
    assert not run.paths.resume_json.exists()


def test_the_verb_names_what_differs(run: FakeRun, cli: Cli, begun: list[int]) -> None:
    note(run.paths, {**MACHINE, "device_kind": "cuda", "device_name": "NVIDIA A10"}, VERSIONS)
    said = cli("resume", run.short, "--json")
    assert said.code == 2
    assert f"! device NVIDIA A10 → CPU (Intel Xeon): {OTHER_RUN}" in said.err
    assert "--accept" in said.err
    assert begun == []
