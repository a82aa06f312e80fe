"""One row, opened: everything that it holds, and its tokens as the model sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_finetune.live.data_rows import cell_text, column_order
from tui_finetune.live.data_set import DataSet
from tui_finetune.live.spans import EMPTY, Line, Span, at, blanks, line, muted, span, width_of, wrap
from tui_finetune.text import cell_width, cut_end, cut_middle, shown

LONGEST = 100_000
"""Characters of a value that are wrapped; `y` copies all of it."""
NAME_CELLS = 14
NARROW = 72
"""Cells from which on the head says where the row comes from."""
WORD_CELLS, TAG_CELLS = 16, 18
LOSS = "Loss is taken where a piece has a label: t shows which."


@dataclass(frozen=True)
class Piece:
    """A token."""

    text: str
    id: int
    word: int | None = None
    """Of given words the one that it is a part of; of a text None."""
    special: bool = False
    label: str | None = None
    """What is learnt on it; None where nothing is."""
    type_id: int | None = None


@dataclass(frozen=True)
class TokenView:
    """A row as the model sees it."""

    model: str
    pieces: tuple[Piece, ...]
    length: int
    """Before anything was cut."""
    max_length: int
    words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """Parallel to the words, where there is gold."""
    windows: int = 1
    """In how many parts a long row is read; the pieces are the first one's."""
    joins: str = "##"
    """How a piece begins that goes on a word, as the tokenizer writes it; empty where it marks beginnings."""

    @property
    def cut(self) -> int:
        return max(0, self.length - len(self.pieces)) if self.windows == 1 else 0

    @property
    def seen(self) -> str:
        """What of the row is read, in words."""
        if self.windows > 1:
            return f"read in {self.windows:,} windows, of which this is the first"
        return f"{self.cut:,} cut" if self.cut else "none cut"


def row_lines(
    found: DataSet,
    place: tuple[int, int],
    number: int,
    row: Mapping[str, Any],
    tokens: TokenView | None,
    width: int,
    *,
    ids: bool = False,
    pieces: bool = True,
) -> list[Line]:
    """The whole row. place: its place in the list and how many are listed. ids: every token with its id.

    pieces: False where tokens are shown in another way below it.
    """
    lines = [_head(place, number, row, tokens, width)]
    if tokens is not None and tokens.words:
        lines += [*_spans_of_words(tokens, width), EMPTY]
        others = [one.name for one in column_order(found) if found.role_of(one.name) is None]
    else:
        others = [one.name for one in column_order(found)]
    for name in others:
        lines += _value_lines(found, name, row.get(name), width)
    if tokens is None or not pieces:
        return lines
    lines += [EMPTY] if lines[-1] != EMPTY else []
    if ids:
        return lines + _id_lines(tokens, width)
    return lines + (_word_lines(tokens, width) if tokens.words else _piece_lines(tokens, width))


def texts_of(found: DataSet, row: Mapping[str, Any]) -> list[str]:
    """What a model reads of a row, as a person would type it: words are put together again."""
    kinds = {found.roles[role]: kind for role, kind in found.kinds.items() if role in found.roles}
    columns = [name for name in found.inputs if kinds.get(name) in ("text", "words")]
    return [cell_text(found, name, row.get(name)) for name in columns if row.get(name) is not None]


def _head(place: tuple[int, int], number: int, row: Mapping[str, Any], tokens: TokenView | None, width: int) -> Line:
    at_, of = place
    pieces: list[object] = [" ", muted("row "), f"{number:,}"]
    if width >= NARROW:
        pieces.append(muted(f", {at_ + 1:,} of {of:,}"))
        pieces += [muted("  "), cut_middle(str(row["row_id"]), 26)] if "row_id" in row else []
    if tokens is not None:
        pieces += ["    ", f"{tokens.length:,} tokens of {tokens.max_length:,}, "]
        pieces.append(span(tokens.seen, "warn") if tokens.cut else muted(tokens.seen))
    return line(*pieces)


def _value_lines(found: DataSet, name: str, value: Any, width: int) -> list[Line]:
    """A value, its own line ends kept; of a very long one the beginning."""
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict) for one in value)):
        text = str(value)
    else:
        text = cell_text(found, name, value)
    more = f" … {len(text) - LONGEST:,} more characters; y copies all" if len(text) > LONGEST else ""
    parts = wrap(text[:LONGEST] + more, width - NAME_CELLS - 2, token="muted" if value is None else "text")
    head = cut_end(name, NAME_CELLS - 1)
    lines = [line(" ", muted(head), blanks(NAME_CELLS - cell_width(head)), *parts[0])]
    return lines + [line(blanks(NAME_CELLS + 1), *part) for part in parts[1:]]


# Words with tags


def _spans_of_words(tokens: TokenView, width: int) -> list[Line]:
    """The sentence, below each entity its type."""
    lines: list[Line] = []
    for first, last, text in _wrapped_words(tokens.words, width - 2):
        lines.append(line(" ", text))
        marks = _entities(tokens, first, last)
        if marks:
            lines.append(at([(1 + start, (span(name, "accent"),)) for start, name in marks], width))
    return lines


def _wrapped_words(words: Sequence[str], width: int) -> list[tuple[int, int, str]]:
    """Number of the first word of a line and of the first of the next, and the line."""
    out: list[tuple[int, int, str]] = []
    first, text = 0, ""
    for index, word in enumerate(words):
        word = shown(word)
        tried = f"{text} {word}" if text else word
        if text and cell_width(tried) > width:
            out.append((first, index, text))
            first, text = index, word
        else:
            text = tried
    return [*out, (first, len(words), text)] if words else []


def _entities(tokens: TokenView, first: int, last: int) -> list[tuple[int, str]]:
    """Column and type of each entity that begins in these words, or goes on from the line before."""
    found: list[tuple[int, str]] = []
    column = 0
    for index in range(first, last):
        tag = tokens.tags[index] if index < len(tokens.tags) else "O"
        prefix, _, kind = tag.partition("-")
        begins = prefix in ("B", "S", "U") or (index == first and prefix in ("I", "E", "L"))
        if begins and kind:
            found.append((column, kind))
        column += cell_width(shown(tokens.words[index])) + 1
    return found


def _word_lines(tokens: TokenView, width: int) -> list[Line]:
    """Word, tag, pieces; a word that was cut off says so."""
    by_word: dict[int, list[Piece]] = {}
    for piece in tokens.pieces:
        if piece.word is not None:
            by_word.setdefault(piece.word, []).append(piece)
    tags = bool(tokens.tags)
    second = 1 + WORD_CELLS + 1
    third = second + (TAG_CELLS if tags else 0)
    head = [(1, line(muted("word"))), (third, line(muted(_pieces_head(tokens, width - third))))]
    lines = [at([*head, *([(second, line(muted("tag")))] if tags else [])], width)]
    for index, word in enumerate(tokens.words):
        pieces = by_word.get(index, [])
        texts = line(*_spaced(pieces)) if pieces else line(span("cut off", "warn"))
        cells: list[tuple[int, Line]] = [(1, line(cut_middle(word, WORD_CELLS))), (third, texts)]
        if tags:
            tag = tokens.tags[index] if index < len(tokens.tags) else "–"
            cells.append((second, line(span(cut_middle(tag, TAG_CELLS - 1), "muted" if tag == "O" else "accent"))))
        lines.append(at(cells, width))
    if tags:
        lines += [line(" ", *part) for part in wrap(LOSS, width - 2, token="muted")]
    return lines


def _pieces_head(tokens: TokenView, room: int) -> str:
    whole = f"pieces as the model sees them ({tokens.model})"
    return whole if len(whole) <= room else "pieces"


def _spaced(pieces: Sequence[Piece]) -> list[object]:
    out: list[object] = []
    for piece in pieces:
        out += ["  ", piece.text] if out else [piece.text]
    return out


# Texts


def _piece_lines(tokens: TokenView, width: int) -> list[Line]:
    """All pieces in reading order, the tokenizer's own ones muted."""
    lines = [line(" ", muted(f"pieces as the model sees them ({tokens.model})"))]
    current: list[Span] = []
    for piece in tokens.pieces:
        one = span(piece.text, "muted" if piece.special else "text")
        if current and width_of(current) + cell_width(one.text) + 1 > width - 2:
            lines.append(line(" ", *current))
            current = []
        current += [blanks(1), one] if current else [one]
    lines += [line(" ", *current)] if current else []
    if tokens.cut:
        lines.append(line(" ", span(f"{tokens.cut:,} more are cut off: the model does not see them.", "warn")))
    return lines


def _id_lines(tokens: TokenView, width: int) -> list[Line]:
    """Each token: its place, piece, id, segment and what is learnt on it."""
    labelled = any(piece.label is not None for piece in tokens.pieces)
    segments = any(piece.type_id for piece in tokens.pieces)
    columns = [("at", 5), ("piece", 20), ("id", 8), *([("segment", 8)] if segments else [])]
    columns += [("label", 20)] if labelled else []
    lines = [_cells([muted(name) for name, _ in columns], columns)]
    for place, piece in enumerate(tokens.pieces):
        cells = [muted(str(place)), span(cut_middle(piece.text, 19), "muted" if piece.special else "text"),
                 span(str(piece.id))]  # fmt: skip
        cells += [span(str(piece.type_id or 0))] if segments else []
        cells += [span(piece.label, "accent") if piece.label is not None else muted("–")] if labelled else []
        lines.append(_cells(cells, columns))
    return lines


def _cells(cells: Sequence[Span], columns: Sequence[tuple[str, int]]) -> Line:
    out: list[Span] = [blanks(1)]
    for (name, width), cell in zip(columns, cells, strict=True):
        gap = blanks(width - cell_width(cell.text))
        out += [gap, cell, blanks(2)] if name in ("at", "id") else [cell, gap]
    return tuple(out)
