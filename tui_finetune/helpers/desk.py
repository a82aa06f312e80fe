"""`python -m tui_finetune.helpers.desk`: what the data screen asks that takes time or imports much. JSON lines in and out.

A request is `{"id": 1, "action": "open", …}`; its answer an event of the same id: `progress`, `told` (known before the
end), then `result`, `problems` or `stopped`. `{"cancel": 1}` ends one at its next sign of progress. It ends at the end of its
input, or when nobody has asked for a while.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tui_finetune.data.lean import lean_arrow
from tui_finetune.data.problems import as_json
from tui_finetune.errors import Problem, UserError
from tui_finetune.helpers import desk_work
from tui_finetune.helpers.model import Idle, Output, lines
from tui_finetune.paths import Home
from tui_finetune.plugin_api.manager import load_catalog

IDLE_SECONDS = 900.0
PROGRESS_SECONDS = 0.1
"""At most so often is progress told."""


class Cancelled(Exception):
    """The answer is not wanted any more."""


class _Request:
    """One request under way, in a thread of its own."""

    def __init__(self, number: int, desk: _Desk) -> None:
        self.number = number
        self.cancelled = threading.Event()
        self._desk = desk
        self._last = ("", 0.0)

    def progress(self, what: str, done: int, total: int | None) -> None:
        if self.cancelled.is_set():
            raise Cancelled
        now = time.monotonic()
        if what != self._last[0] or now - self._last[1] >= PROGRESS_SECONDS:
            self._last = (what, now)
            self._desk.write("progress", id=self.number, what=what, done=done, total=total)

    def told(self, **fields: Any) -> None:
        self._desk.write("told", id=self.number, **fields)


class _Desk:
    def __init__(self, work: desk_work.DeskWork, output: Output) -> None:
        self._work = work
        self._output = output
        self._writing = threading.Lock()
        self._under_way: dict[int, _Request] = {}

    def write(self, event: str, **fields: Any) -> None:
        with self._writing:
            self._output.write(event, **fields)

    @property
    def busy(self) -> bool:
        return bool(self._under_way)

    def take(self, request: Mapping[str, Any]) -> None:
        """Begins a request, or ends one."""
        if "cancel" in request:
            if (found := self._under_way.get(request["cancel"])) is not None:
                found.cancelled.set()
            return
        one = self._under_way[request["id"]] = _Request(request["id"], self)
        threading.Thread(target=self._answer, args=(one, request), daemon=True).start()

    def _answer(self, one: _Request, request: Mapping[str, Any]) -> None:
        try:
            self.write("result", id=one.number, result=self._work.do(request, one.progress, one.told))
        except Cancelled:
            self.write("stopped", id=one.number)
        except UserError as error:
            self.write("problems", id=one.number, problems=as_json(error.problems))
        except BrokenPipeError:
            os._exit(0)  # whoever asked is gone
        except Exception as error:  # noqa: BLE001 - told to whoever asked, with the traceback on stderr; the next request works
            traceback.print_exc()
            self.write("problems", id=one.number, problems=as_json([Problem(f"{type(error).__name__}: {error}")]))
        finally:
            self._under_way.pop(one.number, None)
            _give_back()


def _give_back() -> None:
    """What the last request took and left goes back to the system: the desk waits for a person most of its time."""
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        arrow.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc
    if trim is not None:
        trim(0)


def main(argv: Sequence[str] | None = None) -> int:
    given = _arguments().parse_args(argv)
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # pyarrow's own keeps what it once had
    output = Output()
    home = Home(given.home)
    catalog = load_catalog(home, plugin_dirs=tuple(given.plugin_dir), third_party=not given.no_plugins)
    if all(info.name == "builtin" or info.health != "works" for info in catalog.plugins):
        lean_arrow()
    desk = _Desk(desk_work.DeskWork(home, catalog, given.scratch), output)
    while True:
        try:
            for line in lines(sys.stdin.fileno(), given.idle):
                if line.strip():
                    desk.take(json.loads(line))
            os._exit(0)  # whoever asked has closed; what is under way is for nobody
        except Idle:
            if not desk.busy:
                return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tui_finetune.helpers.desk", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True, help="folder for what is too long for a line")
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds without a request until it ends")
    parser.add_argument("--plugin-dir", type=Path, action="append", default=[])
    parser.add_argument("--no-plugins", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
