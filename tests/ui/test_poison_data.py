"""Text from outside through what the Data screen makes of it: a run of it, findings, edits, sets, names of files and columns."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest
from textual import events

from tests.poison import CORPUS, SIGN, harm_in_text, poisoned
from tests.ui.seeing import Screen, showing
from tests.ui.test_data_recipe import to_line
from tests.ui.test_data_screen import no_model
from tui_finetune.edits.store import EditsFile
from tui_finetune.paths import Home
from tui_finetune.ui.screens.data.check_panes import FindingsTable
from tui_finetune.ui.screens.data.page import DataPage
from tui_finetune.ui.screens.data.run_pane import RunPane
from tui_finetune.ui.wants import DataWanted

__all__ = ["no_model"]
pytestmark = pytest.mark.slow

LABELS = tuple(poisoned(name) for name in ("escape", "bidi", "markup"))
COLUMN = f"{SIGN} {CORPUS['clipboard']}"
NAMES = tuple(f"{SIGN}{CORPUS[name].replace('/', '')}.csv" for name in ("escape", "c1"))


def rows_of(path: Path) -> Path:
    """Every text with labels that are as bad; some twice, some empty, and one text under two labels: there are findings."""
    texts = [poisoned(name).replace("\x00", "") for name in CORPUS]
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label", COLUMN])
        for (number, text), label in zip(enumerate([*texts, *texts, "", *texts[:3]]), itertools.cycle(LABELS)):
            writer.writerow([text, label, f"{CORPUS['title']} {number}"])
    return path


async def harmless(screen: Screen, *keys: str) -> None:
    for key in keys:
        await screen.press(key)
        assert harm_in_text(screen.text) == [], (screen.rule, key)


async def into(screen: Screen, page: DataPage, *keys: str) -> None:
    """Presses them, and closes the sheet where one has opened."""
    await harmless(screen, *keys)
    if page.sheet is not None:
        await harmless(screen, "escape")


async def looked(screen: Screen, path: Path) -> DataPage:
    """The data, until labels and lengths are known."""
    screen.app.show_screen("data", DataWanted(str(path)))
    await screen.sees("[Rows ")
    page = screen.app.page
    assert isinstance(page, DataPage)
    await screen.until(lambda: page.found is not None and page.found.looked and not page.waits, "the look")
    return page


async def test_what_a_run_would_have_of_it_and_what_is_amiss(home: Home, tmp_path: Path) -> None:
    async with showing(home, size=(120, 40)) as screen:
        page = await looked(screen, rows_of(tmp_path / NAMES[0]))
        await harmless(screen, "]", "]", "shift+tab")
        run = page.query_one(RunPane)
        await screen.until(lambda: run.has_focus and SIGN in screen.text, "what a run would have")
        for _ in range(run.count()):
            await into(screen, page, "enter", "j")
            await into(screen, page, "d")
            await harmless(screen, "j")
        await harmless(screen, "tab", *"jjjj", "space", "tab", "j", "]")
        table = page.query_one(FindingsTable)
        await screen.until(lambda: table.document is not None and table.count() > 1, "the findings")
        for number in range(table.count()):
            await screen.until(lambda: page.tab == "findings", "the findings again")
            await harmless(screen, "g", *["j"] * number, "enter")
            await screen.until(lambda: not page.finding, "the rows of a finding")
            await harmless(screen, "enter", "escape", "[")


async def test_edits_and_the_sheet_that_makes_them(home: Home, tmp_path: Path) -> None:
    async with showing(home, size=(120, 40)) as screen:
        page = await looked(screen, rows_of(tmp_path / NAMES[1]))
        await screen.until(lambda: page.edit_offer().on, "the edits read")
        await harmless(screen, "e")
        await screen.sees("1 of ")
        for name in CORPUS:
            screen.app.post_message(events.Paste(poisoned(name)))
            await screen.pilot.pause()
            assert harm_in_text(screen.text) == [], name
        await harmless(screen, "enter")
        await screen.sees("2 of ")
        await harmless(screen, "1", "enter")
        await screen.sees("3 of ")
        await harmless(screen, *"corr", "enter", "end", "enter", *"note", "enter")
        screen.app.post_message(events.Paste(poisoned("escape")))
        await harmless(screen, "enter", "escape", "g")
        await screen.until(lambda: len(EditsFile(page.edits.path).read().rows()) >= 2, "what was edited")
        await screen.sees("+ label: ")
        await harmless(screen, "enter", "j", "j", "escape", "d", "escape", "u", "U")


async def test_sets_of_a_folder_by_their_files(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / f"{SIGN}{CORPUS['escape']}"
    folder.mkdir()
    rows_of(folder / NAMES[0])
    (folder / NAMES[1]).write_text("a,b,c\n" + f"{CORPUS['escape']},2,3\n" * 9)
    async with showing(home, size=(120, 40)) as screen:
        page = await looked(screen, folder)
        assert page.found is not None
        assert len(page.found.sets) == 2
        await harmless(screen, "m")
        await screen.sees("another set: 2 are here")
        await to_line(screen, "another set")
        await harmless(screen, "enter")
        await screen.sees("holds 2 sets")
        await screen.sees(SIGN)
        await harmless(screen, "j", "enter")
        await screen.until(lambda: page.found is not None and page.found.looked and not page.waits, "the other set")
        await harmless(screen, "]", "]", "d", "escape", "i")
        await screen.sees("Open data")
        await harmless(screen, "escape")
