"""Made-up trainings for the health rules: curves as they are, with noise, and the same with something planted."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from tui_finetune.config.health_table import HealthTable
from tui_finetune.live.health.facts import Measured, RunFacts, Sample, Share, Steps
from tui_finetune.live.health.finding import Found
from tui_finetune.live.health.watch import Change, Watch

FACTS = RunFacts(
    steps=1000,
    trainable=22_000_000,
    guess_loss=math.log(4),
    max_length=128,
    rows=8_000,
    truncated=700,
    main_metric="accuracy",
)
GB = 1e9


class Told:
    """A watch, and what it has said."""

    def __init__(self, facts: RunFacts = FACTS, **table: object) -> None:
        self.watch = Watch(HealthTable.model_validate(table).thresholds())
        self.found: list[Found] = []
        self.over: list[str] = []
        self.take(self.watch.begin(facts))

    def take(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.found is None:
                self.over.append(change.rule)
            else:
                self.found.append(change.found)

    @property
    def rules(self) -> list[str]:
        return [one.rule for one in self.found]

    def one(self, rule: str) -> Found:
        """What that rule said, which must be once, and no other anything."""
        assert self.rules == [rule]
        return self.found[0]

    # A training

    def train(
        self,
        losses: Sequence[float],
        *,
        first: int = 1,
        every: int = 10,
        norms: Callable[[int], float] | None = None,
        seconds: float = 0.2,
        waited: float = 0.01,
        tokens: float = 1000.0,
        labels: Callable[[int], int] | None = None,
    ) -> Told:
        """The steps from `first` on, logged every `every` steps; seconds, waited and tokens are a step's."""
        for start in range(0, len(losses), every):
            part = losses[start : start + every]
            steps = range(first + start, first + start + len(part))
            self.take(
                self.watch.steps(
                    Steps(
                        step=steps[-1],
                        losses=part,
                        norms=[norms(step) for step in steps] if norms else [],
                        learning_rate=2e-5,
                        seconds=seconds * len(part),
                        count=len(part),
                        tokens=tokens * len(part),
                        waited=waited * len(part),
                        labels=[labels(step) for step in steps] if labels else (),
                    )
                )
            )
        return self

    def evaluate(self, step: int, loss: float, accuracy: float, share: Share | None = None) -> Told:
        self.take(self.watch.measured(Measured(step, {"loss": loss, "accuracy": accuracy}, share)))
        return self

    def sample(self, seconds: float, of: Callable[[float], Sample], *, every: float = 10.0) -> Told:
        """The machine looked at for that long: `of(second)` is a sample."""
        at = 0.0
        while at < seconds:
            self.take(self.watch.sampled(replace(of(at), t=at)))
            at += every
        return self


def noise(seed: int) -> random.Random:
    return random.Random(seed)


def falling(steps: int, *, start: float = 1.4, end: float = 0.3, spread: float = 0.25, seed: int = 1) -> list[float]:
    """A loss as small batches give it: exponential fall, noise in proportion, and a heavy tail of hard batches."""
    draw = noise(seed)
    curve = []
    for step in range(steps):
        level = end + (start - end) * math.exp(-step / (steps / 6))
        value = level * math.exp(draw.gauss(0, spread))
        curve.append(value * (4.0 if draw.random() < 0.02 else 1.0))
    return curve


def grouped(steps: int, *, start: float = 1.4, end: float = 0.02, group: int = 50, seed: int = 3) -> list[float]:
    """A loss in batches of like length: as it is learnt, short texts, at the end of each group of 50, stay ten times harder."""
    draw = noise(seed)
    curve = []
    for step in range(steps):
        learnt = 1 - math.exp(-step / (steps / 8))
        level = (1 - learnt) * start + learnt * end * 10 ** ((step % group) / group)
        curve.append(level * math.exp(draw.gauss(0, 0.3)))
    return curve


def flat(steps: int, level: float, *, spread: float = 0.05, seed: int = 9) -> list[float]:
    """A loss that stays where it is."""
    draw = noise(seed)
    return [level * (1 + draw.gauss(0, spread)) for _ in range(steps)]


def converged(steps: int, *, seed: int = 5) -> list[float]:
    """Nearly nothing left to learn: mostly 0.001, now and then a label that is wrong."""
    draw = noise(seed)
    return [
        (draw.uniform(0.5, 4.0) if draw.random() < 0.05 else 0.001 * math.exp(draw.gauss(0, 1))) for _ in range(steps)
    ]


def norms_of(losses: Sequence[float], seed: int = 7) -> Callable[[int], float]:
    """Gradient norms that go with the loss, as they do."""
    draw = noise(seed)
    values = [4.0 * loss * math.exp(draw.gauss(0, 0.4)) for loss in losses]
    return lambda step: values[(step - 1) % len(values)]
