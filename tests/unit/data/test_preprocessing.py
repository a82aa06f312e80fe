"""Preprocessors: by row and by batch, rows dropped and divided, kept by fingerprint, failures named."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from tests.unit.data.conftest import Prepare, Told, Write, rows
from tui_finetune.plugin_api import Preprocessor
from tui_finetune.plugin_api.manager import Catalog, load_catalog

GOOD = "text,label\n" + rows(40)


class Upper(Preprocessor):
    name = "upper"
    help = "Capitals."
    calls = 0

    def options_model(self) -> type[BaseModel]:
        class Options(BaseModel):
            model_config = ConfigDict(extra="forbid")
            suffix: str = ""

        return Options

    def apply(self, row: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        type(self).calls += 1
        return {**row, "text": row["text"].upper() + options["suffix"]}


class Halves(Preprocessor):
    name = "halves"
    help = "Two rows of each, none of the tenth."
    batched = True

    def apply_batch(
        self, rows: Sequence[dict[str, Any]], options: Mapping[str, Any]
    ) -> Sequence[dict[str, Any] | Sequence[dict[str, Any]] | None]:
        return [
            None if row["text"].endswith("9") else [{**row, "text": row["text"] + side} for side in ("<", ">")]
            for row in rows
        ]


class Broken(Preprocessor):
    name = "broken"
    help = "Fails."

    def apply(self, row: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        if row["text"].endswith("7"):
            raise KeyError("seven")
        return row


MARKING = """
from tui_finetune.plugin_api import Preprocessor, hookimpl

class Mark(Preprocessor):
    name = "mark"
    help = "A word behind each text."

    def apply(self, row, options):
        return {**row, "text": row["text"] + " WORD"}

@hookimpl
def register_preprocessors():
    return [Mark()]
"""


class DropsAll(Preprocessor):
    name = "drops-all"
    help = "Drops all."

    def apply(self, row: dict[str, Any], options: Mapping[str, Any]) -> None:
        return None


@pytest.fixture
def stepped(prepared: Prepare, write: Write) -> Callable[..., Any]:
    """Prepares the rows through the named steps."""
    catalog: Catalog = load_catalog(None, third_party=False)
    for step in (Upper(), Halves(), Broken(), DropsAll()):
        catalog.preprocessors[step.name] = step
    path = write("a.csv", GOOD)

    def preparing(*names: str, call: Any = prepared, **options: Any) -> Any:
        steps = [{"use": name, "options": options if name == "upper" else {}} for name in names]
        return call(path, catalog=catalog, preprocess=steps)

    return preparing


def test_a_row_is_changed_and_keeps_its_identity(stepped: Callable[..., Any]) -> None:
    before, after = stepped(), stepped("upper", suffix="!")
    row, was = after.splits["train"].to_pylist()[0], before.splits["train"].to_pylist()[0]
    assert row["text"] == was["text"].upper() + "!"
    assert (row["row_id"], row["row_hash"]) == (was["row_id"], was["row_hash"])


def test_rows_are_dropped_and_divided(stepped: Callable[..., Any]) -> None:
    found = stepped("halves")
    every = sorted(r["row_id"] for t in found.splits.values() for r in t.to_pylist())
    assert len(every) == 72
    assert {"a.csv:2#0", "a.csv:2#1"} <= set(every)
    assert not any(row.startswith("a.csv:11#") for row in every)
    assert "halves made 32 more rows." in found.notes


def test_pieces_of_a_row_stay_together(stepped: Callable[..., Any]) -> None:
    found = stepped("halves")
    parts = {name: {r.partition("#")[0] for r in t.column("row_id").to_pylist()} for name, t in found.splits.items()}
    assert not parts["train"] & parts["validation"]


def test_steps_are_done_in_order(stepped: Callable[..., Any]) -> None:
    (text, *_) = stepped("upper", "halves").splits["train"].column("text").to_pylist()
    assert text.startswith("THIS IS TEXT")
    assert text.endswith(("<", ">"))


def test_what_was_done_is_kept(stepped: Callable[..., Any]) -> None:
    stepped("upper", suffix="?")
    before = Upper.calls
    stepped("upper", suffix="?")
    assert Upper.calls == before
    stepped("upper", suffix="??")
    assert Upper.calls == before + 40


def test_a_plugin_file_that_was_edited_is_not_taken_from_the_cache(prepared: Prepare, write: Write) -> None:
    """A single file has no version; its author edits it and tries again."""
    path = write("a.csv", GOOD)
    for turn, word in enumerate(("first", "second"), start=1):
        file = write("plugins/marking.py", MARKING.replace("WORD", word))
        os.utime(file, (turn, turn))
        catalog = load_catalog(None, plugin_dirs=[file.parent])
        found = prepared(path, catalog=catalog, preprocess=[{"use": "mark"}])
        assert found.splits["train"].column("text")[0].as_py().endswith(word)


def test_a_step_that_fails_is_named_with_its_row(stepped: Callable[..., Any], told: Told) -> None:
    (said,) = stepped("broken", call=told)
    assert said.startswith("preprocessor broken failed: KeyError: 'seven', at row a.csv:9.")


def test_a_step_that_drops_every_row(stepped: Callable[..., Any], told: Told) -> None:
    assert stepped("drops-all", call=told) == ["preprocess: drops-all leaves no row of train."]
