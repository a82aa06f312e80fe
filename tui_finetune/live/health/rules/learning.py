"""Rules on evaluations: validation turns while training falls; one answer for everything."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.health.facts import Measured, Now, Share, Steps
from tui_finetune.live.health.finding import Act, Found
from tui_finetune.live.health.robust import finite
from tui_finetune.live.health.rule import Limits, Rule

REMEMBERED = 50
LEAST_ROWS = 20
LEAST_STEPS = 100
GOLD = 0.98
"""Where nearly all of validation has one label, always giving it is right."""


class Overfitting(Rule):
    """Validation loss rises in several evaluations in a row and is far above its lowest, the training loss fell meanwhile,
    and in none of these evaluations was the metric that counts better than ever.

    The two criteria of Prechelt, "Early Stopping – But When?" (1998): generalization loss over the lowest, and successive
    rises; together, so that one odd evaluation does nothing. The metric is asked too: with the cross-entropy of a few
    confident errors accuracy often still rises.
    """

    name = "overfitting"
    kept = ("evaluations", "best", "sum", "count")

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.evaluations: list[list[Any]] = []
        """Step, validation loss, training loss since the one before."""
        self.best: list[Any] = []
        """Step and value of the best metric, the first where there are several."""
        self.sum, self.count = 0.0, 0
        """Of the training losses since the last evaluation."""

    def steps(self, seen: Steps, now: Now) -> None:
        losses = finite(seen.losses)
        self.sum, self.count = self.sum + sum(losses), self.count + len(losses)

    def measured(self, seen: Measured, now: Now) -> None:
        loss = seen.metrics.get("loss")
        if loss is None or not math.isfinite(loss) or not self.count:
            return
        name = now.facts.main_metric
        metric = seen.metrics.get(name) if name is not None and name != "loss" else None
        metric = metric if metric is None or now.facts.main_greater else -metric
        self.evaluations.append([seen.step, loss, self.sum / self.count])
        self.sum, self.count = 0.0, 0
        if metric is not None and (not self.best or metric > self.best[1]):
            self.best = [seen.step, metric]
        self._judge(now)

    def _judge(self, now: Now) -> None:
        lowest = min(self.evaluations, key=lambda one: one[1])
        # What came before the lowest tells nothing any more; of what came after it the newest do.
        later = [one for one in self.evaluations if one[0] >= lowest[0]]
        self.evaluations = [lowest, *later[1:][-REMEMBERED:]]
        newest, count = self.evaluations[-1], int(self.limit("evaluations"))
        rise = newest[1] / lowest[1] - 1 if lowest[1] > 0 else 0.0
        tail = later[-(count + 1) :]
        better = bool(self.best) and self.best[0] > tail[0][0]
        if self.found is not None:
            if (self.best and self.best[0] == newest[0]) or rise < 0.5 * self.limit("percent") / 100:
                self.found = None
            return
        rises = len(later) > count and all(b[1] > a[1] for a, b in pairwise(tail))
        if rises and rise >= self.limit("percent") / 100 and newest[2] < lowest[2] and not better:
            self._turned(lowest, newest, now)

    def _turned(self, lowest: list[Any], newest: list[Any], now: Now) -> None:
        best = f" checkpoint-{lowest[0]} has the lowest." if lowest[0] in now.whole else ""
        self.found = Found(
            rule=self.name,
            what=f"validation loss {words.score(lowest[1])} → {words.score(newest[1])} since step {lowest[0]:,}, "
            f"training {words.score(lowest[2])} → {words.score(newest[2])}",
            since=lowest[0],
            figures={
                "validation_loss": newest[1],
                "lowest": lowest[1],
                "lowest_at_step": float(lowest[0]),
                "training_loss": newest[2],
            },
            helps=f"More steps make it worse: to stop now loses nothing.{best} Next time fewer epochs, more weight decay or "
            "dropout, or more data.",
            act=Act("stop", {"reason": f"validation loss rises since step {lowest[0]:,}"}),
        )


class OneClass(Rule):
    """Two evaluations in a row give everything the same label, though validation has others.

    A new head often does so in the first steps, so that it is judged after 100 steps and a quarter of the run.
    """

    name = "one_class"
    kept = ("before",)

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.before: str | None = None

    def measured(self, seen: Measured, now: Now) -> None:
        share = seen.commonest
        if share is None or share.rows < LEAST_ROWS:
            return
        collapsed = 100 * share.predicted >= self.limit("percent") and (share.gold is None or share.gold < GOLD)
        again = collapsed and self.before == share.label
        self.before = share.label if collapsed else None
        if not collapsed:
            self.found = None
        elif again and self.found is None and seen.step >= max(LEAST_STEPS, 0.25 * (now.facts.steps or 0)):
            self.found = self._collapsed(seen.step, share)

    def _collapsed(self, step: int, share: Share) -> Found:
        gold = f", {words.share(share.gold, 1)} of it has it" if share.gold is not None else ""
        return Found(
            rule=self.name,
            what=f"{words.share(share.predicted, 1)} of validation is given the label {share.label}{gold}",
            since=step,
            figures={
                "label": share.label,
                "predicted_share": share.predicted,
                "gold_share": share.gold,
                "rows": float(share.rows),
            },
            helps="A lower learning rate if the loss once fell, a higher one if it never did; class weights or more rows where "
            "the other labels are rare.",
        )
