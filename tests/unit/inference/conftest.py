"""Tasks and a catalog for tests of inference."""

from __future__ import annotations

import pytest

from tui_finetune.plugin_api import Task
from tui_finetune.plugin_api.manager import Catalog, load_catalog


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """What our own plugin gives."""
    return load_catalog(None, third_party=False)


@pytest.fixture(scope="session")
def classification(catalog: Catalog) -> Task:
    return catalog.tasks["text-classification"]


@pytest.fixture(scope="session")
def tagging(catalog: Catalog) -> Task:
    return catalog.tasks["token-classification"]
