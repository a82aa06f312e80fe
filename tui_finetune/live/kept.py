"""The history of the Predict screen: answers that were kept, as rows, and as a file has them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.answers import brief, score_of
from tui_finetune.live.columns import Column, fit, head_line, row_line
from tui_finetune.live.predict_page import Side
from tui_finetune.live.spans import Line, span

KEPT = 200
"""Answers in the history; the oldest make room."""
KEPT_TEXT = 10_000
"""Characters of a text that the history keeps."""


@dataclass(frozen=True)
class Kept:
    """An answer that was kept."""

    t: float
    query: str
    short: str
    text: str
    pair: str
    brief: str
    score: float | None
    answer: Mapping[str, Any] = field(default_factory=dict)


def keep(side: Side, now: float | None = None) -> Kept | None:
    """The answer that stands there, for the history."""
    found = side.answered
    if found is None:
        return None
    return Kept(
        time.time() if now is None else now, side.query, side.short, found.text[:KEPT_TEXT], found.pair[:KEPT_TEXT],
        brief(found.answer, found.said), score_of(found.answer), dict(found.answer),
    )  # fmt: skip


HISTORY = (
    Column("t", "time", 12, optional=1),
    Column("model", "model", 5),
    Column("answer", "answer", 12, stretch=20),
    Column("score", "score", 5, right=True),
    Column("text", "text", 14, stretch=300, free=True),
)


def history_head(width: int) -> Line:
    return head_line(fit(HISTORY, width))


def history_line(kept: Kept, width: int, now: float) -> Line:
    """A kept answer as a row."""
    text = f"{kept.text} | {kept.pair}" if kept.pair else kept.text
    return row_line(
        fit(HISTORY, width),
        {
            "t": span(words.clock(kept.t, now)),
            "model": span(kept.short),
            "answer": span(kept.brief),
            "score": span(words.score(kept.score) if kept.score is not None else ""),
            "text": span(text),
        },
    )


def has_words(kept: Kept, wanted: str) -> bool:
    """True where every word is in the text, the answer or the model's name."""
    everything = f"{kept.text} {kept.pair} {kept.brief} {kept.short}".lower()
    return all(word in everything for word in wanted.lower().split())


def kept_from(found: object) -> list[Kept]:
    """The history of a file; what is no kept answer is left out."""
    rows = found.get("kept") if isinstance(found, Mapping) else None
    out = []
    for row in rows if isinstance(rows, list) else ():
        try:
            score = row["score"]
            out.append(
                Kept(
                    float(row["t"]), str(row["query"]), str(row["short"]), str(row["text"]), str(row["pair"]),
                    str(row["brief"]), float(score) if score is not None else None, dict(row["answer"]),
                )
            )  # fmt: skip
        except (KeyError, TypeError, ValueError):
            continue
    return out[-KEPT:]


def as_json(kept: Sequence[Kept]) -> dict[str, Any]:
    """The history as it is written."""
    return {"v": 1, "kept": [vars(one) for one in kept[-KEPT:]]}
