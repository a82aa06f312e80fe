"""Pairs of answers: how far ahead the preferred ones are, as a picture and figures; and one pair whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.answers import bar
from tui_finetune.live.spans import EMPTY, Line, blanks, clip, line, muted, span, wrap
from tui_finetune.text import Shown

WIDEST = 40
"""Cells of the longest bar."""
ASCII_BAR = "#"


def margin_lines(margins: Mapping[str, Any], width: int, height: int, *, ascii: bool = False) -> list[Line]:
    """Pairs by how far ahead the preferred answer is: behind above, ahead below; then figures."""
    figures = _figures(margins, width)
    counts: Sequence[int] = margins.get("counts") or ()
    bins = _grouped(counts, max(2, height - len(figures) - 2))
    most, top = float(margins.get("most") or 1.0), max((count for _, count in bins), default=0)
    lines: list[Line] = [line("   ", muted("pairs by margin"))]
    cells = max(4, min(WIDEST, width - 28))
    for begin, count in bins:
        low = -most + 2 * most * begin / max(1, len(counts))
        share = count / top if top else 0.0
        drawn = ASCII_BAR * round(cells * share) if ascii else bar(share, cells)
        colour = "bad" if low < 0 and begin < len(counts) // 2 else "series-1"
        begun = muted(f"from {low:+.2g}".rjust(12))
        lines.append(line("   ", begun, "  ", span(f"{count:,}".rjust(6)), "  ", span(Shown(drawn), colour)))
    return [*lines, EMPTY, *figures]


def _figures(margins: Mapping[str, Any], width: int) -> list[Line]:
    quantiles: Mapping[str, float] = margins.get("quantiles") or {}
    chosen, rejected = words.score(margins.get("chosen")), words.score(margins.get("rejected"))
    told = [
        ", ".join(f"{float(share):.0%} up to {value:+.2g}" for share, value in quantiles.items()),
        f"mean rating {chosen} of the preferred, {rejected} of the others",
        f"{margins.get('wrong', 0):,} pairs the wrong way round",
    ]
    return [clip(line("   ", muted(one)), width) for one in told if one]


def _grouped(counts: Sequence[int], room: int) -> list[tuple[int, int]]:
    """The first bin of each line and its pairs; an even number of bins, so that none has both sides."""
    if not counts:
        return []
    half = len(counts) // 2
    step = next(size for size in range(1, half + 1) if half % size == 0 and 2 * half // size <= max(2, room))
    return [(begin, sum(counts[begin : begin + step])) for begin in range(0, len(counts), step)]


def pair_lines(row: Mapping[str, Any], width: int, other: tuple[str, Mapping[str, Any]] | None = None) -> list[Line]:
    """A pair whole: what was asked, both answers with their ratings, and another model's margin."""
    right = row.get("gold") == row.get("predicted")
    lines = _said("", row.get("prompt"), width) if row.get("prompt") else []
    for name, title, colour in (("chosen", "preferred", "good" if right else "bad"), ("rejected", "other", "muted")):
        rating = words.score(row.get(f"{name}_rating"))
        lines += [
            EMPTY,
            line(" ", span(title, colour), "  ", span(rating, bold=True)),
            *_said("", row.get(name), width),
        ]
    told = [("margin", row)] + ([(f"{other[0]}  margin", other[1])] if other is not None else [])
    return [*lines, EMPTY, *(line(" ", muted(name), "  ", span(words.score(of.get("margin")))) for name, of in told)]


def _said(name: str, text: Any, width: int) -> list[Line]:
    return [line(" ", *part) for part in wrap(str(text or ""), width - 2)] or [line(" ", blanks(1), muted(name))]
