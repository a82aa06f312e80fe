"""`data.mix`: rows of further sets beside train's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calling import Cli
from tests.unit.data.conftest import Prepare, Told, Write, rows


@pytest.fixture
def main(write: Write) -> Path:
    return write("main/rows.csv", "text,label\n" + rows(50))


def old(write: Write, count: int = 60, labels: tuple[str, ...] = ("bad", "good"), header: str = "text,label") -> str:
    lines = rows(count, labels).replace("this is", "that was")
    return str(write("old/rows.csv", f"{header}\n{lines}"))


def test_all_rows_or_as_many_as_the_weight_says_join_train(main: Path, write: Write, prepared: Prepare) -> None:
    path = old(write)
    alone = prepared(main, validation=0.2)
    every = prepared(main, validation=0.2, mix=[{"path": path}])
    half = prepared(main, validation=0.2, mix=[{"path": path, "weight": 0.5}])
    assert [one.splits["train"].num_rows for one in (alone, every, half)] == [40, 100, 60]
    assert all(one.splits["validation"].equals(alone.splits["validation"]) for one in (every, half))
    assert half.splits["train"].slice(0, 40).equals(alone.splits["train"])
    added = half.splits["train"].slice(40)
    assert added.column("label").to_pylist().count("bad") == 10, "in proportion"
    ids = half.splits["train"].column("row_id").to_pylist()
    assert len(set(ids)) == 60
    assert ids[-1].startswith("mix1/rows.csv:")
    assert (half.split_origin or {})["train"] == "the rest of all rows; with 20 rows of rows.csv"
    assert half.splits["train"].equals(
        prepared(main, validation=0.2, mix=[{"path": path, "weight": 0.5}]).splits["train"]
    )


def test_several_sets_with_columns_and_labels_of_their_own(main: Path, write: Write, prepared: Prepare) -> None:
    mix = [
        {"path": old(write, 10, ("good", "so-so"))},
        {"path": str(write("reviews.jsonl", '{"review": "fine", "stars": "good", "label": 3}\n' * 3)),
         "columns": {"text": "review", "label": "stars"}, "weight": 9.0},
    ]  # fmt: skip
    made = prepared(main, mix=mix)
    assert made.labels is not None
    assert made.labels.names == ("bad", "good", "so-so")
    assert made.splits["train"].num_rows == 45 + 10 + 3
    assert "reviews.jsonl has 3 rows, and 405 are wanted by its weight: all are taken." in made.warnings
    assert {file.path.name for file in made.files} == {"rows.csv", "reviews.jsonl"}


def test_rows_that_are_measured_too_are_told(main: Path, prepared: Prepare) -> None:
    made = prepared(main, mix=[{"path": str(main)}])
    assert any("5 of 5 rows are in train too" in warning for warning in made.warnings)


def test_an_evaluation_measures_its_rows_without_them(main: Path, write: Write, prepared: Prepare) -> None:
    asked = {"kind": "evaluate", "evaluate": {"split": "validation"}, "mix": [{"path": old(write)}]}
    measured = prepared(main, validation=0.2, **asked)
    assert measured.splits["validation"].equals(prepared(main, validation=0.2).splits["validation"])
    assert measured.splits["train"].num_rows == 40


@pytest.mark.parametrize(
    ("labels", "header", "more", "words"),
    [
        (("bad", "good"), "note,label", {}, "no column for text"),
        (("bad", "good"), "text,label", {"split": "dev"}, ""),
        (("bad", "good"), "text,label", {"columns": {"text": "body"}}, "no column 'body'"),
    ],
)
def test_what_does_not_fit(
    labels: tuple[str, ...], header: str, more: dict[str, object], words: str, main: Path, write: Write, told: Told,
    prepared: Prepare,
) -> None:  # fmt: skip
    mix = [{"path": old(write, labels=labels, header=header), **more}]
    if not words:
        assert prepared(main, mix=mix).splits["train"].num_rows == 105, "its only split"
        return
    assert any(words in problem and "rows.csv" in problem for problem in told(main, mix=mix))


def test_labels_of_another_kind_are_refused(write: Write, told: Told) -> None:
    main = write("main.csv", "text,label\n" + rows(40, ("0", "1")))
    (problem,) = told(main, mix=[{"path": old(write)}])
    assert problem.startswith("data.mix: rows.csv has labels of string, the main set of int64.")


def test_its_paths_are_the_recipes_and_one_that_is_not_there_is_said(cli: Cli, main: Path, write: Write) -> None:
    old(write, 80)
    recipe = main.with_name("recipe.toml")
    text = 'task = "text-classification"\n[data]\npath = "rows.csv"\nmix = [{ path = "%s", weight = 1 }]\n[model]\npath = "m"\n'
    recipe.write_text(text % "../old/rows.csv")
    found = cli("data", "split", str(recipe), "--json")
    assert found.json["splits"]["train"]["rows"] == 90
    edited = cli("data", "edits", "add", str(recipe), "rows.csv:70", "--label", "bad", "--json")
    assert edited.json["rows"] == ["rows.csv:70"], "the main set has 50 rows"
    recipe.write_text(text % "../old/rwos.csv")
    missing = cli("config", "check", str(recipe))
    assert "no such file or folder" in missing.err + missing.out
    assert "Did you mean rows.csv?" in missing.err + missing.out
    recipe.write_text((text % "../old/rows.csv").replace("weight = 1", "weight = 0"))
    assert "data.mix.0.weight" in cli("config", "check", str(recipe)).err
