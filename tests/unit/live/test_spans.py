"""Lines of pieces: cut, filled, set at both ends, wrapped; and nothing unsafe in them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tui_finetune.live.columns import Column, fit, head_line, row_line
from tui_finetune.live.marks import GLYPHS, STATES
from tui_finetune.live.spans import at, clip, ends, fill, line, muted, plain, span, width_of, wrap
from tui_finetune.runs.states import ENDED, LIVE
from tui_finetune.text import cell_width


@pytest.mark.parametrize("width", [0, 1, 5, 9, 10, 20])
def test_clip_and_fill_keep_to_the_width(width: int) -> None:
    text = line("abc", muted("漢字漢字"), "x")
    assert width_of(clip(text, width)) <= width
    assert width_of(fill(text, width)) == width


def test_what_was_cut_says_so() -> None:
    assert plain(clip(line("abcdef", "ghi"), 8)) == "abcdefg…"
    assert plain(clip(line("abc"), 3)) == "abc"


def test_both_ends_stand_at_their_edges_and_the_left_one_gives_way() -> None:
    assert plain(ends(line("left"), line("right"), 12)) == "left   right"
    assert plain(ends(line("a long left"), line("right"), 12)) == "a lon… right"


def test_pieces_stand_at_their_columns() -> None:
    assert plain(at([(10, line("b")), (2, line("a" * 20))], 12)) == "  aaaaaa… b"


def test_untrusted_text_is_made_visible() -> None:
    assert plain(line("\x1b[31mred\x1b]52;c;x\x07", span("\u202eevil"))) == "␛[31mred␛]52;c;x␇\\u202eevil"


def test_wrap_breaks_at_blanks_and_inside_words_that_are_too_long() -> None:
    assert [plain(one) for one in wrap("the card has not arrived", 10)] == ["the card", "has not", "arrived"]
    assert [plain(one) for one in wrap("x" * 25, 10)] == ["x" * 10, "x" * 10, "x" * 5]
    assert [plain(one) for one in wrap("a\nb", 10, indent=2)] == ["  a", "  b"]
    assert [plain(one) for one in wrap("", 10)] == [""]


COLUMNS = (Column("a", "name", 8, stretch=12), Column("b", "extra", 6, optional=1), Column("n", "n", 4, right=True))


def test_columns_that_do_not_fit_are_left_out_and_room_is_used() -> None:
    assert [column.name for column in fit(COLUMNS, 16)] == ["a", "n"]
    assert [(column.name, column.width) for column in fit(COLUMNS, 30)] == [("a", 12), ("b", 6), ("n", 4)]


def test_a_row_is_as_wide_as_its_columns_and_cuts_names_in_the_middle() -> None:
    columns = fit(COLUMNS, 16)
    row = row_line(columns, {"a": span("a_very_long_name"), "n": span("12")})
    assert plain(row) == "a_ve…ame   12"
    assert plain(head_line(columns, sort="a")) == "   name ↓      n"
    assert plain(head_line((columns[0], replace(columns[1], title="number")))) == "   name   number"


def test_every_state_has_a_mark_and_every_glyph_an_ascii_of_its_own_width() -> None:
    assert set(STATES) == LIVE | ENDED | {"unreadable"}
    for mark in STATES.values():
        assert mark.glyph in GLYPHS or mark.glyph.isascii()
    for glyph, sign in GLYPHS.items():
        assert sign.isascii()
        assert cell_width(glyph) == cell_width(sign) == 1
