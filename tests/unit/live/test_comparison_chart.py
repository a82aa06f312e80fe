"""The losses of compared runs in one chart."""

from __future__ import annotations

from tests.fakes import FakeRun
from tui_finetune.live.comparison import compare, comparison_lines, side_of
from tui_finetune.live.comparison_chart import chart_lines
from tui_finetune.live.spans import plain
from tui_finetune.paths import Home


def trained(run: FakeRun, start: int, end: int, loss: float) -> FakeRun:
    for step in range(start + 10, end + 1, 10):
        run.events.write("step", step=step, loss=loss)
    return run


def test_from_the_fork_on(home: Home) -> None:
    whole = trained(FakeRun(home, "whole").begin().plan(), 0, 200, 0.5)
    of = {"run": whole.id, "checkpoint": 100, "optimizer": "keep"}
    lower = trained(FakeRun(home, "lower", of=of).begin(from_step=100).plan(), 100, 200, 0.25)
    found = compare([side_of(whole.info, curve=True), side_of(lower.info, curve=True)])
    lines = [plain(one) for one in chart_lines(found, 80, ascii=True)]
    assert lines[1].split() == ["loss", "since", "step", "100", "**", "whole", "++", "lower"]
    assert lines[-1].split()[:2] == ["step", "100"]
    drawn = lines[2:-2]
    above, below = next(one for one in drawn if "*" in one), next(one for one in drawn if "++" in one)
    assert drawn.index(above) < drawn.index(below), "a loss of 0.5 above one of 0.25"
    assert len(above[above.index("*") :].strip()) > 50
    sheet = [plain(one) for one in comparison_lines(found, 80, chart_lines(found, 80, ascii=False))]
    assert " loss since step 100   ── whole   ── lower" in sheet


def test_runs_that_were_never_one_are_drawn_from_their_beginning(home: Home) -> None:
    runs = [trained(FakeRun(home, name).begin().plan(), 0, 100, 0.5) for name in ("one", "other", "third")]
    found = compare([side_of(run.info, curve=True) for run in runs])
    assert plain(chart_lines(found, 80, ascii=True)[1]).split() == ["loss", "**", "one", "++", "other", "xx", "third"]


def test_without_two_curves_there_is_no_chart(home: Home) -> None:
    one, new = trained(FakeRun(home, "one").begin().plan(), 0, 100, 0.5), FakeRun(home, "new")
    assert chart_lines(compare([side_of(one.info, curve=True), side_of(new.info, curve=True)]), 80, ascii=False) == []
    assert chart_lines(compare([side_of(one.info), side_of(one.info)]), 80, ascii=False) == []
    both = compare([side_of(one.info, curve=True)] * 2)
    assert chart_lines(both, 24, ascii=False) == []
