"""stdlib-docs: which chapter of the Library Reference a docstring belongs to. Real text that every Python brings along."""

from __future__ import annotations

import ast
import os
import platform
import re
import sys
import sysconfig
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tui_finetune.builtin.sources.library_chapters import CHAPTERS, chapter_of
from tui_finetune.data.cache import cached, fingerprint
from tui_finetune.plugin_api import (
    DataError,
    Opened,
    OpenRequest,
    Problem,
    Progress,
    Source,
    columns_of,
    no_progress,
    row_hash,
    write_split,
)

SHORTEST = 25
"""Characters; what is shorter ("Return repr(self).") tells nothing of its module."""
ROWS_A_CHAPTER = 100
"""A chapter with fewer sentences is left out: there would be ten to test on."""
VERSION = 1
"""Part of the cache's name: change it when the rows of a given Python change."""

_HUNDREDTHS = {"train": range(60), "validation": range(60, 70), "test": range(70, 100)}
"""Which hundredths of the hashes belong to which split. A test of 1,500 rows tells a model from a baseline that is two
points behind; one of 500 does not."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"'(])")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)

Row = Mapping[str, str]


class StdlibDocs(Source):
    name = "stdlib-docs"
    help = "First sentences of the standard library's docstrings, labelled with their chapter of the Library Reference."
    needs_path = False

    def open(self, request: OpenRequest, progress: Progress = no_progress) -> Opened:
        library = Path(sysconfig.get_path("stdlib"))
        modules = _modules(library)
        facts = {"version": VERSION, "chapters": CHAPTERS, "python": sys.version, "modules": _stats(library, modules)}
        return cached(
            request.cache, f"{self.name}-{fingerprint(facts)}", lambda folder: _make(folder, library, modules, progress)
        )


def _make(folder: Path, library: Path, modules: Sequence[str], progress: Progress) -> Opened:
    import pyarrow as pa

    rows, left_out = _chapters_with_enough(_without_duplicates(_read(library, modules, progress)))
    if len({row["label"] for row in rows}) < 2:
        raise DataError(
            Problem(
                f"the standard library at {library} holds no two chapters of docstrings: its sources are not installed.",
                key="data.source",
                hint="Use a Python whose library comes as .py files, or data of your own.",
            )
        )
    schema = pa.schema([("text", pa.string()), ("label", pa.string()), ("object", pa.string())])
    parts: dict[str, list[Row]] = {name: [] for name in _HUNDREDTHS}
    for row in rows:
        parts[split_of(row)].append(row)
    splits = {
        name: write_split(folder, name, part, schema=schema, place=f"{StdlibDocs.name}/{name}")
        for name, part in parts.items()
    }
    python = platform.python_version()
    notes = [f"Left out, fewer than {ROWS_A_CHAPTER} sentences: {', '.join(left_out)}."] if left_out else []
    return Opened(StdlibDocs.name, f"docstrings of Python {python}", splits, columns_of(schema), notes=tuple(notes))


def split_of(row: Row) -> str:
    """By the hash of the row: the same row is in the same split, whatever else is there."""
    hundredth = int(row_hash(row), 16) % 100
    return next(name for name, hundredths in _HUNDREDTHS.items() if hundredth in hundredths)


def _modules(library: Path) -> list[str]:
    """Files of the library that belong to a chapter, relative to it, in order."""
    found = []
    for folder, folders, files in os.walk(library):
        inside = Path(folder).relative_to(library)
        folders[:] = [name for name in folders if chapter_of(".".join((*inside.parts, name)))]
        found += [(inside / name).as_posix() for name in files if name.endswith(".py")]
    return sorted(path for path in found if chapter_of(module_name(path)))


def module_name(path: str) -> str:
    """`email/message.py` as `email.message`, `email/__init__.py` as `email`."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _stats(library: Path, modules: Iterable[str]) -> list[tuple[str, int]]:
    return [(path, (library / path).stat().st_size) for path in modules]


def _read(library: Path, modules: Sequence[str], progress: Progress) -> Iterator[Row]:
    for index, path in enumerate(modules):
        progress("reading docstrings", index + 1, len(modules))
        module = module_name(path)
        chapter = chapter_of(module)
        if chapter is None:
            continue
        for name, text in documented(library / path):
            yield {"text": text, "label": chapter, "object": f"{module}.{name}".rstrip(".")}


def documented(path: Path) -> Iterator[tuple[str, str]]:
    """Docstrings of a file with a long enough first sentence: qualified name and sentence. Runs nothing of it."""
    try:
        with warnings.catch_warnings(action="ignore"):  # invalid escapes in old modules
            tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return  # a template or a broken file among hundreds costs its own sentences only
    for name, node in _named(tree, ""):
        sentence = first_sentence(ast.get_docstring(node) or "")
        if len(sentence) >= SHORTEST:
            yield name, sentence


def _named(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, name: str
) -> Iterator[tuple[str, Any]]:
    """The node and all that is defined in it, with qualified names, in order of the file."""
    yield name, node
    inner: list[ast.AST] = list(node.body)
    while inner:
        child = inner.pop(0)
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _named(child, f"{name}.{child.name}" if name else child.name)
        elif isinstance(child, ast.stmt | ast.excepthandler):
            inner[:0] = ast.iter_child_nodes(child)


def first_sentence(docstring: str) -> str:
    """The first sentence of the first paragraph, on one line."""
    paragraph = re.split(r"\n\s*\n", docstring.strip(), maxsplit=1)[0]
    return _SENTENCE_END.split(" ".join(paragraph.split()), maxsplit=1)[0]


def _without_duplicates(rows: Iterable[Row]) -> list[Row]:
    """Each sentence once; one that stands in several chapters tells of none and goes."""
    kept: dict[str, Row | None] = {}
    for row in rows:
        there = kept.setdefault(row["text"], row)
        if there is not None and there["label"] != row["label"]:
            kept[row["text"]] = None
    return [row for row in kept.values() if row is not None]


def _chapters_with_enough(rows: Sequence[Row]) -> tuple[list[Row], list[str]]:
    counts = Counter(row["label"] for row in rows)
    return (
        [row for row in rows if counts[row["label"]] >= ROWS_A_CHAPTER],
        sorted(label for label, count in counts.items() if count < ROWS_A_CHAPTER),
    )
