"""For what the terminal is rung, and how."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes import FakeRun
from tui_finetune.live.bell import rings
from tui_finetune.live.progress import Progress
from tui_finetune.live.reader import Figures, Listing, RunRow
from tui_finetune.paths import Home
from tui_finetune.runs.status import Status
from tui_finetune.ui.ringing import ring

NOW = Progress(10, 100, 0.1, 2.0, 45.0, about=False)


@pytest.fixture
def row(home: Home) -> RunRow:
    run = FakeRun(home, "imdb-bert").begin().plan()
    return RunRow(run.info, Status("running", "running, training"), Figures(NOW))


def listing(*rows: RunRow, whole: bool = True) -> Listing:
    return Listing(rows, whole=whole)


@pytest.mark.parametrize(
    ("state", "rung"),
    [("finished", True), ("failed", True), ("died", True), ("stalled", True), ("stopped", False), ("paused", False)],
)
def test_it_rings_for_what_nobody_asked_for(row: RunRow, state: str, rung: bool) -> None:
    after = replace(row, status=Status(state, f"{state} at step 10"))  # type: ignore[arg-type]
    said = rings(listing(row), listing(after))
    assert said == ([f"{row.info.title} {state} at step 10"] if rung else [])
    assert rings(listing(after), listing(after)) == []
    assert rings(listing(row, whole=False), listing(after)) == (), "what was so before the interface was opened"


def test_it_rings_once_for_each_finding(row: RunRow) -> None:
    found = replace(row, figures=Figures(NOW, findings=("loss 4.1, usual 0.2",)))
    assert rings(listing(row), listing(found)) == [f"{row.info.title}: loss 4.1, usual 0.2"]
    assert rings(listing(found), listing(found)) == []


class Paper:
    def __init__(self) -> None:
        self.written = ""

    def write(self, data: str) -> None:
        self.written += data


@pytest.mark.parametrize(
    ("how", "written"), [("bell", "\a"), ("off", ""), ("osc9", "\x1b]9;imdb\\x1b]0;x\\x07 finished\a")]
)
def test_the_terminal_hears_nothing_but_the_notice(how: str, written: str) -> None:
    paper = Paper()
    ring(paper, how, "imdb\x1b]0;x\x07 finished")
    assert "\x1b]0" not in paper.written.removeprefix("\x1b]9;")
    if how != "osc9":
        assert paper.written == written
