"""Files that belong together line by line: a text and its translation, texts and their labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tui_finetune.data.file_names import LANGUAGES
from tui_finetune.data.textfile import head_text

SIDES = LANGUAGES | {"source", "target"}
_TEXTS = re.compile(r"^(.+)[._-](texts?|sentences?|sents?|inputs?)$", re.I)
_LABELS = re.compile(r"^(.+)[._-](labels?|tags?|y)$", re.I)
_ENDINGS = ("", ".txt")
LABEL_WORDS = 3
"""Words that a label has at most."""


@dataclass(frozen=True)
class Pair:
    """Files of which line i belongs to line i."""

    stem: str
    """What their names have in common: `train`."""
    columns: tuple[str, ...]
    files: tuple[Path, ...]


def pairs_in(files: Sequence[Path]) -> list[list[Pair]]:
    """The pairs among files of a folder, those with the same columns together; texts with labels first."""
    pairs = [*_with_labels(files), *_languages(files)]
    pairs.sort(key=lambda pair: (pair.columns != ("text", "label"), pair.columns))
    return [list(group) for _, group in groupby(pairs, key=lambda pair: pair.columns)]


def _with_labels(files: Sequence[Path]) -> list[Pair]:
    """`train_text.txt` and `train_labels.txt`; `train.txt` and `train.labels`."""
    plain = [file for file in files if file.suffix.lower() in (*_ENDINGS, ".text", ".labels", ".label")]
    names = {file: _bare(file) for file in plain}
    texts = {match.group(1): file for file, name in names.items() if (match := _TEXTS.match(name))}
    texts |= {name: file for file, name in names.items() if name not in texts and not _LABELS.match(name)}
    found = []
    for file, name in names.items():
        match = _LABELS.match(name)
        text = texts.get(match.group(1)) if match else None
        if match is not None and text is not None and _short(file):
            found.append(Pair(match.group(1), ("text", "label"), (text, file)))
    return found


def _bare(file: Path) -> str:
    return file.name.removesuffix(".txt")


def _short(file: Path) -> bool:
    """True where the lines are labels, not texts."""
    lines = head_text(file, 8192).split("\n")
    return bool(lines) and all(len(line.split()) <= LABEL_WORDS for line in lines)


def _languages(files: Sequence[Path]) -> list[Pair]:
    """`train.en` and `train.de`, also with `.txt` behind."""
    sides: dict[str, dict[str, Path]] = {}
    for file in files:
        stem, dot, code = _bare(file).rpartition(".")
        if dot and code.lower() in SIDES:
            sides.setdefault(stem, {})[code.lower()] = file
    return [
        Pair(stem, tuple(sorted(found, key=_side_order)), tuple(found[code] for code in sorted(found, key=_side_order)))
        for stem, found in sides.items()
        if len(found) > 1
    ]


def _side_order(code: str) -> tuple[bool, str]:
    """What is read before what is written of it; English before the others."""
    return (code not in ("src", "source", "en"), code)
