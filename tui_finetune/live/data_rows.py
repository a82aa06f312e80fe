"""The table of rows: which columns fit, a row as cells, the lines below it that follow the cursor."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.columns import Column, head_line, row_line
from tui_finetune.live.data_set import ColumnInfo, DataSet
from tui_finetune.live.spans import EMPTY, Line, Span, blanks, clip, line, muted, span, width_of, wrap
from tui_finetune.text import cell_width, cut_middle

ROW = "#row"
TOKENS = "#tokens"
"""Names of the columns that are not the data's."""
CURSOR_CELLS = 3
LABEL_CELLS = 28
NARROW_CELLS, NUMBER_CELLS = 14, 9
ARROW_CELLS = 2
"""After a title, where the rows are sorted by it."""
TEXT_CELLS, TEXT_LEAST = 24, 12
"""A text has at least so many, where there are few at least the second, and all that is left."""
TOKEN_CELLS = 6
TEXT_LINES = 3


def column_order(found: DataSet) -> tuple[ColumnInfo, ...]:
    """What is to be predicted first, then what the model reads, then the rest in the data's order."""

    def place(column: ColumnInfo) -> int:
        return 0 if found.is_gold(column.name) else 1 if found.role_of(column.name) is not None else 2

    gold_last = found.kinds.get(found.gold or "") == "tags"  # words first: a tag means nothing without its word
    return tuple(sorted(found.columns, key=lambda one: 1.5 if gold_last and found.is_gold(one.name) else place(one)))


def row_columns(found: DataSet, rows: int, width: int, offset: int = 0) -> tuple[Column, ...]:
    """The row's number, the columns from `offset` on as far as they fit, the tokens where they are counted."""
    fixed = [Column(ROW, "row", max(3, len(f"{max(0, rows - 1):,}")), right=True)]
    last = [Column(TOKENS, "tokens", TOKEN_CELLS, right=True)] if found.tokenizer and found.inputs else []
    room = width - CURSOR_CELLS - sum(one.width + 1 for one in (*fixed, *last))
    most = max(ARROW_CELLS + 6, room * 2 // 5)  # no column but a text takes more of a narrow table
    kept: list[Column] = []
    every = column_order(found)
    for info in every[min(offset, len(every) - 1) :] if every else ():
        is_long = _is_long(found, info.name)
        cells = _cells(found, info) if is_long else min(_cells(found, info), most)
        if kept and (TEXT_LEAST if is_long else cells) + 1 > room:
            break
        cells = max(3, min(cells, room - 1 if kept else room))
        kept.append(Column(info.name, info.name, cells, right=_is_number(found, info), free=info.holds != "number"))
        room -= cells + 1
    widest = next((i for i, one in enumerate(kept) if _is_long(found, one.name)), len(kept) - 1)
    if kept and room > 0:
        kept[widest] = _wider(kept[widest], room)
    return (*fixed, *kept, *last)


def _wider(column: Column, by: int) -> Column:
    return Column(column.name, column.title, column.width + by, right=column.right, free=column.free)


def _is_long(found: DataSet, name: str) -> bool:
    info = found.column(name)
    return info is not None and info.holds in ("text", "texts") and not found.names_of(name)


def _is_number(found: DataSet, info: ColumnInfo) -> bool:
    return info.holds == "number" and not found.names_of(info.name)


def _cells(found: DataSet, info: ColumnInfo) -> int:
    names = found.names_of(info.name)
    if names:
        longest = max(len(name) for name in names.values())
        return min(LABEL_CELLS, max(len(info.name) + ARROW_CELLS, longest))
    if info.holds in ("text", "texts"):
        return max(TEXT_CELLS, min(len(info.name), LABEL_CELLS))
    return max(len(info.name) + ARROW_CELLS, NARROW_CELLS if info.holds != "number" else NUMBER_CELLS)


def rows_head(columns: Sequence[Column], sort: str, reverse: bool) -> Line:
    return head_line(columns, sort=sort, reverse=reverse)


def cell_text(found: DataSet, column: str, value: Any) -> str:
    """A value in one line."""
    names = found.names_of(column)
    if names and not isinstance(value, list) and value in names:
        return names[value]
    if value is None:
        return words.NOTHING
    if isinstance(value, list):
        return " ".join(cell_text(found, column, one) for one in value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return words.score(value) if not math.isfinite(value) else f"{value:.6g}"
    return str(value)


def tags_text(found: DataSet, column: str, value: Any) -> str:
    """Of tags with beginnings the types of what begins, in their order; other tags as they stand."""
    tags = [cell_text(found, column, one) for one in value or ()]
    if not any(tag.startswith(("B-", "S-", "U-")) for tag in tags):
        return " ".join(tags) if set(tags) - {"O"} else words.NOTHING
    return ", ".join(tag[2:] for tag in tags if tag.startswith(("B-", "S-", "U-")))


def list_line(
    found: DataSet, columns: Sequence[Column], number: int, cells: Mapping[str, Any] | None, tokens: int | None
) -> Line:
    """A row without cursor and mark; `–` where it has not been read yet. A row that is cut has its tokens in yellow."""
    if cells is None:
        return row_line(columns, {ROW: muted("–")})
    shown: dict[str, Span | Line] = {ROW: muted(f"{number:,}")}
    for column in columns:
        if column.name in cells:
            value = cells[column.name]
            is_tags = isinstance(value, list) and found.is_gold(column.name)
            text = (tags_text if is_tags else cell_text)(found, column.name, value)
            cut = cut_middle(text, column.width) if found.names_of(column.name) else text
            shown[column.name] = span(cut, "muted" if text == words.NOTHING else "text")
    if tokens is not None:
        shown[TOKENS] = span(f"{tokens:,}", "warn" if tokens > found.max_length else "text")
    return row_line(columns, shown)


def below_lines(found: DataSet, number: int | None, cells: Mapping[str, Any] | None, width: int) -> list[Line]:
    """The row under the cursor: what is not long in one line, then the beginning of each long text; then lengths."""
    lines: list[Line] = []
    if number is not None and cells is not None:
        lines.append(_short_line(found, number, cells, width))
        for column in column_order(found):
            if _is_long(found, column.name) and not found.is_gold(column.name):
                text = cell_text(found, column.name, cells.get(column.name))
                parts = wrap(text.replace("\n", "⏎"), width - 2)
                lines += [line(" ", *part) for part in parts[:TEXT_LINES]]
        lines = lines[: TEXT_LINES + 1]
    lines += [EMPTY] * (TEXT_LINES + 2 - len(lines))
    lines.append(lengths_line(found, width))
    return lines


def _short_line(found: DataSet, number: int, cells: Mapping[str, Any], width: int) -> Line:
    pieces: list[object] = [" ", muted("row "), f"{number:,}"]
    for column in column_order(found):
        if not _is_long(found, column.name) or found.is_gold(column.name):
            text = cell_text(found, column.name, cells.get(column.name))
            pieces += ["  ", muted(f"{column.name} "), text.replace("\n", "⏎")]
    return clip(line(*pieces), width)


def lengths_line(found: DataSet, width: int) -> Line:
    """`tokens by all-MiniLM-L6-v2: median 13, 95 % up to 34, longest 98; 3 cut at 64`"""
    lengths = found.look.get("lengths")
    if not lengths:
        return EMPTY
    by = f"tokens by {found.model_short}" if lengths["unit"] == "tokens" else "words"
    text = f"{by}: median {lengths['median']:,}, 95 % up to {lengths['p95']:,}, longest {lengths['max']:,}"
    if lengths["unit"] != "tokens":
        return clip(line(" ", muted(text), muted("; m chooses a model whose tokens count")), width)
    cut = lengths.get("cut") or 0
    about = "about " if cut and lengths.get("sampled") else ""
    tail = span(f"; {about}{cut:,} cut at {found.max_length:,}", "warn") if cut else ""
    return clip(line(" ", muted(text), tail), width)


def waiting_lines(title: str, raw: Sequence[str], width: int) -> list[Line]:
    """While data are read: the first lines of the file as they stand, muted."""
    lines = [line(" ", muted(f"{title} as it stands, until its rows are read:")), EMPTY] if raw else []
    return [*lines, *(clip(line(" ", muted(one[: 4 * width])), width) for one in raw)]


def small_lines(found: DataSet | None, split: str) -> list[Line]:
    """Where there is no room for more."""
    if found is None:
        return [line("No data open."), line("Needs 80x24.")]
    one = found.split(split)
    lines = [line(found.asked.title), line(f"{words.count(one.rows)} rows, {len(found.columns)} columns")]
    labels = [line(f"{len(found.labels):,} labels")] if found.labels else []
    return [*lines, *labels, line("Needs 80x24 for the rest.")]


def thing_line(found: DataSet | None, split: str, summary: str, width: int) -> Line:
    """Line 2: the data by name, what they are."""
    if found is None:
        return line(" ", muted("no data open"))
    name = f" [{split}]" if len(found.splits) > 1 else ""
    right = line(muted(summary), " ")
    room = width - width_of(right) - 2
    left = line(" ", span(cut_middle(found.asked.title, max(8, room - cell_width(name) - 1))), muted(name))
    return (*left, blanks(width - width_of(left) - width_of(right)), *right)
