"""A run steered from the command line by two people and by a plain file, and done again from the recipe that `recipe` prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calling import Cli
from tests.waiting import wait_until
from tests.worker.forked import ForkServer
from tests.worker.held import Steered, answer, ground_of_held_runs
from tests.worker.training import events, finished, weights
from tui_finetune.live.control import asked
from tui_finetune.live.series import History
from tui_finetune.paths import Home
from tui_finetune.runs import control
from tui_finetune.runs.info import RunInfo, read_info
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.tail import read_events
from tui_finetune.runs.testing import check_run_directory


@pytest.fixture
def steered(
    home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Steered:
    return ground_of_held_runs(home, tiny_model, tmp_path, monkeypatch)


def by_file(info: RunInfo, action: str, text: str) -> None:
    """Leaves a plain file and waits until it has been answered."""
    file = info.paths.control / f"{action}.toml"
    file.write_text(text)
    wait_until(lambda: not file.exists(), f"{file.name} to be answered")


@pytest.mark.slow
def test_two_people_and_a_plain_file_steer_a_run_and_its_recipe_does_it_again(
    steered: Steered, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = steered.start(hold_at=[4, 6, 13])
    steered.at(4)
    assert cli("set", "run", "learning_rate", "x0.5", "--reason", "too fast").code == 0
    monkeypatch.setattr(control, "author", lambda: "bob@gpu1:pts/7")
    second = cli("set", "run", "learning_rate", "x0.5", "weight_decay", "0.1", "--json").json
    assert (second["when"], second["by"]) == ("from step 5", "bob@gpu1:pts/7")
    assert cli("set", "run", "class_weights", "z=2").code == 1
    steered.go_on()
    steered.at(6)
    by_file(info, "set", 'gradient_accumulation_steps = 1\nreason = "by file"')
    by_file(info, "pause", "release = nonsense")
    assert cli("pause", "run").code == 0
    steered.go_on()
    wait_until(lambda: info.status().state == "paused", "the run to be held")
    assert cli("note", "run", "held", "by", "hand").code == 0
    assert cli("evaluate", "run", "--now", "--split", "label=b", "--wait").code == 0
    assert cli("save", "run", "--applied").code == 0
    assert cli("continue", "run", "--applied").code == 0
    steered.at(13)
    assert cli("rollback", "run", "--checkpoint", "8", "--set", "dropout=0.3").code == 0
    steered.go_on()
    steered.at(13)
    stale = control.send(info.paths, "set", 1, {"set": {"learning_rate": 1.0}})
    assert answer(info, stale.id).get("why") == "meant for attempt 1, attempt 2 runs now"
    steered.go_on()
    finished(info)
    rows = asked(History(read_events(info.paths)))
    assert [(row.by.partition("@")[0], row.answer) for row in rows[1:3]] == [("bob", "applied"), ("bob", "refused")]
    assert [row.step for row in rows[:2]] == [5, 5]
    assert rows[1].old["learning_rate"] == rows[0].new["learning_rate"]
    assert {row.action: row.answer for row in rows if row.action in ("pause", "note", "evaluate", "save")}.keys() == {
        "pause", "note", "evaluate", "save"
    }  # fmt: skip
    check_run_directory(info.paths.root, only_known_events=True)
    again = steered.folder / "again.toml"
    again.write_text(cli("recipe", "run", "--with-changes").out)
    monkeypatch.setenv("TEST_HOLD_AT", "")
    plugins = str(steered.folder / "plugins")
    assert cli("train", str(again), "--name", "again", "--plugin-dir", plugins, "--wait").code == 0
    replay = read_info(RunPaths(Path(cli("show", "again", "--json").json["path"])))
    assert weights(replay) == weights(info)
    assert [event.get("by") for event in events(replay, "applied")] == ["recipe"] * 4
