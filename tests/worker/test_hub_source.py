"""The hub source by the real load_dataset, on data sets in the layout of the Hub's cache; no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.hub_cache import COMMIT, built_dataset, cached_dataset
from tui_finetune.config.schema import Recipe
from tui_finetune.data.prepare import Prepared, prepare
from tui_finetune.errors import DataError
from tui_finetune.plugin_api.manager import Catalog, load_catalog

FILMS: dict[str, dict[str, list[Any]]] = {
    split: {"text": [f"{split} film {i}" for i in range(count)], "label": [i % 2 for i in range(count)]}
    for split, count in (("train", 40), ("test", 10))
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(None, third_party=False)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Hub's cache with two data sets; offline, here and in the helper."""
    from huggingface_hub import constants

    folder = tmp_path / "hub"
    folder.mkdir()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_CACHE", str(folder))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "datasets"))
    cached_dataset(folder, "me/films", {"plain_text": FILMS}, ["neg", "pos"])
    cached_dataset(folder, "me/several", {"a": FILMS, "b": FILMS}, ["neg", "pos"])
    return folder


def prepared(catalog: Catalog, home: Path, path: str, *, heavy: bool = True, **data: Any) -> Prepared:
    recipe = Recipe.model_validate(
        {"task": "text-classification", "data": {"path": path, **data}, "model": {"path": "none"}}
    )
    return prepare(recipe, catalog.tasks["text-classification"], catalog, home, heavy=heavy)


def test_splits_labels_and_commit(cache: Path, catalog: Catalog, tmp_path: Path) -> None:
    found = prepared(catalog, tmp_path / "home", "me/films", subset="plain_text")
    assert {name: table.num_rows for name, table in found.splits.items()} == {"train": 36, "validation": 4, "test": 10}
    assert found.labels is not None
    assert (found.labels.names, found.labels.values) == (("neg", "pos"), (0, 1))
    assert (found.source, found.revision) == ("hub", COMMIT)
    assert found.splits["test"].column("row_id")[3].as_py() == "me/films/test:3"
    assert f"No connection to the Hub: me/films comes from the cache, commit {COMMIT[:12]}." in found.notes


def test_the_helper_gives_the_same(cache: Path, catalog: Catalog, tmp_path: Path) -> None:
    apart = prepared(catalog, tmp_path / "apart", "me/films", heavy=False)
    here = prepared(catalog, tmp_path / "here", "me/films", heavy=True)
    assert all(apart.splits[name].equals(here.splits[name]) for name in here.splits)
    assert (apart.labels, apart.notes, apart.revision) == (here.labels, here.notes, here.revision)


def test_what_was_opened_once_needs_the_cache_no_more(cache: Path, catalog: Catalog, tmp_path: Path) -> None:
    first = prepared(catalog, tmp_path / "home", "me/films")
    cache.rename(tmp_path / "gone")
    again = prepared(catalog, tmp_path / "home", "me/films", revision=first.revision)
    assert again.splits["train"].equals(first.splits["train"])
    assert not list((tmp_path / "home" / "data").glob("*/building"))


@pytest.mark.parametrize("revision", ["main", COMMIT, COMMIT[:8]])
def test_revisions_become_commits(revision: str, cache: Path, catalog: Catalog, tmp_path: Path) -> None:
    assert prepared(catalog, tmp_path / "home", "me/films", revision=revision).revision == COMMIT


@pytest.mark.parametrize(
    ("path", "data", "said"),
    [
        ("me/several", {}, "data.subset: me/several has several subsets. Name one: a, b."),
        ("me/several", {"subset": "A"}, "data.subset: me/several has no subset 'A'. Did you mean a?"),
        (
            "me/flims",
            {},
            "data.path: me/flims: offline mode is on (HF_HUB_OFFLINE), and it is not in the cache, which has me/films, "
            "me/several. Did you mean me/films? With a network, or on a machine with one: hf download me/flims "
            "--repo-type dataset (cache: {cache}); or data.path = a folder with its files.",
        ),
        (
            "me/films",
            {"revision": "v2"},
            "data.path: me/films: offline mode is on (HF_HUB_OFFLINE), and the cache has me/films only at "
            f"{COMMIT[:12]}, not at v2. With a network",
        ),
        ("me/films", {"test": "quiz"}, "data.test: 'quiz' is no split of this data, and no path. It has: train, test."),
    ],
)
def test_what_is_wrong_is_told(
    path: str, data: dict[str, Any], said: str, cache: Path, catalog: Catalog, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as caught:
        prepared(catalog, tmp_path / "home", path, **data)
    assert str(caught.value).startswith(said.format(cache=cache))


def test_an_empty_cache_is_told(cache: Path, catalog: Catalog, tmp_path: Path) -> None:
    cache.rename(tmp_path / "gone")
    with pytest.raises(DataError) as caught:
        prepared(catalog, tmp_path / "home", "stanfordnlp/imdb")
    assert "offline mode is on (HF_HUB_OFFLINE), and the cache holds no data set." in str(caught.value)


def test_what_the_datasets_library_built_is_found(cache: Path, catalog: Catalog, tmp_path: Path) -> None:
    """Loaded once by load_dataset in a script of the person's, whose files have left the Hub's cache."""
    built_dataset(tmp_path / "datasets", "me/built", FILMS["train"], ["neg", "pos"])
    found = prepared(catalog, tmp_path / "home", "me/built", heavy=False)  # the helper reads HF_DATASETS_CACHE
    assert found.splits["train"].num_rows == 36
    assert found.labels is not None
    assert found.labels.names == ("neg", "pos")
    assert found.revision is None
    assert "No connection to the Hub: me/built comes from the datasets library's cache." in found.notes


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (
            404,
            "RepositoryNotFoundError",
            "data.path: no data set 'me/x' on the Hub, or it is private. Check the spelling.",
        ),
        (403, "GatedRepoError", "data.path: me/x is gated: its owner gives access. Ask for access on its page"),
        (404, "RevisionNotFoundError", "data.revision: me/x has no revision 'v9'."),
    ],
)
def test_answers_of_the_hub(
    status: int, error: str, said: str, cache: Path, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import HfApi, errors
    from huggingface_hub.utils import httpx

    def answer(*args: object, **kwargs: object) -> None:
        response = httpx.Response(status, request=httpx.Request("GET", "https://hub.invalid"))
        raise getattr(errors, error)("no", response=response)

    monkeypatch.setattr(HfApi, "dataset_info", answer)
    with pytest.raises(DataError) as caught:
        prepared(catalog, tmp_path / "home", "me/x", revision="v9")
    assert str(caught.value).startswith(said)
