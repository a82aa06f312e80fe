"""The light side stays light, proved in fresh interpreters: a late import looks like an early one to a linter."""

from __future__ import annotations

import importlib.util
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import tui_finetune
from tests.conftest import REPOSITORY
from tui_finetune.cli.main import VERBS, module_of
from tui_finetune.paths import Home
from tui_finetune.runs.store import RunStore

HEAVY = frozenset({"torch", "transformers", "datasets", "evaluate", "accelerate", "sklearn"})
LATE = frozenset({"pydantic", "pyarrow", "duckdb", "numpy", "textual", "tomlkit"})
"""Not heavy, but too slow for a verb that only looks at run directories."""

HEAVY_PARTS = ("worker", "helpers", "serving", "builtin.heads")
"""Packages that may import everything, in processes of their own."""
HEAVY_MODULES = frozenset(
    {"evaluation.evaluate_metric", "inference.torch_backend", "plugin_api.testing", "plugin_api.testing_heads"}
)
"""Modules that light packages import late, in those processes."""


def light_modules() -> list[str]:
    """Every module of the package that some light process imports."""
    names = [info.name for info in pkgutil.walk_packages(tui_finetune.__path__, "tui_finetune.", onerror=_broken)]
    inner = [name.removeprefix("tui_finetune.") for name in names]
    return [
        name
        for name in inner
        if name not in HEAVY_MODULES
        and not any(name == part or name.startswith(part + ".") for part in HEAVY_PARTS)
        and not name.endswith("__main__")
    ]


def _broken(name: str) -> None:
    raise AssertionError(f"{name} cannot be imported")


def imported(statements: str, *, home: Path | None = None) -> set[str]:
    """Top-level packages in sys.modules after `statements`, in a fresh interpreter."""
    ran = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{statements}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=REPOSITORY,
        env={**os.environ, **({"TUI_FINETUNE_HOME": str(home)} if home else {})},
    )
    assert ran.returncode == 0, ran.stderr
    return {name.partition(".")[0] for name in json.loads(ran.stderr.splitlines()[-1])}


def ran_verb(arguments: Sequence[str], home: Path) -> set[str]:
    """The same after a verb was run in that interpreter by the command line's own entry point."""
    return imported(
        f"import sys; sys.argv = ['tui-finetune', *{list(arguments)!r}]\n"
        "from tui_finetune.cli.main import main\n"
        "try: main()\n"
        "except SystemExit as ended: assert ended.code in (0, None), ended.code",
        home=home,
    )


def test_no_light_module_imports_what_trains() -> None:
    """All of them at once: one that did would drag it into sys.modules, and the second test names it."""
    found = imported("\n".join(f"import tui_finetune.{name}" for name in light_modules())) & HEAVY
    assert not found, {name: found & imported(f"import tui_finetune.{name}") for name in light_modules()}


def test_every_part_of_the_light_side_is_looked_at() -> None:
    """So that the test above cannot become true by looking at nothing."""
    names = set(light_modules())
    assert {"cli.main", "plugin_api", "launch.start", "inference.model_files", "runs.store", "data.prepare"} <= names
    assert {
        module_of(verb).removeprefix("tui_finetune.") for verb in VERBS if importlib.util.find_spec(module_of(verb))
    } <= names


@pytest.mark.parametrize(
    "module",
    [
        "cli.main",
        "plugin_api",
        "runs.store",
        "runs.layout",
        "errors",
        "paths",
        "text",
        *(module_of(verb).removeprefix("tui_finetune.") for verb in VERBS),
    ],
)
def test_importing_what_every_verb_starts_with_is_quick(module: str) -> None:
    """The modules of the verbs too: the command line imports the one that is named before it knows its options."""
    if importlib.util.find_spec(f"tui_finetune.{module}") is None:
        pytest.skip(f"tui_finetune.{module} does not exist yet")
    assert not imported(f"import tui_finetune.{module}") & (HEAVY | LATE)


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["runs", "--json"], ["runs"], *([verb, "--help"] for verb in VERBS)],
    ids=" ".join,
)
def test_running_a_quick_verb_imports_neither(arguments: list[str], tmp_path: Path) -> None:
    if arguments[0] in VERBS and importlib.util.find_spec(module_of(arguments[0])) is None:
        pytest.skip(f"verb {arguments[0]} does not exist yet")
    assert not ran_verb(arguments, tmp_path / "home") & (HEAVY | LATE)


@pytest.mark.parametrize(
    "arguments", [["runs"], ["show", "latest"], ["show", "latest", "--json"], ["logs", "latest"]], ids=" ".join
)
def test_looking_at_a_run_imports_neither(arguments: list[str], tmp_path: Path) -> None:
    home = Home(tmp_path / "home").ensure()
    paths = RunStore(home).create("looked at", kind="train", task="text-classification", of=None)
    paths.stdout_log.write_text("a line\n")
    assert not ran_verb(arguments, home.root) & (HEAVY | LATE)


@pytest.mark.parametrize(
    "arguments",
    [["config", "new"], ["config", "check", "sample_configs/csv.toml"], ["config", "schema"], ["plugins", "list"]],
    ids=" ".join,
)
def test_running_a_light_verb_imports_nothing_that_trains(arguments: list[str], tmp_path: Path) -> None:
    assert not ran_verb(arguments, tmp_path / "home") & HEAVY
