"""Precision is measured before the first step, kept by checkpoints, and trains as if the recipe had named it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.worker import training
from tests.worker.forked import ForkedWorker, ForkServer
from tests.worker.training import Ground, ended, events, finished, weights
from tui_finetune.launch import handoff
from tui_finetune.paths import Home
from tui_finetune.runs.layout import RunPaths


@pytest.fixture
def ground(home: Home, tiny_model: Path, tmp_path: Path) -> Ground:
    for folder in ("data", "plugins"):
        (tmp_path / folder).mkdir()
    shutil.copy(Path(__file__).with_name("killer.py"), tmp_path / "plugins" / "killer.py")
    return Ground(home, tiny_model, training.write_rows(tmp_path / "data" / "rows.csv"), (tmp_path / "plugins",))


@pytest.fixture
def bf16_wins(fork_server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Workers measure however short the run is, and find what is said here."""

    def set_winner(wins: bool) -> None:
        def spawn(command: Sequence[str], paths: RunPaths) -> ForkedWorker:
            arguments = list(command)[list(command).index("tui_finetune.worker") + 1 :]
            function = f"{__name__}:work"
            return fork_server.begin(function, str(wins), *arguments, log=paths.stdout_log, cwd=paths.root)

        monkeypatch.setattr(handoff, "_spawn", spawn)

    return set_winner


def work(given: Sequence[str]) -> int:
    """Called in a process that has torch: the worker, whose measurement pays always or never."""
    from tui_finetune.worker import __main__, choices

    wins, *arguments = given
    choices.LEAST_BATCHES, choices.LEAST_SECONDS = 0, 0.0
    choices.FASTER = 1e9 if wins == "True" else 0.0
    vars(choices)["bf16_at_speed"] = lambda: True
    return __main__.main(arguments)


def said(info: Any) -> tuple[Any, list[str]]:
    plan = events(info, "plan")[-1]
    return plan.get("precision"), [one for one in plan.get("choices") if "fp32" in one]


@pytest.mark.slow
def test_bf16_by_measurement_is_bf16_by_recipe_and_stays_so_after_a_kill(
    ground: Ground, bf16_wins: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bf16_wins(True)
    measured = finished(ground.start("measured"))
    precision, (words,) = said(measured)
    assert precision == "bf16"
    assert words.startswith("bf16: a batch takes ")
    named = finished(ground.start("named", train__bf16=True))
    assert [e.get("loss") for e in events(measured, "step")] == [e.get("loss") for e in events(named, "step")]
    assert weights(measured) == weights(named)
    monkeypatch.setenv("TEST_KILL_AT", "step:7")
    monkeypatch.setenv("TEST_KILL_FLAG", str(tmp_path / "killed"))
    killed = ground.start("killed")
    assert ended(killed).state == "died"
    bf16_wins(False)
    finished(ground.resume(killed))
    assert said(killed)[0] == "bf16", "the checkpoint says it, nothing is measured again"
    assert weights(killed) == weights(measured)


@pytest.mark.slow
def test_what_does_not_pay_or_is_switched_off_is_fp32(ground: Ground, bf16_wins: Callable[[bool], None]) -> None:
    bf16_wins(False)
    precision, (words,) = said(info := finished(ground.start("measured")))
    assert precision == "fp32"
    assert words.endswith("in bf16, which is not worth it")
    bf16_wins(True)
    off = finished(ground.start("off", train__bf16=False))
    assert said(off) == ("fp32", [])
    assert weights(off) == weights(info)
