"""A process that has imported torch, transformers and datasets, and forks workers: each starts in milliseconds, not seconds.

Run as `python -m tests.worker.fork_server SOCKET`. One JSON line a request, one a reply:
`{"argv": […], "cwd": …, "env": {…}, "log": …}` starts a worker and gives `{"pid": n}`; `{"poll": n}` gives `{"code": null or n}`;
with `"call": "module:function"` that function is called with `argv` instead of the worker's main.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

IMPORTED = (
    "torch",
    "transformers",
    "transformers.trainer",
    "transformers.models.auto.modeling_auto",
    "transformers.models.bert.modeling_bert",
    "datasets",
    "accelerate",
    "sklearn.linear_model",
    "sklearn.feature_extraction.text",
    "tui_finetune.worker.pipeline",
)


class Server:
    """Single-threaded, so that a fork never copies a lock that another thread holds."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(path)
        self._socket.listen(16)
        self._ended: dict[int, int] = {}

    def serve(self) -> None:
        """Until the process that started it closes its standard input's other end, or kills it."""
        while True:
            connection, _ = self._socket.accept()
            with connection, connection.makefile("rw", encoding="utf-8") as stream:
                request = json.loads(stream.readline())
                reply = self._poll(request["poll"]) if "poll" in request else {"pid": self._start(request, connection)}
                stream.write(json.dumps(reply) + "\n")

    def _start(self, request: dict[str, Any], connection: socket.socket) -> int:
        pid = os.fork()
        if pid:
            return pid
        code = 70
        try:
            connection.close()
            self._socket.close()
            code = _work(request)
        except BaseException:  # noqa: BLE001 - a forked child must never return into the server's loop
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _poll(self, pid: int) -> dict[str, int | None]:
        if pid not in self._ended:
            found, status = os.waitpid(pid, os.WNOHANG)
            if not found:
                return {"code": None}
            self._ended[pid] = os.waitstatus_to_exitcode(status)
        return {"code": self._ended[pid]}


def _work(request: dict[str, Any]) -> int:
    """The worker, as `python -m tui_finetune.worker` would run it in a session of its own."""
    os.setsid()
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    _read_environment_again()
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    from tui_finetune.plugin_api.heavy import resolve

    function = resolve(request.get("call", "tui_finetune.worker.__main__:main"))
    return int(function(request["argv"]) or 0)


def _read_environment_again() -> None:
    """What the libraries took from the environment when they were imported; the child's is that of the test."""
    import datasets.config
    import huggingface_hub.constants

    huggingface_hub.constants.HF_HUB_CACHE = os.environ.get("HF_HUB_CACHE", huggingface_hub.constants.HF_HUB_CACHE)
    built = os.environ.get("HF_DATASETS_CACHE")
    if built is not None:
        datasets.config.HF_DATASETS_CACHE = Path(built)


def main() -> None:
    from tui_finetune.worker.lifecycle import quiet_libraries

    quiet_libraries()
    import importlib

    for name in IMPORTED:
        importlib.import_module(name)
    server = Server(sys.argv[1])
    print("ready", flush=True)
    server.serve()


if __name__ == "__main__":
    main()
