"""What the palette finds: entries by any part of a word, the best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WORDS = 12
"""So many words of what is typed count."""


@dataclass(frozen=True)
class Entry:
    """Something that can be chosen."""

    title: str
    key: str = ""
    about: str = ""
    off: str = ""
    """Why it cannot be done now."""
    act: str = ""
    """What choosing it does, for whoever shows it."""
    kind: int = 0
    """Actions before screens before runs before messages, where they match alike."""


def find(entries: Sequence[Entry], typed: str) -> list[Entry]:
    """Every word must be in the entry: a title that begins with them comes before one that has them inside."""
    wanted = list(dict.fromkeys(typed.lower().split()))[:WORDS]
    if not wanted:
        return list(entries)
    scored = [(score, place, entry) for place, entry in enumerate(entries)
              if (score := _score(entry, wanted)) is not None]  # fmt: skip
    return [entry for _, _, entry in sorted(scored, key=lambda one: (one[0], one[2].kind, one[1]))]


def _score(entry: Entry, wanted: Sequence[str]) -> int | None:
    title, about = entry.title.lower(), f"{entry.about} {entry.key}".lower()
    total = 0
    for word in wanted:
        if title.startswith(word):
            continue
        if f" {word}" in f" {title}":
            total += 1
        elif word in title:
            total += 2
        elif word in about:
            total += 4
        else:
            return None
    return total
