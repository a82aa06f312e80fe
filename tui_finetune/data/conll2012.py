"""CoNLL-2012: documents of sentences, a word a line with its part of speech, parse, name and coreference in brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.data.problems import PLACES_TOLD, problem, refused, told
from tui_finetune.data.textfile import TextFile, head_text
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import Progress

if TYPE_CHECKING:
    import pyarrow as pa

BEGIN, END = "#begin document", "#end document"
FEWEST = 12
"""Columns of a line: those up to the names of people and places, and coreference; predicates' are between."""
DOCUMENT, NUMBER, WORD, POS, PARSE, LEMMA, SPEAKER, NAME = 0, 2, 3, 4, 5, 6, 9, 10
KEPT = {"tokens": WORD, "pos_tags": POS, "parse": PARSE, "lemmas": LEMMA, "speakers": SPEAKER, "coref": -1}
_NAME = re.compile(r"\((?P<kind>[^*()]+)\*?|(?P<closed>\))")


def is_conll2012(path: Path) -> bool:
    """True where a document begins, or lines of many columns count their words from 0 and have brackets of a parse."""
    lines = [line for line in head_text(path, 16384).split("\n") if line.strip()]
    if lines and lines[0].startswith(BEGIN):
        return True
    rows = [line.split() for line in lines if line[0] != "#"]
    return len(rows) > 2 and all(len(row) >= FEWEST and row[NUMBER].isdecimal() and "*" in row[PARSE] for row in rows)


def read_conll2012(text: TextFile, progress: Progress) -> tuple[pa.Table, list[int], str]:
    """A row a sentence, names of people and places as BIO tags; the lines they begin on; the form in words.

    Raises DataError with every line that does not fit.
    """
    import pyarrow as pa

    columns: dict[str, list[list[str]]] = {name: [] for name in (*KEPT, "ner_tags")}
    documents, lines = [], []
    bad: list[Problem] = []
    for number, rows in _sentences(text):
        odd = next((i for i, row in enumerate(rows) if len(row) < FEWEST or len(row) != len(rows[0])), None)
        if odd is not None:
            expected = max(FEWEST, len(rows[0]))
            bad.append(problem(f"{len(rows[odd])} columns, expected {expected}.", text.path, number + odd))
            continue
        for name, at in KEPT.items():
            columns[name].append([row[at] for row in rows])
        columns["ner_tags"].append(bio([row[NAME] for row in rows]))
        documents.append(rows[0][DOCUMENT])
        lines.append(number)
    if bad:
        raise DataError(told(bad[:PLACES_TOLD], more=max(0, len(bad) - PLACES_TOLD)))
    if not lines:
        raise refused("holds no sentence.", text.path)
    progress(f"reading {text.path.name}", len(lines), len(lines))
    lists = {name: pa.array(values, pa.list_(pa.string())) for name, values in columns.items()}
    return pa.table({"document": pa.array(documents, pa.string()), **lists}), lines, "conll-2012"


def _sentences(text: TextFile) -> Iterator[tuple[int, list[list[str]]]]:
    """The line that each sentence begins on, and its words' columns."""
    rows: list[list[str]] = []
    start = 1
    with text.lines() as file:
        for number, line in enumerate(file, 1):
            cells = [] if line.startswith("#") else line.split()
            if cells:
                start = start if rows else number
                rows.append(cells)
            elif rows:
                yield start, rows
                rows = []
    if rows:
        yield start, rows


def bio(brackets: list[str]) -> list[str]:
    """`(PERSON*`, `*`, `*)` as `B-PERSON`, `I-PERSON`, `I-PERSON`; outer names where they are nested."""
    tags: list[str] = []
    inside: list[str] = []
    for cell in brackets:
        begins = not inside
        found = list(_NAME.finditer(cell))
        inside += [match["kind"] for match in found if match["kind"]]
        tags.append(f"{'B' if begins else 'I'}-{inside[0]}" if inside else "O")
        for _ in (match for match in found if match["closed"]):
            if inside:
                inside.pop()
    return tags
