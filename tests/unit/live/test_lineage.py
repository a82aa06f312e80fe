"""Runs that come from one another: told in words, found from both sides, and compared from where they part."""

from __future__ import annotations

from typing import Any

import pytest

from tests.calling import Cli
from tests.fakes import FakeRun, finished_run
from tui_finetune.live.comparison import compare, comparison_lines, side_of
from tui_finetune.live.lineage import branch_words, fork, origin_short, origin_words
from tui_finetune.live.spans import plain
from tui_finetune.paths import Home


def branch(home: Home, name: str, parent: FakeRun, step: int, *, keep: bool = True) -> FakeRun:
    of: dict[str, Any] = {"run": parent.id, "checkpoint": step, **({"optimizer": "keep"} if keep else {})}
    run = FakeRun(home, name, of=of).begin(from_step=step, checkpoint=f"checkpoints/checkpoint-{step}").plan()
    for at, accuracy in ((50, 0.85), (75, 0.9), (100, 0.95)):
        if at > step:
            run.step(at).evaluate(at, accuracy=accuracy, loss=0.2)
    return run.end("finished", metrics={"accuracy": 0.95, "loss": 0.2})


@pytest.fixture
def whole(home: Home) -> FakeRun:
    """Evaluated at 50 and at 100."""
    return finished_run(home, "whole")


def test_where_a_run_comes_from(home: Home, whole: FakeRun) -> None:
    kept = branch(home, "lower", whole, 50)
    fresh = branch(home, "afresh", whole, 100, keep=False)
    measured = FakeRun(home, "eval", kind="evaluate", of={"run": whole.id, "checkpoint": 50})
    model = FakeRun(home, "on", of={"run": whole.id})
    gone = FakeRun(home, "orphan", of={"run": "20260101T000000-lost-x1y2", "checkpoint": 7, "optimizer": "keep"})
    title = f"whole ({whole.short})"
    assert [origin_words(run.info) for run in (whole, kept, fresh, measured, model, gone)] == [
        None,
        f"branch of {title} at step 50, optimizer kept",
        f"checkpoint-100 of {title}, weights alone",
        f"checkpoint-50 of {title}",
        f"model of {title}",
        "branch of x1y2, which is not here any more at step 7, optimizer kept",
    ]
    assert [origin_short(run.info) for run in (whole, kept, model)] == ["", f"{whole.short}@50", whole.short]
    assert sorted(branch_words(whole.info)) == [
        f"afresh ({fresh.short}) from step 100, weights alone",
        f"lower ({kept.short}) from step 50, optimizer kept",
        f"on ({model.short}) from its model, weights alone",
    ]


def test_where_two_part(home: Home, whole: FakeRun) -> None:
    one, other = branch(home, "one", whole, 50), branch(home, "other", whole, 20)
    second = branch(home, "second", one, 75)
    early = branch(home, "early", one, 30)
    afresh, apart = branch(home, "afresh", whole, 50, keep=False), finished_run(home, "apart")

    def parted(*runs: FakeRun) -> int | None:
        return fork([run.info for run in runs])

    assert parted(whole, one) == 50
    assert parted(one, other) == 20
    assert parted(one, second) == 75
    assert parted(whole, second) == 50
    assert parted(whole, early) == 30
    assert parted(second, early) == 30
    assert parted(whole, one, other) == 20
    assert parted(whole, afresh) is None
    assert parted(whole, apart) is None


def test_both_are_shown_from_the_fork_on(home: Home, whole: FakeRun, cli: Cli) -> None:
    lower = branch(home, "lower", whole, 50)
    found = compare([side_of(whole.info), side_of(lower.info)])
    assert found.since_fork is not None
    assert (found.since_fork.step, found.since_fork.metric) == (50, "accuracy")
    assert found.since_fork.rows == ((75, (None, 0.9)), (100, (0.9, 0.95)))
    said = cli("compare", "whole", "lower")
    assert "One run up to step 50; validation accuracy since" in said.out
    assert [line.split() for line in said.out.splitlines() if line.startswith((" 75", "75"))] == [["75", "–", "0.900"]]
    assert cli("compare", "whole", "lower", "--json").json["fork"] == {
        "step": 50,
        "metric": "accuracy",
        "validation": {"75": [None, 0.9], "100": [0.9, 0.95]},
    }
    assert " One run up to step 50; validation accuracy since" in [plain(one) for one in comparison_lines(found, 80)]


def test_lists_and_show_tell_it(home: Home, whole: FakeRun, cli: Cli) -> None:
    assert " of " not in cli("runs").out.splitlines()[0]
    lower = branch(home, "lower", whole, 50)
    assert f"{whole.short}@50" in cli("runs").out
    assert f"branch of whole ({whole.short}) at step 50, optimizer kept" in cli("show", "lower").out
    assert f"lower ({lower.short}) from step 50, optimizer kept" in cli("show", "whole").out
    told = cli("show", "whole", "--json").json["branches"]
    assert told == [{"run": lower.id, "checkpoint": 50, "keeps": True}]


def test_a_circle_ends(home: Home) -> None:
    """Nobody makes one, and a directory that was edited by hand hangs nothing."""
    one = FakeRun(home, "one", of={"run": "x", "checkpoint": 5, "optimizer": "keep"})
    path = one.paths.run_json
    path.write_text(path.read_text().replace('"x"', f'"{one.id}"'))
    assert fork([one.info, one.info]) is None
