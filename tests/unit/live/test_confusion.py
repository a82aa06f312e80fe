"""The confusion: pairs, the worst first, and a grid that fits at any number of labels."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tui_finetune.live.confusion import Confusion, Grid, Pair, cell_words, confusion_of, grid_lines, letters, pair_words
from tui_finetune.live.spans import plain, width_of


def report(labels: int, pairs: list[list[int]], support: int = 40, counts: bool = True) -> dict[str, Any]:
    names = [f"label_{n}" for n in range(labels)]
    table = [[0] * labels for _ in names]
    for gold, said, rows in pairs:
        table[gold][said] = rows
    for n in range(labels):
        table[n][n] = support - sum(table[n])
    return {
        "per_class": [{"label": name, "support": support} for name in names],
        "confusion": {"labels": names, "counts": table if counts else None, "pairs": pairs},
    }


def many(labels: int = 77) -> Confusion:
    draw = random.Random(3)
    cells = {(draw.randrange(labels), draw.randrange(labels)): draw.randint(1, 9) for _ in range(200)}
    pairs = sorted(([g, p, n] for (g, p), n in cells.items() if g != p), key=lambda one: -one[2])
    found = confusion_of(report(labels, pairs, support=200))
    assert found is not None
    return found


@pytest.mark.parametrize("counts", [True, False])
def test_pairs_the_worst_first_and_the_diagonal(counts: bool) -> None:
    found = confusion_of(report(3, [[0, 1, 6], [2, 1, 2]], counts=counts))
    assert found is not None
    assert found.pairs == [Pair(0, 1, 6, 0.15), Pair(2, 1, 2, 0.05)]
    assert [found.count(n, n) for n in range(3)] == [34, 40, 38]
    assert found.worst == 0


@pytest.mark.parametrize("broken", [{}, {"confusion": {"labels": ["a"]}}, {"confusion": 3, "per_class": []}])
def test_a_report_without_one(broken: dict[str, Any]) -> None:
    assert confusion_of(broken) is None


def test_few_labels_keep_their_order_and_many_stand_around_the_one_in_focus() -> None:
    few = confusion_of(report(3, [[2, 0, 6]]))
    assert few is not None
    assert few.around(2) == [0, 1, 2]
    found = confusion_of(report(12, [[5, 9, 6], [9, 5, 1], [5, 2, 8], [3, 4, 30]]))
    assert found is not None
    assert found.around(5)[:5] == [5, 2, 9, 3, 4]
    assert sorted(found.around(5)) == list(range(12))


@pytest.mark.parametrize(("place", "name"), [(0, "a"), (25, "z"), (26, "aa"), (76, "by")])
def test_letters(place: int, name: str) -> None:
    assert letters(place) == name


@pytest.mark.parametrize("size", [(78, 17), (50, 8), (118, 36), (200, 58)])
def test_the_grid_fits_and_the_cell_of_the_cursor_is_in_it(size: tuple[int, int]) -> None:
    found, grid = many(), Grid(focus=many().worst)
    for down, right in ((0, 0), (80, 80), (-3, -90), (1, 5)):
        grid.move(down, right, 77)
        lines = grid_lines(found, grid, *size)
        assert len(lines) <= size[1]
        assert all(width_of(one) <= size[0] for one in lines)
        assert sum(plain(one).count("[") for one in lines) == 1
        gold, said = grid.cell(found)
        here = next(plain(one) for one in lines if "[" in plain(one))
        assert f"label_{gold}" in here
        assert f"[{found.count(gold, said) or '·'}]" in here, (gold, said)


def test_a_row_of_the_grid_adds_up() -> None:
    found = confusion_of(report(3, [[0, 1, 6], [2, 1, 2]]))
    assert found is not None
    lines = [plain(one) for one in grid_lines(found, Grid(), 60, 10)]
    assert lines[0].split() == ["gold", "\\", "predicted", "a", "b", "c", "other"]
    assert lines[1].split() == ["a", "label_0", "[34]", "6", "·", "·"]
    assert lines[3].split() == ["c", "label_2", "·", "2", "38", "·"]
    narrow = [plain(one) for one in grid_lines(found, Grid(), 33, 10)]
    assert narrow[1].split() == ["a", "label_0", "[34]", "6"]


def test_large_counts_are_short_in_the_grid_and_exact_below_it() -> None:
    found = confusion_of(report(2, [[0, 1, 11_234]], support=500_000))
    assert found is not None
    text = plain(grid_lines(found, Grid(row=0, column=1), 60, 5)[1])
    assert text.split() == ["a", "label_0", "489k", "[11.2k]", "·"]
    assert cell_words(found, 0, 1) == "gold label_0, predicted label_1: 11,234 rows, 2 %"
    assert cell_words(found, 1, 1) == "label_1: 500,000 of 500,000 rows right"


def test_a_pair_in_one_line_of_that_width() -> None:
    found = confusion_of(report(2, [[0, 1, 6]]))
    assert found is not None
    text = plain(pair_words(found, found.pairs[0], 60))
    assert len(text) == 60
    assert text.split() == ["label_0", "→", "label_1", "6", "15", "%"]
