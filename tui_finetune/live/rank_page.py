"""What a search found: rows by the place of what belongs to their text, and one row whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.columns import Column, fit, head_line, row_line
from tui_finetune.live.spans import EMPTY, Line, blanks, line, muted, span, wrap

PLACES = (
    Column("place", "found at place", 16, stretch=24),
    Column("rows", "rows", 7, right=True),
    Column("share", "share", 7, right=True),
)


def place_lines(ranks: Mapping[str, Any], width: int) -> list[Line]:
    """Rows by the place of the first text that belongs to theirs, and how similar texts are."""
    places: Sequence[Mapping[str, Any]] = ranks.get("places") or ()
    rows = sum(int(one["rows"]) for one in places)
    columns = fit(PLACES, width - 3)
    lines: list[Line] = [
        (
            blanks(3),
            *row_line(
                columns,
                {
                    "place": span(_place(one)),
                    "rows": span(f"{one['rows']:,}"),
                    "share": muted(words.score(one["rows"] / rows if rows else None)),
                },
            ),
        )
        for one in places
    ]
    similar = [
        f"similarity {words.score(ranks.get(key))} of {what}"
        for key, what in (("similarity", "what belongs together"), ("first_similarity", "what is found first"))
    ]
    return [head_line(columns), *lines, *(line("   ", muted(told)) for told in similar)]


def _place(part: Mapping[str, Any]) -> str:
    low, high = part["from"], part["to"]
    return f"{low:,}" if low == high else f"{low:,} and later" if high is None else f"{low:,} to {high:,}"


def rank_lines(row: Mapping[str, Any], width: int, other: tuple[str, Mapping[str, Any]] | None = None) -> list[Line]:
    """A row whole: its text, what was found first, what belongs to it and at which place that stands."""
    right = row.get("gold") == row.get("predicted")
    lines = _part("", row.get("text"), None, width, "text")
    lines += [EMPTY, *_part("found first", row.get("predicted"), row.get("score"), width, "good" if right else "bad")]
    if not right:
        lines += _part(f"at place {row.get('rank') or 0:,}", row.get("gold"), row.get("gold_score"), width, "text")
    if row.get("negative") is not None:
        lines += _part("not to be found", row["negative"], row.get("negative_score"), width, "muted")
    if other is not None:
        name, theirs = other
        same = theirs.get("gold") == theirs.get("predicted")
        lines += _part(f"{name} first", theirs.get("predicted"), theirs.get("score"), width, "good" if same else "bad")
    return lines


def _part(name: str, text: Any, score: float | None, width: int, token: str) -> list[Line]:
    head = [line(" ", span(name, "accent"), muted("" if score is None else f"  {words.score(score)}"))] if name else []
    return [*head, *(line(" ", *one) for one in wrap(str(text or ""), width - 2, token=token))]
