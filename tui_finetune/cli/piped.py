"""Data that come through a pipe, `-`: brought into a file, by its beginning of the kind that it is."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tui_finetune.errors import UserError

PIPE = "-"
HEAD = 1 << 16
_BEGINNINGS = (
    (b"PAR1", ".parquet"),
    (b"ARROW1", ".arrow"),
    (b"SQLite format 3\x00", ".db"),
    (b"\x1f\x8b", ".gz"),
    (b"\x28\xb5\x2f\xfd", ".zst"),
    (b"BZh", ".bz2"),
    (b"\xfd7zXZ", ".xz"),
    (b"PK\x03\x04", ".zip"),
)


@contextlib.contextmanager
def piped(paths: Sequence[str], source: str | None) -> Iterator[tuple[str, ...]]:
    """The paths, `-` among them as a file that holds what standard input gives, for as long as this lasts."""
    if PIPE not in paths:
        yield tuple(paths)
        return
    if sys.stdin.isatty():
        raise UserError("- reads a pipe, and standard input is a terminal: … | tui-finetune data show -")
    with tempfile.TemporaryDirectory(prefix="tui-finetune-pipe-") as folder:
        stream = sys.stdin.buffer
        head = stream.read(HEAD)
        if not head.strip():
            raise UserError("- is empty: nothing came through the pipe.")
        path = Path(folder) / f"stdin{ending_of(head, source)}"
        with path.open("wb") as file:
            file.write(head)
            shutil.copyfileobj(stream, file, 1 << 20)
        yield tuple(str(path) if one == PIPE else one for one in paths)


def ending_of(head: bytes, source: str | None) -> str:
    """The ending that a file of this beginning would have; none where its source is named, or its look has to tell."""
    for beginning, ending in _BEGINNINGS:
        if head.startswith(beginning):
            return _packed(head, ending) if ending in (".gz", ".zst", ".bz2", ".xz") else ending
    if source is not None:
        return ""
    text = head.decode("utf-8-sig", "replace").lstrip()
    if text.startswith("["):
        return ".json"
    if text.startswith("{"):
        return ".jsonl" if _is_object(text.partition("\n")[0]) and "\n" in text.strip() else ".json"
    first = text.partition("\n")[0]
    return ".tsv" if "\t" in first else ".csv" if "," in first or ";" in first else ".txt"


def _packed(head: bytes, ending: str) -> str:
    """`.csv.gz`: what is in it is known by its look only where that can be unpacked by its beginning."""
    if ending != ".gz":
        return f".csv{ending}"
    import zlib

    inner = zlib.decompressobj(wbits=31).decompress(head, HEAD)
    return f"{ending_of(inner, None)}{ending}"


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
