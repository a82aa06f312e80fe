"""A model that stays warm: loaded once, asked often, freed by any thread; which runs have a model."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.fakes import FakeRun, finished_run
from tests.measured import model_card, trained_run
from tests.waiting import wait_until
from tui_finetune.errors import LaunchError, NoSuchRun, UserError
from tui_finetune.inference.client import HelperSpec
from tui_finetune.inference.warm import Freed, WarmModel, usable_models
from tui_finetune.live.reader import row_of
from tui_finetune.paths import Home
from tui_finetune.plugin_api.manager import load_catalog


class Warm:
    """Makes models whose helper is the fake one in a mode, and frees them."""

    def __init__(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        self._home = home
        self._patch = monkeypatch
        self._made: list[WarmModel] = []

    def __call__(self, query: str, mode: str = "answers") -> WarmModel:
        command = [sys.executable, "-m", "tests.fake_helper", mode]
        self._patch.setattr(HelperSpec, "command", lambda _: command)
        made = WarmModel(
            query, self._home, lambda: load_catalog(None, third_party=False), lambda f, t: HelperSpec(f, self._home)
        )
        self._made.append(made)
        return made

    def close(self) -> None:
        for one in self._made:
            one.free()


@pytest.fixture
def warm(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warm]:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    made = Warm(home, monkeypatch)
    yield made
    made.close()


@pytest.fixture
def run(home: Home) -> FakeRun:
    return trained_run(home, "lengths")


def pid_of(model: WarmModel) -> int:
    assert model._helper is not None
    assert model._helper.pid is not None
    return model._helper.pid


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_it_says_what_it_is_and_answers_from_one_process(warm: Warm, run: FakeRun) -> None:
    model = warm(run.short)
    facts = model.load()
    assert (facts.title, facts.short, facts.run_id, facts.step) == ("lengths", run.short, run.id, 100)
    assert (facts.labels, facts.max_length, facts.device, facts.pair) == (("long", "short"), 8, "cpu", "no")
    pid = pid_of(model)
    first, second = model.ask("a longer text"), model.ask("tiny")
    assert (first.answer["label"], second.answer["label"]) == ("long", "short")
    assert first.length == 3
    assert first.seconds > 0
    assert first.said[0].startswith("long")
    assert pid_of(model) == pid


def test_a_folder_of_somebody_elses(warm: Warm, tmp_path: Path) -> None:
    facts = warm(str(model_card(tmp_path / "mine", ["a", "b"]))).load()
    assert (facts.short, facts.run_id, facts.pair) == ("mine", None, "optional")


def test_of_pairs_both_texts_are_asked(warm: Warm, home: Home) -> None:
    model = warm(trained_run(home, "pairs", pairs=True).short)
    assert model.load().pair == "yes"
    assert model.ask("one", "two").answer["text_pair"] == "two"


def test_freed_it_is_gone_and_answers_no_more(warm: Warm, run: FakeRun) -> None:
    model = warm(run.short)
    model.load()
    pid = pid_of(model)
    model.free()
    assert gone(pid)
    with pytest.raises(Freed):
        model.ask("x")


def test_freed_while_another_thread_waits(warm: Warm, run: FakeRun) -> None:
    model = warm(run.short, "hangs-asked")
    model.load()
    ends: list[BaseException] = []

    def ask() -> None:
        try:
            model.ask("x")
        except Freed as freed:
            ends.append(freed)

    thread = threading.Thread(target=ask)
    thread.start()
    assert model._helper is not None
    wait_until(lambda: model._helper is not None and model._helper._number == 1, "the request to be sent")
    model.free()
    thread.join(20)
    assert len(ends) == 1


def test_what_is_wrong_is_told(warm: Warm, run: FakeRun, home: Home) -> None:
    with pytest.raises(NoSuchRun):
        warm("nothing").load()
    with pytest.raises(UserError, match="no weights"):
        warm(run.short, "refuses").load()
    died = warm(run.short, "dies-asked")
    died.load()
    with pytest.raises(LaunchError, match="SIGKILL"):
        died.ask("x")


def test_the_runs_that_have_a_model(home: Home, run: FakeRun) -> None:
    finished_run(home, "without")
    broken = trained_run(home, "broken")
    (broken.paths.model / "task.json").write_text("{")
    rows = [row_of(one.info, one.info.status()) for one in (run, broken)]
    assert [(one.query, one.short, one.labels) for one in usable_models(rows)] == [
        (run.id, run.short, ("long", "short"))
    ]
    assert usable_models(rows)[0].result == "0.880 accuracy test"
