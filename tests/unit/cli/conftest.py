"""Somebody who obeys requests. The fixture `cli` and its types stand in tests/calling.py, for every tier."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.calling import Cli, Said
from tests.fakes import FakeRun
from tui_finetune.runs.control import Request, RequestReader

__all__ = ["Cli", "Said", "worker"]


@contextmanager
def worker(run: FakeRun, obey: Callable[[Request], object]) -> Iterator[list[Request]]:
    """A thread that reads requests as a worker does."""
    seen: list[Request] = []
    done = threading.Event()
    reader = RequestReader(run.paths)

    def watch() -> None:
        while not done.wait(0.01):
            for asked in reader.poll():
                seen.append(asked)
                obey(asked)
                reader.answered(asked)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()
