"""Workers from the fork server, in the shape of the Popen that the handoff expects."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.waiting import wait_until
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
        at = list(command).index("tui_finetune.worker")
        request = {
            "argv": list(command[at + 1 :]),
            "cwd": str(paths.root),
            "env": handoff._environment(),
            "log": str(paths.stdout_log),
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
