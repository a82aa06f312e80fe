"""Rules on the loss of each step: no number, a jump, no fall."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from statistics import median

from tui_finetune.live import words
from tui_finetune.live.health.facts import Now, Steps
from tui_finetune.live.health.finding import Found, roll_back
from tui_finetune.live.health.robust import finite, mean, quantile, sigma, standard_error
from tui_finetune.live.health.rule import Limits, Rule

SCALER_STEPS = 20
"""In fp16 a gradient that is no number only makes the scaler halve its scale, from 2^16 at first: after 16 halvings that
are all in vain there is nothing left to halve."""
NEWEST, MOST, WINDOW, LEAST, FIRST = 10, 8, 200, 30, 10
"""Steps that say what the loss is now, and how many of them must be high; steps before them that say what is usual, how few
of them are enough; steps that say where it began. Batches of like length come in groups of 50, from long to short: 200
steps hold four such groups."""
EVERY = 5
GROUP = 50
FLAT_WINDOW, FLAT_EVERY = 100, 10
MOVED = 0.02
"""A loss that falls by less than 2 % of itself in all that time does not move."""


class LossNan(Rule):
    """A loss or gradient norm that is no number: the step after it has spoilt the weights."""

    name = "loss_nan"
    kept = ("odd_norms",)

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.odd_norms = 0

    def steps(self, seen: Steps, now: Now) -> None:
        trouble = self._trouble(seen, now)
        if trouble is None:
            self.found = None
        elif self.found is None:
            step, what = trouble
            self.found = self._finding(step, what, seen, now)

    def _trouble(self, seen: Steps, now: Now) -> tuple[int, str] | None:
        first = seen.step - len(seen.losses) + 1
        for place, loss in enumerate(seen.losses):
            if not math.isfinite(loss):
                return first + place, f"loss is {words.score(loss)}"
        first = seen.step - len(seen.norms) + 1
        for place, norm in enumerate(seen.norms):
            self.odd_norms = 0 if math.isfinite(norm) else self.odd_norms + 1
            if self.odd_norms > (SCALER_STEPS if now.facts.precision == "fp16" else 0):
                return first + place, f"gradient norm is {words.score(norm)}"
        return None

    def _finding(self, step: int, what: str, seen: Steps, now: Now) -> Found:
        whole = now.whole_before(step)
        back = f"checkpoint-{whole} is whole" if whole is not None else "no checkpoint was written before it"
        precision = ", and bf16 or fp32 in place of fp16" if now.facts.precision == "fp16" else ""
        return Found(
            rule=self.name,
            what=f"{what} at step {step:,}",
            since=step,
            severity="bad",
            figures={"step": float(step), "learning_rate": seen.learning_rate, "checkpoint": back},
            helps=f"The weights are spoilt from there on. A lower learning rate, or a longer warm-up{precision}; "
            "a label or text that gives an infinite loss is rarer.",
            act=roll_back(whole, f"{what} at step {step:,}") if whole is not None else None,
        )


class LossSpike(Rule):
    """The loss jumped: eight of ten steps are far beyond its usual spread, and half of what was learnt is gone.

    Seven standard deviations are what the spike score of large trainings counts (OLMo 2, 2025). Eight of ten steps, and the
    loss of half of what was learnt, keep hard batches out, of which small sets have many.
    """

    name = "loss_spike"
    kept = ("first", "window", "newest", "best", "usual", "long", "began", "seen")

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.first: list[float] = []
        self.window: deque[float] = deque(maxlen=WINDOW)
        self.newest: deque[float] = deque(maxlen=NEWEST)
        self.long: deque[float] = deque(maxlen=GROUP)
        self.best: float | None = None
        """The lowest that was usual so far."""
        self.usual: float | None = None
        """What was usual before the jump, while it lasts."""
        self.began: float | None = None
        """The loss at the beginning, while the finding is that it is twice as high."""
        self.seen = 0

    def steps(self, seen: Steps, now: Now) -> None:
        first = seen.step - len(seen.losses) + 1
        for place, loss in enumerate(seen.losses):
            if not math.isfinite(loss):
                continue
            self._add(loss)
            if self.seen % EVERY == 0:
                self._judge(first + place, seen, now)

    def _add(self, loss: float) -> None:
        self.seen += 1
        if len(self.first) < FIRST:
            self.first.append(loss)
        if len(self.newest) == NEWEST and self.usual is None:
            self.window.append(self.newest[0])
        self.newest.append(loss)
        self.long.append(loss)

    def _judge(self, step: int, seen: Steps, now: Now) -> None:
        if len(self.newest) < NEWEST or len(self.window) < LEAST:
            return
        start, chance = median(self.first), now.facts.guess_loss or 0.0
        if self.began is not None:
            if median(self.long) <= self.began:
                self.found = self.began = None
        elif self.usual is not None:
            best = self.best if self.best is not None else self.usual
            calm = max(self.usual + 3 * sigma(self.window, self.usual), best + 0.25 * max(0.0, start - best))
            if median(self.newest) <= calm:
                self.found = self.usual = None
                self.long.clear()
        else:
            self._look(step, start, chance, seen, now)

    def _look(self, step: int, start: float, chance: float, seen: Steps, now: Now) -> None:
        usual = median(self.window)
        self.best = usual if self.best is None else min(self.best, usual)
        spread = sigma(self.window, usual)
        limit = max(
            usual + self.limit("sigmas") * spread,
            self.best + 0.5 * (start - self.best),
            self.best + 0.1 * chance,
            quantile(self.window, 0.95),
        )
        high = [place for place, loss in enumerate(self.newest) if loss > limit]
        worst = max(2 * start, 1.5 * chance) if chance else 3 * start
        if len(high) >= MOST:
            self.usual = usual
            self._jumped(step - NEWEST + 1 + high[0], usual, spread, now)
        elif len(self.long) == GROUP and median(self.long) > worst:
            self.began = start
            self._grown(step - GROUP + 1, start, seen, now)

    def _jumped(self, step: int, usual: float, spread: float, now: Now) -> None:
        level = median(self.newest)
        what = f"loss {words.score(usual)} → {words.score(level)} at step {step:,}"
        self.found = Found(
            rule=self.name,
            what=what,
            since=step,
            figures={"loss": level, "usual": usual, "usual_spread": spread, "lowest": self.best},
            helps="Often it comes down again by itself within some hundred steps. If not: back to a checkpoint before it, "
            "with half the learning rate; or gradients clipped lower (max_grad_norm).",
            act=roll_back(now.whole_before(step), what),
        )

    def _grown(self, step: int, start: float, seen: Steps, now: Now) -> None:
        level = median(self.long)
        what = f"loss {words.score(level)}, it began with {words.score(start)}"
        self.found = Found(
            rule=self.name,
            what=what,
            since=max(1, step),
            severity="bad",
            figures={"loss": level, "at_the_beginning": start, "learning_rate": seen.learning_rate},
            helps="The learning rate is too high for this model. Half of it, or a tenth, and a warm-up.",
            act=roll_back(now.whole_before(step), what),
        )


class LossFlat(Rule):
    """The loss does not fall, or is no better than what guessing by the labels' frequencies costs.

    The first and the newest hundred steps: neither mean nor median differs by two standard errors, nor by 2 %; or the newest
    two hundred are no more than 1 % below the entropy of the labels.
    """

    name = "loss_flat"
    kept = ("first", "before", "newest", "seen")

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.first: list[float] = []
        self.before: deque[float] = deque(maxlen=FLAT_WINDOW)
        self.newest: deque[float] = deque(maxlen=FLAT_WINDOW)
        self.seen = 0
        """Losses since it was judged."""

    def steps(self, seen: Steps, now: Now) -> None:
        losses = finite(seen.losses)
        self.seen += len(losses)
        for loss in losses:
            if len(self.first) < FLAT_WINDOW:
                self.first.append(loss)
                continue
            if len(self.newest) == FLAT_WINDOW:
                self.before.append(self.newest[0])
            self.newest.append(loss)
        if self.seen < FLAT_EVERY or len(self.newest) < FLAT_WINDOW or not self._is_time(seen.step, now):
            return
        self.seen = 0
        level = mean(self.newest)
        if self.found is None:
            self._judge(level, seen, now)
        elif level < 0.95 * min(mean(self.first), now.facts.guess_loss or math.inf):
            self.found = None

    def _is_time(self, step: int, now: Now) -> bool:
        """After the warm-up, and in a long run after a quarter of it: some models wait before they learn."""
        facts = now.facts
        return step >= max(facts.warmup_steps + self.limit("steps"), 0.25 * (facts.steps or 0))

    def _judge(self, level: float, seen: Steps, now: Now) -> None:
        guess, start = now.facts.guess_loss, mean(self.first)
        still = _same(start, level, standard_error(self.first), standard_error(self.newest)) and _same(
            median(self.first), median(self.newest), _error_of_median(self.first), _error_of_median(self.newest)
        )
        learnt = guess is not None and level < 0.9 * guess
        at_guess = guess is not None and len(self.before) == FLAT_WINDOW and all(
            one >= (1 - MOVED / 2) * guess for one in (level, mean(self.before))
        )  # fmt: skip
        if not (at_guess or (still and not learnt)):
            return
        since = now.facts.warmup_steps + 1 if still else seen.step - 2 * FLAT_WINDOW + 1
        what = (
            f"loss {words.score(level)}, and always guessing by frequency costs {words.score(guess)}"
            if at_guess
            else f"loss does not fall: {words.score(start)} at the beginning, {words.score(level)} now"
        )
        self.found = Found(
            rule=self.name,
            what=what,
            since=max(1, since),
            figures={"loss": level, "first_100_steps": start, "guessing": guess, "learning_rate": seen.learning_rate},
            helps="A learning rate three to ten times higher or lower; less frozen; and a look at the data: do texts and labels "
            "belong together, is the right column the label?",
            act=None,
        )


def _same(one: float, other: float, *errors: float) -> bool:
    """No difference beyond two standard errors, and less than 2 %."""
    apart = abs(one - other)
    return apart < min(2 * math.hypot(*errors), MOVED * abs(one)) or apart < 1e-9


def _error_of_median(values: Sequence[float]) -> float:
    """Standard error of a median: 1.25 times that of the mean, where the spread is normal."""
    return 1.2533 * sigma(values, median(values)) / math.sqrt(len(values))
