"""How well numbers are predicted: errors by where gold lies, and predicted against gold as a picture. One target at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.columns import Column, fit, head_line, row_line
from tui_finetune.live.spans import EMPTY, Line, blanks, line, muted, span
from tui_finetune.text import cut_middle

Target = Mapping[str, Any]
"""As a report has it: name, mae, bias, quantiles of the errors, parts, picture."""

SHADES = " ░▒▓█"
ASCII_SHADES = " .+*#"
AXIS = 8
"""Cells for the numbers at the left of the picture."""
WIDEST = 48
COLUMNS = (
    Column("part", "gold", 16, stretch=24),
    Column("rows", "rows", 7, right=True),
    Column("mae", "mean error", 10, right=True),
    Column("bias", "too high by", 11, right=True, optional=1),
)


def error_lines(targets: Sequence[Target], width: int) -> list[Line]:
    """Of each target how large the errors are, in all and by parts of gold's range."""
    lines: list[Line] = []
    for target in targets:
        name = f"{target['name']}: " if len(targets) > 1 else ""
        told = (
            f"{name}half of the errors up to {_number(target['median_error'])}, nine of ten up to"
            f" {_number(target['p90_error'])}, the largest {_number(target['largest_error'])}"
        )
        lines.append(line("   ", muted(cut_middle(told, max(20, width - 4)))))
        lines += _part_lines(target, width)
        lines.append(EMPTY)
    return lines


def _part_lines(target: Target, width: int) -> list[Line]:
    parts = target.get("parts") or ()
    if not parts:
        return []
    columns = fit(COLUMNS, width - 3)
    worst = max((part["mae"] for part in parts if part["mae"] is not None), default=None)
    lines = [head_line(columns)]
    for part in parts:
        mae, bias = part["mae"], part["bias"]
        cells = {
            "part": span(f"{_number(part['from'])} to {_number(part['to'])}"),
            "rows": span(f"{part['rows']:,}"),
            "mae": span(_number(mae), "warn" if mae is not None and mae == worst else "text"),
            "bias": muted(words.NOTHING if bias is None else f"{bias:+.3g}"),
        }
        lines.append((blanks(3), *row_line(columns, cells)))
    return lines


def picture_lines(target: Target, width: int, height: int, *, ascii: bool = False) -> list[Line]:
    """Predicted upwards, gold to the right; darker where more rows lie; `·` where both are the same and no row lies."""
    picture = target["picture"]
    counts: list[list[int]] = picture["counts"]
    cells = len(counts)
    tall, wide = min(cells, height - 3), min(WIDEST, width - AXIS - 4, 2 * cells)
    if tall < 4 or wide < 8:
        return []
    grid = _resampled(counts, tall, wide)
    most = max(map(max, grid))
    low, high = picture["low"], picture["high"]
    name = f" of {target['name']}" if target["name"] != "score" else ""
    lines = [line("   ", muted(f"predicted{name} against gold, by rows"))]
    for place in range(tall - 1, -1, -1):
        edge = high if place == tall - 1 else low if place == 0 else None
        label = _number(edge) if edge is not None else ""
        drawn = "".join(_cell(grid[place], column, place, tall, wide, most, ascii) for column in range(wide))
        lines.append(line(muted(label.rjust(AXIS)), muted(" |" if ascii else " │"), span(drawn, "series-1")))
    ends = f"{_number(low)}{_number(high).rjust(wide - len(_number(low)))}"
    return [*lines, line(blanks(AXIS + 2), muted(ends))]


def _cell(row: Sequence[int], column: int, place: int, tall: int, wide: int, most: int, ascii: bool) -> str:
    shades = ASCII_SHADES if ascii else SHADES
    if row[column]:
        share = math.log1p(row[column]) / math.log1p(most)
        return shades[max(1, math.ceil(share * (len(shades) - 1)))]
    same = column * tall // wide == place
    return ("-" if ascii else "·") if same else " "


def _resampled(counts: Sequence[Sequence[int]], tall: int, wide: int) -> list[list[int]]:
    """The counts in so many rows and columns: cells taken together, or told in the first of those that show it."""
    cells = len(counts)
    grid = [[0] * wide for _ in range(tall)]
    for place, row in enumerate(counts):
        for column, count in enumerate(row):
            if count:
                shown = range(column * wide // cells, max(column * wide // cells + 1, (column + 1) * wide // cells))
                for at in shown:
                    grid[place * tall // cells][at] += count
    return grid


def _number(value: Any) -> str:
    return words.NOTHING if value is None else f"{value:.3g}"
