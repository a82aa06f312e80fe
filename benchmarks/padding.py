"""Dynamic padding in length groups, our default, against the guide's padding to the maximum: seconds for the same rows.

python -m benchmarks.padding [--pairs 9] [--rows 320] [--max-length 128] [--data FILE] [--write]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import training
from benchmarks.common import PAIRS, Ratio, alternating, report

OURS = {"order": "length", "padding": "longest"}
GUIDES = {"order": "random", "padding": "max_length"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--rows", type=int, default=320)
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--data", type=Path, help="CSV file with text and label; else the demo's sentences")
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        data = given.data or training.write_rows(folder, given.rows)

        def timed(batching: dict[str, str]) -> float:
            return training.through_us(folder, data, max_length=given.max_length, batching=batching).seconds

        ratio = Ratio.of(alternating(lambda: timed(OURS), lambda: timed(GUIDES), given.pairs, what="padding"))
    what = given.data.name if given.data else f"{given.rows} short sentences"
    report(
        "Dynamic padding in length groups against padding to the maximum",
        [
            f"{what}, maximum {given.max_length} tokens, one epoch of MiniLM on the processor.",
            "",
            f"- Time of training, length groups / maximum: **{ratio}**.",
        ],
        write=given.write,
    )


if __name__ == "__main__":
    main()
