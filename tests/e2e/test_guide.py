"""The commands of docs/guide.md, in order, as they stand there; and that what the page shows is what they print.

Offline, with the Hub's cache holding made-up reviews as stanfordnlp/imdb and a tiny BERT as google-bert/bert-base-uncased.
Two things are put in place of others: a tiny model for builtin:all-MiniLM-L6-v2, and for `hf upload`, which needs an account, a
look at what it would send.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import tomli

from tests.calling import Cli
from tests.conftest import REPOSITORY
from tests.hub_cache import COMMIT, cached_dataset, cached_model, use_cache
from tests.worker.forked import ForkServer
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.tail import read_events
from tui_finetune.runs.testing import check_run_directory

PAGE = (REPOSITORY / "docs" / "guide.md").read_text(encoding="utf-8")
STEPS = (
    "Load a dataset",
    "Look at it",
    "Preprocess",
    "A small subset",
    "Load the model with its head",
    "Hyperparameters",
    "The metric",
    "Trainer, and train",
    "Evaluate",
    "Save",
    "Predict",
    "Train further",
    "Share",
)
"""The guide's, in its order."""
SMALL_MODEL = "builtin:all-MiniLM-L6-v2"
UNITS = {"s", "m", "h", "kB", "MB", "GB", "k", "M", "s/step", "steps/s", "thread", "threads", "about", "left", "…", ""}


class Command(NamedTuple):
    line: str
    shown: tuple[str, ...]
    """What the page says that it prints."""


def commands() -> Iterator[Command]:
    for block in re.findall("```console\n(.*?)```", PAGE, re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            line, *shown = part.rstrip("\n").split("\n")
            yield Command(line, tuple(shown))


def words(line: str) -> list[str]:
    """A line without what depends on data, model and machine: figures, ids, paths, units, bars."""
    found = (word.strip(",;:()") for word in re.sub("[▏▎▍▌▋▊▉█]+", "", line).split())
    return [word for word in found if word not in UNITS and not re.search(r"\d|/", word)]


def is_printed(line: str, printed: list[str]) -> bool:
    """True where some printed line has the words of `line`, in order."""

    def fits(other: str) -> bool:
        rest = iter(words(other))
        return all(word in rest for word in words(line))

    return any(fits(other) for other in printed)


def reviews(split: str, rows: int) -> dict[str, list[Any]]:
    """Some of them longer than BERT's maximum."""
    kinds = ("a dull film", "a fine film")
    texts = [f"{kinds[n % 2]} {split} {n} " + "and so on " * (80 if n % 5 == 0 else n % 7) for n in range(rows)]
    return {"text": texts, "label": [n % 2 for n in range(rows)]}


@pytest.fixture
def hub(tmp_path: Path, fork_server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Hub's cache with what the guide loads."""
    folder = use_cache(tmp_path / "cache", monkeypatch)
    bert = tmp_path / "bert"
    bert.mkdir()
    assert fork_server.call("tests.hub_cache:make_bert", str(bert), log=tmp_path / "bert.log") == 0
    cached_model(folder, "google-bert/bert-base-uncased", bert)
    # So many that a training of them is seen on its way: ten steps may be over between two looks at it.
    splits = {"train": reviews("train", 480), "test": reviews("test", 40), "unsupervised": reviews("more", 20)}
    splits["unsupervised"]["label"] = [-1] * 20
    cached_dataset(folder, "stanfordnlp/imdb", {"plain_text": splits}, ["neg", "pos"])
    return folder


def test_the_steps_are_the_guides_in_its_order() -> None:
    headings = re.findall(r"^## \d+\. (.*)$", PAGE, re.M)
    assert [heading.startswith(step) for heading, step in zip(headings, STEPS, strict=True)] == [True] * len(STEPS)
    for block in re.findall("```python\n(.*?)```", PAGE, re.S):
        ast.parse(block)


def test_a_page_that_shows_something_else_would_be_noticed() -> None:
    printed = ["00:31:51  test at step 126: accuracy 0.810, f1 0.810, loss 0.435", "pos  0.885  ███▎"]
    assert is_printed("10:00:00  test at step 9: accuracy 0.5, f1 0.4, loss 0.1", printed)
    assert not is_printed("10:00:00  test at step 9: recall 0.5", printed)
    assert not is_printed("neg  0.885  ████", printed)


def test_every_command_in_order(
    hub: Path, workers: ForkServer, tiny_model: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in commands():
        program, *arguments = shlex.split(command.line.replace(SMALL_MODEL, str(tiny_model)))
        if program == "hf":
            would_send_a_whole_model(arguments, cli)
            continue
        assert program == "tui-finetune"
        said = cli(*arguments)
        assert said.code == 0, f"{command.line}\n{said.err}"
        printed = (said.out + "\n" + said.err).splitlines()
        # Which labels are confused depends on the model.
        absent = [line for line in command.shown if "→" not in line and not is_printed(line, printed)]
        assert not absent, f"{command.line} does not print {absent}, but:\n" + "\n".join(printed)
    the_page_shows_the_recipe(tmp_path / "imdb.toml")
    the_recipe_ran_as_it_is(cli)


def would_send_a_whole_model(arguments: list[str], cli: Cli) -> None:
    from huggingface_hub import ModelCard

    upload, name, folder = arguments
    assert (upload, name, Path(folder).name) == ("upload", "YOU/imdb-small", "model")
    sent = Path(cli("show", "imdb-small", "--json").json["model_path"])
    files = {path.name for path in sent.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "README.md"} <= files
    assert not [name for name in files if name.endswith((".bin", ".pt", ".pkl"))]
    assert ModelCard.load(sent / "README.md").data.datasets == ["stanfordnlp/imdb"]


def the_page_shows_the_recipe(recipe: Path) -> None:
    written = tomli.loads(recipe.read_text())
    for block in re.findall("```toml\n(.*?)```", PAGE, re.S):
        for table, keys in tomli.loads(block).items():
            assert {key: written[table][key] for key in keys} == keys


def the_recipe_ran_as_it_is(cli: Cli) -> None:
    """BERT on IMDb with the guide's figures, both from the Hub's cache at their commits."""
    run = cli("show", "imdb-bert", "--json").json
    assert (run["state"], run["of"]) == ("finished", None)
    assert (run["model"], run["data"]) == ("google-bert/bert-base-uncased", "stanfordnlp/imdb")
    assert run["plan"]["rows"] == {"train": 432, "validation": 48, "test": 40}
    assert (run["plan"]["max_length"], run["plan"]["batch_size"], run["plan"]["epochs"]) == (512, 16, 3.0)
    assert run["plan"]["truncated"]["train"] > 0
    assert run["metrics"].keys() >= {"accuracy", "f1", "test_accuracy", "test_f1"}
    resolved = tomli.loads(Path(run["recipe"]).read_text())
    assert (resolved["data"]["path"], resolved["data"]["revision"]) == ("stanfordnlp/imdb", COMMIT)
    assert resolved["data"]["label_names"] == ["neg", "pos"]
    assert resolved["model"]["revision"] == COMMIT
    assert (resolved["train"]["learning_rate"], resolved["train"]["weight_decay"]) == (2e-5, 0.01)
    paths = RunPaths(Path(run["path"]))
    steps = [event for event in read_events(paths) if event.name == "step"]
    assert steps[-1].step == run["steps"] == 81
    card = (paths.model / "README.md").read_text()
    assert 'base_model: "google-bert/bert-base-uncased"' in card
    assert 'datasets: ["stanfordnlp/imdb"]' in card
    check_run_directory(paths.root, only_known_events=True)
