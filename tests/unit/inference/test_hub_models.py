"""Models of the Hub: by commit where it answers, from the cache where it does not, and what is said where neither helps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.model_folders import model_folder, safetensors
from tui_finetune.errors import ModelError
from tui_finetune.inference import hub_models
from tui_finetune.inference.hub_models import cache_folder, cached_models, cached_snapshot, hub_model, name_of_snapshot
from tui_finetune.inference.model_files import check_model
from tui_finetune.paths import Home
from tui_finetune.plugin_api import Task

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "fedcba9876543210fedcba9876543210fedcba98"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the Hub's library with one model: main at COMMIT, and an older commit."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = tmp_path / "hub" / "models--google-bert--bert-base-uncased"
    for commit in (COMMIT, OTHER):
        model_folder(folder / "snapshots" / commit, {"architectures": ["BertForMaskedLM"]})
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    return tmp_path / "hub"


NAME = "google-bert/bert-base-uncased"


class TestOffline:
    def test_main_as_it_was_fetched(self, cache: Path, classification: Task, home: Home) -> None:
        facts = check_model(NAME, classification, revision=None, home=home)
        assert facts.path is not None
        assert facts.path.name == facts.revision == COMMIT
        assert facts.bytes == len(safetensors())
        assert facts.notes == (
            f"Offline (HF_HUB_OFFLINE is set): {NAME} is taken from the cache, commit {COMMIT[:12]}.",
        )

    @pytest.mark.parametrize("revision", [OTHER, OTHER[:8]])
    def test_a_commit(self, revision: str, classification: Task) -> None:
        assert hub_model(NAME, classification, revision=revision).revision == OTHER

    @pytest.mark.parametrize("revision", ["dev", "0000000000", "0"])
    def test_a_revision_that_was_not_fetched(self, revision: str, classification: Task) -> None:
        with pytest.raises(ModelError, match=f"{NAME} at {revision} is not in the cache"):
            hub_model(NAME, classification, revision=revision)

    def test_a_name_that_is_not_there_says_what_is_and_how_to_go_on(self, cache: Path, classification: Task) -> None:
        with pytest.raises(ModelError) as caught:
            hub_model("google-bert/bert-base-cased", classification, revision=None)
        said = str(caught.value)
        assert f"offline (HF_HUB_OFFLINE is set), and google-bert/bert-base-cased is not in the cache {cache}." in said
        assert f"In the cache: {NAME}. Did you mean {NAME}?" in said
        assert "hf download google-bert/bert-base-cased" in said
        assert caught.value.problems[0].key == "model.path"

    def test_a_cached_model_is_looked_at_like_a_folder(self, cache: Path, classification: Task) -> None:
        folder = cache / "models--google-bert--bert-base-uncased" / "snapshots" / COMMIT
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
        with pytest.raises(ModelError, match="as it is in the cache: the weights are a pickle"):
            hub_model(NAME, classification, revision=None)

    def test_a_snapshot_that_was_broken_off_is_none(self, cache: Path) -> None:
        (cache / "models--a--b" / "snapshots" / COMMIT).mkdir(parents=True)
        assert cached_snapshot("a/b", COMMIT) is None
        assert cached_models() == [NAME]

    def test_where_the_cache_is(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("HF_HUB_CACHE")
        monkeypatch.setenv("HF_HOME", str(tmp_path))
        assert cache_folder() == tmp_path / "hub"
        monkeypatch.delenv("HF_HOME")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert cache_folder() == tmp_path / "huggingface" / "hub"

    def test_no_cache_at_all(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, classification: Task) -> None:
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "none"))
        with pytest.raises(ModelError, match="The cache holds no model"):
            hub_model(NAME, classification, revision=None)

    def test_the_name_of_a_folder_in_the_cache(self, cache: Path) -> None:
        found = cached_snapshot(NAME)
        assert found is not None
        assert name_of_snapshot(str(found[0])) == NAME
        assert name_of_snapshot("/models/mine") is None

    def test_the_hubs_library_is_not_imported(self, run_python: Any, cache: Path) -> None:
        done = run_python(
            "import sys\n"
            "from pathlib import Path\n"
            "from tui_finetune.inference.hub_models import hub_model\n"
            "from tui_finetune.plugin_api.manager import load_catalog\n"
            f"hub_model({NAME!r}, load_catalog(None, third_party=False).tasks['text-classification'], revision=None)\n"
            "print(*({'huggingface_hub', 'torch', 'transformers'} & sys.modules.keys()), 'done')"
        )
        assert done.stdout.split() == ["done"], done.stderr


class FakeApi:
    """What the Hub's library says, without the Hub."""

    answer: Any = None

    def model_info(self, name: str, **_: object) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def info(files: Mapping[str, int]) -> SimpleNamespace:
    return SimpleNamespace(sha=OTHER, siblings=[SimpleNamespace(rfilename=n, size=s) for n, s in files.items()])


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> type[FakeApi]:
    """The Hub, reachable; config.json is a bare BERT's."""
    import huggingface_hub

    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(huggingface_hub, "HfApi", FakeApi)
    monkeypatch.setattr(
        hub_models, "_config", lambda name, commit: {"model_type": "bert", "architectures": ["BertModel"]}
    )
    return FakeApi


class TestOnline:
    def test_a_name_becomes_a_commit(self, hub: type[FakeApi], classification: Task) -> None:
        hub.answer = info({"config.json": 1, "tokenizer.json": 2, "model.safetensors": 300, "onnx/m.safetensors": 9})
        facts = hub_model(NAME, classification, revision="main")
        assert (facts.path, facts.revision, facts.bytes, facts.notes) == (None, OTHER, 300, ())

    def test_everything_wrong_with_it_at_once(self, hub: type[FakeApi], classification: Task) -> None:
        hub.answer = info({"pytorch_model.bin": 1})
        with pytest.raises(ModelError) as caught:
            hub_model(NAME, classification, revision=None)
        said = str(caught.value)
        assert all(part in said for part in ("no config.json", "are a pickle", "no tokenizer"))

    def test_a_head_for_something_else(
        self, hub: type[FakeApi], classification: Task, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wrong = {"model_type": "bert", "architectures": ["BertForQuestionAnswering"]}
        monkeypatch.setattr(hub_models, "_config", lambda *_: wrong)
        hub.answer = info({"config.json": 1, "tokenizer.json": 2, "model.safetensors": 3})
        with pytest.raises(ModelError, match="wrong architecture"):
            hub_model(NAME, classification, revision=None)

    def test_out_of_reach_the_cache_is_used(self, hub: type[FakeApi], classification: Task) -> None:
        hub.answer = ConnectionError("no route")
        facts = hub_model(NAME, classification, revision=None)
        assert facts.revision == COMMIT
        assert "the Hub cannot be reached: no route" in facts.notes[0]

    def test_a_strange_name(self, hub: type[FakeApi], classification: Task) -> None:
        from huggingface_hub.errors import HFValidationError

        hub.answer = HFValidationError("Repo id must be in the form 'repo_name'")
        with pytest.raises(ModelError, match="neither a folder nor a name on the Hub"):
            hub_model("a--b", classification, revision=None)
