"""The choices of a row of which one is right: those of a list, or of columns of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui_finetune.live.spans import Line, line, muted, span, wrap

CHOICES = ("choices", *(f"ending{place}" for place in range(10)))
"""Columns that hold them."""


def choices(row: Mapping[str, Any]) -> list[str]:
    """In their order; empty where a row has none."""
    listed = row.get(CHOICES[0])
    given = listed if isinstance(listed, list) else [row[name] for name in CHOICES[1:] if row.get(name) is not None]
    return [str(one or "") for one in given]


def choice_lines(row: Mapping[str, Any], width: int) -> list[Line]:
    """What every choice begins with, and each of them by its number from 1."""
    found = choices(row)
    if not found:
        return []
    lines = [line(" ", *part) for part in wrap(str(row.get("start") or ""), width - 2)] if row.get("start") else []
    for place, text in enumerate(found):
        first, *rest = wrap(text, width - 6) or [(span(""),)]
        lines.append(line(" ", muted(f"{place + 1:>2}  "), *first))
        lines += [line("     ", *part) for part in rest]
    return lines
