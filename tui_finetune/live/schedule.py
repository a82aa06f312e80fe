"""The shape of the learning rate over the steps, as far as it follows from its name: what a change will do to it."""

from __future__ import annotations

import math

NEAR = 0.02
"""A logged rate that is so close to the one reckoned is the one reckoned."""
AT_THE_END = {"linear": "ends at 0", "cosine": "ends at 0"}
"""Schedules that end, and how."""


def kept_end(kind: str, steps: int) -> str:
    """What a schedule does that does not follow another length of the run: `still ends at 0 at step 4,221`."""
    return f"still {AT_THE_END.get(kind, 'ends')} at step {steps:,}"


def share_of_peak(kind: str, step: int, steps: int, warmup: int) -> float | None:
    """The rate after `step` steps as a share of the peak; None for a shape that its name alone does not tell."""
    if kind == "constant":
        return 1.0
    if step < warmup:
        return step / max(1, warmup)
    done = (step - warmup) / max(1, steps - warmup)
    if kind == "constant_with_warmup":
        return 1.0
    if kind == "linear":
        return max(0.0, 1.0 - done)
    if kind == "cosine":
        return max(0.0, 0.5 * (1.0 + math.cos(math.pi * done))) if done < 1 else 0.0
    if kind == "inverse_sqrt":
        scale = warmup or 10_000
        return 1.0 / math.sqrt((step + scale - warmup) / scale)
    return None


def agrees(reckoned: float, logged: float | None) -> bool:
    """True where what was logged is what the formula says: the schedule has not been bent on the way."""
    return logged is None or abs(reckoned - logged) <= NEAR * max(abs(reckoned), abs(logged), 1e-30)
