"""What the first line says at its right end."""

from __future__ import annotations

from tests.fakes import FakeRun, finished_run
from tui_finetune.live.eyes import eyes
from tui_finetune.live.reader import Listing, RunsReader
from tui_finetune.live.spans import plain, width_of
from tui_finetune.paths import Home


def said(home: Home, failed_plugins: int = 0) -> str:
    found = eyes(RunsReader(home).read(), failed_plugins, {})
    assert width_of(found) <= 13
    return plain(found)


def test_what_is_gravest_is_said(home: Home) -> None:
    assert plain(eyes(Listing(), 0, {})) == "…"
    assert said(home) == "no runs yet"
    finished_run(home)
    assert said(home) == "nothing runs"
    FakeRun(home).begin().plan().step(3).die()
    assert said(home) == "! look at 1"
    FakeRun(home).begin().plan().step(3)
    FakeRun(home).begin().plan().step(3)
    assert said(home) == "● 2 running"
    assert said(home, failed_plugins=1) == "! 1 plugin"
    FakeRun(home).begin().plan().step(3).beat(age=200).move_elsewhere()
    assert said(home, failed_plugins=1) == "! 1 not heard"
    FakeRun(home).begin().plan().step(3).beat(idle=900)
    assert said(home) == "! 1 stalled"
