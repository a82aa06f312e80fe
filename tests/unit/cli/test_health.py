"""The verb `health`: findings with the command that helps, of a run that lives and of one that has ended."""

from __future__ import annotations

from tests.fakes import FakeRun
from tests.unit.cli.conftest import Cli
from tui_finetune.live.health.finding import Found, roll_back
from tui_finetune.paths import Home

SPIKE = Found(
    "loss_spike",
    "loss 0.310 → 4.100 at step 48",
    48,
    figures={"loss": 4.1, "usual": 0.31, "free_bytes": 2.5e9, "learning_rate": 2e-5},
    helps="Often it comes down again.",
    act=roll_back(40, "loss 0.310 → 4.100 at step 48"),
)


def found(run: FakeRun, finding: Found, id: str) -> None:
    run.events.write("finding", id=id, step=50, does="note", **finding.as_json())


def test_a_finding_that_holds_has_its_command(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "spiky").begin().plan().step(40).checkpoint(40).step(50, loss=4.1)
    found(run, SPIKE, "loss_spike-1-1")
    said = cli("health", "spiky").out
    assert "1 hold now, 1 in all" in said
    assert "! loss spike: loss 0.310 → 4.100 at step 48" in said
    assert "figures     loss 4.1, usual 0.31, free 2.5 GB, learning rate 2e-5" in said
    assert f"tui-finetune rollback {run.short} --checkpoint 40 --set learning_rate=x0.5" in said
    (one,) = cli("health", "spiky", "--json").json["findings"]
    assert (one["rule"], one["since"], one["over"]) == ("loss_spike", 48, None)
    assert one["command"].startswith("tui-finetune rollback")


def test_what_is_over_has_none(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "spiky").begin().plan().step(50)
    found(run, SPIKE, "loss_spike-1-1")
    run.events.write("finding_over", id="loss_spike-1-1", rule="loss_spike", step=90)
    said = cli("health", "spiky").out
    assert "0 hold now, 1 in all" in said
    assert "over at step 90" in said
    assert "tui-finetune rollback" not in said


def test_a_run_in_which_nothing_was_found(cli: Cli, home: Home) -> None:
    FakeRun(home, "well").begin().plan().step(10).step(20, loss=0.4)
    said = cli("health", "well").out
    assert "nothing was found." in said
    assert "loss finite" in said


def test_show_tells_of_what_holds(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "spiky").begin().plan().step(50)
    found(run, SPIKE, "loss_spike-1-1")
    said = cli("show", "spiky").out
    assert "! loss 0.310 → 4.100 at step 48" in said
    assert f"tui-finetune health {run.short} says since when" in said
