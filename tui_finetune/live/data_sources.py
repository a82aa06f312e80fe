"""What data can be opened: recent ones, sources that need no path, paths as they are typed, data sets of the Hub."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from tui_finetune.live import words
from tui_finetune.live.spans import Line, ends, line, muted, span
from tui_finetune.text import cut_end, cut_front

HERE = ("/", ".", "~")
SEARCHED_FROM = 3
"""Characters from which the Hub is asked."""


@dataclass(frozen=True)
class Candidate:
    """Something that can be opened."""

    kind: str
    """`recent`, `source`, `file`, `folder`, `cached`, `hub`."""
    value: str
    """What is opened, as it would be typed."""
    about: str = ""

    @property
    def opens(self) -> bool:
        """False for a folder while a path is typed: it is gone into first."""
        return self.kind != "folder"


def looks_like_path(typed: str) -> bool:
    """True where a place on this machine is typed."""
    return typed.startswith(HERE) or typed.count("/") > 1


def searched(typed: str) -> bool:
    """True where the Hub is asked for it."""
    return len(typed.strip()) >= SEARCHED_FROM and not looks_like_path(typed)


def begin_with(recent: Sequence[str], sources: Sequence[tuple[str, str]]) -> list[Candidate]:
    """What is offered before anything is typed. sources: name and help of those that need no path."""
    return [*(Candidate("recent", one) for one in recent), *(Candidate("source", *one) for one in sources)]


def matching(candidates: Sequence[Candidate], typed: str) -> list[Candidate]:
    """Those that have every word of what is typed."""
    wanted = typed.lower().split()
    return [one for one in candidates if all(word in f"{one.value} {one.about}".lower() for word in wanted)]


def candidate_line(one: Candidate, width: int) -> Line:
    name = {"recent": "recent", "source": "source", "file": "", "folder": "", "cached": "Hub, here", "hub": "Hub"}
    value = cut_front(one.value, max(20, width - 28)) if one.kind in ("recent", "file", "folder") else one.value
    return ends(line(span(value), "  ", muted(cut_end(one.about, width))), line(muted(name[one.kind]), " "), width)


def hub_candidates(cached: Sequence[str], found: Sequence[Sequence[object]]) -> list[Candidate]:
    """What the cache holds first; each once."""
    here = [Candidate("cached", name, "in the Hub's cache: opens without a network") for name in cached]
    known = set(cached)
    return here + [
        Candidate("hub", str(name), f"{words.short_count(_number(downloads))} downloads  {sentence}")
        for name, downloads, sentence in found
        if name not in known
    ]


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def completed(typed: str, candidates: Sequence[Candidate]) -> str:
    """What is typed, as far as all paths agree; the whole of the only one."""
    values = [one.value for one in candidates if one.kind in ("file", "folder")]
    if not values:
        return typed
    low, high = min(values), max(values)
    same = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    common = low[:same]
    return common if len(common) >= len(os.path.expanduser(typed)) else values[0]


def why_nothing(typed: str) -> str:
    if looks_like_path(typed):
        return "Nothing here begins like that; enter tells what is near."
    return "A path (./data, ~/data, /data), a Hub name (stanfordnlp/imdb), or a source."
