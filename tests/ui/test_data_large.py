"""Large data on the Data screen: first rows while the rest is brought, windows by their numbers, work that is stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.ui.seeing import showing
from tui_finetune.live.data_set import Asked, ColumnInfo, DataSet, Split
from tui_finetune.paths import Home
from tui_finetune.ui.screens.data import messages
from tui_finetune.ui.screens.data.page import DataPage
from tui_finetune.ui.wants import DataWanted

ROWS = 600_000


def _stored(path: Path, rows: int) -> Split:
    """A split in Arrow."""
    table = pa.table(
        {
            "row_id": [f"a.csv:{i + 2}" for i in range(rows)],
            "row_hash": ["0" * 16] * rows,
            "text": [f"number {i}" for i in range(rows)],
        }
    )
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return Split("train", str(path), rows)


async def test_first_rows_are_there_while_the_rest_is_brought_and_stay_where_that_is_stopped(
    home: Home, tmp_path: Path
) -> None:
    columns = (ColumnInfo("text", "string"),)
    asked = Asked(path="/data/a.csv")
    first = DataSet(asked, "csv", "csv", (_stored(tmp_path / "first.arrow", 20),), columns, partial=True)
    whole = DataSet(asked, "csv", "csv", (_stored(tmp_path / "whole.arrow", 500),), columns)
    async with showing(home) as screen:
        screen.app.show_screen("data")
        page = screen.app.page
        assert isinstance(page, DataPage)
        page.opening, page.asked = 7, asked
        page.post_message(messages.DataOpened(7, first))
        await screen.sees("[Rows first 20]")
        await screen.sees("number 10")
        page.post_message(messages.DataAdvanced(7, "converting a.csv", 40, 100))
        await screen.says("converting a.csv … 40 %  esc stops")
        await screen.press("down", "down")
        await screen.until(lambda: page.table.cursor == 2, "the third row")
        page.post_message(messages.DataOpened(7, whole))
        await screen.sees("[Rows 500]")
        await screen.until(lambda: page.table.cursor == 2, "the cursor on its row")
        page.opening = 8
        page.post_message(messages.DataOpened(8, first))
        await screen.sees("[Rows first 20]")
        page.post_message(messages.DataAdvanced(8, "converting a.csv", 40, 100))
        await screen.says("converting a.csv … 40 %  esc stops")
        await screen.press("escape")
        await screen.says("Stopped: only the first 20 rows are here. r reads them all.")
        await screen.sees("[Rows first 20]")
        page.opening = 9
        page.post_message(messages.DataOpened(9, whole))
        await screen.sees("[Rows 500]")
        await screen.press("o")
        await screen.says("Sorted by text.")
        await screen.until(lambda: not page.finding, "the sorted rows")
        page.finding, page._since = True, 0.0
        page.post_message(messages.DataAdvanced(9, "sorting by text", 45, 100))
        await screen.says("sorting by text … 45 %  esc stops")
        await screen.press("escape")
        await screen.says("Stopped: the rows are as they were.")


@pytest.mark.slow
async def test_rows_that_stay_in_parquet_are_found_sorted_and_gone_to(home: Home, tmp_path: Path) -> None:
    numbers = np.arange(ROWS)
    table = pa.table(
        {
            "text": pa.array([f"my card number {i} is late" for i in numbers]),
            "label": pa.array(numbers % 3).cast(pa.string()),
        }
    )
    path = tmp_path / "large.parquet"
    pq.write_table(table, path, row_group_size=100_000)
    async with showing(home) as screen:
        screen.app.show_screen("data", DataWanted(source=str(path)))
        page = screen.app.page
        assert isinstance(page, DataPage)
        await screen.sees("[Rows 600,000]")
        await screen.until(lambda: page.found is not None and page.found.looked, "the look")
        await screen.press("G")
        await screen.sees("number 599999 is late")
        await screen.press("#")
        await screen.sees("Go to row")
        await screen.type("345678")
        await screen.press("enter")
        await screen.until(lambda: page.table.read(page.table.cursor)[0] == 345_678, "the row of that number")
        await screen.press("#")
        await screen.sees("Go to row")
        await screen.type("large.parquet:7")
        await screen.press("enter")
        await screen.until(lambda: page.table.read(page.table.cursor)[0] == 7, "the row of that id")
        await screen.press("/")
        await screen.type("text~9{5}")
        await screen.sees("[Rows 6 of 600,000]")
        await screen.sees("number 599999 is late")
        await screen.press("escape")
        await screen.sees("[Rows 600,000]")
        await screen.press("o", "o")
        await screen.until(lambda: page.sort == "text" and page.table.read(1)[0] == 1, "the rows by their text")
        await screen.sees("number 10 is late")
        await screen.press("#")
        await screen.sees("Go to row")
        await screen.type("99999")
        await screen.press("enter")
        await screen.until(lambda: page.table.read(page.table.cursor)[0] == 99_999, "the row in the order of texts")
        await screen.press("]")
        await screen.sees("100,000 rows, drawn from 600,000")
