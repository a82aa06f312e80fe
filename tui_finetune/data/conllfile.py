"""CoNLL files: sentences of words with columns of tags, parted by tabs or blanks; CoNLL-U; words alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.data.problems import PLACES_TOLD, listed, problem, refused, told
from tui_finetune.data.textfile import TextFile, head_text
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import Progress

if TYPE_CHECKING:
    import pyarrow as pa

UNIVERSAL = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
"""Columns of CoNLL-U."""
_NAMES = {
    1: ("tokens",),
    2: ("tokens", "tags"),
    3: ("tokens", "pos_tags", "tags"),
    4: ("tokens", "pos_tags", "chunk_tags", "ner_tags"),
}
"""Names by the number of columns: four are CoNLL-2003's."""
_DOCUMENT = "-DOCSTART-"
_TAG = re.compile(r"(O|[BIESLU]-\S+|_)$")
_ID = re.compile(r"\d+([-.]\d+)?$")
_KEPT = {"form": "tokens", "lemma": "lemmas", "upos": "upos", "xpos": "xpos", "feats": "feats", "deprel": "deprel"}

Line = tuple[int, list[str]]


def looks_like_conll(path: Path) -> bool:
    """True where short lines of a word and tags stand in groups with empty lines between."""
    lines = head_text(path, 16384).split("\n")
    rows = [line.split("\t") if "\t" in line else line.split() for line in lines if line.strip() and line[0] != "#"]
    if len(rows) < 3 or not any(not line.strip() for line in lines[1:-1]):
        return False
    widths = Counter(len(row) for row in rows)
    width, count = widths.most_common(1)[0]
    if not 2 <= width <= len(UNIVERSAL) or count < 0.95 * len(rows):
        return False
    words = [row[0] for row in rows if len(row) == width]
    if any(" " in word for word in words):
        return False
    tags = {row[-1] for row in rows if len(row) == width}
    return all(_TAG.match(tag) for tag in tags) or (width == len(UNIVERSAL) and all(_ID.match(word) for word in words))


def read_conll(
    text: TextFile,
    *,
    names: Sequence[str] | None,
    word_column: int | None,
    tag_column: int | None,
    progress: Progress,
) -> tuple[pa.Table, list[int], str, list[str]]:
    """A row a sentence with its columns as lists; the lines they begin on; the form in words; notes.

    Raises DataError with every line that does not fit.
    """
    import pyarrow as pa

    tab = _by_tab(text)
    width, universal = _width(text, tab)
    columns = _columns(text, width, universal, names, word_column, tag_column)
    sentences, lines, empty = _sentences(text, tab, width, universal, progress)
    if not sentences:
        raise refused("holds no sentence.", text.path)
    table = pa.table(
        {
            name: pa.array([[row[i] for row in rows] for rows in sentences], pa.list_(pa.string()))
            for i, name in columns.items()
        }
    )
    notes = [f"{empty:,} lines of {text.path.name} have no word; its sign is missing there."] if empty else []
    form = "conllu" if universal else "conll"
    return table, lines, f"{form}, {'tab' if tab else 'blank'}, {width} column{'s' if width > 1 else ''}", notes


def _by_tab(text: TextFile) -> bool:
    with text.lines() as file:
        for _, line in zip(range(500), (line for line in file if line.strip() and line[0] != "#"), strict=False):
            if "\t" in line.strip("\r\n").rstrip("\t"):
                return True
    return False


def _rows(text: TextFile, tab: bool) -> Iterator[Line]:
    """Line number and cells; none for a line that ends a sentence."""
    with text.lines() as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\r\n")
            if not line.strip():
                yield number, []
            elif tab:
                yield number, line.split("\t")
            else:
                yield number, line.split()


def _width(text: TextFile, tab: bool) -> tuple[int, bool]:
    """The usual number of cells, and whether this is CoNLL-U."""
    widths: Counter[int] = Counter()
    ids = words = 0
    for _, row in _rows(text, tab):
        if row and not row[0].startswith((_DOCUMENT, "# ", "#\t")):
            widths[len(row)] += 1
            words += 1
            ids += bool(_ID.match(row[0]))
            if words > 2000:
                break
    if not widths:
        raise refused("holds no word.", text.path)
    width = widths.most_common(1)[0][0]
    return width, width == len(UNIVERSAL) and ids > 0.95 * words


def _columns(
    text: TextFile, width: int, universal: bool, names: Sequence[str] | None, word: int | None, tag: int | None
) -> dict[int, str]:
    """Index of the cell to name of the column."""
    too_far = [n for n in (word, tag) if n is not None and n > width]
    if too_far:
        raise refused(f"has {width} columns; there is no column {too_far[0]}.", text.path)
    if names is not None:
        if len(names) != width:
            raise refused(f"has {width} columns, but data.options.names has {len(names)} names.", text.path)
        if len(set(names)) < len(names):
            raise refused("data.options.names names something twice.", text.path)
        return dict(enumerate(names))
    if universal:
        found = {i: _KEPT[name] for i, name in enumerate(UNIVERSAL) if name in _KEPT}
    else:
        usual = _NAMES.get(width) or ("tokens", *(f"column{i + 1}" for i in range(1, width - 1)), "tags")
        found = dict(enumerate(usual))
    if word is not None and found.get(word - 1) != "tokens":
        found = {i: name for i, name in found.items() if name != "tokens"} | {word - 1: "tokens"}
    if tag is not None:
        found = {i: name for i, name in found.items() if name != "tags"} | {tag - 1: "tags"}
    return found


def _sentences(
    text: TextFile, tab: bool, width: int, universal: bool, progress: Progress
) -> tuple[list[list[list[str]]], list[int], int]:
    """The sentences as lists of cells; the lines they begin on; and how many lines have an empty word."""
    found: list[list[list[str]]] = []
    lines: list[int] = []
    bad: list[Problem] = []
    odd = empty = 0
    sentence: list[list[str]] = []
    for number, row in _rows(text, tab):
        if not row:
            if sentence:
                found.append(sentence)
                sentence = []
                if len(found) % 20_000 == 0:
                    progress(f"reading {text.path.name}", len(found), None)
            continue
        if row[0] == _DOCUMENT or (universal and row[0].startswith("#")):
            continue
        if universal and len(row) == width and not row[0].isdecimal():
            continue  # `8-9` is a word written as one, `8.1` an empty node
        if len(row) != width:
            if _is_comment(row, sentence):
                continue
            odd += 1
            if len(bad) < PLACES_TOLD:
                cells = "1 column" if len(row) == 1 else f"{len(row)} columns"
                bad.append(problem(f"{cells}, expected {width}: {listed(row)[:60]}.", text.path, number))
            continue
        empty += not row[0]
        if not sentence:
            lines.append(number)
        sentence.append(row)
    if odd:
        raise DataError(told(bad, more=odd - len(bad)))
    if sentence:
        found.append(sentence)
    return found, lines, empty


def _is_comment(row: Sequence[str], sentence: Sequence[object]) -> bool:
    """`# sent_id = 3` before a sentence."""
    return not sentence and row[0].startswith("#") and (row[0] == "#" or " " in row[0] or len(row) == 1)
