"""Rules on the gradient norm of each step, as it is before clipping."""

from __future__ import annotations

import math
from collections import deque
from statistics import median

from tui_finetune.live import words
from tui_finetune.live.health.facts import Now, Steps
from tui_finetune.live.health.finding import Found, roll_back
from tui_finetune.live.health.robust import finite, quantile
from tui_finetune.live.health.rule import Limits, Rule

NEWEST, WINDOW, LEAST, EVERY = 10, 200, 100, 5
VANISHED = 50
ADAM_EPSILON = 1e-8


class GradientExplosion(Rule):
    """Ten steps whose median norm is ten times the usual one, far above the usual tops, while the loss is above its usual.

    Clipping thresholds between half and ten times the average norm train alike (Pascanu, Mikolov, Bengio 2013): beyond ten
    times even a generous one cuts. Norms of a model that has nearly converged leap from batch to batch; hence the tops, and
    no leap counts that stays below the tops of the first hundred steps.
    """

    name = "gradient_explosion"
    kept = ("first", "norms", "losses", "newest", "newest_losses", "seen")

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.first: list[float] = []
        self.norms: deque[float] = deque(maxlen=WINDOW)
        self.losses: deque[float] = deque(maxlen=WINDOW)
        self.newest: deque[float] = deque(maxlen=NEWEST)
        self.newest_losses: deque[float] = deque(maxlen=NEWEST)
        self.seen = 0

    def steps(self, seen: Steps, now: Now) -> None:
        first = seen.step - len(seen.norms) + 1
        losses = seen.losses if len(seen.losses) == len(seen.norms) else [math.nan] * len(seen.norms)
        for place, (norm, loss) in enumerate(zip(seen.norms, losses, strict=True)):
            if not math.isfinite(norm):
                continue
            self._add(norm, loss)
            self.seen += 1
            if self.seen % EVERY == 0:
                self._judge(first + place, now)

    def _add(self, norm: float, loss: float) -> None:
        if len(self.first) < LEAST:
            self.first.append(norm)
        if self.found is None:
            if len(self.newest) == NEWEST:
                self.norms.append(self.newest[0])
            if len(self.newest_losses) == NEWEST:
                self.losses.append(self.newest_losses[0])
        self.newest.append(norm)
        if math.isfinite(loss):
            self.newest_losses.append(loss)

    def _judge(self, step: int, now: Now) -> None:
        if len(self.norms) < LEAST or len(self.newest) < NEWEST:
            return
        usual, level = median(self.norms), median(self.newest)
        times = self.limit("times")
        if self.found is not None:
            if level <= max(3 * usual, quantile(self.norms, 0.95)):
                self.found = None
            return
        large = level > max(times * usual, 3 * quantile(self.norms, 0.95), quantile(self.first, 0.95))
        worse = not self.losses or median(self.newest_losses) > median(self.losses)
        if large and worse:
            first = next(place for place, norm in enumerate(self.newest) if norm > times * usual)
            since = max(1, step - NEWEST + 1 + first)
            what = f"gradient norm {words.rate(level)}, usual {words.rate(usual)}"
            self.found = Found(
                rule=self.name,
                what=what,
                since=since,
                figures={"gradient_norm": level, "usual": usual, "times_the_usual": level / usual if usual else None},
                helps="Half the learning rate, a longer warm-up, or gradients clipped lower (max_grad_norm). "
                "A checkpoint before it is the safest place to go on from.",
                act=roll_back(now.whole_before(since), what),
            )


class GradientVanishing(Rule):
    """Gradients so small that the optimizer divides by its own epsilon, while the loss is still high.

    Adam's step is the rate as long as a gradient is far above epsilon, 1e-8 a parameter; a norm of 1e-8 times the root of
    the number of parameters is where steps begin to shrink with it. Or the norm is exactly 0.
    """

    name = "gradient_vanishing"
    kept = ("norms", "losses", "first", "seen")

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.norms: deque[float] = deque(maxlen=VANISHED)
        self.losses: deque[float] = deque(maxlen=VANISHED)
        self.first: list[float] = []
        self.seen = 0
        """Norms since it was judged."""

    def steps(self, seen: Steps, now: Now) -> None:
        losses = finite(seen.losses)
        self.first += losses[: max(0, NEWEST - len(self.first))]
        self.losses.extend(losses)
        norms = finite(seen.norms)
        self.norms.extend(norms)
        self.seen += len(norms)
        if self.seen < NEWEST or len(self.norms) < VANISHED or not self.losses:
            return
        self.seen = 0
        level, floor = median(self.norms), ADAM_EPSILON * math.sqrt(now.facts.trainable or 1)
        high = 0.5 * max(median(self.first), now.facts.guess_loss or 0.0)
        if self.found is not None:
            if level > 10 * floor or median(self.losses) < high:
                self.found = None
        elif level <= floor and median(self.losses) >= high:
            loss = words.score(median(self.losses))
            self.found = Found(
                rule=self.name,
                what=f"gradient norm {words.rate(level)}: the weights hardly move, and the loss is {loss}",
                since=max(1, seen.step - VANISHED + 1),
                figures={"gradient_norm": level, "loss": median(self.losses), "limit": floor},
                helps="Look at what is frozen (model.freeze) and at the loss: labels that are all ignored give no gradient. "
                "In fp16 small gradients become 0; bf16 or fp32 keep them.",
            )
