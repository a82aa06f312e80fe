"""A million rows: never in memory whole, found and scrolled like ten."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.ui.seeing import showing
from tests.waiting import wait_for
from tui_finetune.paths import Home
from tui_finetune.ui.screens.data.page import DataPage
from tui_finetune.ui.wants import DataWanted

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")]
ROWS = 1_000_000
MORE_MEMORY = 150e6
"""What the interface may take more with data open."""
WORDS = ("card", "money", "transfer", "account", "phone")


def own_memory() -> float:
    """Bytes of this process alone: pages of the mapped file are the system's cache."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    found = {line.split(":")[0]: float(line.split()[1]) for line in lines[1:]}
    return 1000 * (found["Private_Clean"] + found["Private_Dirty"])


@pytest.fixture
def million(tmp_path: Path) -> Path:
    path = tmp_path / "million.csv"
    with path.open("w") as file:
        file.write("text,label\n")
        for start in range(0, ROWS, 10_000):
            lines = [
                f"my {WORDS[i % 5]} number {i} is late,{('bad', 'good')[i % 2]}" for i in range(start, start + 10_000)
            ]
            file.write("\n".join(lines) + "\n")
    return path


async def test_a_million_rows(home: Home, million: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_finetune.ui.launches.usual_model", lambda home: "nobody/nothing")
    async with showing(home, size=(120, 40)) as screen:
        await screen.until(lambda: screen.app.listing.whole, "the runs")
        before = own_memory()
        screen.app.show_screen("data", DataWanted(source=str(million)))
        await screen.sees("as it stands, until its rows are read")
        page = screen.app.page
        assert isinstance(page, DataPage)
        await wait_for(lambda: page.found is not None and page.found.looked, "the look", timeout=280)
        await screen.sees("[Rows 1,000,000]")
        await screen.press("G")
        await screen.sees("number 999999 is late")
        for _ in range(40):
            await screen.press("pageup")
        await screen.press("g")
        await screen.sees("number 0 is late")
        await screen.press("/")
        await screen.type("999 label:good card")
        await wait_for(lambda: page.filter == "999 label:good card" and 0 < page.count < 10_000, "what matches")
        await screen.press("escape")
        await screen.sees("[Rows 1,000,000]")
        await screen.press("o", "o")
        await wait_for(lambda: page.sort == "text" and page.table.read(0)[0] == 100_003, "the first by its text")
        await screen.press("]")
        await screen.sees("every value occurs once")
        assert own_memory() - before < MORE_MEMORY
