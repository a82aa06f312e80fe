"""`data show` and `config new --data`, as they are typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.unit.data.conftest import Write, rows
from tui_finetune.cli.main import cli
from tui_finetune.config.load import load_recipe
from tui_finetune.data import inspect
from tui_finetune.data.prepare import prepare
from tui_finetune.errors import DataError, UserError
from tui_finetune.paths import Home
from tui_finetune.plugin_api.manager import Catalog
from tui_finetune.text import cell_width

GOOD = "review,verdict,stars\n" + "".join(
    f"this is review number {i},{'good' if i % 2 else 'bad'},{i}\n" for i in range(40)
)
Run = Callable[..., Result]


@pytest.fixture
def run(home: Home) -> Run:
    """Runs `tui-finetune …`; errors of a person's come out as they are raised."""
    return lambda *words: CliRunner().invoke(cli, [*map(str, words)], catch_exceptions=True)


@pytest.fixture
def show(run: Run) -> Callable[..., dict[str, Any]]:
    """The document of `data show --json`."""

    def showing(*words: Any, code: int = 0) -> dict[str, Any]:
        done = run("data", "show", *words, "--json")
        assert done.exit_code == code, done.output
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return showing


def test_everything_about_a_file(show: Callable[..., dict[str, Any]], write: Write) -> None:
    path = write("reviews.csv", GOOD)
    found = show(path)
    assert (found["task"], found["source"], found["path"]) == ("text-classification", "csv", str(path))
    assert found["format"] == "csv, comma, utf-8"
    assert found["splits"] == {"train": 40}
    assert found["columns"] == [
        {"name": "review", "type": "string", "role": "text"},
        {"name": "verdict", "type": "string", "role": "label"},
        {"name": "stars", "type": "int64", "role": None},
    ]
    assert found["roles"] == {"text": "review", "label": "verdict"}
    assert found["labels"] == [
        {"name": "bad", "value": "bad", "count": 20, "counts": {"train": 20}},
        {"name": "good", "value": "good", "count": 20, "counts": {"train": 20}},
    ]
    assert found["lengths"] == {"unit": "words", "median": 5, "p95": 5, "max": 5, "max_length": 512, "cut": 0}
    assert found["run"] == {"train": 36, "validation": 4}
    assert found["guesses"] == ["Column review is taken as text.", "Column verdict is taken as label."]
    assert found["problems"] == []
    assert found["files"][0]["size"] == path.stat().st_size


def test_lengths_in_tokens(show: Callable[..., dict[str, Any]], write: Write, tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    (tmp_path / "model").mkdir()
    tokenizer.save(str(tmp_path / "model" / "tokenizer.json"))
    path = write("a.csv", GOOD + "one two three four five six seven eight,good,1\n" * 2)
    found = show(path, "--model", tmp_path / "model", "--max-length", 6)
    assert found["lengths"]["unit"] == "tokens"
    assert (found["lengths"]["median"], found["lengths"]["max"], found["lengths"]["max_length"]) == (5, 8, 6)
    assert found["lengths"]["cut"] == 2


def test_words_and_tags(show: Callable[..., dict[str, Any]], write: Write) -> None:
    found = show(write("a.conll", "Ada B-PER\nwrote O\n\nto O\nLondon B-LOC\n"))
    assert found["task"] == "token-classification"
    assert found["roles"] == {"tokens": "tokens", "tags": "tags"}
    assert found["columns"][0]["type"] == "list<string>"


def test_what_measures_it(run: Run, show: Callable[..., dict[str, Any]], write: Write) -> None:
    """Entities where the tags mark some, else words that are right."""
    entities, parts = write("ner.conll", "Ann B-PER\nran O\n\n" * 20), write("pos.conll", "Ann NOUN\nran VERB\n\n" * 20)
    assert show(entities)["metrics"] == ["f1", "precision", "recall", "accuracy"]
    assert show(parts)["metrics"] == ["accuracy"]
    assert 'metrics = ["accuracy"]' in run("config", "new", "--data", parts).stdout


def test_what_is_wrong_is_in_the_document(show: Callable[..., dict[str, Any]], write: Write, tmp_path: Path) -> None:
    broken = show(write("a.csv", "text,label\n" + rows() + "a,b,c\n"), code=2)
    assert broken["problems"][0]["line"] == 42
    write("d/train.csv", "text,label\n" + rows())
    write("d/test.csv", "text,label\na,ugly\n")
    half = show(tmp_path / "d", code=2)
    assert half["splits"] == {"train": 40, "test": 1}
    assert half["roles"] == {"text": "text", "label": "label"}
    assert "'ugly'" in half["problems"][0]["message"]


def test_data_that_fit_no_task(show: Callable[..., dict[str, Any]], write: Write) -> None:
    found = show(write("a.csv", "text,seen\none line of text,3\nand another one,7\nand one,1\n"))
    assert (found["task"], found["problems"]) == (None, [])
    assert any(guess.startswith("No task finds its columns here.") for guess in found["guesses"])


def test_texts_alone_are_for_a_language_model(show: Callable[..., dict[str, Any]], write: Write) -> None:
    found = show(write("a.txt", "one line of text\nand another one\n"))
    assert (found["task"], found["problems"]) == ("causal-lm", [])
    assert (found["roles"], found["labels"]) == ({"text": "text"}, [])


def test_a_recipe(show: Callable[..., dict[str, Any]], write: Write) -> None:
    write("d/reviews.csv", GOOD)
    recipe = write(
        "d/a.toml",
        'task = "text-classification"\ndata.path = "reviews.csv"\ndata.validation = 0.5\nmodel.path = "run:x"\n'
        'model.max_length = 7\ndata.columns = { text = "review", label = "stars" }\n',
    )
    recipe.write_text(recipe.read_text().replace("run:x", "./none").replace('label = "stars"', 'label = "verdict"'))
    found = show(recipe)
    assert found["run"] == {"train": 20, "validation": 20}
    assert found["lengths"]["max_length"] == 7
    assert found["guesses"] == []


def test_what_a_person_reads_fits_80_columns(run: Run, write: Write) -> None:
    long = "text,label\n" + "".join(f"{'very ' * 40}long {i},{'x' * 50}{i % 20}\n" for i in range(60))
    done = run("data", "show", write("a.csv", long))
    assert done.exit_code == 0
    assert all(cell_width(line) <= 80 for line in done.stdout.splitlines())
    assert "20 labels" in done.stdout
    assert "and 8 more, down to" in done.stdout
    assert "\x1b" not in done.stdout


def test_control_characters_of_data_are_made_visible(run: Run, write: Write) -> None:
    done = run(
        "data", "show", write("a.csv", "text,label\n" + "".join(f"\x1b]52;c;{i}\x07,{i % 2}\n" for i in range(20)))
    )
    assert "\x1b" not in done.stdout
    assert "␛]52;c;" in done.stdout


def test_a_path_that_is_not_there(run: Run, tmp_path: Path) -> None:
    error = run("data", "show", tmp_path / "absent.csv").exception
    assert isinstance(error, DataError)
    assert error.exit_code == 2


class TestConfigNew:
    def test_what_it_writes_is_prepared_as_it_is(
        self, run: Run, write: Write, tmp_path: Path, catalog: Catalog
    ) -> None:
        path = write("d/reviews.csv", GOOD)
        target = tmp_path / "d" / "new.toml"
        assert run("config", "new", "--data", path, "-o", target).exit_code == 0
        recipe = load_recipe(target, catalog=catalog).recipe
        assert 'path = "reviews.csv"' in target.read_text()
        assert recipe.model.max_length == 32
        found = prepare(recipe, catalog.tasks[recipe.task], catalog, tmp_path / "cache", heavy=False)
        assert {name: t.num_rows for name, t in found.splits.items()} == {"train": 36, "validation": 4}
        assert found.notes == ()

    def test_splits_without_labels_are_not_named(
        self, run: Run, write: Write, tmp_path: Path, catalog: Catalog
    ) -> None:
        write("d/train.csv", "text,label\n" + rows())
        write("d/dev.csv", "text,label\nx,good\n")
        write("d/test.csv", "text\na\n")
        target = tmp_path / "new.toml"
        run("config", "new", "--data", tmp_path / "d", "-o", target)
        data = load_recipe(target, catalog=catalog).recipe.data
        assert (data.validation, data.test) == ("dev", None)

    def test_rows_that_lack_something_are_left_out_and_it_says_so(
        self, run: Run, write: Write, tmp_path: Path, catalog: Catalog
    ) -> None:
        path = write("a.csv", "text,label\n" + rows() + ",good\n")
        target = tmp_path / "new.toml"
        run("config", "new", "--data", path, "-o", target)
        assert "# data.columns.text" not in target.read_text()
        assert "# 1 row has no text: a.csv:42. Left out by drop_missing." in target.read_text()
        recipe = load_recipe(target, catalog=catalog).recipe
        assert recipe.data.options["drop_missing"] is True
        found = prepare(recipe, catalog.tasks[recipe.task], catalog, tmp_path / "cache", heavy=False)
        assert sum(t.num_rows for t in found.splits.values()) == 40

    def test_data_that_cannot_be_trained_on_give_no_recipe(self, run: Run, write: Write, tmp_path: Path) -> None:
        target = tmp_path / "new.toml"
        error = run(
            "config", "new", "--data", write("a.csv", "text,label\n" + rows(labels=("x",))), "-o", target
        ).exception
        assert isinstance(error, UserError)
        assert "only 'x'" in str(error)
        assert not target.exists()


def test_problems_of_a_recipe_have_its_lines(show: Callable[..., dict[str, Any]], write: Write) -> None:
    write("reviews.csv", GOOD)
    text = 'task = "text-classification"\nmodel.path = "./m"\n[data]\npath = "reviews.csv"\ncolumns = { label = "verdit" }\n'
    found = show(write("a.toml", text), code=2)
    assert found["problems"] == [
        {
            "message": "no column 'verdit'.",
            "key": "data.columns.label",
            "file": "a.toml",
            "line": 5,
            "hint": "Did you mean verdict?",
        }
    ]
    assert show(write("a.toml", text.replace("reviews.csv", "revews.csv")), code=2)["problems"][0]["line"] == 4


def test_a_recipe_says_its_task(run: Run, write: Write) -> None:
    error = run("data", "show", write("a.toml", ""), "--task", "text-classification").exception
    assert str(error) == "--task: the recipe says that."


def test_several_files_are_one_data_set(run: Run, write: Write) -> None:
    files = [write(f"{name}.csv", "text,label\n" + f"some {name},x\nother {name},y\n" * 5) for name in "ab"]
    found = json.loads(run("data", "show", *files, "--json").output)
    assert found["splits"] == {"train": 20}


def test_a_recipe_is_looked_at_alone(run: Run, write: Write) -> None:
    error = run("data", "show", write("a.csv", "text,label\na,b\n"), write("a.toml", "")).exception
    assert "a.toml is a recipe: name it alone." in str(error)


def test_a_slip_that_looks_like_a_hub_id_is_told_first(
    run: Run, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DataError("tickets.cvs: no connection to the Hub, and the cache holds no data set.")

    write("tickets.csv", "text,label\na,b\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(inspect, "open_data", refuse)
    error = run("data", "show", "tickets.cvs").exception
    assert str(error).splitlines() == [
        "There is no tickets.cvs here. Did you mean tickets.csv?",
        "tickets.cvs: no connection to the Hub, and the cache holds no data set.",
    ]


NESTED = "".join(
    json.dumps(
        {
            "meta": {"priority": n % 3},
            "ticket": {"body": f"words of ticket {n}", "to": None},
            "label": {"name": "xy"[n % 2]},
        }
    )
    + "\n"
    for n in range(40)
)


def test_objects_within_rows_are_columns_with_a_dot(show: Callable[..., dict[str, Any]], write: Write) -> None:
    found = show(write("tickets.jsonl", NESTED))
    assert [column["name"] for column in found["columns"]] == [
        "meta.priority",
        "ticket.body",
        "ticket.to",
        "label.name",
    ]
    assert found["roles"] == {"text": "ticket.body", "label": "label.name"}


def test_what_config_new_writes_of_them_can_be_used(
    run: Run, write: Write, tmp_path: Path, home: Home, catalog: Catalog
) -> None:
    target = tmp_path / "r.toml"
    assert run("config", "new", "--data", write("tickets.jsonl", NESTED), "-o", target).exit_code == 0
    loaded = load_recipe(target, catalog=catalog)
    task = catalog.require("tasks", "text-classification")
    found = prepare(loaded.recipe, task, catalog, home.cache, heavy=False)
    assert found.columns == {"text": "ticket.body", "label": "label.name"}
    assert found.splits["train"]["text"][0].as_py().startswith("words of ticket")


def test_a_name_twice_is_told(run: Run, write: Write) -> None:
    error = run(
        "data", "show", write("a.jsonl", '{"a": {"b": "x"}, "a.b": "y"}\n{"a": {"b": "z"}, "a.b": "y"}\n')
    ).exception
    assert "train has a.b twice: as a column and within an object." in str(error)


def test_files_of_another_kind_in_a_folder_are_named(show: Callable[..., dict[str, Any]], write: Write) -> None:
    write("mixed/people.conll", "Ann B-PER\n\nBob B-PER\n\n")
    folder = write("mixed/reviews.csv", GOOD).parent
    assert "Left out of mixed/, as source csv does not read them: people.conll." in show(folder)["guesses"]
