"""The data helper from its parent's side: answers, problems, its death, and that nothing of it stays."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.data.conftest import Write, rows
from tests.waiting import wait_until
from tui_finetune.data.helper import ask, open_in_helper
from tui_finetune.data.opening import Wanted, open_data
from tui_finetune.errors import DataError, LaunchError
from tui_finetune.plugin_api import no_progress
from tui_finetune.plugin_api.manager import Catalog, load_catalog

Fake = Callable[[str], str]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """A module that stands in for the helper."""

    def making(body: str) -> str:
        (tmp_path / "fake_helper.py").write_text(f"import json, os, signal, sys, time\nsys.stdin.readline()\n{body}\n")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return "fake_helper"

    return making


def test_the_same_as_in_process(write: Write, catalog: Catalog, tmp_path: Path) -> None:
    wanted = Wanted("csv", str(write("a.csv", "text,label\n" + rows())))
    told: list[str] = []
    apart = open_in_helper(wanted, catalog, tmp_path / "apart", lambda what, done, total: told.append(what))
    here = open_data(wanted, catalog, tmp_path / "here", heavy=True, progress=no_progress)
    assert apart.splits["train"].table().equals(here.splits["train"].table())
    assert (apart.columns, apart.files, apart.format, apart.notes) == (
        here.columns,
        here.files,
        here.format,
        here.notes,
    )
    assert told


def test_problems_arrive_as_they_are(write: Write, catalog: Catalog, tmp_path: Path) -> None:
    wanted = Wanted("csv", str(write("a.csv", "text,label\n" + rows() + "a,b,c\n")))
    with pytest.raises(DataError) as apart:
        open_in_helper(wanted, catalog, tmp_path / "cache", no_progress)
    assert str(apart.value) == "a.csv line 42: 3 fields, expected 2 (text, label)."


def test_prints_of_libraries_are_no_answers(fake: Fake) -> None:
    module = fake(
        'print("Downloading…"); print(json.dumps({"progress": ["x", 1, 2]})); print(json.dumps({"result": {"a": 1}}))'
    )
    told: list[tuple[str, int, int | None]] = []
    assert ask({}, lambda *words: told.append(words), module) == {"a": 1}
    assert told == [("x", 1, 2)]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            'print("no room left", file=sys.stderr); sys.exit(3)',
            "ended with code 3 without an answer. Its last words: no room left",
        ),
        (
            "os.kill(os.getpid(), signal.SIGKILL)",
            "was killed by SIGKILL without an answer. The system kills what takes too much memory.",
        ),
        ("pass", "ended with code 0 without an answer."),
    ],
)
def test_its_death_is_told(body: str, said: str, fake: Fake) -> None:
    with pytest.raises(LaunchError) as caught:
        ask({}, no_progress, fake(body))
    assert str(caught.value) == f"the data helper {said}"
    assert caught.value.exit_code == 4


def test_an_interrupt_ends_it(fake: Fake, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    module = fake(
        f'open({str(mark)!r}, "w").write(str(os.getpid())); print(json.dumps({{"progress": ["x", 0, None]}}), flush=True)\n'
        "time.sleep(600)"
    )

    def interrupted(what: str, done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask({}, interrupted, module)
    pid = int(mark.read_text())
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "the helper to be gone")


def test_a_request_larger_than_a_pipe_does_not_hang(fake: Fake) -> None:
    with pytest.raises(LaunchError):
        ask({"big": "x" * 1_000_000}, no_progress, fake("sys.exit(1)"))


PLUGIN = """
import os
from tui_finetune.plugin_api import Preprocessor, hookimpl

class Where(Preprocessor):
    name = "where"
    help = "Writes down which process it runs in."
    heavy = True

    def apply(self, row, options):
        return {**row, "process": os.getpid()}

@hookimpl
def register_preprocessors():
    return [Where()]
"""


def test_a_heavy_preprocessor_of_a_plugin_folder_runs_there(write: Write, tmp_path: Path) -> None:
    write("plugins/where_am_i.py", PLUGIN)
    catalog = load_catalog(None, plugin_dirs=[tmp_path / "plugins"], third_party=True)
    wanted = Wanted("csv", str(write("a.csv", "text,label\n" + rows())), steps=(("where", {}),))
    opened = open_data(wanted, catalog, tmp_path / "apart", heavy=False, progress=no_progress)
    here = open_data(wanted, catalog, tmp_path / "here", heavy=True, progress=no_progress)
    assert set(here.splits["train"].table().column("process").to_pylist()) == {os.getpid()}
    assert os.getpid() not in opened.splits["train"].table().column("process").to_pylist()
    assert opened.column("process") == here.column("process")


def test_modules_of_the_current_folder_do_not_run(
    write: Write, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("stray/pyarrow.py", "raise SystemExit('stray')")
    monkeypatch.chdir(tmp_path / "stray")
    wanted = Wanted("csv", str(write("a.csv", "text,label\n" + rows())))
    assert open_in_helper(wanted, catalog, tmp_path / "cache", no_progress).splits["train"].rows == 40
