"""Ten million rows: pages, filters and sorts through us against DuckDB in Python with the same memory; its command line and
VisiData beside it where they are given.

python -m benchmarks.data [--rows 10000000] [--pairs 9] [--folder DIR] [--duckdb FILE] [--visidata FILE] [--write]
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import PAIRS, REPOSITORY, Ratio, alternating, report, seconds
from benchmarks.visidata import Loaded, load

ROWS = 10_000_000
TITLE = "Ten million rows"
PAGE = 40
"""Rows of a page."""
PAGES = 60
MAKE = """
SELECT 'review number ' || i || ' ' || md5(i::VARCHAR) AS text,
       CASE i % 3 WHEN 0 THEN 'good' WHEN 1 THEN 'bad' ELSE 'so so' END AS label,
       (hash(i) % 1000)::INT AS stars
FROM range({rows}) rows(i)
"""


@dataclass(frozen=True)
class Task:
    """The same question twice."""

    name: str
    wish: dict[str, Any]
    sql: str
    """After `SELECT file_row_number FROM …`."""


TASKS = (
    Task("text contains", {"filter": "9f9"}, "WHERE contains(lower(text), '9f9') OR contains(lower(label), '9f9')"),
    Task("regular expression", {"filter": "text~9f9[ab]"}, "WHERE regexp_matches(text, '9f9[ab]')"),
    Task("label", {"filter": "label=good"}, "WHERE label = 'good'"),
    Task("length", {"filter": "length>53", "inputs": ("text",)}, "WHERE length(text) > 53"),
    Task("missing", {"filter": "text:"}, r"WHERE text IS NULL OR NOT regexp_matches(text, '[^\s\p{Z}]')"),
    Task(
        "duplicates",
        {"filter": "duplicates:text"},
        "WHERE hash(text) IN (SELECT hash(text) FROM {source} GROUP BY 1 HAVING count(*) > 1)",
    ),
    Task("SQL", {"filter": "sql: stars > 990 AND label = 'good'"}, "WHERE stars > 990 AND label = 'good'"),
    Task("sorted by a number", {"sort": "stars"}, "ORDER BY stars, file_row_number"),
    Task("sorted by text", {"sort": "text"}, "ORDER BY text, file_row_number"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--folder", type=Path, help="where the set is made, and found again")
    parser.add_argument("--duckdb", type=Path, help="DuckDB's command line")
    parser.add_argument("--visidata", type=Path, help="VisiData's folder of packages, as pip install --target makes it")
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = given.folder or Path(name)
        parquet, csv = make(folder, given.rows)
        lines = [*_queries(parquet, Path(name), given.pairs, given.duckdb), "", *_opened(parquet, csv, Path(name))]
        lines += ["", *_shown(parquet, given.pairs)]
        if given.visidata is not None:
            lines += ["", _visidata(load(given.visidata, csv, given.rows))]
    report(TITLE, lines, write=given.write)


def make(folder: Path, rows: int) -> tuple[Path, Path]:
    """The set as Parquet and as CSV."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    parquet, csv = folder / f"{rows}.parquet", folder / f"{rows}.csv"
    for path, form in ((parquet, "FORMAT parquet"), (csv, "FORMAT csv, HEADER true")):
        if not path.is_file():
            duckdb.sql(f"COPY ({MAKE.format(rows=rows)}) TO '{path}' ({form})")
    return parquet, csv


# Queries


def ours(stored: Any, task: Task, target: Path) -> int:
    """Rows that the task finds: their numbers lie in the file."""
    from tui_finetune.data.view import Wish, write_rows

    return write_rows(stored, Wish(**task.wish), target)[0]


def theirs(parquet: Path, task: Task, scratch: Path) -> int:
    """The same by DuckDB alone: the numbers are taken as they come."""
    import duckdb

    from tui_finetune.data.scan.locked import MEMORY, THREADS

    config = {"threads": str(THREADS), "memory_limit": MEMORY, "temp_directory": str(scratch)}
    with duckdb.connect(config=config) as duck:
        return sum(batch.num_rows for batch in duck.sql(sql_of(parquet, task)).to_arrow_reader(100_000))


def sql_of(parquet: Path, task: Task) -> str:
    source = f"read_parquet('{parquet}', file_row_number = true)"
    return f"SELECT file_row_number FROM {source} {task.sql.replace('{source}', source)}"


def _queries(parquet: Path, scratch: Path, pairs: int, command_line: Path | None) -> list[str]:
    from tui_finetune.data.scan.locked import MEMORY
    from tui_finetune.data.scan.stored import stored_in

    stored = stored_in(opened(parquet, scratch))
    lines = [
        f"{stored.rows:,} rows, {parquet.stat().st_size / 1e6:.0f} MB of Parquet; both with {MEMORY} and a temporary folder.",
        "",
        "| rows that are found, or all in order | ours / DuckDB in Python | ours, s | its command line, s |",
        "|---|---|---|---|",
    ]
    for task in TASKS:
        found = {ours(stored, task, scratch / "rows.i8"), theirs(parquet, task, scratch)}
        assert len(found) == 1, (task.name, found)
        timed = alternating(
            lambda task=task: _timed(lambda: ours(stored, task, scratch / "rows.i8")),  # type: ignore[misc]
            lambda task=task: _timed(lambda: theirs(parquet, task, scratch)),  # type: ignore[misc]
            pairs,
            what=task.name,
        )
        median = statistics.median(a for a, _ in timed)
        beside = _by_command_line(command_line, parquet, task, scratch) if command_line else "–"
        lines.append(f"| {task.name}: {found.pop():,} | {Ratio.of(timed)} | {median:.2f} | {beside} |")
    return lines


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _by_command_line(command: Path, parquet: Path, task: Task, scratch: Path) -> str:
    """Median seconds of the whole process, which adds up the numbers in place of printing them; or why there are none."""
    from tui_finetune.data.scan.locked import MEMORY

    settings = f"SET memory_limit = '{MEMORY}'; SET temp_directory = '{scratch}'; "
    query = f"{settings}SELECT sum(file_row_number) FROM ({sql_of(parquet, task)});"
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        ran = subprocess.run([str(command), "-c", query], capture_output=True)
        if ran.returncode:
            return "out of memory" if b"Out of Memory" in ran.stderr else f"ended with {ran.returncode}"
        taken.append(time.perf_counter() - started)
    return f"{statistics.median(taken):.2f}"


# Opening and pages


def opened(path: Path, home: Path) -> Path:
    """The file of its split, through the public door."""
    from tui_finetune.data.large import open_large, plan
    from tui_finetune.data.opening import Wanted
    from tui_finetune.plugin_api import no_progress
    from tui_finetune.plugin_api.manager import load_catalog

    found = plan(Wanted(None, str(path)), load_catalog(None, third_party=False))
    assert found is not None
    return open_large(found, home, no_progress).splits["train"].arrow


def _opened(parquet: Path, csv: Path, scratch: Path) -> list[str]:
    from tui_finetune.data.desk import Desk, DeskSpec
    from tui_finetune.paths import Home

    desk = Desk(DeskSpec(Home(scratch / "home"), third_party=False))
    desk.ask("warm", {})
    lines = [
        "| opened by the screen's helper | first rows, s | all of it, s | labels and lengths, s | the helper's peak, MB |",
        "|---|---|---|---|---|",
    ]
    try:
        for path in (parquet, csv):
            lines.append(_one_opened(desk, path))
    finally:
        desk.close()
    return lines


def _one_opened(desk: Any, path: Path) -> str:
    from tui_finetune.data.windows import open_reader

    started, told = time.perf_counter(), []

    def tell(event: Any) -> None:
        split = event["opened"]["splits"][0]
        reader = open_reader(Path(split["arrow"]))
        reader.cells(range(PAGE), [name for name, _, _ in event["opened"]["columns"]])
        told.append((time.perf_counter() - started, split["arrow"], reader))

    desk.ask("open", {"path": str(path)}, told=tell)
    looked = time.perf_counter() - started
    desk.ask("view", {"arrow": told[-1][1], "wish": {"sort": "text"}})
    peak = _peak(desk.pid)
    pages = _pages(told[-1][2])
    print(f"{path.name}: {pages}", file=sys.stderr)
    what = f"{path.suffix[1:].upper()}, {path.stat().st_size / 1e6:.0f} MB; {pages}"
    return f"| {what} | {told[0][0]:.2f} | {told[-1][0]:.2f} | {looked:.2f} | {peak:.0f} |"


def _pages(reader: Any) -> str:
    """Milliseconds of pages: anywhere, and of rows that lie here and there, as a sorted page does."""
    draw = random.Random(0)
    rows, names = len(reader), ["text", "label", "stars"]
    starts = [0, rows - PAGE, *(draw.randrange(rows - PAGE) for _ in range(PAGES))]
    anywhere = [1e3 * _timed(lambda at=at: reader.cells(range(at, at + PAGE), names)) for at in starts]  # type: ignore[misc]
    apart = [1e3 * _timed(lambda: reader.cells(draw.sample(range(rows), 16), names)) for _ in range(PAGES)]
    return f"a page {_spread(anywhere)}, 16 rows of a sorted one {_spread(apart)}"


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} ms (most {max(values):.0f})"


def _peak(pid: int) -> float:
    """Megabytes that a process has taken at most."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))


def _shown(parquet: Path, pairs: int) -> list[str]:
    """The last page by the verb, against Python that imports DuckDB and asks for the same."""
    offset = int(parquet.stem) - 20
    bare = f"import duckdb; duckdb.sql(\"SELECT * FROM '{parquet}' LIMIT 20 OFFSET {offset}\").fetchall()"
    verb = ["-m", "tui_finetune", "data", "show", str(parquet), "--rows", "20", "--offset", str(offset), "--json"]
    timed = alternating(
        lambda: seconds([sys.executable, *verb]), lambda: seconds([sys.executable, "-c", bare]), pairs, what="data show"
    )
    median = statistics.median(a for a, _ in timed)
    peak = _peak_of([sys.executable, *verb])
    told = f"{Ratio.of(timed)}, {median:.2f} s, {peak:.0f} MB"
    return [f"- The last 20 rows by `data show --rows --offset`, against `python -c 'import duckdb …'`: {told}."]


def _peak_of(command: list[str]) -> float:
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
    code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000)"
    ran = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, check=True, cwd=REPOSITORY)
    return float(ran.stdout)


def _visidata(found: Loaded) -> str:
    whole = (
        f"all of it after {found.whole:.0f} s"
        if found.whole is not None
        else f"not all of it within {found.waited:.0f} s"
    )
    return f"- VisiData with the CSV file: first rows after {found.first:.2f} s, {whole}, {found.memory:,.0f} MB of memory then."


if __name__ == "__main__":
    main()
