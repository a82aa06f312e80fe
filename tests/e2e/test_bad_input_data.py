"""Data that is wrong, as a person types the verbs: `train`, `data show`, `config new --data` say the same, and leave nothing.

| bad input | held by |
|---|---|
| a file that is missing | test_a_file_that_cannot_be_used[missing] |
| … empty | […empty] |
| … has a header only | […header only] |
| … is not UTF-8 | […not UTF-8]; one that is wholly in another encoding is read, and said: test_another_encoding_is_said |
| … has ragged rows | […ragged rows] |
| … a NUL | […NUL] |
| … duplicate column names | […duplicate columns] |
| … an absent label column | test_no_label_column, test_an_absent_label_column_that_the_recipe_names |
| … null texts | test_null_texts |
| … one label only | test_one_label_only |
| … labels in test that train lacks | test_labels_in_test_that_train_lacks |
| … a BOM, CRLF, quoted newlines (they simply work) | test_it_simply_works |
| `evaluate --data` and `predict --file` of such files | test_evaluating_on_such_a_file, test_predicting_such_a_file |
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calling import Cli
from tests.e2e.bad_input import HEADER, Desk, desk, nothing_half_written, nothing_left, refused, rows
from tests.model_folders import model_folder
from tests.worker.forked import ForkServer
from tui_finetune.evaluation.predictions import read
from tui_finetune.runs.layout import PREDICTIONS

__all__ = ["desk"]

GOOD = HEADER + rows()
NO_LABELS = "text,other\n" + "".join(f"a text of its own {i},another of its own {i}\n" for i in range(30))

UNUSABLE: dict[str, tuple[str | bytes | None, tuple[str, ...]]] = {
    "missing": (None, ("data.path: no such file or folder: {file}.",)),
    "empty": ("", ("rows.csv: is empty.",)),
    "header only": (HEADER, ("rows.csv: has a header (text, label) and no rows.",)),
    "not UTF-8": (
        (HEADER + "für Österreich,good\n" + rows()).encode() + b"caf\xe9,bad\n",
        ("rows.csv line 43: byte 0xe9 is not UTF-8, at ", '[data] options = { encoding = "cp1252" }'),
    ),
    "ragged rows": (
        GOOD + "a,b,good\nshort\n",
        (
            "rows.csv line 42: 3 fields, expected 2 (text, label).",
            "rows.csv line 43: 1 field, expected 2 (text, label).",
        ),
    ),
    "NUL": (GOOD + "a\0b,good\n", ("rows.csv line 42: holds a NUL byte, which no text has. Remove it",)),
    "duplicate columns": (
        "text,text,label\na,b,c\n",
        ("rows.csv line 1: the header names text more than once. Rename them in the first line",),
    ),
}
"""What to write (None: no file), and what is said of it."""


def model_of(desk: Desk) -> Path:
    """A model that passes every look and is never loaded."""
    return model_folder(desk.folder / "model")


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_file_that_cannot_be_used(case: str, desk: Desk, cli: Cli) -> None:
    content, words = UNUSABLE[case]
    if content is not None:
        desk.write(content)
    recipe, written = desk.recipe(model_of(desk)), desk.folder / "new.toml"
    expected = [word.replace("{file}", str(desk.data)) for word in words]
    for verb in (
        ("train", recipe),
        ("data", "show", recipe),
        ("data", "show", str(desk.data)),
        ("config", "new", "--data", str(desk.data), "-o", str(written)),
    ):
        refused(cli(*verb), *expected)
    assert not written.exists()
    nothing_left(desk.home)


def test_the_same_as_json(desk: Desk, cli: Cli) -> None:
    desk.write(GOOD + "short\n")
    said = cli("data", "show", str(desk.data), "--json")
    assert said.code == 2
    (problem,) = said.json["problems"]
    assert problem["message"] == "1 field, expected 2 (text, label)."
    assert "rows.csv" in problem["file"]


def test_another_encoding_is_said(desk: Desk, cli: Cli) -> None:
    """No byte sequence in it is UTF-8: it is wholly in another encoding, and not a file with a broken place."""
    desk.write((GOOD + "café,good\n").encode("cp1252"))
    shown = cli("data", "show", str(desk.data))
    assert shown.code == 0
    assert "cp1252" in shown.out
    assert "is not UTF-8; read as cp1252. data.options.encoding names another." in " ".join(shown.out.split())


def test_no_label_column(desk: Desk, cli: Cli) -> None:
    desk.write(NO_LABELS)
    recipe = desk.recipe(model_of(desk))
    words = (
        "recipe.toml: data.columns: no column for label (texts, whole numbers or true/false that repeat) was found. "
        'It has: text, other. Name it: [data] columns = { label = "…" }. (line 4)'
    )
    refused(cli("train", recipe), words)
    shown = cli("data", "show", recipe)
    assert shown.code == 2
    assert words in shown.err
    assert "text    string  text" in shown.out
    refused(
        cli("config", "new", "--data", str(desk.data)), "no task finds its columns here. It has: text (string), other"
    )
    nothing_left(desk.home)


def test_an_absent_label_column_that_the_recipe_names(desk: Desk, cli: Cli) -> None:
    desk.write(GOOD)
    data = 'path = "rows.csv"\ncolumns = { text = "text", label = "labels" }'
    said = cli("train", desk.recipe(model_of(desk), data=data))
    refused(said, "recipe.toml: data.columns.label: no column 'labels'. Did you mean label? (line 6)")
    nothing_left(desk.home)


def test_null_texts(desk: Desk, cli: Cli) -> None:
    desk.write(GOOD + ",good\n,bad\nx,\n")
    recipe = desk.recipe(model_of(desk))
    no_text = "data.columns.text: 2 rows have no text: rows.csv:42, rows.csv:43. Fill it in, or leave such rows out: "
    no_label = "data.columns.label: 1 row has no label: rows.csv:44. "
    refused(cli("train", recipe), no_text, no_label, "[data] options = { drop_missing = true }")
    shown = cli("data", "show", str(desk.data))
    assert shown.code == 0, "the rest of the file can be looked at"
    assert "2 rows have no text: rows.csv:42, rows.csv:43." in " ".join(shown.out.split())
    new = cli("config", "new", "--data", str(desk.data))
    assert new.code == 0
    assert "drop_missing = true" in new.out, "what config new writes trains as it is"
    nothing_left(desk.home)


def test_one_label_only(desk: Desk, cli: Cli) -> None:
    desk.write(HEADER + rows(labels=("same",)))
    words = "data.columns: the label column holds only 'same'. At least two labels are needed."
    refused(cli("train", desk.recipe(model_of(desk))), f"recipe.toml: {words} (line 4)")
    shown = cli("data", "show", str(desk.data))
    assert shown.code == 2
    assert words in shown.err
    refused(cli("config", "new", "--data", str(desk.data)), words)
    nothing_left(desk.home)


def test_labels_in_test_that_train_lacks(desk: Desk, cli: Cli) -> None:
    desk.write(GOOD, "set/train.csv")
    desk.write(HEADER + "a,good\nb,ugly\nc,ugly\nd,odd\n", "set/test.csv")
    words = (
        "data.labels: test has 2 labels that train lacks: 'odd' (row test.csv:5); 'ugly' (2 rows, first test.csv:3). "
        "The labels are bad, good. Mend the rows, or name all in data.labels."
    )
    refused(cli("train", desk.recipe(model_of(desk), data='path = "set"')), words)
    shown = cli("data", "show", str(desk.folder / "set"))
    assert "test has 2 labels that train lacks" in " ".join((shown.out + shown.err).split())
    nothing_left(desk.home)


EVERYWHERE = "".join(f'"the first line\nand ""the second"" {i}",{"ab"[i % 2]}\n' for i in range(40))
WORKS: dict[str, tuple[bytes, str]] = {
    "BOM": (b"\xef\xbb\xbf" + GOOD.encode(), "this is text number "),
    "CRLF": (GOOD.replace("\n", "\r\n").encode(), "this is text number "),
    "quoted newlines": ((HEADER + EVERYWHERE).encode(), 'the first line\nand "the second" '),
    "all three": (b"\xef\xbb\xbf" + (HEADER + EVERYWHERE).replace("\n", "\r\n").encode(), "the first line"),
}
"""What to write, and how each of its texts begins."""


@pytest.mark.slow
@pytest.mark.parametrize("case", WORKS)
def test_it_simply_works(case: str, desk: Desk, cli: Cli, workers: ForkServer, tiny_model: Path) -> None:
    content, begins = WORKS[case]
    desk.write(content)
    look = cli("data", "show", str(desk.data), "--json")
    assert look.code == 0
    assert [column["name"] for column in look.json["columns"]] == ["text", "label"]
    assert look.json["problems"] == []
    run = cli("train", desk.recipe(tiny_model), "--wait", "--json")
    assert run.code == 0, run.err
    assert run.json["plan"]["rows"] == {"train": 36, "validation": 4}
    texts = (
        read(Path(run.json["path"]) / "evaluations" / "validation" / PREDICTIONS, ["text"]).column("text").to_pylist()
    )
    assert len(texts) == 4
    assert all(text.startswith(begins) and text[-1].isdigit() for text in texts), texts
    nothing_half_written(desk.home)


@pytest.mark.parametrize("case", UNUSABLE)
def test_evaluating_on_such_a_file(case: str, desk: Desk, cli: Cli) -> None:
    content, words = UNUSABLE[case]
    if content is not None:
        desk.write(content)
    said = cli("evaluate", str(model_of(desk)), "--data", str(desk.data))
    refused(said, *(word.replace("{file}", str(desk.data)) for word in words))
    nothing_left(desk.home)


@pytest.mark.parametrize("case", UNUSABLE)
def test_predicting_such_a_file(case: str, desk: Desk, cli: Cli) -> None:
    """Before the model is loaded, and before a file is begun."""
    content, words = UNUSABLE[case]
    if content is not None:
        desk.write(content)
    target = desk.folder / "answers.csv"
    said = cli("predict", str(model_of(desk)), "--file", str(desk.data), "-o", str(target))
    refused(said, *(words if content is not None else [f"{desk.data}: no such file."]))
    assert sorted(path.name for path in desk.folder.iterdir() if path.name != "rows.csv") == ["model"]
