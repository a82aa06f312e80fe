"""What was measured: kept as JSON by the tests that TEST_RELIABILITY names a file to, and told as docs/reliability.md.

`make reliability` measures all rows and writes the page; `make docs` writes the page from the figures that are there:
python -m tests.faults.record > docs/reliability.md
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults.rows import FAULTS

KEPT = Path(__file__).resolve().parent.parent.parent / "docs" / "reliability.json"
VARIABLE = "TEST_RELIABILITY"
HEAD = """# What can happen to a run

Each row was done for real to a run that trains, by the tests in `tests/faults`; `make reliability` does all of them again
and writes this page. No figure here is an estimate: a row that was not measured says so.

- *seen*: the run's state and words, as `runs`, `show` and the interface say them.
- *then*: what brings the run to its end.
- *again*: optimizer steps that are done a second time; it is never more than those since the newest whole checkpoint (every
  4 steps here).
- *seconds*: from that act until the run is past the place where it was. The tests fork their workers from a process that has
  imported torch: where a person's worker is started, {import_seconds} are to be added for imports.
- *same*: whether the final weights have the SHA-256 of those of a run to which nothing happened.

Measured {when} on {machine}.
"""


WEAK = """
## How it was done, and what is weak

- *A worker that hangs* is seen by its standing still: after 10 minutes of training, 15 of anything else. It says so, and a person
  ends it with `abort`; nothing starts it again by itself.
- *A worker that is killed* cannot send a notice. Its keeper does, where there is one; else the interface, where one is open.
- *A restart of the machine* ends the keeper too: the run waits for a person. It was not really restarted here: the boot id in
  process.json was replaced, which is what a reader sees after one. *Another machine* likewise.
- *The clock* that jumps is the worker's own; readers and the machine kept theirs.
- *The disk that turns read-only* is an ext4 in a file, told by the kernel that it has an error; the run is resumed after
  e2fsck, with what had not reached the disk lost. The same is true after a power cut.
- *The run directory that is deleted* takes the run with it: the worker ends at the next heartbeat, and nothing comes back.
- Threads of native code that never give the interpreter back are ended by `abort` after 10 s (0.5 s in the rows above).
""".splitlines()


@dataclass(frozen=True)
class Measured:
    """What came of one fault."""

    seen: str
    then: str
    again: int | None
    """None where nothing was to be done again: nothing was lost, or nothing goes on."""
    seconds: float | None
    same: bool | None
    """None where the run ends there."""


def keep(row: str, measured: Measured) -> None:
    """Puts a row into the file of figures, where one is named."""
    if row not in FAULTS:
        raise KeyError(f"{row} is no row of tests/faults/rows.py")
    named = os.environ.get(VARIABLE)
    if named:
        _merge(Path(named), {"rows": {row: asdict(measured)}})


def keep_fact(name: str, value: Any) -> None:
    """A figure beside the rows."""
    named = os.environ.get(VARIABLE)
    if named:
        _merge(Path(named), {"facts": {name: value}})


def _merge(path: Path, found: Mapping[str, Mapping[str, Any]]) -> None:
    kept = json.loads(path.read_text()) if path.exists() else {}
    for part, values in found.items():
        kept.setdefault(part, {}).update(values)
    kept["when"] = f"{datetime.now(UTC):%Y-%m-%d}"
    kept["machine"] = (
        f"{os.cpu_count()} cores, Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"
    )
    path.write_text(json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def page(kept: Mapping[str, Any]) -> str:
    """docs/reliability.md from the figures."""
    rows: Mapping[str, Any] = kept.get("rows", {})
    facts = kept.get("facts", {})
    seconds = facts.get("import_seconds")
    head = HEAD.format(
        import_seconds=f"{seconds:.0f} s" if seconds else "some seconds",
        when=kept.get("when", "never"),
        machine=kept.get("machine", "no machine"),
    )
    lines = [head]
    group = None
    for name, fault in FAULTS.items():
        if fault.group != group:
            group = fault.group
            lines += [
                f"\n## {group}\n",
                "| what is done | seen | then | again | seconds | same |",
                "|---|---|---|---|---|---|",
            ]
        lines.append(_line(fault.what, rows.get(name)))
    return "\n".join([*lines, *_not_measured(rows), *WEAK])


def _line(what: str, row: Mapping[str, Any] | None) -> str:
    if row is None:
        return f"| {what} | not measured | | | | |"
    again = "–" if row["again"] is None else str(row["again"])
    seconds = "–" if row["seconds"] is None else f"{row['seconds']:.1f}"
    same = {True: "yes", False: "**no**", None: "–"}[row["same"]]
    return f"| {what} | {_cell(row['seen'])} | {_cell(row['then'])} | {again} | {seconds} | {same} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _not_measured(rows: Mapping[str, Any]) -> list[str]:
    away = [name for name in FAULTS if name not in rows]
    return ["", f"Not measured on this machine: {', '.join(away)}."] if away else []


def main() -> None:
    sys.stdout.write(page(json.loads(KEPT.read_text()) if KEPT.exists() else {}))


if __name__ == "__main__":
    main()
