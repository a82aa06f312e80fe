"""Plugins that raise: each is named with what it raised, everything else goes on; what a recipe needs of one is refused.

| bad input | held by |
|---|---|
| a plugin that raises at import (also SystemExit, syntax, an absent module) | test_a_plugin_that_does_not_load[import] … |
| … at registering (an argument, a hook that is none) | […register, …unknown hook] |
| … in register_datasets, register_tasks, register_preprocessors, register_metrics | […register_datasets] … |
| … in training_callbacks | test_training_callbacks_that_raises |
| … in run_event | test_run_event_that_raises |
| … in what it gave: a source, a preprocessor | test_a_contribution_that_raises_in_the_check |
| … a metric, a task's encoding, a callback | test_a_contribution_that_raises_in_the_worker |
| a training that needs none of what it would have added | test_training_goes_on_without_it |
| every hook of hookspecs.py has its case here | test_every_hook_is_here |
| what a recipe needs of a plugin that failed | test_what_a_recipe_needs_of_it_is_refused |
| a folder of plugins that is not there | test_a_plugin_folder_that_is_none |
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calling import Cli
from tests.e2e.bad_input import HEADER, Desk, desk, nothing_left, plain, refused, rows
from tests.model_folders import model_folder
from tests.worker.forked import ForkServer
from tui_finetune.plugin_api import hookspecs
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.tail import read_events
from tui_finetune.runs.testing import check_run_directory

__all__ = ["desk"]

API = "from tui_finetune.plugin_api import *\n"


def _raising(hook: str) -> str:
    return f"{API}@hookimpl\ndef {hook}():\n    raise KeyError('boo')\n"


NOT_LOADED: dict[str, tuple[str, str, str]] = {
    "import": ("1 / 0\n", "import", "ZeroDivisionError: division by zero"),
    "exit": ("import sys\nsys.exit(3)\n", "import", "SystemExit: 3"),
    "syntax": ("def broken(:\n", "import", "SyntaxError: "),
    "absent module": ("import no_such_module\n", "import", "ModuleNotFoundError: No module named 'no_such_module'"),
    "register": (
        f"{API}@hookimpl\ndef register_tasks(nonsense):\n    return []\n",
        "register",
        "PluginValidationError: ",
    ),
    "unknown hook": (
        f"{API}@hookimpl\ndef register_task():\n    return []\n",
        "register",
        "register_task is not a hook. Did you mean register_tasks?",
    ),
    "no list": (
        f"{API}@hookimpl\ndef register_metrics():\n    return 3\n",
        "register_metrics",
        "TypeError: a list is expected",
    ),
    **{
        hook: (_raising(hook), hook, "KeyError: 'boo'")
        for hook in ("register_datasets", "register_tasks", "register_preprocessors", "register_metrics")
    },
}
"""The plugin, where it fails, and with what."""


def break_plugin(desk: Desk, code: str) -> None:
    (desk.home.plugins / "broken.py").write_text(code)


def failure(hook: str, error: str) -> str:
    return f"Plugin broken failed in {hook}: {error}"


@pytest.mark.parametrize("case", NOT_LOADED)
def test_a_plugin_that_does_not_load(case: str, desk: Desk, cli: Cli) -> None:
    code, hook, error = NOT_LOADED[case]
    break_plugin(desk, code)
    listed = cli("plugins", "list")
    assert listed.code == 0
    plain(listed.out)
    assert "✗ failed  broken" in listed.out
    assert f"✗ broken failed in {hook}: {error}" in listed.out
    assert cli("plugins", "show", "builtin").code == 0
    desk.write(HEADER + rows())
    for verb in (("data", "show", str(desk.data)), ("config", "new", "--data", str(desk.data)), ("runs",)):
        said = cli(*verb)
        assert said.code == 0
        plain(said.err)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["import", "register", "register_tasks"])
def test_training_goes_on_without_it(case: str, desk: Desk, cli: Cli, workers: ForkServer, tiny_model: Path) -> None:
    code, hook, error = NOT_LOADED[case]
    break_plugin(desk, code)
    desk.write(HEADER + rows())
    run = cli("train", desk.recipe(tiny_model), "--wait")
    assert run.code == 0, run.err
    plain(run.err)
    assert run.err.count(failure(hook, error)) == 1, "told once, by the check"
    found = cli("show", "latest", "--json").json
    assert [said for said in found["warnings"] if failure(hook, error) in said] != []
    check_run_directory(found["path"], only_known_events=True)


def test_no_plugins_leaves_it_unread(desk: Desk, cli: Cli) -> None:
    break_plugin(desk, "open('was read', 'w')\n1 / 0\n")
    listed = cli("plugins", "list", "--no-plugins")
    assert listed.code == 0
    assert "failed" not in listed.out
    assert not Path("was read").exists()


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("task", "mine", "task 'mine'"),
        ("data.source", "mine", "source 'mine'"),
        ("evaluate.metrics", '["mine"]', "metric 'mine'"),
    ],
)
def test_what_a_recipe_needs_of_it_is_refused(key: str, value: str, what: str, desk: Desk, cli: Cli) -> None:
    break_plugin(desk, "1 / 0\n")
    desk.write(HEADER + rows())
    said = cli("train", desk.recipe(model_folder(desk.folder / "model")), "--set", f"{key}={value}")
    refused(
        said,
        f"no {what}.",
        "Not loaded, and may be what adds it: broken (failed in import: ZeroDivisionError: division by zero",
    )
    nothing_left(desk.home)


def test_a_plugin_folder_that_is_none(desk: Desk, cli: Cli) -> None:
    absent = desk.folder / "absent"
    refused(cli("plugins", "list", "--plugin-dir", str(absent)), str(absent), "does not exist")


# While a run goes on


def trained(cli: Cli, recipe: str, *more: str) -> RunPaths:
    """A training that finishes."""
    said = cli("train", recipe, "--wait", "--json", *more)
    assert (said.code, said.json["state"]) == (0, "finished"), said.err
    plain(said.err)
    check_run_directory(said.json["path"], only_known_events=True)
    return RunPaths(Path(said.json["path"]))


def warnings(run: RunPaths) -> list[str]:
    return [event.get("message") for event in read_events(run) if event.name == "warning"]


@pytest.mark.slow
def test_training_callbacks_that_raises(desk: Desk, cli: Cli, workers: ForkServer, tiny_model: Path) -> None:
    break_plugin(desk, f"{API}@hookimpl\ndef training_callbacks(recipe):\n    raise KeyError(recipe['task'])\n")
    desk.write(HEADER + rows())
    run = trained(cli, desk.recipe(tiny_model))
    assert warnings(run) == ["The callbacks of plugin broken are left out: KeyError: 'text-classification'."]
    assert 'broken.py", line 4, in training_callbacks' in run.stdout_log.read_text(), "with its traceback"


@pytest.mark.slow
def test_run_event_that_raises(desk: Desk, cli: Cli, workers: ForkServer, tiny_model: Path) -> None:
    """It is told three times, then no more; another plugin hears everything to the end."""
    heard = desk.folder / "heard"
    break_plugin(desk, f"{API}@hookimpl\ndef run_event(run, event):\n    raise KeyError(event['event'])\n")
    works = f"{API}@hookimpl\ndef run_event(run, event):\n    open({str(heard)!r}, 'a').write(event['event'] + '\\n')\n"
    (desk.home.plugins / "works.py").write_text(works)
    desk.write(HEADER + rows())
    run = trained(cli, desk.recipe(tiny_model))
    assert [said for said in warnings(run) if "Plugin broken failed when it was told of an event: KeyError: " in said]
    assert run.stdout_log.read_text().count("in run_event") == 1
    written = [event.name for event in read_events(run)]
    assert heard.read_text().splitlines() == written
    assert written[-1] == "end"


SOURCE = """
class Mine(Source):
    name = "mine"
    help = "Raises."
    needs_path = False

    def open(self, request, progress=no_progress):
        (request.cache / ".writing-half").mkdir()
        raise KeyError("boo")

@hookimpl
def register_datasets():
    return [Mine()]
"""
PREPROCESSOR = """
class Mine(Preprocessor):
    name = "mine"
    help = "Raises."

    def apply(self, row, options):
        raise KeyError("boo")

@hookimpl
def register_preprocessors():
    return [Mine()]
"""
METRIC = """
def mine(decoded):
    raise KeyError("boo")

@hookimpl
def register_metrics():
    return [Metric("mine", "labels", mine, help="Raises.")]
"""
TASK = """
from tui_finetune.builtin.tasks.text_classification import TextClassification

class Mine(TextClassification):
    name = "mine"
    help = "Raises."

    def encode(self, *args, **kwargs):
        raise KeyError("boo")

@hookimpl
def register_tasks():
    return [Mine()]
"""
CALLBACK = """
@hookimpl
def training_callbacks(recipe):
    from transformers import TrainerCallback

    class Mine(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            raise KeyError("boo")

    return [Mine()]
"""


@pytest.mark.parametrize(
    ("code", "recipe", "words"),
    [
        (SOURCE, "", "source mine (plugin broken) failed: KeyError: 'boo'."),
        (
            PREPROCESSOR,
            '[[preprocess]]\nuse = "mine"\n',
            "preprocessor mine (plugin broken) failed: KeyError: 'boo', at row rows.csv:2.",
        ),
    ],
    ids=["source", "preprocessor"],
)
def test_a_contribution_that_raises_in_the_check(code: str, recipe: str, words: str, desk: Desk, cli: Cli) -> None:
    break_plugin(desk, API + code)
    desk.write(HEADER + rows())
    data = 'path = "rows.csv"' if recipe else 'source = "mine"'
    said = cli("train", desk.recipe(model_folder(desk.folder / "model"), recipe, data=data))
    refused(said, words, "The traceback is in the home's tui-finetune.log; its author can mend it.")
    assert "KeyError: 'boo'" in desk.home.log.read_text()
    assert list(desk.home.runs.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "sets", "phase", "exit_code"),
    [
        (METRIC, 'evaluate.metrics=["mine"]', "evaluating", 1),
        (TASK, "task=mine", "tokenizing", 4),
        (CALLBACK, "run.seed=1", "training", 1),
    ],
    ids=["metric", "task", "callback"],
)
def test_a_contribution_that_raises_in_the_worker(
    code: str, sets: str, phase: str, exit_code: int, desk: Desk, cli: Cli, workers: ForkServer, tiny_model: Path
) -> None:
    """What the run cannot do without ends it, with the plugin's name and line."""
    break_plugin(desk, API + code)
    desk.write(HEADER + rows())
    said = cli("train", desk.recipe(tiny_model), "--wait", "--set", sets)
    plain(said.out + said.err)
    assert said.code == exit_code, said
    found = cli("show", "latest", "--json").json
    assert found["state"] == "failed"
    assert found["reason"].startswith(f"{phase}: KeyError: 'boo' (plugin broken, broken.py line ")
    assert found["reason"] in said.out
    assert found["advice"].endswith("The plugin's author can mend it.")
    assert "Traceback" in RunPaths(Path(found["path"])).stdout_log.read_text()
    check_run_directory(found["path"], only_known_events=True)


def test_every_hook_is_here() -> None:
    hooks = {name for name, found in vars(hookspecs).items() if hasattr(found, f"{hookspecs.PROJECT}_spec")}
    tested = {name.removeprefix("test_").removesuffix("_that_raises") for name in globals() if name.startswith("test_")}
    assert hooks - set(NOT_LOADED) - tested == set()
