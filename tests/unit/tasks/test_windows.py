"""Windows over tokens: nothing of a long text is lost, and each is no longer than a model reads."""

from __future__ import annotations

import itertools

import pytest

from tui_finetune.plugin_api import Encoded, features_of_rows
from tui_finetune.plugin_api.testing import PieceEncoder
from tui_finetune.plugin_api.windows import pair_windows, row_values

LONG = " ".join(f"w{number}" for number in range(100))


def part(window: Encoded, sequence: int) -> list[tuple[int, int]]:
    return [place for place, one in zip(window.offsets, window.sequence_ids, strict=True) if one == sequence]


@pytest.mark.parametrize(("room", "stride"), [(20, 0), (20, 5), (33, 12), (103, 8), (104, 8), (600, 64)])
def test_each_token_of_the_second_text_is_in_a_window(room: int, stride: int) -> None:
    found = PieceEncoder(room).windows(["who is it"], [LONG], stride)[0]
    spans = [part(window, 1) for window in found]
    assert list(dict.fromkeys(p for span in spans for p in span)) == part(
        PieceEncoder(1000).windows(["who is it"], [LONG], 0)[0][0], 1
    )
    assert all(len(window.ids) <= room for window in found)
    assert all(part(window, 0) == part(found[0], 0) and len(part(window, 0)) == 3 for window in found)
    for before, after in itertools.pairwise(spans):
        assert after[:stride] == (before[-stride:] if stride else [])
    assert {window.length for window in found} == {105}


def test_a_long_question_leaves_half_of_the_room_and_a_wide_overlap_takes_half_of_it() -> None:
    found = PieceEncoder(22).windows([LONG], [LONG], 50)[0]
    assert {(len(part(window, 0)), len(part(window, 1))) for window in found} == {(10, 10)}
    assert part(found[1], 1)[:5] == part(found[0], 1)[5:]
    assert part(found[-1], 1)[-1] == part(PieceEncoder(999).windows([""], [LONG], 0)[0][0], 1)[-1]


def test_a_long_question_alone_is_cut_and_a_short_second_text_leaves_it_its_room() -> None:
    assert [len(one.ids) for one in PieceEncoder(22).windows([LONG], [""], 5)[0]] == [22]
    (only,) = PieceEncoder(22).windows([LONG], ["a b"], 5)[0]
    assert (len(part(only, 0)), len(part(only, 1))) == (18, 2)


def test_words_keep_their_numbers_in_each_window() -> None:
    found = PieceEncoder(12).word_windows([LONG.split()], 4)[0]
    assert [found[1].word_ids[1], found[1].word_ids[-2]] == [6, 15]
    seen = {word for window in found for word in window.word_ids} - {None}
    assert seen == set(range(100))
    assert PieceEncoder(12).word_windows([[]], 4)[0][0].word_ids == [None, None]


def test_no_overlap_can_be_as_long_as_the_room() -> None:
    whole = PieceEncoder(1000).windows(["a"], ["b c d e"], 0)[0][0]
    assert [len(part(one, 1)) for one in pair_windows(whole, 4, 9)] == [1, 1, 1, 1]


def test_features_know_their_row() -> None:
    assert features_of_rows([0, 0, 1, 2, 2]) == [[0, 1], [2], [3, 4]]
    assert features_of_rows([]) == []
    columns = {"row_index": [0, 0, 1], "length": [9, 9, 4]}
    assert row_values(columns, "length") == [9, 4]
    assert row_values({"length": [1, 2]}, "length") == [1, 2]
