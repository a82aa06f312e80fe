"""Samples, JSON Schema and the reference page are renderings of the same declaration, and in step with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tomli

from tests.conftest import REPOSITORY
from tui_finetune.config import samples
from tui_finetune.config.arguments import DEFAULT_CLASS, OUR_DEFAULTS, refusal, table
from tui_finetune.config.load import load_recipe
from tui_finetune.config.reference import EXIT_CODES, reference
from tui_finetune.config.schema import RESERVED, Recipe
from tui_finetune.config.schema_json import json_schema
from tui_finetune.config.template import new_recipe
from tui_finetune.config.verify import verify
from tui_finetune.errors import ExitCode, UserError
from tui_finetune.plugin_api.manager import Catalog, load_catalog

SAMPLES = samples.samples()


@pytest.mark.parametrize("path", SAMPLES, ids=[path.stem for path in SAMPLES])
def test_a_sample_is_a_recipe_whose_files_are_there(path: Path, catalog: Catalog) -> None:
    loaded = load_recipe(path, catalog=catalog)
    assert verify(loaded) == []
    assert path.read_text().startswith("# ")


def test_the_samples_are_complete() -> None:
    assert {path.stem for path in SAMPLES} >= {
        "multi-label",
        "ordinal",
        "regression",
        "cleaned",
        "csv",
        "custom",
        "demo",
        "guide",
        "pairs",
        "token-classification",
    }
    with pytest.raises(UserError, match="There are: causal-lm, cleaned, csv, custom, demo"):
        samples.sample("absent")


def test_the_guides_sample_is_what_config_new_writes() -> None:
    assert samples.sample("guide").read_text() == new_recipe()


def test_the_demo_trains_as_it_was_measured(catalog: Catalog) -> None:
    recipe = load_recipe(samples.sample("demo"), catalog=catalog).recipe
    assert recipe.data.source == "stdlib-docs"
    assert (recipe.model.path, recipe.model.max_length) == ("builtin:all-MiniLM-L6-v2", 48)
    assert recipe.model.freeze == ["embeddings", "encoder.layer.0-2"]
    assert recipe.optim.head_learning_rate == 1e-3
    assert recipe.train == {"learning_rate": 3e-4, "per_device_train_batch_size": 32, "num_train_epochs": 4}


class TestSchema:
    @pytest.fixture(scope="class")
    def schema(self, catalog: Catalog) -> dict[str, Any]:
        return json_schema(catalog)

    def test_names_of_the_catalog_are_choices(self, schema: dict[str, Any], catalog: Catalog) -> None:
        assert schema["properties"]["task"]["enum"] == sorted(catalog.tasks)
        assert set(schema["$defs"]["DataTable"]["properties"]["source"]["enum"]) == set(catalog.sources)
        json.dumps(schema, allow_nan=False)

    def test_only_usable_fields_of_train_are_in_it(self, schema: dict[str, Any]) -> None:
        fields = schema["$defs"]["Train"]["properties"]
        assert fields.keys() == {name for name in table(DEFAULT_CLASS) if refusal(name) is None}
        assert fields["learning_rate"]["default"] == 2e-5
        assert "cosine" in fields["lr_scheduler_type"]["enum"]

    def test_nothing_is_null(self, schema: dict[str, Any]) -> None:
        assert '"null"' not in json.dumps(schema)

    @pytest.mark.parametrize("path", SAMPLES, ids=[path.stem for path in SAMPLES])
    def test_every_key_of_the_samples_is_in_it(self, path: Path, schema: dict[str, Any]) -> None:
        for key, value in tomli.loads(path.read_text()).items():
            field = schema["properties"][key]
            definition = schema["$defs"].get(field.get("$ref", "").rpartition("/")[2])
            if isinstance(value, dict) and definition is not None:
                assert value.keys() <= definition["properties"].keys()


class TestReference:
    @pytest.fixture(scope="class")
    def page(self) -> str:
        return reference(load_catalog(None, third_party=False))

    def test_the_page_in_the_repository_is_in_step(self, page: str) -> None:
        kept = (REPOSITORY / "docs" / "configuration.md").read_text()
        assert kept == page, "tui-finetune config schema --markdown --no-plugins > docs/configuration.md makes it anew"

    def test_every_key_is_in_it(self, page: str) -> None:
        for name, field in Recipe.model_fields.items():
            assert name in page
            annotation: Any = field.annotation
            fields: Mapping[str, Any] = getattr(annotation, "model_fields", {})
            assert all(f"| `{key}` |" in page for key in fields)
        for key in (*RESERVED, *OUR_DEFAULTS, *table(DEFAULT_CLASS)):
            assert f"`{key}`" in page or refusal(key), key

    def test_every_exit_code_is_in_it(self, page: str) -> None:
        assert EXIT_CODES.keys() == set(ExitCode)
        assert all(f"| {int(code)} |" in page for code in ExitCode)


def test_the_architecture_names_every_table() -> None:
    page = (REPOSITORY / "docs" / "architecture.md").read_text()
    section = page[page.index("## 6. The recipe") : page.index("## 7. Plugins")]
    for key in RESERVED:
        assert key.rpartition(".")[2] in section, key
    for name, field in Recipe.model_fields.items():
        assert name in section, name
        annotation: Any = field.annotation
        told = (REPOSITORY / "docs" / "health.md").read_text() if name == "health" else section
        for key in getattr(annotation, "model_fields", {}):
            assert key in told, f"{name}.{key}"
