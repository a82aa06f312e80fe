"""Text from outside through every verb that prints: no control character of it is printed, in words or as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.conftest import REPOSITORY
from tests.fakes import FakeRun
from tests.measured import store, trained_run
from tests.poison import CORPUS, SIGN, harm_in_text, poisoned
from tests.ui.test_poison import named, rows_of, told
from tui_finetune.cli.main import VERBS
from tui_finetune.paths import Home
from tui_finetune.runs.store import RunStore

pytestmark = pytest.mark.slow

NOT_HERE = {
    "open": "the interface itself, tests/ui/test_poison.py",
    "train": "starts a worker; what it prints on the way is what watch prints",
    "resume": "starts a worker",
    "demo": "starts a worker; its text is ours",
    "predict": "a helper with a model, tests/worker/test_poison.py",
    "evaluate": "a helper with a model, tests/worker/test_poison.py",
    "doctor": "prints nothing from outside but paths",
    "settings": "prints settings, which are checked",
    "stop": "prints what edit prints of a run",
    "abort": "prints what edit prints of a run",
    "branch": "starts a worker",
    "continue": "prints what pause prints",
    "save": "prints what pause prints",
    "rollback": "prints what pause prints",
}
"""Verbs that are not called below, and why."""


@pytest.fixture
def run(home: Home) -> FakeRun:
    """A run that ended, told of in every way."""
    made = told(home)
    made.end("failed", reason=poisoned("escape"), advice=poisoned("c1"))
    return made


Call = Callable[[FakeRun, Path], tuple[str, ...]]
CALLS: dict[str, Call] = {
    "runs": lambda run, folder: ("runs",),
    "runs filtered": lambda run, folder: ("runs", "--state", "finished"),
    "show": lambda run, folder: ("show", run.short),
    "logs": lambda run, folder: ("logs", run.short),
    "watch": lambda run, folder: ("watch", run.short),
    "health": lambda run, folder: ("health", run.short),
    "recipe": lambda run, folder: ("recipe", run.short, "--with-changes"),
    "queue": lambda run, folder: ("queue",),
    "pause": lambda run, folder: ("pause", run.short),
    "set": lambda run, folder: ("set", run.short, poisoned("escape"), poisoned("c1")),
    "note": lambda run, folder: ("note", run.short, poisoned("bidi")),
    "edit": lambda run, folder: ("edit", run.short, "--name", poisoned("escape"), "--note", poisoned("bidi")),
    "compare": lambda run, folder: ("compare", run.short, "judged"),
    "data show": lambda run, folder: ("data", "show", str(rows_of(folder))),
    "config show": lambda run, folder: ("config", "show", str(run.paths.request_toml)),
    "config check": lambda run, folder: ("config", "check", str(run.paths.request_toml)),
    "report": lambda run, folder: ("report", "judged"),
    "report rows": lambda run, folder: ("report", "judged", "--rows"),
    "export": lambda run, folder: ("export", f"{run.short}@last", str(folder / poisoned("title"))),
    "rm": lambda run, folder: ("rm", run.short, "--yes"),
    "trash": lambda run, folder: ("trash", "list"),
    "no such run": lambda run, folder: ("show", poisoned("escape")),
    "no such verb": lambda run, folder: (poisoned("clipboard"),),
    "no such option": lambda run, folder: ("runs", f"--{poisoned('title')}"),
    "no such file": lambda run, folder: ("config", "check", poisoned("cursor")),
    "a value that is none": lambda run, folder: ("train", "demo", "--set", f"train.seed={poisoned('escape')}"),
}


def test_every_verb_is_called_or_says_why_not() -> None:
    assert set(VERBS) <= {name.split()[0] for name in CALLS} | set(NOT_HERE) | {"plugins"}


@pytest.mark.parametrize("call", [("list",), ("show", "poison"), ("list", "--json"), ("show", "poison", "--json")])
def test_what_is_said_of_a_plugin_that_failed(home: Home, call: tuple[str, ...]) -> None:
    """In a process of its own: its traceback is shown on purpose."""
    home.plugins.mkdir(exist_ok=True)
    (home.plugins / "poison.py").write_text(f"raise RuntimeError({poisoned('escape')!r} + {CORPUS['bidi']!r})\n")
    said = subprocess.run(
        [sys.executable, "-m", "tui_finetune", "plugins", *call], capture_output=True, text=True, cwd=REPOSITORY
    )
    assert SIGN in said.stdout + said.stderr
    assert harm_in_text(said.stdout) == []
    assert harm_in_text(said.stderr) == []


@pytest.mark.parametrize("json_", [False, True], ids=["words", "json"])
@pytest.mark.parametrize("name", CALLS)
def test_what_a_verb_prints(
    cli: Cli, home: Home, run: FakeRun, tmp_path: Path, name: str, json_: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(home)
    judged = trained_run(home, "judged")
    store(judged.paths, [(poisoned("escape"), "long", "short", 0.5)])
    if name == "trash":
        for one in RunStore(home).list():
            if one.name.startswith(SIGN):
                RunStore(home).trash(one)
    said = cli(*CALLS[name](run, tmp_path), *(["--json"] if json_ else []))
    assert harm_in_text(said.out) == []
    assert harm_in_text(said.err) == []
    if json_ and said.out:
        json.loads(said.out)
    if name in ("runs", "show", "logs", "watch", "trash") or (name == "data show" and not json_):
        assert SIGN in said.out
