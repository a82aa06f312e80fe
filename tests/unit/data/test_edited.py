"""`[data] edits`: what a run has of edited data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.data.conftest import Prepare, Write, rows
from tui_finetune.config.schema import Recipe
from tui_finetune.edits.entry import about_row, set_cell
from tui_finetune.edits.store import EditsFile
from tui_finetune.errors import DataError
from tui_finetune.launch.start import with_own_edits
from tui_finetune.plugin_api import row_hash
from tui_finetune.runs.layout import RunPaths

GOOD = "text,label\n" + rows()


def row(number: int, file: str = "a.csv") -> tuple[str, str]:
    """Id and hash of a row of GOOD: ids of CSV count its lines."""
    text, label = GOOD.splitlines()[number].split(",")
    return f"{file}:{number + 1}", row_hash({"text": text, "label": label})


@pytest.fixture
def overlay(tmp_path: Path) -> EditsFile:
    return EditsFile(tmp_path / "mine.edits.jsonl")


def test_a_run_has_the_edited_rows_and_the_source_stays(write: Write, prepared: Prepare, overlay: EditsFile) -> None:
    path = write("a.csv", GOOD)
    overlay.add([set_cell(*row(1), "label", "good"), set_cell(*row(2), "text", "mended"), about_row("drop", *row(3))])

    found = prepared(path, edits=str(overlay.path), validation=0.25)

    made = {one["row_id"]: one for table in found.splits.values() for one in table.to_pylist()}
    assert len(made) == 39
    assert made["a.csv:2"]["label"] == "good"
    assert made["a.csv:3"]["text"] == "mended"
    assert path.read_text() == GOOD
    assert "Edits of mine.edits.jsonl: 2 changed, 1 dropped." in found.notes
    assert found.edits is not None
    facts = found.edits.as_json()
    assert (facts["rows"], facts["set"], facts["dropped"]) == (3, 2, 1)
    assert found.edits.data == overlay.path.read_bytes()


def test_steps_see_the_edited_rows(write: Write, prepared: Prepare, overlay: EditsFile) -> None:
    overlay.add([set_cell(*row(2), "text", "MENDED")])

    found = prepared(write("a.csv", GOOD), edits=str(overlay.path), preprocess=[{"use": "lowercase"}])

    texts = [one for table in found.splits.values() for one in table.column("text").to_pylist()]
    assert "mended" in texts


def test_a_row_can_go_to_another_split(write: Write, prepared: Prepare, overlay: EditsFile) -> None:
    write("d/train.csv", GOOD)
    write("d/test.csv", GOOD.replace("this", "that"))
    overlay.add([about_row("move", *row(1, "train.csv"), "test")])

    found = prepared(write("d/notes.txt", "").parent, source="csv", edits=str(overlay.path))

    assert "train.csv:2" in found.splits["test"].column("row_id").to_pylist()
    assert found.splits["test"].num_rows == 41


def test_edits_of_another_content_are_refused_by_name(write: Write, prepared: Prepare, overlay: EditsFile) -> None:
    overlay.add([set_cell(*row(1), "label", "good"), set_cell(*row(5), "label", "good")])
    path = write("a.csv", GOOD.replace("number 0,", "number zero,"))

    with pytest.raises(DataError) as raised:
        prepared(path, edits=str(overlay.path))

    assert "the source has changed under 1 edited row: a.csv:2: the row has another content now" in str(raised.value)
    assert "data edits settle" in str(raised.value)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (about_row("weight", *row(1), 2.5), "1 row has a weight"),
        (set_cell("b.csv:1", "0" * 16, "label", "good"), "no edited row is among these data"),
        (set_cell(*row(1), "stars", "good"), "no column 'stars'"),
    ],
)
def test_what_cannot_be_used_is_told(
    write: Write, prepared: Prepare, overlay: EditsFile, entry: object, told: str
) -> None:
    overlay.add([entry])  # type: ignore[list-item]

    with pytest.raises(DataError, match=told):
        prepared(write("a.csv", GOOD), edits=str(overlay.path))


def test_a_file_that_is_not_there_is_told(write: Write, prepared: Prepare, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file of edits"):
        prepared(write("a.csv", GOOD), edits=str(tmp_path / "none.edits.jsonl"))


def test_edited_rows_of_test_are_told(write: Write, prepared: Prepare, overlay: EditsFile) -> None:
    write("d/train.csv", GOOD)
    write("d/test.csv", GOOD)
    overlay.add([set_cell(*row(1, "test.csv"), "label", "good")])

    found = prepared(write("d/x.txt", "").parent, source="csv", edits=str(overlay.path))

    assert "1 row of test is edited: figures on them are not those of the source." in found.warnings


def test_a_run_keeps_the_edits_that_it_began_with(write: Write, prepared: Prepare, overlay: EditsFile) -> None:
    path = write("a.csv", GOOD)
    overlay.add([set_cell(*row(1), "label", "good")])
    used = prepared(path, edits=str(overlay.path)).edits
    assert used is not None
    table = {"path": str(path), "edits": str(overlay.path)}
    recipe = Recipe.model_validate({"task": "text-classification", "data": table, "model": {"path": "none"}})
    paths = RunPaths(path.parent / "run")
    paths.root.mkdir()

    kept = with_own_edits(paths, recipe, used.data)
    overlay.undo()

    assert kept.data.edits == str(paths.edits)
    assert prepared(path, edits=kept.data.edits).edits == replace(used, path=paths.edits)
