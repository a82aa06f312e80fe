"""Folds: every row held out once, labels in proportion, what belongs together in one."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.calling import Cli
from tests.unit.data.conftest import Prepare, Told, Write, rows
from tui_finetune.data.folds import fold_numbers


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from("abbbcccccc"), min_size=5, max_size=120), st.integers(2, 5), st.integers(0, 99))
def test_folds_differ_by_a_row_and_by_a_row_of_each_label(labels: list[str], folds: int, seed: int) -> None:
    numbers, stratified = fold_numbers(np.arange(len(labels)), folds, seed, pa.chunked_array([labels]))
    assert stratified
    sizes = np.bincount(numbers, minlength=folds + 1)[1:]
    assert sizes.max() - sizes.min() <= 1
    for label in set(labels):
        each = np.bincount(numbers[np.array(labels) == label], minlength=folds + 1)[1:]
        assert each.max() - each.min() <= 1


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 20), min_size=5, max_size=120), st.integers(2, 4), st.integers(0, 99))
def test_what_belongs_together_comes_to_one_fold(groups: list[int], folds: int, seed: int) -> None:
    units = np.unique(groups, return_inverse=True)[1]
    numbers, _ = fold_numbers(units, folds, seed, None)
    assert all(len(set(numbers[units == unit])) == 1 for unit in set(units))
    sizes = np.bincount(numbers, minlength=folds + 1)[1:]
    assert sizes.max() - sizes.min() <= np.bincount(units).max()


def test_folds_are_the_same_everywhere() -> None:
    numbers, _ = fold_numbers(np.arange(12), 3, 42, pa.chunked_array([list("ababababaaaa")]))
    assert numbers.tolist() == [1, 3, 2, 3, 3, 1, 1, 2, 3, 2, 1, 2]


def test_each_row_is_held_out_once(prepared: Prepare, write: Write) -> None:
    path = write("rows.csv", "text,label\n" + rows(50))
    runs = [prepared(path, folds=4, fold=number, test=0.2) for number in range(1, 5)]
    tests = [run.splits["test"] for run in runs]
    assert all(table.equals(tests[0]) for table in tests)
    held = [row for run in runs for row in run.splits["validation"].column("row_id").to_pylist()]
    assert len(held) == len(set(held)) == 40
    assert not set(held) & set(tests[0].column("row_id").to_pylist())
    assert [run.splits["train"].num_rows for run in runs] == [30] * 4
    assert (runs[1].split_origin or {})["validation"] == "fold 2 of 4, stratified, seed 42"
    measured = prepared(path, folds=4, fold=3, test=0.2, kind="evaluate", evaluate={"split": "validation"})
    assert measured.splits["validation"].equals(runs[2].splits["validation"])


def test_authors_and_near_duplicates_stay_together(prepared: Prepare, write: Write) -> None:
    lines = "".join(f"sentence {n * 7919 % 97} of many {n},{'ab'[n % 2]},{n % 9}\n" for n in range(90))
    path = write("rows.csv", "text,label,author\n" + lines)
    made = prepared(path, folds=3, groups="author")
    sides = {name: table.column("row_id").to_pylist() for name, table in made.splits.items()}
    authors = {name: {(int(row.rpartition(":")[2]) - 2) % 9 for row in ids} for name, ids in sides.items()}
    assert len(authors["validation"]) == 3
    assert not authors["train"] & authors["validation"]
    double = write(
        "double.csv", "text,label\n" + "".join(f"row number {n // 2} here,{'ab'[n // 2 % 2]}\n" for n in range(80))
    )
    near = prepared(double, folds=4, fold=2, near_together=True)
    texts = {name: set(table.column("text").to_pylist()) for name, table in near.splits.items()}
    assert not texts["train"] & texts["validation"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"folds": 60}, "data.folds: is 60; there are 40 rows or groups to divide"),
        ({"folds": 3, "groups": "label"}, "there are 2 rows or groups"),
    ],
)
def test_more_folds_than_rows(given: dict[str, object], words: str, told: Told, write: Write) -> None:
    (problem,) = told(write("rows.csv", "text,label\n" + rows(40)), **given)
    assert words in problem


def test_the_verb_tells_all_folds_or_the_splits_of_one(cli: Cli, write: Write, tmp_path: Path) -> None:
    path, target = write("rows.csv", "text,label\n" + rows(50)), tmp_path / "folds.csv"
    every = cli("data", "split", str(path), "--folds", "5", "-o", str(target), "--json").json["folds"]
    assert {name: one["rows"] for name, one in every.items()} == {str(n): 10 for n in range(1, 6)}
    assert every["1"]["labels"] == {"bad": 5, "good": 5}
    with target.open() as file:
        assert sorted(row["fold"] for row in csv.DictReader(file)) == sorted([*"12345"] * 10)
    one = cli("data", "split", str(path), "--folds", "5", "--fold", "3", "--json").json["splits"]
    assert one["validation"]["sha256"] == every["3"]["sha256"]
    assert one["train"]["rows"] == 40
    refused = cli("data", "split", str(path), "--folds", "5", "--fold", "6", "--validation", "0.1")
    assert "data.fold: is 6; there are 5 folds." in refused.err
    assert "data.folds: does not go with data.validation." in refused.err
    assert "of how many it does not" in cli("data", "split", str(path), "--fold", "6").err
