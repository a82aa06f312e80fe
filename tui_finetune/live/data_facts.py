"""The columns of data: type, part, missing and distinct values; of one its values as bars, its lengths as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.columns import Column, fit, row_line
from tui_finetune.live.data_set import ColumnInfo, DataSet
from tui_finetune.live.spans import EMPTY, Line, Span, blanks, line, muted, span
from tui_finetune.text import Shown, cut_middle

COLUMNS = (
    Column("name", "column", 20, stretch=34),
    Column("type", "type", 16, stretch=24, free=True),
    Column("role", "is", 14, stretch=20),
    Column("missing", "missing", 9, right=True),
    Column("distinct", "distinct", 9, right=True),
)
EIGHTHS = " ▁▂▃▄▅▆▇█"
HEIGHT = 6
"""Lines of a histogram's bars."""
NAME_CELLS = 30

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class FactLine:
    """A line on a column; some stand for rows."""

    line: Line
    filter: str | None = None
    """What shows its rows, where it stands for some."""


def column_line(found: DataSet, info: ColumnInfo, facts: Facts | None, shown_columns: Sequence[Column]) -> Line:
    role = found.role_of(info.name)
    part = role if role is None or not found.is_gold(info.name) else f"{role}, gold"
    missing = facts.get("missing") if facts is not None else None
    cells: dict[str, Span | Line] = {
        "name": span(info.name),
        "type": span(info.type),
        "role": span(part, "accent") if part is not None else muted(words.NOTHING),
        "missing": span(words.count(missing), "warn" if missing and role is not None else "text"),
        "distinct": span(words.count(facts.get("distinct") if facts is not None else None)),
    }
    return row_line(shown_columns, cells)


def columns_for(width: int) -> tuple[Column, ...]:
    return fit(COLUMNS, width)


def fact_lines(
    info: ColumnInfo, facts: Facts | None, max_length: int | None, width: int, *, ascii: bool = False
) -> list[FactLine]:
    """What there is to know of a column; facts: None while they are counted."""
    if facts is None:
        return [FactLine(line(" ", info.name, muted("  counting …")))]
    if "failed" in facts:
        return [FactLine(line(" ", info.name, "  ", span(facts["failed"], "warn")))]
    drawn = f", drawn from {words.count(facts['of'])}" if "of" in facts else ""
    head = [" ", info.name, muted(f"  {words.count(facts['rows'])} rows{drawn}")]
    lines = []
    if facts["missing"]:
        share = words.share(facts["missing"], facts["rows"])
        head += ["  ", span(f"{words.count(facts['missing'])} missing ({share})", "warn")]
        lines.append(FactLine(line("  ", " ", muted("missing: enter shows these rows")), f"{info.name}:"))
    lines.insert(0, FactLine(line(*head)))
    if facts.get("lengths") and not _repeats(facts):
        lines += [FactLine(one) for one in length_lines(facts["lengths"], max_length, width, ascii=ascii)]
    if facts.get("numbers"):
        lines += [FactLine(one) for one in number_lines(facts["numbers"], width, ascii=ascii)]
    if facts.get("values"):
        lines += [FactLine(EMPTY)] if len(lines) > 1 else []
        lines += value_lines(info, facts, width)
    elif facts.get("distinct") == facts["rows"] - facts["missing"] and facts["rows"]:
        lines.append(FactLine(line(" ", muted("every value occurs once"))))
    return lines


def _repeats(facts: Facts) -> bool:
    """True for labels and the like: their counts say more than their lengths."""
    return (
        bool(facts.get("values")) and facts["distinct"] * 10 <= facts["rows"] and not facts["type"].startswith("list")
    )


# Values


def value_lines(info: ColumnInfo, facts: Facts, width: int) -> list[FactLine]:
    """The commonest values as bars; each shows its rows."""
    values: Sequence[tuple[str, int]] = facts["values"]
    most = max(count for _, count in values)
    name_cells = min(NAME_CELLS, max(len(name) for name, _ in values))
    room = max(4, width - name_cells - 16)
    told = [FactLine(line(" ", muted(f"{words.count(facts['distinct'])} values, the commonest first")))]
    for name, count in values:
        bar = "█" * max(1, round(room * count / most))
        label = cut_middle(name, name_cells)
        text = (
            blanks(2),
            blanks(1),
            span(label),
            blanks(name_cells - len(label)),
            span(f"{words.count(count):>10}"),
            blanks(1),
            Span(Shown(bar), "series-1"),
        )
        told.append(FactLine(text, value_filter(info, name)))
    if facts["distinct"] > len(values):
        told.append(FactLine(line(" ", muted(f"and {words.count(facts['distinct'] - len(values))} more"))))
    return told


def value_filter(info: ColumnInfo, value: str) -> str | None:
    """What is typed to see the rows of a value; None where that cannot be typed."""
    if '"' in value or "\n" in value or not value:
        return None
    relation = ":" if info.holds in ("texts", "list") else "="
    quoted = f'"{value}"' if " " in value else value
    return f"{info.name}{relation}{quoted}"


# Histograms


def length_lines(lengths: Facts, max_length: int | None, width: int, *, ascii: bool = False) -> list[Line]:
    """Lengths as a picture, the maximum length drawn in, and how many rows it cuts."""
    unit = lengths["unit"]
    text = f"{unit}: median {lengths['median']:,}, 95 % up to {lengths['p95']:,}, longest {lengths['max']:,}"
    limit = max_length if unit == "tokens" else None
    lines = [line(" ", muted(text), *_sampled(lengths))]
    lines += histogram(lengths["bins"], 0.0, float(lengths["bin_width"]), width, limit=limit, ascii=ascii)
    if limit is None:
        return lines
    cut = lengths.get("cut") or 0
    about = "about " if cut and lengths.get("sampled") else ""
    if cut:
        said = span(f"{about}{cut:,} rows are longer than max_length {limit:,}: their ends are cut off", "warn")
    else:
        said = muted(f"no row is longer than max_length {limit:,}")
    return [*lines, line(" ", said)]


def _sampled(lengths: Facts) -> tuple[Span, ...]:
    return (muted(f"; measured on {lengths['sampled']:,} rows"),) if lengths.get("sampled") else ()


def number_lines(numbers: Facts, width: int, *, ascii: bool = False) -> list[Line]:
    odd = numbers["not_finite"]
    said = [span(f"  {odd:,} not finite", "warn")] if odd else []
    if "bins" not in numbers:
        return [line(" ", *said)]
    text = f"from {numbers['min']:.6g} to {numbers['max']:.6g}, mean {numbers['mean']:.6g}"
    bars = histogram(numbers["bins"], numbers["low"], numbers["bin_width"], width, ascii=ascii)
    return [line(" ", muted(text), *said), *bars]


def histogram(
    bins: Sequence[int], low: float, bin_width: float, width: int, *, limit: int | None = None, ascii: bool = False
) -> list[Line]:
    """Bars over a labelled axis; `limit` is drawn in as ┊ where it falls."""
    most = max(bins, default=0)
    if not most:
        return []
    each = max(1, min(3, (width - 12) // max(1, len(bins))))
    shown_bins = list(bins)[: max(1, (width - 12) // each)]
    place = _limit_column(limit, low, bin_width, each, len(shown_bins), width - 12)
    lines: list[Line] = []
    for level in range(HEIGHT, 0, -1):
        cells = "".join(_block(count, most, level, ascii) * each for count in shown_bins)
        label = words.short_count(most) if level == HEIGHT else ""
        lines.append(_bar_line(label, cells, place))
    axis = "─" * len(shown_bins) * each
    if place is not None:
        axis = axis.ljust(place, "─")
        axis = axis[:place] + "┊" + axis[place + 1 :]
    lines.append(line(muted(" " * 8 + " └" + axis)))
    return [*lines, _axis_labels(low, bin_width, len(shown_bins), each, limit, place, width)]


def _limit_column(limit: int | None, low: float, bin_width: float, each: int, bins: int, room: int) -> int | None:
    """The cell of the limit; None without one. One beyond the picture stands at its right."""
    if limit is None:
        return None
    column = round((limit - low) / bin_width * each)
    return min(column, bins * each + 2, room)


def _block(count: int, most: int, level: int, ascii: bool) -> str:
    """The part of a bar that lies in one line; what is not nothing is seen."""
    eighths = count * HEIGHT * 8 / most - (level - 1) * 8
    if level == 1 and count:
        eighths = max(eighths, 1)
    filled = max(0, min(8, round(eighths)))
    if ascii:
        return "█" if filled >= 4 or (filled and level == 1) else " "
    return EIGHTHS[filled]


def _bar_line(label: str, cells: str, place: int | None) -> Line:
    head = muted(f"{label:>8} │")
    if place is None:
        return line(head, Span(Shown(cells), "series-1"))
    cells = cells.ljust(place + 1)
    before, after = cells[:place], cells[place + 1 :].rstrip()
    pieces = [head, Span(Shown(before), "series-1"), span("┊", "accent")]
    return line(*pieces, Span(Shown(after), "warn")) if after else line(*pieces)


def _axis_labels(
    low: float, bin_width: float, bins: int, each: int, limit: int | None, place: int | None, width: int
) -> Line:
    left = f"{low:.6g}"
    right = f"{low + bins * bin_width:.6g}"
    row = [" "] * (width - 1)

    def put(column: int, text: str) -> None:
        start = max(0, min(column, len(row) - len(text)))
        if all(char == " " for char in row[max(0, start - 1) : start + len(text) + 1]):
            row[start : start + len(text)] = list(text)

    put(10, left)
    if limit is not None and place is not None:
        put(10 + place, f"max_length {limit:,}")
    put(10 + bins * each - len(right), right)
    return line(muted("".join(row).rstrip()))
