"""A folder with several sets on the Data screen: one is chosen by keys, and so is the other reading of a guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.seeing import showing
from tests.ui.test_data_recipe import choose, to_line
from tests.ui.test_data_screen import Write, looked, no_model, write
from tui_finetune.paths import Home

__all__ = ["no_model", "write"]


@pytest.mark.slow
async def test_a_set_and_another_reading_are_chosen_by_keys(home: Home, write: Write, tmp_path: Path) -> None:
    folder = tmp_path / "several"
    folder.mkdir()
    write("several/reviews.csv", "text,label\n" + "".join(f"review {i},{'ab'[i % 2]}\n" for i in range(30)))
    write("several/scores.csv", "".join(f"{i},sentence {i},{'xy'[i % 2]}\n" for i in range(20)))
    async with showing(home) as screen:
        page = await looked(screen, folder)
        await screen.sees("[Rows 30]")
        await screen.says("2 sets are here; this is reviews. m chooses another.")
        await screen.press("m")
        await screen.sees("another set: 2 are here")
        await to_line(screen, "another set")
        await screen.press("enter")
        await screen.sees("holds 2 sets")
        await to_line(screen, "scores")
        await screen.press("enter")
        await screen.sees("[Rows 20]")
        await screen.until(lambda: page.found is not None and page.found.looked and not page.waits, "the look")
        await screen.press("]", "]")
        await screen.sees("scores, one of 2")
        await screen.press("shift+tab")
        await choose(screen, page, "· scores.csv", "Another reading", "the first row names")
        await screen.sees("[Prepared]")
        await screen.until(lambda: page.found is not None and page.found.looked and not page.waits, "the other reading")
        await screen.sees("header = true")
        assert page.found is not None
        assert [one.rows for one in page.found.splits] == [19]
