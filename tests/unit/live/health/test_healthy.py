"""Trainings in which nothing is wrong: no rule says anything, however the noise falls."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.unit.live.health.series import FACTS, GB, Told, converged, falling, grouped, noise, norms_of
from tui_finetune.live.health.facts import Idle, Sample, Share

CURVES: dict[str, Callable[[int], list[float]]] = {
    "small batches": lambda seed: falling(1000, seed=seed),
    "very small batches": lambda seed: falling(1000, end=0.1, spread=0.9, seed=seed),
    "like lengths together": lambda seed: grouped(1000, seed=seed),
    "nothing left to learn": lambda seed: [*falling(200, end=0.05, seed=seed), *converged(800, seed=seed)],
    "learnt before": lambda seed: falling(1000, start=0.08, end=0.05, spread=0.7, seed=seed),
    "slow to begin": lambda seed: [
        *falling(150, start=1.4, end=1.38, spread=0.05, seed=seed),
        *falling(850, seed=seed),
    ],
    "few steps": lambda seed: falling(30, end=1.3, seed=seed),
    "hard to learn": lambda seed: falling(1000, end=1.1, spread=0.1, seed=seed),
}


def quiet(name: str, seeds: range, every: int) -> None:
    for seed in seeds:
        losses = CURVES[name](seed)
        told = Told().train(losses, every=every, norms=norms_of(losses, seed))
        assert [one.what for one in told.found] == [], f"seed {seed}"


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_with_its_noise(name: str) -> None:
    quiet(name, range(1), every=20)


@pytest.mark.slow
@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("every", [1, 7, 50])
def test_thirty_such_curves(name: str, every: int) -> None:
    quiet(name, range(1, 31), every)


def test_accuracy_that_still_rises_is_no_overfitting_though_the_loss_turned() -> None:
    told, losses = Told(), falling(500, end=0.05)
    for place, (loss, accuracy) in enumerate([(0.2, 0.92), (0.21, 0.93), (0.25, 0.935), (0.3, 0.937), (0.35, 0.938)]):
        told.train(losses[100 * place : 100 * place + 100], first=100 * place + 1)
        told.evaluate(100 * place + 100, loss, accuracy)
    assert told.rules == []


def test_a_validation_loss_that_wavers_is_no_overfitting() -> None:
    told, losses, draw = Told(), falling(2000, end=0.2), noise(4)
    for place in range(20):
        told.train(losses[100 * place : 100 * place + 100], first=100 * place + 1)
        told.evaluate(100 * place + 100, 0.5 * math.exp(draw.gauss(0, 0.03)), 0.8 + draw.gauss(0, 0.01))
    assert told.rules == []


@pytest.mark.parametrize(
    "share",
    [
        Share("O", 1.0, 0.99, 9_000),  # nearly all of it is so
        Share("neg", 0.97, 0.5, 500),
        Share("neg", 1.0, 0.5, 8),
    ],
)
def test_answers_that_are_not_all_the_same_or_rightly_so(share: Share) -> None:
    told = Told().train(falling(900))
    for step in (300, 600, 900):
        told.evaluate(step, 0.3, 0.9, share)
    assert told.rules == []


def test_a_new_head_that_begins_with_one_answer() -> None:
    told = Told()
    for step, share in ((50, 1.0), (100, 1.0), (150, 0.9), (300, 0.6)):
        told.evaluate(step, 0.6, 0.6, Share("neg", share, 0.5, 500))
    assert told.rules == []


def test_a_machine_that_works_as_machines_do() -> None:
    """Memory grows to its size, an evaluation takes some and gives it back, checkpoints take room until the limit."""
    told, draw = Told(replace(FACTS, steps=100_000)), noise(2)
    told.watch.saved([100], int(GB))
    told.train(falling(300))

    def machine(at: float) -> Sample:
        evaluating = at % 600 < 60
        return Sample(
            at,
            cpu_percent=190 + draw.gauss(0, 8),
            host_bytes=4 * GB * (1 - math.exp(-at / 120)) + (GB if evaluating else 0) + draw.gauss(0, 2e6),
            host_free_bytes=8 * GB,
            disk_free_bytes=20 * GB - GB * min(3, at // 900) + draw.gauss(0, 1e6),
            clock_mhz=2900 + draw.gauss(0, 150),
        )

    told.sample(7_200, machine)
    assert [one.what for one in told.found] == []


def test_a_gpu_at_its_power_cap_and_hot_for_a_moment() -> None:
    told = Told(replace(FACTS, device="cuda"))
    told.sample(3_600, lambda at: Sample(
        at, utilisation=98.0, clock_mhz=1600.0 + 200 * math.sin(at), temperature=80.0, slowed_by=("heat",) if at == 1200 else (),
    ))  # fmt: skip
    assert told.rules == []


def test_speed_that_varies_with_the_length_of_the_texts() -> None:
    told = Told(replace(FACTS, steps=3000))
    for start in range(0, 3000, 10):
        long = 1.0 - (start % 50) / 60
        told.train([0.5] * 10, first=start + 1, seconds=0.1 + 0.5 * long, tokens=200 + 3000 * long)
    assert "slow_steps" not in told.rules


def test_a_loader_that_starts_its_workers_at_each_epoch() -> None:
    told = Told()
    for start in range(0, 1000, 10):
        told.train([0.5 - start / 4000] * 10, first=start + 1, seconds=0.2, waited=0.15 if start % 500 == 0 else 0.005)
    assert told.rules == []


def test_work_that_goes_on() -> None:
    told = Told()
    for seconds in (0.0, 30.0, 400.0, 2.0):
        told.take(told.watch.idle(Idle("training", seconds, 600.0)))
    assert told.rules == []


def test_texts_of_which_a_part_is_cut() -> None:
    assert Told(replace(FACTS, truncated=7_000, without_label=20)).rules == []
