"""RunReporter in a person's own script: the one of docs/reporter.md, run as it stands there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.conftest import REPOSITORY
from tests.hub_cache import cached_model, use_cache
from tests.waiting import wait_until
from tests.worker.forked import ForkedWorker, ForkServer
from tests.worker.training import ask, ended, events
from tui_finetune.paths import Home
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.store import RunStore
from tui_finetune.runs.tail import Event
from tui_finetune.runs.testing import check_run_directory

PAGE = (REPOSITORY / "docs" / "reporter.md").read_text(encoding="utf-8")
(SCRIPT,) = re.findall("```python\n(.*?)```", PAGE, re.S)
LONG = 6000
"""Rows of a training that is asked for something while it goes on."""


@pytest.fixture(scope="module")
def bert(fork_server: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bert")
    assert fork_server.call("tests.hub_cache:make_bert", str(folder), log=folder.with_suffix(".log")) == 0
    return folder


@pytest.fixture
def folder(home: Home, bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the script lies, its data beside it, BERT in the Hub's cache."""
    cached_model(use_cache(tmp_path / "cache", monkeypatch), "google-bert/bert-base-uncased", bert)
    place = tmp_path / "mine"
    place.mkdir()
    (place / "script.py").write_text(SCRIPT)
    write_reviews(place, 60)
    return place


def write_reviews(folder: Path, rows: int, *, labels: int = 2) -> None:
    lines = [f"the {('cold', 'warm', 'large')[n % labels]} room {n},{n % labels}" for n in range(rows)]
    (folder / "reviews.csv").write_text("\n".join(["text,label", *lines]) + "\n")


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "script.py"], cwd=folder, capture_output=True, text=True, timeout=200)


def begun(folder: Path, fork_server: ForkServer, home: Home) -> tuple[ForkedWorker, RunInfo]:
    """The script with a long training, in a process of its own, once it has done a step."""
    write_reviews(folder, LONG)
    script = fork_server.begin(
        "tests.worker.forked:run_script", str(folder / "script.py"), log=folder / "log", cwd=folder
    )

    def training() -> RunInfo | None:
        if (code := script.poll()) is not None:
            raise AssertionError(f"the script ended with {code}: {(folder / 'log').read_text()[-2000:]}")
        found = RunStore(home).list()
        return found[0] if found and events(found[0], "step") else None

    info = wait_until(training, "the script's first logged step", timeout=120)
    assert info is not None
    return script, info


def answer(info: RunInfo, action: str) -> Event:
    """What the script's run says to that request."""
    asked = ask(info, action)
    return wait_until(lambda: [e for e in events(info, "request") if e.get("id") == asked], f"an answer to {action}")[0]


def applied(info: RunInfo) -> dict[str, int | None]:
    return {event.get("action"): event.step for event in events(info, "applied")}


def test_the_script_is_short() -> None:
    assert len(SCRIPT.splitlines()) <= 20


def test_a_scripts_run_is_listed_shown_and_watched(folder: Path, cli: Cli) -> None:
    done = run(folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "out" / "final" / "model.safetensors").is_file()
    (listed,) = cli("runs", "--json").json
    assert (listed["name"], listed["kind"], listed["task"]) == ("reviews", "train", "text-classification")
    assert (listed["state"], listed["step"], listed["steps"]) == ("finished", 21, 21)
    assert listed["metrics"].keys() == {"loss"}
    shown = cli("show", "reviews", "--json").json
    assert shown["plan"]["rows"] == {"train": 54}
    assert [one["step"] for one in shown["checkpoints"]] == [21]
    assert Path(shown["checkpoints"][0]["path"]).is_relative_to(folder)
    watched = cli("watch", "reviews")
    assert watched.code == 0
    assert "validation at step 7: loss" in watched.out
    assert "step 20 of 21" in watched.out
    assert watched.out.rstrip().endswith("finished")
    check_run_directory(Path(listed["path"]), only_known_events=True)
    its_model_is_used_by_its_folder(folder, cli)


def its_model_is_used_by_its_folder(folder: Path, cli: Cli) -> None:
    said = cli("predict", "reviews", "a text")
    assert said.code == 2
    assert "saved its model itself" in said.err
    said = cli("resume", "reviews")
    assert said.code == 2
    said = cli("predict", str(folder / "out" / "final"), "the cold room", "--json")
    assert said.code == 0, said.err
    assert said.json[0]["label"] in ("LABEL_0", "LABEL_1")


def test_requests(folder: Path, fork_server: ForkServer, home: Home, cli: Cli) -> None:
    script, info = begun(folder, fork_server, home)
    answers = {action: answer(info, action) for action in ("save", "evaluate", "set", "rollback")}
    assert {action: event.get("answer") for action, event in answers.items()} == {
        "save": "accepted",
        "evaluate": "accepted",
        "set": "refused",
        "rollback": "refused",
    }
    assert answers["set"].get("why") == "set is not available in a script of its own"
    said = cli("abort", "latest")
    assert said.code == 1
    assert "stop ends its training after a step" in said.err
    wait_until(lambda: applied(info).keys() >= {"save", "evaluate"}, "both to be done")
    done = applied(info)
    assert (folder / "out" / f"checkpoint-{done['save']}" / "model.safetensors").is_file()
    assert done["save"] in [event.step for event in events(info, "checkpoint")]
    assert done["evaluate"] in [event.step for event in events(info, "evaluation")]
    said = cli("evaluate", "reviews", "--now", "--split", "test")
    assert (said.code, "the rows that the script gave it" in said.err) == (1, True)
    it_is_held_and_goes_on(info, cli)
    assert cli("stop", "latest", "--wait").code == 0
    assert ended(info).state == "stopped"
    assert script.wait() == 0
    stopped = info.status().step
    assert stopped is not None
    assert (folder / "out" / f"checkpoint-{stopped}" / "model.safetensors").is_file()
    assert (folder / "out" / "final").is_dir(), "the script goes on after its training"
    check_run_directory(info.paths.root, only_known_events=True)


def it_is_held_and_goes_on(info: RunInfo, cli: Cli) -> None:
    assert cli("pause", "reviews", "--applied").code == 0
    assert info.status().state == "paused"
    held = info.status().step
    assert cli("note", "reviews", "having a look").code == 0
    assert cli("continue", "reviews", "--applied").code == 0
    assert "having a look" in [event.get("message") for event in events(info, "note")]
    wait_until(lambda: (info.status().step or 0) > (held or 0), "it to go on")


def test_an_evaluation_that_would_end_the_script_is_refused(folder: Path, fork_server: ForkServer, home: Home) -> None:
    script = folder / "script.py"
    script.write_text(SCRIPT.replace('eval_strategy="epoch", ', ""))
    worker, info = begun(folder, fork_server, home)
    said = answer(info, "evaluate")
    assert (said.get("answer"), "eval_strategy is no" in said.get("why")) == ("refused", True)
    ask(info, "stop")
    assert worker.wait() == 0


@pytest.mark.slow
def test_a_killed_script_has_died(folder: Path, fork_server: ForkServer, home: Home, cli: Cli) -> None:
    script, info = begun(folder, fork_server, home)
    os.kill(script.pid, signal.SIGKILL)
    assert script.wait() == -signal.SIGKILL
    assert ended(info).state == "died"
    said = cli("show", "latest", "--json")
    assert (said.code, said.json["state"]) == (0, "died")
    assert said.json["reason"]


def test_an_exception_is_the_reason(folder: Path, cli: Cli) -> None:
    write_reviews(folder, 60, labels=3)  # the script's model has two
    done = run(folder)
    assert done.returncode == 1
    shown = cli("show", "reviews", "--json").json
    assert (shown["state"], shown["exit_code"]) == ("failed", 1)
    assert shown["reason"].startswith("IndexError: Target 2 is out of bounds")


@pytest.mark.slow
def test_what_a_trainer_does_around_its_training(folder: Path, fork_server: ForkServer, home: Home, cli: Cli) -> None:
    """Evaluations before and after are not the run's; a second training is another run."""
    body = SCRIPT.replace(
        "trainer.train()\n", "trainer.evaluate()\ntrainer.train()\ntrainer.evaluate()\ntrainer.train()\n"
    )
    (folder / "script.py").write_text(body)
    log = folder / "log"
    call = ("tests.worker.forked:run_script", str(folder / "script.py"))
    assert fork_server.begin(*call, log=log, cwd=folder).wait() == 0, log.read_text()[-2000:]
    runs = RunStore(home).list()
    assert [info.status().state for info in runs] == ["finished", "finished"]
    assert [[e.step for e in events(info, "evaluation")] for info in runs] == [[7, 14, 21]] * 2


def test_one_of_several_processes_writes_and_none_obeys(home: Home, tmp_path: Path) -> None:
    """Under torchrun each process has a reporter."""
    code = f"""
from types import SimpleNamespace
from transformers import TrainerControl, TrainerState
from tui_finetune import RunReporter
args = SimpleNamespace(world_size=2, device="cpu", eval_strategy="epoch", train_batch_size=8, gradient_accumulation_steps=1,
    per_device_train_batch_size=8, bf16=False, fp16=False, metric_for_best_model=None, output_dir={str(tmp_path)!r},
    get_warmup_steps=lambda steps: 0)
for first in (True, False):
    state = TrainerState(is_world_process_zero=first, max_steps=3, num_train_epochs=1)
    reporter = RunReporter(home={str(home.root)!r})
    reporter.on_train_begin(args, state, TrainerControl())
    for step in range(1, 4):
        state.global_step = step
        reporter.on_step_end(args, state, TrainerControl())
    print(reporter.run_directory is not None, reporter._controls and reporter.controls._actions)
    reporter.on_train_end(args, state, TrainerControl())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "True frozenset()\nFalse None\n", done.stderr
    (info,) = RunStore(home).list()
    assert info.status().state == "finished"
