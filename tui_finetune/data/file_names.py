"""What names of files and folders say beside their splits: languages, lists of labels, what is no data."""

from __future__ import annotations

import re
from pathlib import Path

_CODES = """
ar bg bn ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ko lt lv mk ml mn
mr ms mt my nb ne nl nn no pa pl ps pt ro ru sk sl sq sr sv sw ta te th tl tr uk ur uz vi zh src tgt
"""
LANGUAGES = frozenset(_CODES.split())
"""Codes of languages in names of files, and the words for the two sides of a translation."""
_LABEL_LIST = re.compile(
    r"^(labels?|tags?|classes|categories|intents|mapping|label.?(map|list|names)|class.?names|id.?(to|2).?label|label.?(to|2).?id)$",
    re.I,
)
_NO_DATA_FOLDER = re.compile(r"predict|checkpoint|^(logs?|cache|runs|outputs?|results|node_modules)$", re.I)
_BIG = 1 << 18
"""Bytes; what is larger is no list of labels."""


def is_label_list(path: Path) -> bool:
    """True where a file is called as a list of labels is, and is small: `labels.txt`, `mapping.txt`, `categories.json`."""
    try:
        return bool(_LABEL_LIST.match(path.stem)) and path.stat().st_size < _BIG
    except OSError:
        return False


def no_data_folder(name: str) -> bool:
    """True for folders that hold something else: hidden ones, predictions, checkpoints, logs."""
    return name.startswith((".", "_")) or bool(_NO_DATA_FOLDER.search(name))


def language_of(name: str) -> str | None:
    """The language's code in a name, behind its first part: `en` of `xquad.en.json`."""
    parts = re.split(r"[._-]", name.lower())[1:]
    return next((part for part in parts if part in LANGUAGES), None)


def without_language(name: str) -> str:
    """The name with the code left out."""
    code = language_of(name)
    return name if code is None else re.sub(rf"(?i)([._-]){code}(?=[._-]|$)", r"\1", name, count=1)
