"""Files that belong together line by line, and lists of labels beside the data."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from tests.unit.data.conftest import Prepare, Told, Write, rows
from tui_finetune.data.inspect import look_at_path
from tui_finetune.data.label_list import names_in
from tui_finetune.data.side_by_side import pairs_in
from tui_finetune.plugin_api.manager import Catalog


def test_texts_and_labels_in_files_of_their_own(write: Write, tmp_path: Path, prepared: Prepare) -> None:
    for split, count in (("train", 40), ("val", 8), ("test", 8)):
        write(f"d/{split}_text.txt", "".join(f"a text, number {i}\n" for i in range(count)))
        write(f"d/{split}_labels.txt", "".join(f"{i % 3}\n" for i in range(count)))
    write("d/mapping.txt", "0\t❤\t_red_heart_\n1\t😂\t_tears_\n2\t🔥\t_fire_\n")
    write("d/reference_predictions/test_roberta.txt", "0\n" * 8)
    found = prepared(tmp_path / "d")
    assert (found.source, found.columns) == ("parallel", {"text": "text", "label": "label"})
    assert {name: table.num_rows for name, table in found.splits.items()} == {"train": 40, "validation": 8, "test": 8}
    assert found.labels is not None
    assert found.labels.names == ("❤", "😂", "🔥")
    assert found.splits["test"].column("row_id")[3].as_py() == "test_text.txt:4"
    assert "mapping.txt names the labels of column label: 3." in found.notes


def test_two_languages_line_by_line(write: Write, tmp_path: Path, catalog: Catalog) -> None:
    for split, count in (("train", 6), ("val", 2)):
        write(f"d/{split}.en", "".join(f"a good morning {i}\n" for i in range(count)))
        write(f"d/{split}.de", "".join(f"ein guter Morgen {i}\n" for i in range(count)))
    write("d/derived/train.json", json.dumps({"translation": {"en": "yes", "de": "ja"}}) + "\n")
    look = look_at_path(str(tmp_path / "d"), catalog, tmp_path / "cache")
    assert (look.opened.source, look.roles) == ("parallel", {"source": "en", "target": "de"})
    assert [(one["name"], one["splits"]) for one in look.sets] == [
        ("d", {"train": 6, "val": 2}),
        ("derived", {"train": None}),
    ]
    first = look.opened.splits["train"].table().to_pylist()[0]
    assert (first["en"], first["de"]) == ("a good morning 0", "ein guter Morgen 0")


def test_files_of_other_lengths_do_not_belong_together(write: Write, tmp_path: Path, told: Told) -> None:
    write("d/train.en", "one\ntwo\n")
    write("d/train.de", "eins\nzwei\ndrei\n")
    (said,) = told(tmp_path / "d")
    assert said == "train.en: the files have other numbers of lines: train.en 2, train.de 3."


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (["train.src", "train.tgt"], [("src", "tgt")]),
        (["train.source", "train.target"], [("source", "target")]),
        (["train.en.txt", "train.fr.txt"], [("en", "fr")]),
        (["train.txt", "train.labels"], [("text", "label")]),
        (["a_sentences.txt", "a_labels.txt"], [("text", "label")]),
        (["train.txt", "test.txt", "labels.txt"], []),
        (["train.en", "test.de"], []),
        (["train.csv", "train.en.json", "train.de.json"], []),
    ],
)
def test_which_files_belong_together(write: Write, names: list[str], pairs: list[tuple[str, ...]]) -> None:
    files = [write(name, "word\nother\n") for name in names]
    assert [pair.columns for group in pairs_in(files) for pair in group] == pairs


@pytest.mark.parametrize(
    ("text", "is_json", "names"),
    [
        ("joy\nanger\n", False, ("joy", "anger")),
        ("0\tjoy\n1\tanger\n", False, ("joy", "anger")),
        ('["joy", "anger"]', True, ("joy", "anger")),
        ('{"1": "anger", "0": "joy"}', True, ("joy", "anger")),
        ('{"anger": 1, "joy": 0}', True, ("joy", "anger")),
        ("joy\njoy\n", False, ()),
        ("0\tjoy\n7\tanger\n", False, ()),
        ('{"joy": [1]', True, ()),
        ("[1, 2]", True, ()),
    ],
)
def test_lists_of_labels(text: str, is_json: bool, names: tuple[str, ...]) -> None:
    assert names_in(text, is_json) == names


def test_several_labels_a_row_by_number(write: Write, tmp_path: Path, catalog: Catalog) -> None:
    for split, count in (("train", 30), ("dev", 6)):
        lines = [f"this is a long comment and its number is {i}\t{i % 3},{3}\teb{i}q\n" for i in range(count)]
        write(f"d/{split}.tsv", "".join([*lines, "one more of them, with a label\t0\tzz\n"]))
    write("d/labels.txt", "joy\nanger\nfear\nneutral\n")
    look = look_at_path(str(tmp_path / "d"), catalog, tmp_path / "cache")
    assert [column.name for column in look.opened.columns] == ["text", "labels", "id"]
    assert look.roles == {"text": "text", "label": "labels"}
    assert look.recipe.task_options == {"problem_type": "multi_label_classification"}
    assert look.opened.splits["train"].table().schema.field("labels").type == pa.list_(pa.int64())
    assert [(label["name"], label["counts"]) for label in look.labels] == [
        ("joy", {"train": 11, "dev": 3}),
        ("anger", {"train": 10, "dev": 2}),
        ("fear", {"train": 10, "dev": 2}),
        ("neutral", {"train": 30, "dev": 6}),
    ]


def test_a_list_names_labels_that_train_lacks(write: Write, tmp_path: Path, prepared: Prepare) -> None:
    for split, tag in (("train", "B-PER"), ("dev", "B-ORG")):
        write(f"d/{split}.conll", "".join(f"Ann {tag}\nran O\n\n" for _ in range(8)))
    write("d/labels.txt", "B-ORG\nB-PER\nI-PER\nO\n")
    found = prepared(tmp_path / "d", task="token-classification")
    assert found.labels is not None
    assert set(found.labels.names) == {"O", "B-ORG", "B-PER", "I-PER"}


def test_a_list_is_no_list_of_other_columns(write: Write, tmp_path: Path, prepared: Prepare) -> None:
    write("d/train.csv", "text,label\n" + rows())
    write("d/labels.txt", "never\nused\n")
    found = prepared(tmp_path / "d")
    assert found.labels is not None
    assert found.labels.names == ("bad", "good")
