"""A row's tokens as two models see them, or one at two lengths: piece by piece side by side, marked where they part."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from tui_finetune.live.data_row import Piece, TokenView
from tui_finetune.live.spans import EMPTY, Line, Span, blanks, line, muted, span
from tui_finetune.text import cell_width, cut_middle

Pair = tuple[int | None, int | None]
AT_CELLS, ID_CELLS, MARK_CELLS = 5, 8, 3
MIN_PIECE = 8
JOINS = ("##", "Ġ", "▁")
"""What tokenizers write before a piece to say where words begin or go on."""


def paired(one: Sequence[Piece], other: Sequence[Piece]) -> list[Pair]:
    """Places of pieces that belong together; None where the other has none. The signs of joined words do not part them."""
    pairs: list[Pair] = []
    left, right = ([_bare(piece.text) for piece in side] for side in (one, other))
    for _, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        for step in range(max(b - a, d - c)):
            pairs.append((a + step if a + step < b else None, c + step if c + step < d else None))
    return pairs


def _bare(text: str) -> str:
    return next((text.removeprefix(sign) for sign in JOINS if text.startswith(sign) and text != sign), text)


def beside_lines(one: TokenView, other: TokenView, width: int) -> list[Line]:
    """Head, what each reads of the row, and a line for each pair of pieces."""
    room = max(MIN_PIECE, (width - 1 - AT_CELLS - 2 - MARK_CELLS - 2 * ID_CELLS) // 2)
    pairs = paired(one.pieces, other.pieces)
    parted = sum(1 for pair in pairs if not _same(one, other, pair))
    told = f"{parted:,} of {len(pairs):,} places differ" if parted else "the same pieces"
    lines = [line(" ", muted("tokens side by side: "), told)]
    lines += [line(" ", muted(side.model), f"  {side.length:,} tokens of {side.max_length:,}, ", _seen(side))
              for side in (one, other)]  # fmt: skip
    lines += [
        EMPTY,
        _row([muted("at"), muted(one.model), muted("id"), span(""), muted(other.model), muted("id")], room),
    ]
    for place, pair in enumerate(pairs):
        left = one.pieces[pair[0]] if pair[0] is not None else None
        right = other.pieces[pair[1]] if pair[1] is not None else None
        mark = span("") if _same(one, other, pair) else span("≠", "warn")
        lines.append(_row([muted(str(place)), *_cells(left), mark, *_cells(right)], room))
    return lines


def _same(one: TokenView, other: TokenView, pair: Pair) -> bool:
    left, right = pair
    return left is not None and right is not None and _bare(one.pieces[left].text) == _bare(other.pieces[right].text)


def _seen(side: TokenView) -> Span:
    return span(side.seen, "warn" if side.cut else "muted")


def _cells(piece: Piece | None) -> list[Span]:
    if piece is None:
        return [span(""), span("")]
    return [span(piece.text, "muted" if piece.special else "text"), span(str(piece.id))]


def _row(cells: Sequence[Span], room: int) -> Line:
    at, left, left_id, mark, right, right_id = cells
    return (
        *(blanks(1 + AT_CELLS - cell_width(at.text)), at, blanks(2)),
        *_piece(left, room),
        *(blanks(ID_CELLS - 2 - cell_width(left_id.text)), left_id, blanks(2)),
        *(mark, blanks(MARK_CELLS - cell_width(mark.text))),
        *_piece(right, room),
        *(blanks(ID_CELLS - 2 - cell_width(right_id.text)), right_id),
    )


def _piece(one: Span, room: int) -> tuple[Span, Span]:
    text = cut_middle(one.text, room - 1)
    return span(text, one.token), blanks(room - cell_width(text))
