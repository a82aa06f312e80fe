"""Every way in which data can be wrong is told with place, reason and the way out, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.data.conftest import Prepare, Told, Write, rows

HEAD = "text,label\n"
GOOD = HEAD + rows()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", "", ["a.csv: is empty."]),
        ("a.csv", "\n \n", ["a.csv: is empty."]),
        ("a.csv", HEAD, ["a.csv: has a header (text, label) and no rows."]),
        (
            "a.csv",
            (HEAD + "für Österreich,good\n" + rows()).encode() + b"caf\xe9,bad\n",
            ["a.csv line 43: byte 0xe9 is not UTF-8, at 't number 39,good caf\ufffd,bad '. Save it as UTF-8, or name its "
             'encoding: [data] options = { encoding = "cp1252" }.'],
        ),
        (
            "a.csv",
            GOOD + "a,b,good\nshort\n",
            ["a.csv line 42: 3 fields, expected 2 (text, label).", "a.csv line 43: 1 field, expected 2 (text, label)."],
        ),
        (
            "a.csv",
            GOOD + "a\0b,good\n",
            ["a.csv line 42: holds a NUL byte, which no text has. Remove it; in most editors it shows as ^@ or \\0."],
        ),
        (
            "a.csv",
            "text,text,label\na,b,c\n",
            ["a.csv line 1: the header names text more than once. Rename them in the first line, or give "
             "data.options.names and header = true."],
        ),
        (
            "a.csv",
            "text,row_id\na,b\n",
            ["a.csv line 1: the header names row_id, which are names of ours. Rename them."],
        ),
        (
            "a.csv",
            "".join(f"a text of its own {i},another of its own {i}\n" for i in range(30)).join(["text,other\n", ""]),
            ["data.columns: no column for label (texts, whole numbers or true/false that repeat) was found. "
             'It has: text, other. Name it: [data] columns = { label = "…" }.'],
        ),
        (
            "a.csv",
            GOOD + ",good\n,bad\nx,\n",
            ["data.columns.text: 2 rows have no text: a.csv:42, a.csv:43. Fill it in, or leave such rows out: "
             "[data] options = { drop_missing = true }.",
             "data.columns.label: 1 row has no label: a.csv:44. Fill it in, or leave such rows out: "
             "[data] options = { drop_missing = true }."],
        ),
        (
            "a.csv",
            HEAD + rows(labels=("same",)),
            ["data.columns: the label column holds only 'same'. At least two labels are needed."],
        ),
        (
            "a.csv",
            HEAD + "".join(f"a,{i / 7}\n" for i in range(1, 30)),
            ["data.columns: column label holds double. It should be texts, whole numbers or true/false that repeat; "
             "or name another column: data.columns.label."],
        ),
        (
            "a.csv",
            HEAD + '"abc" d,good\n' + rows() + "a,b,c\n",
            ['a.csv line 2: something follows a closing quote. A quote within a quoted text is written twice (""); '
             "[data] options = { quoting = false } takes quotes as they are."],
        ),
        ("a.csv", b"PK\x03\x04aa", ["a.csv: is a ZIP archive, as Excel's .xlsx is too. Unpack it, or save the sheet"]),
        (
            "a.jsonl",
            '{"text": "a", "label": 1}\nnope\n[1]\n{"text": "b", "label": 0}\n',
            ["a.jsonl line 2: not JSON: Expecting value, at character 1.", "a.jsonl line 3: a list; an object is expected."],
        ),
        (
            "a.jsonl",
            '{"text": "a", "label": 1}\n{"text": "b", "label": "x"}\n',
            ["a.jsonl line 2: label holds whole number and text; here the first text. Write all of them alike."],
        ),
        (
            "a.jsonl",
            '{"text": "a", "label": 1}\n{"text": null, "label": 0}\n',
            ["data.columns.text: 1 row has no text: a.jsonl:2. Fill it in, or leave such rows out: "
             "[data] options = { drop_missing = true }."],
        ),
        ("a.json", '[{"text": "a",\n', ["a.json line 2: not JSON: Expecting property name enclosed in double quotes."]),
        ("a.json", "3", ["a.json: holds a whole number without rows. An object a line, or a list of objects, is expected."]),
        ("a.parquet", "", ["a.parquet: is empty."]),
        ("a.arrow", "no arrow", ["a.arrow: no whole Arrow file: "]),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong(name: str, content: str | bytes, expected: list[str], write: Write, told: Told) -> None:
    found = told(write(name, content))
    assert len(found) == len(expected)
    assert all(said.startswith(start) for said, start in zip(found, expected, strict=True)), found


def test_nothing_half_made_is_left(write: Write, told: Told, tmp_path: Path) -> None:
    told(write("a.csv", GOOD + "a,b,c\n"))
    assert list((tmp_path / "cache" / "data").iterdir()) == []


def test_many_ragged_rows_are_counted(write: Write, told: Told) -> None:
    found = told(write("a.csv", GOOD + "a,b,c\n" * 20))
    assert found[4] == "a.csv line 46: 3 fields, expected 2 (text, label)."
    assert found[5] == "And 15 more such lines in a.csv."


def test_ragged_tags(write: Write, told: Told) -> None:
    found = told(write("a.conll", "a O\nb\n\nc B-x\nd e f\n"), task="token-classification")
    assert found == ["a.conll line 2: 1 column, expected 2: b.", "a.conll line 5: 3 columns, expected 2: d, e, f."]


def test_words_without_tags(write: Write, told: Told) -> None:
    (said,) = told(write("a.conll", "a\nb\n\nc\n"), task="token-classification")
    assert said.startswith("data.columns: no column for tags (lists of tags) was found. It has: tokens.")


def test_other_tags_than_words(write: Write, told: Told) -> None:
    lines = '{"tokens": ["a", "b"], "tags": ["O", "X"]}\n{"tokens": ["a"], "tags": ["O", "X"]}\n' * 2
    (said,) = told(write("a.jsonl", lines), task="token-classification")
    assert (
        said == "data.columns: train: a.jsonl:2 has 1 words and 2 tags, and 1 more such rows. Every word needs one tag."
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("revews.csv", "no such file or folder: {0}/revews.csv. Did you mean reviews.csv?"),
        ("absent/a.csv", "no such file or folder: {0}/absent/a.csv. There is no folder {0}/absent."),
        ("*.tsv", "no file matches {0}/*.tsv."),
    ],
)
def test_a_path_that_is_not_there(path: str, expected: str, write: Write, told: Told, tmp_path: Path) -> None:
    write("reviews.csv", GOOD)
    assert told(tmp_path / path) == [f"data.path: {expected.format(tmp_path)}"]


def test_every_absent_file_of_a_list_is_told(write: Write, told: Told, tmp_path: Path) -> None:
    there = write("a.csv", GOOD)
    assert len(told([str(there), str(tmp_path / "b.csv"), str(tmp_path / "c.csv")])) == 2


def test_every_bad_file_of_a_folder_is_told(write: Write, told: Told, tmp_path: Path) -> None:
    write("d/train.csv", GOOD + "a,b,c\n")
    write("d/test.csv", "")
    write("d/dev.csv", HEAD)
    assert sorted(told(tmp_path / "d")) == ["test.csv: is empty."]  # what is no text is told first
    write("d/test.csv", HEAD + "a,b,c\n")
    assert sorted(told(tmp_path / "d")) == [
        "dev.csv: has a header (text, label) and no rows.",
        "test.csv line 2: 3 fields, expected 2 (text, label).",
        "train.csv line 42: 3 fields, expected 2 (text, label).",
    ]


def test_an_absent_label_column(write: Write, told: Told) -> None:
    path = write("a.csv", GOOD)
    assert told(path, columns={"label": "verdict", "text": "txt"}) == [
        "data.columns.text: no column 'txt'. Did you mean text?",
        "data.columns.label: no column 'verdict'. It has: text, label.",
    ]


def test_labels_in_test_that_train_lacks(write: Write, told: Told, tmp_path: Path) -> None:
    write("d/train.csv", GOOD)
    write("d/test.csv", HEAD + "a,good\nb,ugly\nc,ugly\nd,odd\n")
    assert told(tmp_path / "d") == [
        "data.labels: test has 2 labels that train lacks: 'odd' (row test.csv:5); 'ugly' (2 rows, first test.csv:3). "
        "The labels are bad, good. Mend the rows, or name all in data.labels."
    ]


def test_labels_that_the_recipe_does_not_name(write: Write, told: Told) -> None:
    (said,) = told(write("a.csv", GOOD), labels=["good", "fine"])
    assert said.startswith("data.labels: train has a label that data.labels lacks: 'bad' (20 rows, first a.csv:2).")


def test_null_texts_are_left_out_where_asked(write: Write, prepared: Prepare) -> None:
    path = write("a.csv", GOOD + ",good\n,bad\nx,\n")
    found = prepared(path, options={"drop_missing": True})
    assert sum(table.num_rows for table in found.splits.values()) == 40


def test_an_option_that_is_none(write: Write, told: Told) -> None:
    (said,) = told(write("a.csv", GOOD), options={"delimeter": ";"})
    assert said.startswith("data.options: delimeter: ")


def test_a_column_of_the_wrong_kind(write: Write, told: Told) -> None:
    lines = "".join(f'{{"text": ["a", "b"], "label": {i % 2}}}\n' for i in range(20))
    (said,) = told(write("a.jsonl", lines), columns={"text": "text"})
    assert said == (
        "data.columns.text: column text holds list<item: string>; texts are needed for text. "
        "data.columns.text names another one."
    )


def test_half_a_character(write: Write, told: Told) -> None:
    lines = '{"text": "a", "label": 1}\n{"text": "b \\ud83d c", "label": 0}\n'
    assert told(write("a.jsonl", lines)) == [
        "a.jsonl line 2: text holds half of a character (\\ud800 to \\udfff). Write the whole character, or leave it out."
    ]
