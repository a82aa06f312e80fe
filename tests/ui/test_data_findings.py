"""The Findings tab, key by key: the check stopped, the rows of a finding filtered, sorted, and looked at in each split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ui.seeing import showing
from tests.ui.test_data_screen import Write, looked, no_model, write
from tests.unit.live.test_data_page import FOUND
from tui_finetune.helpers.desk_work import keep_among
from tui_finetune.live.data_findings import rows_of
from tui_finetune.paths import Home
from tui_finetune.ui.screens.data import messages
from tui_finetune.ui.screens.data.check_panes import FindingsTable
from tui_finetune.ui.screens.data.page import DataPage
from tui_finetune.ui.screens.data.shelf import Shelf

__all__ = ["no_model", "write"]


def test_rows_of_a_finding_say_where_else_there_are_some() -> None:
    finding = {"title": "tags of HTML", "splits": {"train": 1_200, "test": 3, "gone": 9}}
    rows = rows_of(finding, {"train": "/a", "test": "/b", "gone": "/c"}, ["train", "test"])
    assert rows.files == {"train": "/a", "test": "/b"}
    assert rows.elsewhere("train") == "3 in test"
    assert rows.elsewhere("test") == "1,200 in train"


@pytest.mark.parametrize(("ordered", "kept"), [(True, [9, 7, 2]), (False, [2, 9, 7])])
def test_rows_are_kept_among_those_of_a_finding_in_the_order_that_is_asked_for(
    tmp_path: Path, ordered: bool, kept: list[int]
) -> None:
    np.array([9, 8, 7, 2], dtype=np.int64).tofile(tmp_path / "found")
    np.array([2, 9, 5, 7], dtype=np.int64).tofile(tmp_path / "finding")
    assert keep_among(tmp_path / "found", tmp_path / "finding", ordered=ordered) == 3
    assert np.fromfile(tmp_path / "found", dtype=np.int64).tolist() == kept


async def test_a_check_is_stopped_and_begun_anew(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(Shelf, "view", lambda *_: None)
    monkeypatch.setattr(Shelf, "check", lambda shelf, number, found: asked.append(number))
    async with showing(home) as screen:
        screen.app.show_screen("data")
        page = screen.app.page
        assert isinstance(page, DataPage)
        page.opening = 7
        page.post_message(messages.DataOpened(7, FOUND))
        page.post_message(messages.DataLooked(7, FOUND))
        await screen.sees("[Rows 10,003]")
        await screen.press("[")
        await screen.sees("checking …")
        page.post_message(messages.DataAdvanced(7, "looking for near duplicates", 40, 100))
        await screen.says("looking for near duplicates … 40 %  esc stops")
        await screen.press("enter")
        await screen.says("The data are being checked.")
        await screen.press("escape")
        await screen.sees("The check was stopped; enter checks.")
        await screen.sees("[Findings]")
        await screen.press("enter")
        await screen.sees("checking …")
        assert asked == [7, 7]


@pytest.mark.slow
async def test_rows_of_a_finding_are_filtered_sorted_and_seen_in_each_split(
    home: Home, write: Write, tmp_path: Path
) -> None:
    (tmp_path / "two").mkdir()

    def rows(first: int, count: int) -> str:
        texts = [f"<b>number</b> {i}" if i % 3 == 0 else f"number {i} stands here" for i in range(first, first + count)]
        return "text,label\n" + "".join(f"{text},{'ab'[i % 2]}\n" for i, text in enumerate(texts))

    write("two/train.csv", rows(0, 90))
    write("two/test.csv", rows(900, 30))
    async with showing(home) as screen:
        page = await looked(screen, tmp_path / "two")
        await screen.press("[")
        await screen.sees("[Findings ")
        table = page.query_one(FindingsTable)
        await screen.until(lambda: table.document is not None, "the findings")
        at = [one["id"] for one in table.findings].index("html_tags")
        await screen.press(*["j"] * at, "enter")
        await screen.sees("[Rows 30 of 90]")
        await screen.says("there are 10 in test too: m shows them.")
        await screen.press("/")
        await screen.type("label:a")
        await screen.sees("[Rows 15 of 90]")
        await screen.press("enter")
        await screen.says("filter label:a  15 rows; esc clears it")
        await screen.press("o", "o")
        await screen.says("Sorted by text.")
        await screen.until(lambda: page.sort == "text" and not page.finding, "the order")
        await screen.press("O")
        await screen.until(lambda: page.reverse and page.table.read(0)[0] == 84, "the other order")
        await screen.sees("[Rows 15 of 90]")
        await screen.press("escape")
        await screen.sees("[Rows 30 of 90]")
        await screen.press("m")
        await screen.sees("10 rows of ")
        await screen.press("enter")
        await screen.sees("[Rows 10 of 30]")
        await screen.sees("[test]")
        await screen.press("escape")
        await screen.sees("[Rows 30]")
