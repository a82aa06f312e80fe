"""The interface in a pseudo-terminal, beside a bare Textual app with a table: start, keys, bytes, memory, thin lines.

python -m benchmarks.ui [--pairs 9] [--only NAME …] [--write]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.common import report
from benchmarks.ui_lines import bytes_sent, thin_line
from benchmarks.ui_screens import first_paint, keys_under_load, long_run, memory

MEASURED: Mapping[str, Callable[[Path, int], Sequence[str]]] = {
    "first-paint": first_paint,
    "keys": keys_under_load,
    "bytes": bytes_sent,
    "thin-line": thin_line,
    "long-run": long_run,
    "memory": memory,
}
"""Each is given an empty folder and a number of pairs, and returns rows of the table."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--only", choices=MEASURED, nargs="+", default=list(MEASURED))
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    given = parser.parse_args()
    rows = ["| what | measured | goal |", "|---|---|---|"]
    for name in given.only:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            found = MEASURED[name](Path(folder), given.pairs)
        print(*found, sep="\n", flush=True)
        rows += found
    note = [
        "",
        "Beside it: a Textual app that is a DataTable and nothing else (`benchmarks/bare_app.py`), in turns, in the same kind of",
        "terminal, which answers questions as xterm does. The thin line is a pseudo-terminal that takes and gives bytes at that",
        "rate and delay (`tests/ui/line.py`), uncompressed; the kernel here has no netem.",
        "What the data helper takes is pyarrow, duckdb and the plugins' imports, in a process that ends after 15 minutes",
        "without a question.",
    ]
    report("The interface", rows + note, write=given.write and len(given.only) == len(MEASURED))


if __name__ == "__main__":
    main()
