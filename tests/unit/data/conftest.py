"""Data written on the spot, and prepared as a run would have it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tui_finetune.config.schema import Recipe
from tui_finetune.data.prepare import Prepared, prepare
from tui_finetune.errors import UserError
from tui_finetune.plugin_api.manager import Catalog, load_catalog

Prepare = Callable[..., Prepared]
Told = Callable[..., list[str]]
Write = Callable[[str, str | bytes], Path]


def rows(count: int = 40, labels: tuple[str, ...] = ("bad", "good"), sep: str = ",") -> str:
    """Lines of a text and a label."""
    return "".join(f"this is text number {i}{sep}{labels[i % len(labels)]}\n" for i in range(count))


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog(None, third_party=False)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file below the test's folder."""

    def writing(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return writing


@pytest.fixture
def prepared(tmp_path: Path, catalog: Catalog) -> Prepare:
    """Prepares `[data]` given as keywords."""

    def preparing(
        path: Path | list[str] | str | None = None, *, task: str = "text-classification", **data: Any
    ) -> Prepared:
        extra = {key: data.pop(key) for key in ("kind", "evaluate", "preprocess", "run") if key in data}
        if path is not None:
            data["path"] = str(path) if isinstance(path, Path) else path
        use: Catalog = data.pop("catalog", catalog)
        recipe = Recipe.model_validate({"task": task, "data": data, "model": {"path": "none"}, **extra})
        return prepare(recipe, use.tasks[task], use, tmp_path / "cache", heavy=False)

    return preparing


@pytest.fixture
def told(prepared: Prepare) -> Told:
    """The problems of data, as they are printed; the test fails where there is none."""

    def telling(*args: Any, **data: Any) -> list[str]:
        with pytest.raises(UserError) as caught:
            prepared(*args, **data)
        assert caught.value.exit_code == 2
        return [str(problem) for problem in caught.value.problems]

    return telling
