"""Recipes that are wrong, as a person types the verbs: exit code 2, everything told at once, nothing started.

| bad input | held by |
|---|---|
| a recipe that is not TOML | test_a_recipe_that_is_not_toml |
| six mistakes in one recipe (all six told) | test_six_mistakes_are_all_told |
| mistakes of the recipe, its data and its model at once | test_what_the_check_finds_has_its_line |
| no such recipe, a folder, bytes that are no text | test_a_recipe_that_cannot_be_read |
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calling import Cli
from tests.e2e.bad_input import HEADER, Desk, desk, nothing_left, refused, rows
from tests.model_folders import model_folder

__all__ = ["desk"]

VERBS = (("train",), ("config", "check"), ("config", "show"), ("data", "show"))
"""All verbs that read a recipe."""

NOT_TOML = 'task = "text-classification"\n[data\npath = "rows.csv"\n'
SIX = """\
task = "text-clasification"

[run]
sede = 1

[data]
path = "rows.csv"
limit = "many"

[model]
path = "google-bert/bert-base-uncased"
max_length = 1

[train]
learning_rate = "fast"

[evaluate]
metrics = ["acuracy"]
"""


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_recipe_that_is_not_toml(verb: tuple[str, ...], desk: Desk, cli: Cli) -> None:
    path = desk.write(NOT_TOML, "recipe.toml")
    said = cli(*verb, str(path))
    refused(said, "recipe.toml: not TOML: ", "(line 2)")
    assert len(said.err.splitlines()) == 1
    nothing_left(desk.home)


def test_a_recipe_that_is_not_toml_as_json(desk: Desk, cli: Cli) -> None:
    said = cli("config", "check", str(desk.write(NOT_TOML, "recipe.toml")), "--json")
    assert said.code == 2
    assert said.json["ok"] is False
    assert [(problem["file"], problem["line"]) for problem in said.json["problems"]] == [("recipe.toml", 2)]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_six_mistakes_are_all_told(verb: tuple[str, ...], desk: Desk, cli: Cli) -> None:
    desk.write(HEADER + rows())
    said = cli(*verb, str(desk.write(SIX, "recipe.toml")))
    refused(
        said,
        "recipe.toml: task: no task 'text-clasification'. Did you mean text-classification? (line 1)",
        "recipe.toml: run.sede: not a setting. Did you mean seed? (line 4)",
        "recipe.toml: data.limit: ",
        "(line 8)",
        "recipe.toml: model.max_length: ",
        "(line 12)",
        "recipe.toml: train.learning_rate: ",
        "(line 15)",
        "recipe.toml: evaluate.metrics: no metric 'acuracy'. Did you mean accuracy? (line 18)",
    )
    assert len(said.err.splitlines()) == 6
    nothing_left(desk.home)


def test_six_mistakes_as_json(desk: Desk, cli: Cli) -> None:
    desk.write(HEADER + rows())
    said = cli("train", str(desk.write(SIX, "recipe.toml")), "--json")
    assert said.code == said.json["exit_code"] == 2
    found = [(problem["key"], problem["line"]) for problem in said.json["problems"]]
    assert found == [
        ("task", 1),
        ("run.sede", 4),
        ("data.limit", 8),
        ("model.max_length", 12),
        ("train.learning_rate", 15),
        ("evaluate.metrics", 18),
    ]
    nothing_left(desk.home)


def test_what_the_check_finds_has_its_line(desk: Desk, cli: Cli) -> None:
    """Data, model and device are each looked at, although one of them is wrong already."""
    desk.write(HEADER + rows(labels=("same",)))
    model = model_folder(desk.folder / "model", without=["model.safetensors", "tokenizer.json"])
    said = cli("train", desk.recipe(model), "--set", "run.device=cuda:9")
    refused(
        said,
        f"recipe.toml: model.path: {model}: no weights (model.safetensors).",
        f"recipe.toml: model.path: {model}: no tokenizer (tokenizer.json).",
        "recipe.toml: data.columns: the label column holds only 'same'. At least two labels are needed. (line 4)",
        "--set: run.device: no device cuda:9 on this machine. There are: ",
    )
    nothing_left(desk.home)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("recipe.toml", None, "recipe.toml"),
        ("recipe.toml", b'task = "\xff\xfe"\n', "is not UTF-8"),
        ("recipe.toml", b"", "holds no key. tui-finetune config new writes a recipe to begin with."),
        ("recipe.toml", b"\x00\x01\x02", "not TOML"),
    ],
)
def test_a_recipe_that_cannot_be_read(name: str, content: bytes | None, words: str, desk: Desk, cli: Cli) -> None:
    path = desk.folder / name
    if content is not None:
        path.write_bytes(content)
    for verb in VERBS:
        refused(cli(*verb, str(path)), words)
    nothing_left(desk.home)


def test_a_folder_is_no_recipe(desk: Desk, cli: Cli) -> None:
    folder = Path(desk.folder / "sub.toml")
    folder.mkdir()
    for verb in VERBS:
        refused(cli(*verb, str(folder)), str(folder))
