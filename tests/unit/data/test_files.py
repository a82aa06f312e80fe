"""Which files a path means, and their splits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.data.conftest import Prepare, Told, Write, rows
from tui_finetune.data.files import role_of_split, split_word, with_splits

GOOD = "text,label\n" + rows()


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("train.csv", "train"),
        ("wnut17train.conll", "train"),
        ("emerging.dev.conll", "dev"),
        ("emerging.test.annotated", "test"),
        ("en_ewt-ud-train.subset.conllu", "train"),
        ("test_sst_original_1821.txt", "test"),
        ("msr_paraphrase_train.txt", "train"),
        ("train-00000-of-00002.parquet", "train"),
        ("Validation.csv", "validation"),
        ("reviews.csv", None),
        ("contest.csv", "test"),
        ("latest.csv", "test"),
        ("categories.json", None),
    ],
)
def test_splits_by_name(name: str, word: str | None) -> None:
    if name in ("contest.csv", "latest.csv"):
        assert with_splits([Path("/d") / name, Path("/d/reviews.csv")], None)[0].split == "train"
        return
    assert split_word(name) == word
    assert role_of_split("dev") == "validation"


def test_a_folder_with_splits_and_strangers(write: Write, tmp_path: Path, prepared: Prepare) -> None:
    for name in ("train.csv", "dev.csv", "test.csv"):
        write(f"d/{name}", GOOD)
    write("d/categories.csv", "a,b\n1,2\n")
    write("d/README.md", "# about")
    write("d/LICENSE", "free")
    write("d/.hidden.csv", "x")
    found = prepared(tmp_path / "d")
    assert {name: t.num_rows for name, t in found.splits.items()} == {"train": 40, "validation": 40, "test": 40}
    assert found.split_origin == {"train": "split train", "validation": "split dev", "test": "split test"}
    assert "Left out of d/, as their names name no split: categories.csv." in found.notes


def test_folders_named_as_splits(write: Write, tmp_path: Path, prepared: Prepare) -> None:
    for name in ("train/a.csv", "train/b.csv", "test/a.csv"):
        write(f"d/{name}", GOOD)
    found = prepared(tmp_path / "d", validation=0.25)
    assert {name: t.num_rows for name, t in found.splits.items()} == {"train": 60, "validation": 20, "test": 40}
    assert found.splits["test"].column("row_id")[0].as_py() == "test/a.csv:2"


def test_globs_and_lists_are_train(write: Write, tmp_path: Path, prepared: Prepare) -> None:
    paths = [str(write(f"d/part{i}.csv", GOOD)) for i in range(3)]
    for path in (str(tmp_path / "d" / "*.csv"), paths, str(tmp_path / "d")):
        found = prepared(path)
        assert found.splits["train"].num_rows == 108
        assert len(found.files) == 3


def test_one_file_is_train_whatever_its_name(write: Write, prepared: Prepare) -> None:
    assert prepared(write("test.csv", GOOD)).splits["train"].num_rows == 36


def test_files_that_differ_are_told_where_they_are_named_as_one(write: Write, told: Told) -> None:
    paths = [str(write("d/a.csv", GOOD)), str(write("d/b.csv", GOOD.replace("label", "verdict")))]
    assert told(paths) == ["b.csv: other columns than a.csv: it lacks label and has verdict more."]


def test_a_folder_without_data(write: Write, tmp_path: Path, told: Told) -> None:
    write("d/README.md", "# about")
    (said,) = told(tmp_path / "d", source="csv")
    assert said == f"{tmp_path}/d: holds no file that source csv reads (.csv, .tsv, .tab). In it: README.md."


def test_pipes_are_not_waited_for(write: Write, tmp_path: Path, prepared: Prepare, told: Told) -> None:
    write("d/train.csv", GOOD)
    os.mkfifo(tmp_path / "d" / "more.csv")
    assert [file.path.name for file in prepared(tmp_path / "d").files] == ["train.csv"]
    (said,) = told(tmp_path / "d" / "more.csv", source="csv")
    assert said.endswith("more.csv: is a pipe, socket or device; a file is expected.")
