"""A catalog with options, and a way to write a recipe and read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from tui_finetune.config.load import Loaded, load_recipe
from tui_finetune.errors import Problem, RecipeError
from tui_finetune.plugin_api.manager import Catalog, load_catalog

LEAST = 'task = "text-classification"\ndata.path = "stanfordnlp/imdb"\nmodel.path = "google-bert/bert-base-uncased"\n'
"""The shortest recipe."""


class CaseOptions(BaseModel):
    """Options of the test's own preprocessor."""

    model_config = ConfigDict(extra="forbid", strict=True)
    upper: Annotated[bool, Field(description="To capitals.")] = False
    keep: Annotated[list[str], Field(description="Words that stay.")] = Field(default_factory=list)
    width: Annotated[int | None, Field(gt=0)] = None


def _named(name: str, model: type[BaseModel] | None = None, **more: Any) -> Any:
    return SimpleNamespace(name=name, help="", options_model=lambda: model, **more)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """Our own plugins, and a source and a preprocessor with options."""
    found = load_catalog(None, third_party=False)
    sources = {"hub": (), "csv": (".csv", ".tsv"), "conll": (".conll",), "json": (".json", ".jsonl"), "stdlib-docs": ()}
    for name, endings in sources.items():
        found.sources.setdefault(name, _named(name, extensions=endings, needs_path=name != "stdlib-docs"))
    found.sources["sql"] = _named("sql", CaseOptions, extensions=(), needs_path=False)
    found.preprocessors["set-case"] = _named("set-case", CaseOptions)
    return found


@pytest.fixture
def read(tmp_path: Path, catalog: Catalog) -> Callable[..., Loaded]:
    """Writes a text as `sample.toml` and reads it."""

    def reading(text: str | bytes, *sets: str) -> Loaded:
        path = tmp_path / "sample.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_recipe(path, sets=sets, catalog=catalog)

    return reading


@pytest.fixture
def told(read: Callable[..., Loaded]) -> Callable[..., list[str]]:
    """The problems of a text, as they are printed; the test fails where there is none."""

    def telling(text: str | bytes, *sets: str) -> list[str]:
        with pytest.raises(RecipeError) as caught:
            read(text, *sets)
        assert all(isinstance(problem, Problem) for problem in caught.value.problems)
        return [str(problem) for problem in caught.value.problems]

    return telling
