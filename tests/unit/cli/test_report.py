"""`report`, as it is typed, on evaluations that were stored without a model."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.fakes import FakeRun
from tests.measured import Row, store, trained_run
from tui_finetune.paths import Home
from tui_finetune.runs.layout import PREDICTIONS

ROWS: list[Row] = [
    ("one \x1b[31m", "x", "y", 0.9),
    ("two", "x", "x", 0.6),
    ("three", "y", "x", 0.7),
    ("four", "y", "y", 0.8),
]


@pytest.fixture
def run(home: Home) -> FakeRun:
    made = trained_run(home, "judged", labels=["x", "y"])
    store(made.paths, ROWS)
    store(made.paths, ROWS[:2], split="validation")
    return made


def test_figures_beside_baselines_labels_and_confusions(cli: Cli, run: FakeRun) -> None:
    said = cli("report", "judged")
    assert said.code == 0
    lines = [line.split() for line in said.out.splitlines()]
    assert lines[0][:2] == ["judged", f"({run.short})"]
    assert ["accuracy", "0.500", "0.100"] in lines
    assert ["x", "0.500", "0.500", "0.500", "2", "2"] in lines
    assert ["x", "y", "1", "0.500"] in lines


def test_the_whole_as_json(cli: Cli, run: FakeRun) -> None:
    found = cli("report", run.short, "--split", "validation", "--json").json
    assert (found["run"], found["split"], found["rows"]) == (run.id, "validation", 2)
    assert found["metrics"]["accuracy"] == 0.5
    assert found["confusion"] == [{"gold": "x", "predicted": "y", "rows": 1}]
    assert [one["label"] for one in found["labels"]] == ["x", "y"]


def test_the_errors_the_gravest_first(cli: Cli, run: FakeRun) -> None:
    said = cli("report", "judged", "--rows")
    assert said.out.splitlines()[0].endswith("2 of 4 rows")
    assert [line.split()[-1] for line in said.out.splitlines()[2:]] == ["␛[31m", "three"]
    assert "\x1b" not in said.out


def test_rows_of_a_filter_as_json_and_in_a_file(cli: Cli, run: FakeRun, tmp_path: Path) -> None:
    found = cli("report", "judged", "--where", "gold:y score<0.75", "--json").json
    assert [row["text"] for row in found] == ["three"]
    said = cli("report", "judged", "--where", "right", "-o", str(tmp_path / "rows.csv"))
    assert said.code == 0, said.err
    with (tmp_path / "rows.csv").open() as file:
        assert sorted(row["text"] for row in csv.DictReader(file)) == ["four", "two"]


@pytest.mark.parametrize("part", [[], ["--labels"], ["--confusion"]])
def test_tables_in_files(cli: Cli, run: FakeRun, tmp_path: Path, part: list[str]) -> None:
    assert cli("report", "judged", *part, "-o", str(tmp_path / "t.md")).code == 0
    assert (tmp_path / "t.md").read_text().startswith("# judged")
    assert cli("report", "judged", *part, "-o", str(tmp_path / "t.md")).code == 2


def test_two_evaluations_of_the_same_rows(cli: Cli, home: Home, run: FakeRun) -> None:
    other = trained_run(home, "better", labels=["x", "y"])
    store(other.paths, [ROWS[1], *ROWS[1:]][:1] + ROWS[1:])
    found = cli("report", "judged", "--against", "better", "--json").json
    assert found["runs"] == [run.id, other.id]
    assert sum(found["rows"].values()) == 4
    assert f"only {other.short} is right" in cli("report", "judged", "--against", "better").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nobody"], 3, "nobody"),
        (["judged", "--split", "tset"], 2, "There is test, validation."),
        (["judged", "--where", "gold:z"], 2, "No label has z."),
        (["judged", "--where", "x", "--labels"], 2, "--where goes with --rows"),
        (["judged", "--against", "judged"], 2, "The same evaluation twice"),
        (["alone"], 2, "measures it"),
        (["judged", "-o", "x.xlsx"], 2, ".csv or .md"),
    ],
)
def test_what_cannot_be_shown_says_why(
    cli: Cli, home: Home, run: FakeRun, words: list[str], code: int, said: str
) -> None:
    trained_run(home, "alone")
    found = cli("report", *words)
    assert (found.code, found.out) == (code, "")
    assert said in found.err


def test_rows_that_are_not_stored(cli: Cli, run: FakeRun) -> None:
    (run.paths.evaluation("test") / PREDICTIONS).unlink()
    found = cli("report", "judged", "--rows")
    assert found.code == 2
    assert "the predictions of test are not stored" in found.err
    assert cli("report", "judged").code == 0
