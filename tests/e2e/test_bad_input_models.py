"""Models that cannot be used, as a person types the verbs: exit code 2 before anything is started, or 4 from the pre-flight.

| bad input | held by |
|---|---|
| a model folder without weights | test_a_folder_that_cannot_be_used[no weights] |
| … with the wrong architecture | […wrong architecture] |
| … with a pickle only (refused; safetensors asked for) | […pickle only] |
| … without tokenizer | […no tokenizer] |
| … that is torn, is a file, is not there | […torn weights], test_a_place_that_is_no_model |
| a Hub name without network (says offline, what is in the cache, and how to go on) | test_a_model_of_the_hub_without_network, \
test_a_data_set_of_the_hub_without_network, test_the_hub_cannot_be_reached |
| a failed pre-flight is exit code 4, and the ended run says why | test_a_model_that_only_loading_shows_to_be_broken |
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.e2e.bad_input import HEADER, Desk, desk, nothing_half_written, nothing_left, plain, refused, rows
from tests.hub_cache import cached_dataset, cached_model, use_cache
from tests.model_folders import model_folder, safetensors
from tests.worker.forked import ForkServer

__all__ = ["desk"]


def _edit(folder: Path, **values: object) -> None:
    found = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**found, **values}))


def _pickle_only(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"w": [0.0]}))


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "no weights (model.safetensors). "),
    "wrong architecture": (
        lambda folder: _edit(folder, architectures=["BertForNextSentencePrediction"]),
        "BertForNextSentencePrediction",
    ),
    "pickle only": (
        _pickle_only,
        "the weights are a pickle (pytorch_model.bin), which can run code when read: refused; safetensors is asked for. "
        "Load it with transformers where you trust it, and save it again: save_pretrained writes model.safetensors.",
    ),
    "no tokenizer": (
        lambda folder: (folder / "tokenizer.json").unlink(),
        "no tokenizer (tokenizer.json). Copy tokenizer.json and tokenizer_config.json of the model that it was made from.",
    ),
    "torn weights": (
        lambda folder: (folder / "model.safetensors").write_bytes(safetensors()[:-3]),
        "model.safetensors is not whole: ",
    ),
}
"""What is done to a good folder, and what is said of it."""


@pytest.mark.parametrize("case", BROKEN)
def test_a_folder_that_cannot_be_used(case: str, desk: Desk, cli: Cli) -> None:
    spoil, words = BROKEN[case]
    model = model_folder(desk.folder / "model")
    spoil(model)
    desk.write(HEADER + rows())
    refused(cli("train", desk.recipe(model)), f"recipe.toml: model.path: {model}: ", words, "(line 7)")
    refused(cli("predict", str(model), "a text"), str(model), words)
    refused(cli("evaluate", str(model), "--data", str(desk.data)), str(model), words)
    nothing_left(desk.home)


def test_all_that_is_wrong_with_a_folder_is_told(desk: Desk, cli: Cli) -> None:
    model = model_folder(desk.folder / "model", {"architectures": ["BertForNextSentencePrediction"]})
    _pickle_only(model)
    (model / "tokenizer.json").unlink()
    desk.write(HEADER + rows())
    said = cli("train", desk.recipe(model))
    refused(said, "wrong architecture: it is a BertForNextSentencePrediction; ", "are a pickle", "no tokenizer")
    nothing_left(desk.home)


def test_a_place_that_is_no_model(desk: Desk, cli: Cli) -> None:
    model = model_folder(desk.folder / "model")
    desk.write(HEADER + rows())
    refused(cli("train", desk.recipe("./modle")), f"no folder {desk.folder}/modle. Did you mean model?", "(line 7)")
    refused(cli("train", desk.recipe(model / "config.json")), "is a file; a model is a folder with config.json.")
    refused(cli("predict", str(desk.folder / "modle"), "a text"), f"no folder {desk.folder}/modle.")
    refused(
        cli("predict", str(desk.folder), "a text"), "has no config.json: it is not a model. Models below it: model."
    )
    nothing_left(desk.home)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Hub's cache on this machine, offline, with one model and one data set."""
    cache = use_cache(tmp_path / "cache", monkeypatch)
    cached_model(cache, "google-bert/bert-base-uncased", model_folder(tmp_path / "bert"))
    columns: dict[str, list[object]] = {"text": ["a", "b"], "label": [0, 1]}
    cached_dataset(cache, "stanfordnlp/imdb", {"plain_text": {"train": columns}}, ["neg", "pos"])
    return cache


def test_a_model_of_the_hub_without_network(desk: Desk, cli: Cli, hub: Path) -> None:
    desk.write(HEADER + rows())
    name, there = "google-bert/bert-base-cased", "google-bert/bert-base-uncased"
    cache = f"In the cache: {there}. Did you mean {there}?"
    refused(
        cli("train", desk.recipe(name)),
        f"model.path: offline (HF_HUB_OFFLINE is set), and {name} is not in the cache {hub}. {cache} To go on, ",
        f"hf download {name}",
        "name a folder in model.path",
        "builtin:all-MiniLM-L6-v2, which needs no network",
        "(line 7)",
    )
    for verb in (("predict", name, "a text"), ("evaluate", name, "--data", str(desk.data))):
        refused(
            cli(*verb), f"no folder {name}, and no model of that name in the Hub's cache. {cache} hf download {name}"
        )
    nothing_left(desk.home)


def test_a_data_set_of_the_hub_without_network(desk: Desk, cli: Cli, hub: Path) -> None:
    recipe = desk.recipe(model_folder(desk.folder / "model"), data='path = "stanfordnlp/imbd"')
    for verb in (
        ("train", recipe),
        ("data", "show", "stanfordnlp/imbd"),
        ("config", "new", "--data", "stanfordnlp/imbd"),
    ):
        refused(
            cli(*verb),
            "data.path: stanfordnlp/imbd: offline mode is on (HF_HUB_OFFLINE), and it is not in the cache, which has "
            "stanfordnlp/imdb. Did you mean stanfordnlp/imdb? With a network, or on a machine with one: "
            f"hf download stanfordnlp/imbd --repo-type dataset (cache: {hub}); or data.path = a folder with its files.",
        )
    nothing_left(desk.home)


def test_the_hub_cannot_be_reached(desk: Desk, cli: Cli, hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not told to be offline, and nobody answers: at this address there is nobody."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    said = cli("train", desk.recipe("google-bert/bert-base-cased", data='path = "stanfordnlp/imbd"'))
    refused(
        said,
        "model.path: offline (the Hub cannot be reached: ",
        "and google-bert/bert-base-cased is not in the cache",
        "data.path: stanfordnlp/imbd: no connection to the Hub, and it is not in the cache, which has stanfordnlp/imdb.",
    )
    assert len(said.err.strip().splitlines()) <= 3, said.err
    nothing_left(desk.home)


@pytest.mark.slow
def test_a_model_that_only_loading_shows_to_be_broken(desk: Desk, cli: Cli, workers: ForkServer) -> None:
    """Its tokenizer.json is JSON and no tokenizer: the worker meets it, in the first second, and the run says so."""
    model = model_folder(desk.folder / "model")
    desk.write(HEADER + rows())
    words = f"model.path: the tokenizer of {model} cannot be read: "
    for wait in ((), ("--wait",)):
        said = cli("train", desk.recipe(model), *wait)
        assert said.code == 4
        plain(said.out + said.err)
        assert words in said.err
        assert "Copy tokenizer.json and tokenizer_config.json again" in said.out
    shown = cli("show", "latest", "--json").json
    assert (shown["state"], shown["step"]) == ("failed", 0)
    assert shown["reason"].startswith(words)
    assert cli("watch", "latest").code == 1
    nothing_half_written(desk.home)
