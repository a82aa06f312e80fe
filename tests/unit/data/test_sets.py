"""The sets of a folder: which there are, which is taken, how another is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.unit.data.conftest import Prepare, Told, Write, rows
from tui_finetune.data.file_names import is_label_list, language_of, without_language
from tui_finetune.data.sets import FoundSet, sets_in
from tui_finetune.plugin_api.manager import Catalog

GOOD = "text,label\n" + rows()


def lines(count: int = 4, **fields: object) -> str:
    return "".join(json.dumps({key: f"{value} {i}" for key, value in fields.items()}) + "\n" for i in range(count))


def told_sets(found: list[FoundSet], folder: Path) -> list[tuple[str, str, list[str], tuple[str, ...]]]:
    return [(one.name, one.source, [str(f.relative_to(folder)) for f in one.files], one.splits) for one in found]


def test_files_of_other_schemas_are_sets(write: Write, tmp_path: Path, catalog: Catalog) -> None:
    write("d/b_tools.json", lines(conversations="a", tools="b"))
    write("d/a_tasks.json", lines(instruction="a", output="b"))
    write("d/a_tasks_2.json", lines(instruction="c", output="d"))
    assert told_sets(sets_in(tmp_path / "d", catalog), tmp_path / "d") == [
        ("a_tasks", "json", ["a_tasks.json", "a_tasks_2.json"], ("train",)),
        ("b_tools", "json", ["b_tools.json"], ("train",)),
    ]


def test_languages_of_one_name_are_sets_and_english_is_first(write: Write, tmp_path: Path, catalog: Catalog) -> None:
    for code in ("ar", "en", "zh"):
        write(f"d/quad.{code}.json", lines(question="a", context="b"))
    assert [one.name for one in sets_in(tmp_path / "d", catalog)] == ["quad.en", "quad.ar", "quad.zh"]


def test_the_same_names_with_two_endings_are_two_sets(write: Write, tmp_path: Path, catalog: Catalog) -> None:
    for name in ("train.csv", "dev.csv"):
        write(f"d/{name}", GOOD)
        write(f"d/{name.replace('csv', 'tsv')}", GOOD.replace(",", "\t"))
    found = sets_in(tmp_path / "d", catalog)
    assert [(one.name, one.splits) for one in found] == [("csv", ("train", "dev")), ("tsv", ("train", "dev"))]


def test_a_folder_s_own_files_come_before_those_below(write: Write, tmp_path: Path, catalog: Catalog) -> None:
    for name in ("train.csv", "test.csv", "older/train.csv", "reference_predictions/test.csv", ".git/train.csv"):
        write(f"d/{name}", GOOD)
    write("d/labels.txt", "good\nbad\n")
    found = sets_in(tmp_path / "d", catalog)
    assert [(one.name, one.splits) for one in found] == [("d", ("train", "test")), ("older", ("train",))]
    assert [one.path for one in found] == [tmp_path / "d", tmp_path / "d" / "older"]


def test_shards_in_folders_are_one_set(write: Write, tmp_path: Path, catalog: Catalog) -> None:
    for name in ("2020/a.csv", "2021/b.csv"):
        write(f"d/{name}", GOOD)
    (found,) = sets_in(tmp_path / "d", catalog)
    assert (found.name, len(found.files), found.splits) == ("d", 2, ("train",))


def test_a_folder_of_classes_below_is_a_set_of_its_own(write: Write, tmp_path: Path, catalog: Catalog) -> None:
    write("d/train.csv", GOOD)
    for name in ("raw/train/pos/1.txt", "raw/train/neg/1.txt", "raw/test/pos/1.txt", "raw/test/neg/1.txt"):
        write(f"d/{name}", "words")
    assert [(one.name, one.source, one.splits) for one in sets_in(tmp_path / "d", catalog)] == [
        ("d", "csv", ("train",)),
        ("raw", "folder", ("train", "test")),
    ]


def test_loops_and_depth_end(tmp_path: Path, write: Write, catalog: Catalog) -> None:
    write("d/train.csv", GOOD)
    (tmp_path / "d" / "again").symlink_to(tmp_path / "d")
    write("d/" + "e/" * 60 + "train.csv", GOOD)
    assert [one.name for one in sets_in(tmp_path / "d", catalog)] == ["d"]


def test_a_set_is_named_by_subset(write: Write, tmp_path: Path, prepared: Prepare, told: Told) -> None:
    write("d/one.csv", GOOD)
    write("d/two.csv", "review,stars\n" + rows(60))
    write("d/three/train.csv", GOOD + rows(4))
    folder = tmp_path / "d"
    assert prepared(folder).columns == {"text": "text", "label": "label"}
    for name in ("two", "two.csv", str(folder / "two.csv")):
        found = prepared(folder, subset=name)
        assert found.columns == {"text": "review", "label": "stars"}
        assert sum(table.num_rows for table in found.splits.values()) == 60
    assert sum(table.num_rows for table in prepared(folder, subset="three").splits.values()) == 44
    assert told(folder, subset="tow") == ["data.subset: d/ holds no set 'tow'. Did you mean two?"]


def test_row_ids_do_not_change_with_what_lies_beside(write: Write, tmp_path: Path, prepared: Prepare) -> None:
    write("d/train.csv", GOOD)
    before = prepared(tmp_path / "d").splits["train"].column("row_id").to_pylist()
    write("d/other/things.jsonl", lines(a="b"))
    assert prepared(tmp_path / "d").splits["train"].column("row_id").to_pylist() == before


@pytest.mark.parametrize(
    ("name", "code", "bare"),
    [
        ("xquad.en.json", "en", "xquad..json"),
        ("train-de.csv", "de", "train-.csv"),
        ("en_ewt-ud-train.conllu", None, "en_ewt-ud-train.conllu"),
        ("train.csv", None, "train.csv"),
    ],
)
def test_languages_in_names(name: str, code: str | None, bare: str) -> None:
    assert (language_of(name), without_language(name)) == (code, bare)


@pytest.mark.parametrize(
    ("name", "yes"),
    [
        ("labels.txt", True),
        ("mapping.txt", True),
        ("id2label.json", True),
        ("categories.json", True),
        ("train_labels.txt", False),
        ("train.csv", False),
    ],
)
def test_lists_of_labels_are_known_by_their_names(write: Write, name: str, yes: bool) -> None:
    assert is_label_list(write(name, "a\nb\n")) is yes


def test_a_recipe_names_the_set(write: Write, tmp_path: Path, cli: Cli) -> None:
    write("d/one.csv", GOOD)
    write("d/two.csv", "review,stars\n" + rows(60))
    folder = str(tmp_path / "d")
    found = cli("data", "show", folder, "--set", "two", "--json").json
    assert (found["set"], found["splits"], found["roles"]["text"]) == ("two", {"train": 60}, "review")
    assert [one["name"] for one in found["sets"]] == ["one", "two"]
    for subset, column in (("one", "text"), ("two", "review")):
        named = ("--subset", subset) if subset == "two" else ()
        recipe = cli("config", "new", "--data", folder, *named).out
        assert f'subset = "{subset}"' in recipe
        path = write(f"{subset}.toml", recipe)
        assert cli("data", "show", str(path), "--json").json["roles"]["text"] == column
