"""A model looked at before it is loaded: every way of being wrong, all at once."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.model_folders import model_folder, safetensors
from tui_finetune.errors import ModelError
from tui_finetune.inference.model_files import check_model
from tui_finetune.paths import Home
from tui_finetune.plugin_api import Task


def refusal(path: Path | str, task: Task, home: Home, **options: bool) -> ModelError:
    with pytest.raises(ModelError) as caught:
        check_model(str(path), task, revision=None, home=home, **options)
    assert all(problem.key == "model.path" for problem in caught.value.problems)
    return caught.value


def test_a_good_folder_is_told_with_its_size(tmp_path: Path, classification: Task, home: Home) -> None:
    facts = check_model(str(model_folder(tmp_path / "m")), classification, revision=None, home=home)
    assert facts.path == tmp_path / "m"
    assert (facts.revision, facts.bytes, facts.notes) == (None, len(safetensors()), ())


def test_weights_in_parts_are_counted_together(tmp_path: Path, classification: Task, home: Home) -> None:
    folder = model_folder(tmp_path, without=["model.safetensors"])
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    index = {"weight_map": {"a": names[0], "b": names[1]}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / names[0]).write_bytes(safetensors())
    said = str(refusal(folder, classification, home))
    assert "1 of 2 files with weights are missing: model-00002-of-00002.safetensors" in said
    (folder / names[1]).write_bytes(safetensors(8))
    facts = check_model(str(folder), classification, revision=None, home=home)
    assert facts.bytes == len(safetensors()) + len(safetensors(8))


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"w": [0.0]}))


def _edit(file: str, **values: object) -> Callable[[Path], object]:
    def edit(folder: Path) -> None:
        found = json.loads((folder / file).read_text())
        (folder / file).write_text(json.dumps({**found, **values}))

    return edit


def _write(file: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_bytes(content)


def _without(file: str) -> Callable[[Path], object]:
    return lambda folder: (folder / file).unlink()


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "no config": (_without("config.json"), "no config.json"),
    "config is no JSON": (_write("config.json", b"{"), "config.json is not a JSON object"),
    "config is a list": (_write("config.json", b"[]"), "config.json is not a JSON object"),
    "no model type": (_edit("config.json", model_type=None), "config.json names no model_type"),
    "no weights": (_without("model.safetensors"), "no weights (model.safetensors)"),
    "pickle": (
        _pickled,
        "the weights are a pickle (pytorch_model.bin), which can run code when read: refused; safetensors",
    ),
    "other format": (
        lambda folder: (folder / "model.safetensors").rename(folder / "tf_model.h5"),
        "the weights are tf_model.h5; safetensors is asked for",
    ),
    "empty weights": (_write("model.safetensors", b""), "is not a safetensors file (0 bytes)"),
    "torn weights": (_write("model.safetensors", safetensors()[:-3]), "is not whole"),
    "torn header": (_write("model.safetensors", safetensors()[:20]), "is not whole"),
    "no safetensors": (_write("model.safetensors", struct.pack("<Q", 6) + b"{nope}"), "its header cannot be read"),
    "LFS pointer": (
        _write("model.safetensors", b"version https://git-lfs.example/spec/v1\noid sha256:0\n"),
        "git lfs pull",
    ),
    "index is broken": (
        lambda folder: (folder / "model.safetensors").rename(folder / "model.safetensors.index.json"),
        "is not an index of weights",
    ),
    "wrong architecture": (
        _edit("config.json", architectures=["BertForQuestionAnswering"]),
        "wrong architecture: it is a BertForQuestionAnswering; text-classification starts from …ForSequenceClassification",
    ),
    "no tokenizer": (_without("tokenizer.json"), "no tokenizer (tokenizer.json)"),
    "code in the config": (_edit("config.json", auto_map={"AutoModel": "m.M"}), "config.json has auto_map"),
    "code in the tokenizer": (
        _edit("tokenizer_config.json", auto_map={"AutoTokenizer": ["t.T", None]}),
        "tokenizer_config.json has auto_map",
    ),
    "kernel": (
        _edit("config.json", _attn_implementation="some/kernel@v1:f"),
        'config.json asks for _attn_implementation = "some/kernel@v1:f", which may fetch and run code',
    ),
    "kernel inside": (
        _edit("config.json", text_config={"attn_implementation": {"": "sdpa", "vision": "some/kernel"}}),
        "config.json asks for attn_implementation",
    ),
    "kernels": (_edit("config.json", use_kernels=True), "config.json asks for use_kernels = true"),
    "experts": (_edit("config.json", _experts_implementation_internal="a/b"), "_experts_implementation_internal"),
}


@pytest.mark.parametrize("case", BAD)
def test_each_way_of_being_wrong(case: str, tmp_path: Path, classification: Task, home: Home) -> None:
    spoil, said = BAD[case]
    spoil(model_folder(tmp_path / "m"))
    error = refusal(tmp_path / "m", classification, home)
    assert len(error.problems) == 1, str(error)
    assert said in str(error)
    assert str(tmp_path / "m") in str(error)


def test_all_problems_come_at_once(tmp_path: Path, classification: Task, home: Home) -> None:
    _pickled(model_folder(tmp_path, {"architectures": ["T5ForTokenClassification"], "auto_map": {"a": "b"}}))
    (tmp_path / "tokenizer.json").unlink()
    said = str(refusal(tmp_path, classification, home))
    for part in ("auto_map", "wrong architecture", "pickle", "no tokenizer"):
        assert part in said


@pytest.mark.parametrize(
    "architecture", ["BertModel", "BertForMaskedLM", "ElectraForPreTraining", "BertForSequenceClassification", None]
)
def test_what_a_task_starts_from(architecture: str | None, tmp_path: Path, classification: Task, home: Home) -> None:
    folder = model_folder(tmp_path, {"architectures": [architecture] if architecture else None})
    assert check_model(str(folder), classification, revision=None, home=home).path == folder


def test_what_is_used_must_have_the_head(tmp_path: Path, classification: Task, home: Home) -> None:
    folder = model_folder(tmp_path, {"architectures": ["BertModel"]})
    said = str(refusal(folder, classification, home, trained=True))
    assert "is a BertModel, not a model for text-classification (…ForSequenceClassification)" in said


def test_trusted_code_is_let_through(tmp_path: Path, classification: Task, home: Home) -> None:
    folder = model_folder(tmp_path, {"auto_map": {"AutoModel": "m.M"}, "attn_implementation": "some/kernel"})
    facts = check_model(str(folder), classification, revision=None, home=home, trust_remote_code=True)
    assert facts.path == folder


@pytest.mark.parametrize("implementation", ["sdpa", "eager", None, {"": "eager"}])
def test_plain_attention_is_no_reason(implementation: object, tmp_path: Path, classification: Task, home: Home) -> None:
    folder = model_folder(tmp_path, {"_attn_implementation": implementation, "_attn_implementation_autoset": True})
    assert check_model(str(folder), classification, revision=None, home=home).path == folder


class TestPaths:
    def test_no_such_folder_with_the_nearest(self, tmp_path: Path, classification: Task, home: Home) -> None:
        model_folder(tmp_path / "my-model")
        said = str(refusal(tmp_path / "my-modle", classification, home))
        assert f"no folder {tmp_path}/my-modle. Did you mean my-model?" in said

    def test_a_file(self, tmp_path: Path, classification: Task, home: Home) -> None:
        model_folder(tmp_path)
        said = str(refusal(tmp_path / "model.safetensors", classification, home))
        assert "is a file; a model is a folder with config.json. Name the folder that it lies in." in said

    def test_an_adapter(self, tmp_path: Path, classification: Task, home: Home) -> None:
        model_folder(tmp_path, without=["config.json"])
        (tmp_path / "adapter_config.json").write_text("{}")
        assert "It is an adapter: merge it" in str(refusal(tmp_path, classification, home))
