"""stdout is data. The only module that prints to it; `--json` prints exactly one JSON document."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from tui_finetune.errors import UserError
from tui_finetune.runs.atomic import finite
from tui_finetune.text import Shown, aligned, cell_width, pad, safe_json

_BLANK = Shown("")
LEAST_CELLS = 20
"""A last column that has less room is left to the terminal to break."""


class _Printed:
    """Whether this call has printed its JSON document."""

    document = False


def begin() -> None:
    """A new call: nothing is printed yet."""
    _Printed.document = False


def printed() -> bool:
    """Whether a JSON document was printed, or begun: a second one would spoil it."""
    return _Printed.document


def _as_text(document: Any) -> str:
    """JSON that stdout can encode: other characters escaped where it is not UTF-8, and where they are halves of one."""
    text = safe_json(json.dumps(finite(document), ensure_ascii=False, indent=2, allow_nan=False, default=os.fspath))
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(json.loads(text), indent=2)
    return text


def print_json(document: Any) -> None:
    """One JSON document and a newline."""
    _Printed.document = True
    sys.stdout.write(_as_text(document) + "\n")
    sys.stdout.flush()


@contextlib.contextmanager
def json_list() -> Iterator[Callable[[Any], None]]:
    """One JSON list, written item by item as they come: a million answers are never held at once.

    Where the verb fails on the way the list is closed after what it has; before the first item nothing is printed.
    """
    first = True

    def item(document: Any) -> None:
        nonlocal first
        _Printed.document = True
        indented = "\n".join(f"  {line}" for line in _as_text(document).split("\n"))
        sys.stdout.write(("[\n" if first else ",\n") + indented)
        first = False

    try:
        yield item
    except UserError:
        if not first:
            sys.stdout.write("\n]\n")
        raise
    _Printed.document = True
    sys.stdout.write("[]\n" if first else "\n]\n")
    sys.stdout.flush()


def print_line(line: Shown = _BLANK) -> None:
    sys.stdout.write(line.rstrip() + "\n")


def flush() -> None:
    """Lets a reader of a pipe see what was printed so far."""
    sys.stdout.flush()


def print_lines(lines: Iterable[Shown]) -> None:
    for line in lines:
        print_line(line)


def table(head: Sequence[str], rows: Sequence[Sequence[Shown]], *, right: Sequence[int] = ()) -> list[Shown]:
    """Aligned lines; columns named in `right` (by index) are right-aligned, their headings too."""
    return aligned([[Shown(h) for h in head], *rows], right)


def wrapped_table(head: Sequence[str], rows: Sequence[Sequence[Shown]]) -> list[Shown]:
    """A table whose last column goes on below itself on a terminal; in a pipe a row stays a line."""
    import textwrap

    first = table(head[:-1], [row[:-1] for row in rows])
    indent = max(cell_width(line) for line in first) + 2
    room = shutil.get_terminal_size().columns - 1 - indent
    if not sys.stdout.isatty() or room < LEAST_CELLS:
        return table(head, rows)
    lines = []
    for line, last in zip(first, [Shown(head[-1]), *(row[-1] for row in rows)], strict=True):
        parts = textwrap.wrap(last, room, break_on_hyphens=False) or [""]
        lines.append(Shown(f"{pad(line, indent)}{parts[0]}".rstrip()))
        lines += [Shown(" " * indent + part) for part in parts[1:]]
    return lines


def print_raw(text: str) -> None:
    """A document made by us (a recipe, a schema) as it is: for redirection into a file."""
    sys.stdout.write(text)
    sys.stdout.flush()
