"""Tokens side by side: which belong together, and where two models, or two lengths, part."""

from __future__ import annotations

import pytest

from tui_finetune.live.data_row import Piece, TokenView
from tui_finetune.live.spans import plain
from tui_finetune.live.tokens_beside import beside_lines, paired


def pieces(*texts: str) -> tuple[Piece, ...]:
    return tuple(Piece(text, number) for number, text in enumerate(texts))


@pytest.mark.parametrize(
    ("one", "other", "pairs"),
    [
        (("a", "b"), ("a", "b"), [(0, 0), (1, 1)]),
        (("a", "##b", "c"), ("Ġa", "b", "▁c"), [(0, 0), (1, 1), (2, 2)]),
        (("a", "b", "c"), ("a", "c"), [(0, 0), (1, None), (2, 1)]),
        (("play", "##ing", "."), ("playing", "."), [(0, 0), (1, None), (2, 1)]),
        ((), ("a",), [(None, 0)]),
        (("##",), ("##",), [(0, 0)]),
    ],
)
def test_pieces_that_belong_together(
    one: tuple[str, ...], other: tuple[str, ...], pairs: list[tuple[int | None, int | None]]
) -> None:
    assert paired(pieces(*one), pieces(*other)) == pairs


@pytest.mark.parametrize("width", [30, 78, 118])
def test_each_place_has_a_line_and_where_they_part_is_marked(width: int) -> None:
    one = TokenView("mini", pieces("[CLS]", "play", "##ing", "a" * 60, "[SEP]"), 5, 48)
    other = TokenView("gpt2", pieces("playing", "a" * 60), 9, 2)
    lines = [plain(line) for line in beside_lines(one, other, width)]
    assert "4 of 5 places differ" in lines[0]
    assert "mini  5 tokens of 48, none cut" in lines[1]
    assert "gpt2  9 tokens of 2, 7 cut" in lines[2]
    assert lines[4].split() == ["at", "mini", "id", "gpt2", "id"]
    assert ["≠" in line for line in lines[5:]] == [True, True, True, False, True]
    ids = lines[6].split()
    assert ids[:3] == ["1", "play", "1"]
    assert all(len(line) <= max(width, 48) for line in lines[4:])


def test_a_longer_maximum_goes_on_where_the_other_ends() -> None:
    short, long = TokenView("m", pieces("a", "b"), 4, 2), TokenView("m at 4", pieces("a", "b", "c", "d"), 4, 4)
    lines = [plain(line) for line in beside_lines(short, long, 80)]
    assert "2 of 4 places differ" in lines[0]
    assert lines[-1].split() == ["3", "≠", "d", "3"]
    same = beside_lines(short, short, 80)
    assert "the same pieces" in plain(same[0])
