"""The run-directory contract: its page, its table, its kit and its writers say the same."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.fakes import FakeRun, finished_run
from tui_finetune.live.lines import event_line
from tui_finetune.live.series import History
from tui_finetune.paths import Home
from tui_finetune.runs import atomic
from tui_finetune.runs.contract import EVENTS, event_problems
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.status import ENDED, LIVE, PHASE_SECONDS
from tui_finetune.runs.tail import parse
from tui_finetune.runs.testing import check_run_directory

PAGE = (REPOSITORY / "docs" / "run-directory.md").read_text(encoding="utf-8")
EXAMPLES = [line for line in PAGE.splitlines() if line.startswith('{"v":1,"seq"')]


def written_events() -> dict[str, str]:
    """Every name that is written with `….write("name", …)` anywhere in the package or the example plugins: name to place."""
    found = {}
    for folder in ("tui_finetune", "plugins"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and (name := _event_name(node, path.name == "events.py")) is not None:
                    found[name] = f"{path.relative_to(REPOSITORY)}:{node.lineno}"
    return found


def _event_name(call: ast.Call, of_writer: bool) -> str | None:
    """The name in `….events.write("step", …)`, or in `self.write("warning", …)` of the writer itself."""
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr != "write" or not call.args:
        return None
    first, owner = call.args[0], function.value
    writes = isinstance(owner, ast.Attribute) and owner.attr == "events"
    writes = writes or (of_writer and isinstance(owner, ast.Name) and owner.id == "self")
    return first.value if writes and isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def test_every_event_that_is_written_is_documented_and_in_the_table() -> None:
    written = written_events()
    assert len(written) >= 15
    named = {parse(line.encode()).name for line in EXAMPLES}
    assert {name: place for name, place in written.items() if name not in named} == {}
    assert {name: place for name, place in written.items() if name not in EVENTS} == {}
    assert named == set(EVENTS)


@pytest.mark.parametrize("line", EXAMPLES, ids=[parse(line.encode()).name + f"-{n}" for n, line in enumerate(EXAMPLES)])
def test_each_example_keeps_the_contract_and_is_understood(line: str) -> None:
    assert event_problems(line.encode(), only_known=True) == []
    assert list(json.loads(line))[:5] == ["v", "seq", "t", "attempt", "event"]
    history, event = History(), parse(line.encode())
    history.feed([event])
    assert history.unknown == 0
    shown = event_line(event, history)
    assert shown is None or shown[:2].isdigit()


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_each_event_has_its_heading(name: str) -> None:
    headings = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
    assert name in [one for heading in headings for one in heading.split(", ")]


def test_every_state_and_phase_is_on_the_page() -> None:
    states = PAGE.partition("## States")[2].partition("## Events")[0]
    assert all(f"`{state}`" in states for state in LIVE | ENDED)
    assert all(phase in states for phase in PHASE_SECONDS)


def test_every_path_of_the_layout_is_on_the_page() -> None:
    paths = RunPaths(Path("/r"))
    names = [
        getattr(paths, name).name
        for name, value in vars(RunPaths).items()
        if isinstance(value, property) and name not in ("id", "root")
    ]
    assert len(names) >= 15
    assert [name for name in names if name not in PAGE] == []


# The kit


def test_runs_of_every_kind_keep_the_contract(home: Home) -> None:
    check_run_directory(finished_run(home).paths.root, only_known_events=True)
    resumed = FakeRun(home).begin().plan().step(10).checkpoint(10).end("stopped").begin(from_step=10).plan().step(20)
    check_run_directory(resumed.paths.root, only_known_events=True)
    torn = FakeRun(home).begin().plan().write_raw(b'{"v":1,"seq":').die()
    torn.begin().plan()
    check_run_directory(torn.paths.root, only_known_events=True)
    check_run_directory(FakeRun(home).paths.root)


SPOILED: list[tuple[str, Callable[[FakeRun], object]]] = [
    ("run.json is missing", lambda run: run.paths.run_json.unlink()),
    ("label.json: line 1 is not JSON", lambda run: run.paths.label_json.write_bytes(b"{")),
    ("run.json: kind is missing", lambda run: _change(run.paths.run_json, kind=None)),
    ("run.json: created is no number", lambda run: _change(run.paths.run_json, created="today")),
    ("created is not in unix seconds", lambda run: _change(run.paths.run_json, created=20261123)),
    ("run.json: id is other", lambda run: _change(run.paths.run_json, id="other")),
    ("run.json: version 2", lambda run: _change(run.paths.run_json, v=2)),
    ("result.json: state 'won' is not one of", lambda run: _change(run.paths.result_json, state="won")),
    ("result.json is of attempt 3, the newest is 1", lambda run: _change(run.paths.result_json, attempt=3)),
    ("result.json without process.json", lambda run: run.paths.process_json.unlink()),
    ("heartbeat: progress_t is missing", lambda run: _change(run.paths.heartbeat, progress_t=None)),
    ("can be read by others: mode 644", lambda run: run.paths.stdout_log.chmod(0o644)),
    ("events.jsonl is missing", lambda run: run.paths.events.unlink()),
    ("is not JSON", lambda run: run.write_raw(b"rubbish\n")),
    ("NaN is not JSON", lambda run: run.write_raw(_event(999, "step", step=1).replace(b"1}", b'1,"loss":NaN}'))),
    ("step without loss", lambda run: run.write_raw(_event(999, "step", step=1))),
    ("step: step is no whole number: 'one'", lambda run: run.write_raw(_event(999, "step", step="one", loss=1.0))),
    ("event 'fan' is not one of", lambda run: run.write_raw(_event(999, "fan"))),
    ("seq 1 after", lambda run: run.write_raw(_event(1, "device"))),
    ("device of attempt 7 before its attempt event", lambda run: run.write_raw(_event(999, "device", attempt=7))),
    ("is longer than 4096 bytes", lambda run: run.write_raw(_event(999, "note", message="x" * 5_000))),
    ("is not a JSON object", lambda run: run.write_raw(b"[]\n")),
    ("no end event", lambda run: run.paths.events.write_bytes(b"")),
    ("model.safetensors is missing", lambda run: (run.paths.checkpoint(50) / "model.safetensors").unlink()),
    ("has 3 of 7 bytes", lambda run: (run.paths.checkpoint(50) / "model.safetensors").write_bytes(b"abc")),
    (
        "is not what the manifest says",
        lambda run: (run.paths.checkpoint(50) / "model.safetensors").write_bytes(b"WEIGHTS"),
    ),
    ("no MANIFEST.json", lambda run: (run.paths.model / "MANIFEST.json").unlink()),
]


def _change(path: Path, **fields: object) -> None:
    content = {**atomic.read_json(path), **fields}
    atomic.write_json(path, {key: value for key, value in content.items() if value is not None})


def _event(seq: int, name: str, attempt: int = 1, **fields: object) -> bytes:
    return json.dumps({"v": 1, "seq": seq, "t": 1.0, "attempt": attempt, "event": name, **fields}).encode() + b"\n"


@pytest.mark.parametrize(("says", "spoil"), SPOILED, ids=[says for says, _ in SPOILED])
def test_the_kit_finds(home: Home, says: str, spoil: Callable[[FakeRun], object]) -> None:
    run = finished_run(home)
    spoil(run)
    with pytest.raises(AssertionError, match=re.escape(says)):
        check_run_directory(run.paths.root, only_known_events=True)


def test_the_kit_tells_everything_at_once(home: Home) -> None:
    run = finished_run(home)
    for _, spoil in SPOILED[1:8]:
        spoil(run)
    with pytest.raises(AssertionError) as failed:
        check_run_directory(run.paths.root)
    assert str(failed.value).count("\n- ") >= 6


def test_what_is_no_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="not a directory"):
        check_run_directory(tmp_path / "none")
    with pytest.raises(AssertionError, match="no run id"):
        check_run_directory(tmp_path)
