"""The file of an overlay: added to, undone and done again, by several writers."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from tui_finetune.edits.entry import Entry, about_row, set_cell
from tui_finetune.edits.store import EditsFile
from tui_finetune.errors import DataError, UserError

ROW = ("a.csv:1", "0" * 16)


@pytest.fixture
def file(tmp_path: Path) -> EditsFile:
    return EditsFile(tmp_path / "mine.edits.jsonl")


def cells(file: EditsFile) -> dict[str, object]:
    rows = file.read().rows()
    return rows[ROW].cells if ROW in rows else {}


def test_edits_are_read_back_with_who_and_when(file: EditsFile) -> None:
    file.add([set_cell(*ROW, "label", "good", "bad"), about_row("note", *ROW, "seen twice")], "anna")

    row = file.read().rows()[ROW].as_json()

    assert (row["set"], row["before"], row["notes"]) == ({"label": "good"}, {"label": "bad"}, ["seen twice"])
    assert row["who"] == "anna"
    assert row["t"] > 1e9


def test_the_file_is_only_added_to(file: EditsFile) -> None:
    file.add([set_cell(*ROW, "label", "good")])
    first = file.path.read_bytes()
    file.add([set_cell(*ROW, "label", "fine")])
    file.undo()
    file.redo()

    assert file.path.read_bytes().startswith(first)
    assert len(file.path.read_bytes().splitlines()) == 4
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_undo_and_redo_go_back_and_forth(file: EditsFile) -> None:
    for value in ("one", "two", "three"):
        file.add([set_cell(*ROW, "label", value)])

    seen = []
    for turn in (file.undo, file.undo, file.redo, file.undo, file.undo):
        turn()
        seen.append(cells(file).get("label"))

    assert seen == ["two", "one", "two", "one", None]
    with pytest.raises(UserError, match="No edit to undo"):
        file.undo()


def test_what_is_done_after_an_undo_ends_redo(file: EditsFile) -> None:
    file.add([set_cell(*ROW, "label", "one")])
    file.undo()
    file.add([set_cell(*ROW, "label", "two")])

    with pytest.raises(UserError, match="No edit was undone"):
        file.redo()
    assert cells(file) == {"label": "two"}


def test_an_act_is_undone_whole_and_by_its_own_person(file: EditsFile) -> None:
    other = ("a.csv:2", "1" * 16)
    file.add([about_row("drop", *ROW), about_row("drop", *other)], "anna")
    file.add([set_cell(*ROW, "label", "x")], "ben")

    assert {entry.row_id for entry in file.undo("anna")} == {"a.csv:1", "a.csv:2"}
    assert file.read().counts() == {"rows": 1, "set": 1, "dropped": 0, "moved": 0, "weighed": 0, "noted": 0, "ok": 0}


def test_two_writers_lose_nothing(file: EditsFile) -> None:
    def write(name: str) -> None:
        for number in range(20):
            EditsFile(file.path).add([set_cell(f"{name}:{number}", "0" * 16, "label", number)], name)

    threads = [threading.Thread(target=write, args=(name,)) for name in ("anna", "ben")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert len(file.read().rows()) == 40


def test_a_torn_last_line_is_no_edit_and_is_written_over(file: EditsFile) -> None:
    file.add([set_cell(*ROW, "label", "good")])
    with file.path.open("ab") as stream:
        stream.write(b'{"v":1,"kind":"set","row')

    assert cells(file) == {"label": "good"}
    file.add([set_cell(*ROW, "label", "fine")])
    assert cells(file) == {"label": "fine"}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("label,text", "it is not JSON"),
        ("[1]", "it is not a JSON object"),
        ('{"v": 9}', "version 9"),
        ('{"text": "a row of data"}', "It is no file of edits"),
        ('{"v":1,"kind":"paint","id":"a","act":"b"}', "kind is 'paint'"),
        ('{"v":1,"kind":"drop","id":"a","act":"b","row_id":"x:1"}', "row_hash is missing"),
        ('{"v":1,"kind":"set","id":"a","act":"b","row_id":"x:1","row_hash":"c","value":1}', "column is missing"),
        ('{"v":1,"kind":"weight","id":"a","act":"b","row_id":"x:1","row_hash":"c","value":-1}', "a number from 0 on"),
        ('{"v":1,"kind":"undo","id":"a","act":"b"}', "of is missing"),
    ],
)
def test_what_is_no_edit_is_told_with_its_line(file: EditsFile, line: str, told: str) -> None:
    file.add([set_cell(*ROW, "label", "good")])
    with file.path.open("a") as stream:
        stream.write(line + "\n")

    with pytest.raises(DataError) as raised:
        file.read()
    assert told in str(raised.value)
    assert "line 2" in str(raised.value)


def test_texts_of_any_kind_come_back(file: EditsFile) -> None:
    text = 'a\nb\x00 \U0001f600 \u2028 "quoted"'
    file.add([set_cell(*ROW, "text", text), set_cell(*ROW, "tags", ["O", "B-x"])])

    assert cells(file) == {"text": text, "tags": ["O", "B-x"]}
    assert all(json.loads(line) for line in file.path.read_text().split("\n") if line)


def test_the_digest_is_of_what_is_in_force(file: EditsFile) -> None:
    empty = file.read().digest()
    file.add([set_cell(*ROW, "label", "good")])
    once = file.read().digest()
    file.undo()

    assert file.read().digest() == empty
    file.redo()
    file.add([Entry("note", *ROW, value="no change of the data")])
    assert file.read().digest() == once != empty
