"""One query run to its end: its row numbers into a file as they come, how far it is told, ended where nobody wants it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.data.scan.locked import refused_where
from tui_finetune.plugin_api import Progress

if TYPE_CHECKING:
    import duckdb

LOOK_SECONDS = 0.05
"""So often is progress told, and asked whether the answer is wanted still."""
BATCH = 100_000
"""Row numbers that are held at a time."""


def numbers_into(
    duck: duckdb.DuckDBPyConnection, query: str, target: Path, said: str, what: str, rows: int, progress: Progress
) -> int:
    """Writes the one column of a query, eight bytes a row; how many there are. Whatever `progress` raises ends it.

    said: what a person typed, for the message; rows: that are looked at. Raises DataError where DuckDB refuses the query.
    """
    count = 0

    def work() -> None:
        nonlocal count
        with target.open("wb") as file:
            for batch in duck.sql(query).to_arrow_reader(BATCH):
                file.write(memoryview(batch.column(0).to_numpy()))
                count += batch.num_rows

    watched(duck, work, said, what, rows, progress)
    return count


def watched(
    duck: duckdb.DuckDBPyConnection, work: Callable[[], None], said: str, what: str, rows: int, progress: Progress
) -> None:
    """Does some work with the connection in a thread, and tells how far its query is. Whatever `progress` raises ends it."""
    import duckdb

    failed: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            failed.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=run, name="query", daemon=True)
    thread.start()
    try:
        progress(what, 0, None)
        while not done.wait(LOOK_SECONDS):
            share = max(0.0, duck.query_progress()) / 100
            progress(what, int(share * rows), rows)
    except BaseException:
        while not done.wait(LOOK_SECONDS):
            duck.interrupt()  # again and again: between two queries there is nothing to interrupt
        raise
    if failed:
        if isinstance(failed[0], duckdb.Error):
            raise refused_where(said, failed[0], "filter") from failed[0]
        raise failed[0]
