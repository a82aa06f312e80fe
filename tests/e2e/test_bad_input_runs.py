"""Run directories that cannot be read, or only in part: every verb says so, and none is stopped by one in the list.

| bad input | held by |
|---|---|
| a run directory that is torn | test_a_directory_that_cannot_be_read[torn], test_other_torn_files |
| … empty | […empty] |
| … of a newer version | […newer], test_a_resolved_recipe_that_cannot_be_read |
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.e2e.bad_input import HEADER, Desk, desk, plain, refused, rows
from tests.fakes import FakeRun, finished_run
from tests.model_folders import model_folder
from tui_finetune.paths import Home

__all__ = ["desk"]


def _empty(run: FakeRun) -> None:
    run.remove()
    run.paths.root.mkdir()


def _change(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def _tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _without_result(run: FakeRun, torn: Path) -> None:
    run.paths.result_json.unlink()
    _tear(torn)


TRASH = "tui-finetune rm {short} moves it to the trash."
UNREADABLE: dict[str, tuple[Callable[[FakeRun], object], str, str]] = {
    "torn": (lambda run: _tear(run.paths.run_json), "run.json: line ", TRASH),
    "without a version": (lambda run: run.paths.run_json.write_text("{}"), "run.json has no version", TRASH),
    "empty": (_empty, "run.json is missing", TRASH),
    "newer": (
        lambda run: _change(run.paths.run_json, v=2),
        "written by a newer version of the program (run directory 2, this one reads 1)",
        "Update tui-finetune to use it.",
    ),
}
"""What is done to a good directory, what is said of it, and the way out."""


@pytest.fixture
def bad(home: Home) -> FakeRun:
    """The newest of two finished runs."""
    finished_run(home, "good")
    return finished_run(home, "bad")


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_directory_that_cannot_be_read(case: str, bad: FakeRun, desk: Desk, cli: Cli) -> None:
    spoil, words, way_out = UNREADABLE[case]
    spoil(bad)
    way_out = way_out.format(short=bad.short)
    listed = cli("runs")
    assert listed.code == 0
    assert "! unreadable  bad" in listed.out
    assert words[:40] in listed.out
    assert "✓ finished    good" in listed.out
    (found,) = [run for run in cli("runs", "--json").json if run["state"] == "unreadable"]
    assert found["id"] == bad.id
    assert words in found["reason"]
    assert cli("show", "latest", "--json").json["name"] == "good", "latest is the newest that can be used"
    shown = cli("show", bad.short)
    assert shown.code == 0
    assert words in shown.out
    assert way_out in shown.out
    for verb in (
        f"watch {bad.short}",
        f"stop {bad.short}",
        f"abort {bad.short}",
        f"resume {bad.short}",
        f"edit {bad.short} --name x",
    ):
        refused(cli(*verb.split()), f"{bad.paths.root} cannot be used: {words}", way_out)
    for arguments in (("predict", bad.short, "a text"), ("evaluate", bad.short)):
        refused(cli(*arguments), f"bad ({bad.short}) is unreadable: {words}", way_out)
    desk.write(HEADER + rows())
    recipe = desk.recipe(model_folder(desk.folder / "model"))
    said = cli("train", recipe, "--set", f"model.path=run:{bad.short}")
    refused(said, f"model.path: bad ({bad.short}) is unreadable: {words}", way_out)
    plain(cli("logs", bad.short).err + cli("logs", bad.short, "--events").err)
    assert cli("rm", bad.short).code == 0
    assert [run["name"] for run in cli("runs", "--json").json] == ["good"]
    assert cli("trash", "restore", bad.short).code == 0


TORN: dict[str, tuple[Callable[[FakeRun], object], str, str]] = {
    "result.json": (lambda run: _tear(run.die().paths.result_json), "finished", "finished"),
    "the last line of events.jsonl": (lambda run: _tear(run.paths.events), "finished", "finished"),
    "label.json": (lambda run: _tear(run.paths.label_json), "finished", "finished"),
    "heartbeat": (lambda run: _tear(run.paths.heartbeat), "finished", "finished"),
    "process.json, without a result": (
        lambda run: _without_result(run, run.paths.process_json),
        "died",
        "process.json cannot be read, and there is no result",
    ),
}
"""What is torn, and the state and words that are derived from the rest."""


@pytest.mark.parametrize("case", TORN)
def test_other_torn_files(case: str, bad: FakeRun, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    tear, state, words = TORN[case]
    tear(bad)
    monkeypatch.setattr("tui_finetune.runs.status.BEGIN_SECONDS", 0.0)
    found = cli("show", bad.short, "--json").json
    assert (found["state"], found["name"]) == (state, "bad")
    assert words in found["words"]
    for verb in ("show", "logs", "watch"):
        said = cli(verb, bad.short)
        assert said.code == (1 if verb == "watch" and state == "died" else 0)
        plain(said.out + said.err)
    assert len(cli("runs", "--json").json) == 2


RECIPES = {
    "torn": ("version = 1\n[da", "is not a recipe that tui-finetune wrote: "),
    "empty": ("", "Field required"),
    "newer": (
        'version = 2\ntask = "text-classification"\n',
        "It may have been written by another version of tui-finetune.",
    ),
    "absent": (None, "was made by a script of its own; only that script can go on."),
}


@pytest.mark.parametrize("case", RECIPES)
def test_a_resolved_recipe_that_cannot_be_read(case: str, home: Home, cli: Cli) -> None:
    content, words = RECIPES[case]
    run = FakeRun(home, "lost").begin().plan().step(10).checkpoint(10).die()
    if content is None:
        run.paths.recipe_toml.unlink()
    else:
        run.paths.recipe_toml.write_text(content)
    refused(cli("resume", "lost"), words)
    assert cli("show", "lost").code == 0
    assert [path.name for path in run.paths.attempts.iterdir()] == ["1"], "no attempt was claimed"


def test_a_file_among_the_runs_is_none(home: Home, cli: Cli) -> None:
    run = finished_run(home, "gone")
    shutil.rmtree(run.paths.root)
    run.paths.root.write_text("no directory")
    assert cli("runs", "--json").json == []
    refused(cli("show", run.short), f"No runs in {home.runs}. tui-finetune demo makes a first one.", code=3)
