"""The plugin contract, held by our own plugin and by the example distribution through the kit that authors use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tui_finetune.paths import Home
from tui_finetune.plugin_api import hookspecs
from tui_finetune.plugin_api.manager import load_catalog
from tui_finetune.plugin_api.testing import check_plugin

DOCS = (REPOSITORY / "docs" / "plugins.md").read_text(encoding="utf-8")
TESTS = "\n".join(
    path.read_text(encoding="utf-8") for path in (REPOSITORY / "tests" / "unit" / "plugins").glob("test_*.py")
)
HOOKS = sorted(name for name, found in vars(hookspecs).items() if hasattr(found, f"{hookspecs.PROJECT}_spec"))


def test_builtin_keeps_the_contract() -> None:
    from tui_finetune import builtin

    info = check_plugin(builtin)
    assert {"text-classification", "token-classification", "regression"} <= set(info.gives["tasks"])


def test_the_example_distribution_keeps_the_contract(home: Home) -> None:
    folder = REPOSITORY / "plugins" / "tui-finetune-ordinal"
    catalog = load_catalog(home, plugin_dirs=[folder])
    info = catalog.plugin("tui_finetune_ordinal")
    assert info is not None
    assert info.health == "works", info.traceback
    import sys

    check_plugin(sys.modules["tui_finetune_ordinal"])
    assert {"tasks", "sources", "preprocessors", "metrics"} <= set(info.gives)


@pytest.mark.parametrize("hook", HOOKS)
def test_hook_is_documented_with_an_example(hook: str) -> None:
    assert f"### `{hook}" in DOCS
    section = DOCS.split(f"### `{hook}", 1)[1].split("\n### ", 1)[0]
    assert "```python" in section
    assert f"def {hook}(" in section


@pytest.mark.parametrize("hook", HOOKS)
def test_hook_is_tested(hook: str) -> None:
    assert f"def test_hook_{hook}" in TESTS


def test_examples_of_the_docs_run(home: Home, tmp_path: Path) -> None:
    """Every block of the page that defines a hook loads as a plugin file."""
    blocks = [block.split("```", 1)[0] for block in DOCS.split("```python\n")[1:]]
    plugins = [block for block in blocks if "@hookimpl" in block]
    assert len(plugins) >= len(HOOKS)
    for index, block in enumerate(plugins):
        (tmp_path / f"docs_example_{index}.py").write_text(block, encoding="utf-8")
    catalog = load_catalog(home, plugin_dirs=[tmp_path])
    assert [(info.name, info.error) for info in catalog.failed] == []
    for info in catalog.plugins:
        assert not info.notes, info
