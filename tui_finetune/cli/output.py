"""stdout is data. The only module that prints to it; `--json` prints exactly one JSON document."""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tui_finetune.errors import UserError
from tui_finetune.text import Shown, pad

_BLANK = Shown("")


def finite(value: Any) -> Any:
    """`value` with numbers that are not finite as the strings `nan`, `inf`, `-inf`, and paths as strings: valid JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, dict):
        return {str(k): finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    if isinstance(value, Path):
        return str(value)
    return value


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
    text = json.dumps(finite(document), ensure_ascii=False, indent=2, allow_nan=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(finite(document), indent=2, allow_nan=False)
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
    from tui_finetune.text import cell_width

    cells = [[Shown(h) for h in head], *rows]
    widths = [max(cell_width(row[i]) for row in cells) for i in range(len(head))]
    return [
        Shown("  ".join(pad(cell, widths[i], right=i in right) for i, cell in enumerate(row)).rstrip()) for row in cells
    ]


def print_raw(text: str) -> None:
    """A document made by us (a recipe, a schema) as it is: for redirection into a file."""
    sys.stdout.write(text)
    sys.stdout.flush()
