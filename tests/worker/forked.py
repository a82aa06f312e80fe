"""Workers from the fork server, in the shape of the Popen that the handoff expects."""

from __future__ import annotations

import json
import os
import runpy
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import wait_until
from tui_finetune.children import child_environment
from tui_finetune.launch import handoff
from tui_finetune.runs.layout import RunPaths


class ForkServer:
    """The test session's server; started at first use."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self._path = folder / "fork.sock"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.worker.fork_server", str(self._path)],
            stdout=subprocess.PIPE,
            cwd=repository,
            env={**child_environment(), "PYTHONSAFEPATH": ""},  # read when libraries are loaded, not when forked
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line == "ready\n", f"the fork server did not start: {line!r}"

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(str(self._path))
            with connection.makefile("rw", encoding="utf-8") as stream:
                stream.write(json.dumps(request) + "\n")
                stream.flush()
                found: dict[str, Any] = json.loads(stream.readline())
                return found

    def spawn(self, command: Sequence[str], paths: RunPaths) -> ForkedWorker:
        """What `handoff._spawn` does, without the seconds of importing."""
        at = list(command).index("-m") + 1
        request = {
            "argv": list(command[at + 1 :]),
            "cwd": str(paths.root),
            "env": child_environment(),
            "log": str(paths.stdout_log),
            **({"call": "tests.worker.forked:run_keeper"} if command[at] == "tui_finetune.launch.keeper" else {}),
        }
        return ForkedWorker(self, self.ask(request)["pid"])

    def call(self, function: str, *arguments: str, log: Path) -> int:
        """The exit code of `module:function`, called with a list of texts in a process that has torch."""
        return self.begin(function, *arguments, log=log).wait()

    def begin(self, function: str, *arguments: str, log: Path, cwd: Path = Path("/")) -> ForkedWorker:
        """The same without waiting for its end."""
        request = {
            "call": function,
            "argv": list(arguments),
            "cwd": str(cwd),
            "env": child_environment(),
            "log": str(log),
        }
        return ForkedWorker(self, self.ask(request)["pid"])

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


class ForkedWorker:
    """`pid`, `poll` and `wait`, as the handoff uses them of a Popen."""

    def __init__(self, server: ForkServer, pid: int) -> None:
        self.pid = pid
        self._server = server

    def poll(self) -> int | None:
        code: int | None = self._server.ask({"poll": self.pid})["code"]
        return code

    def wait(self) -> int:
        wait_until(lambda: self.poll() is not None, f"worker {self.pid} to end")
        code = self.poll()
        assert code is not None
        return code


class ForkedChild:
    """A worker that a keeper in a forked process has forked, in the shape of a Popen."""

    def __init__(self, command: Sequence[str]) -> None:
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            self._work(command)

    def _work(self, command: Sequence[str]) -> None:
        code = 70
        try:
            from tui_finetune.worker.__main__ import main

            code = main(list(command[command.index("tui_finetune.worker") + 1 :]))
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def wait(self, timeout: float | None = None) -> int:
        _, status = os.waitpid(self.pid, 0)
        self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def run_keeper(arguments: Sequence[str]) -> int:
    """Called in a forked process: a keeper that forks its workers, and waits a moment where the real one waits seconds."""
    from tui_finetune.launch import keeper

    keeper._spawn = ForkedChild  # type: ignore[assignment]
    keeper.WAITS = tuple(float(text) for text in os.environ.get("TEST_KEEPER_WAITS", "0.2").split())
    return keeper.main(list(arguments))


def make_model(arguments: Sequence[str]) -> None:
    """Called in a forked process: the kit's tiny BERT in the named folder."""
    from tui_finetune.plugin_api.testing_heads import make_tiny_model

    make_tiny_model(Path(arguments[0]))


def run_script(arguments: Sequence[str]) -> None:
    """Called in a forked process: the script, as `python SCRIPT` would run it."""
    runpy.run_path(arguments[0], run_name="__main__")


@pytest.fixture(scope="session")
def fork_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    """Forks workers that have torch already; one a test process."""
    server = ForkServer(tmp_path_factory.mktemp("fork"), Path(__file__).resolve().parent.parent.parent)
    yield server
    server.close()


@pytest.fixture
def workers(fork_server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> ForkServer:
    """Whatever starts a worker from this process gets a forked one."""
    monkeypatch.setattr(handoff, "_spawn", fork_server.spawn)
    return fork_server


@pytest.fixture(scope="session")
def tiny_model(fork_server: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of some thousand weights with a tokenizer, as a local folder. Read only."""
    folder = tmp_path_factory.mktemp("tiny")
    assert fork_server.call("tests.worker.forked:make_model", str(folder), log=folder / "log") == 0
    return folder
