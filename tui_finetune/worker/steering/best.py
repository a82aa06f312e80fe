"""The best step by another metric: of the evaluations that were, among those whose checkpoint is there."""

from __future__ import annotations

import math
from typing import Any


def choose_best(trainer: Any) -> None:
    """Puts the best evaluation by the metric now in force into Trainer's state; none where no checkpoint of one is left."""
    name, greater = trainer.args.metric_for_best_model, bool(trainer.args.greater_is_better)
    values = [
        (float(entry[f"eval_{name}"]), int(entry["step"]))
        for entry in trainer.state.log_history
        if isinstance(entry.get(f"eval_{name}"), int | float) and math.isfinite(entry[f"eval_{name}"])
    ]
    paths = trainer.edge.attempt.paths
    kept = [(value, step) for value, step in values if paths.checkpoint(step).is_dir()]
    # The earlier of two that are the same: a later one has to be better.
    best = max(kept, key=lambda one: (one[0] if greater else -one[0], -one[1]), default=None)
    trainer.state.best_metric = best[0] if best else None
    trainer.state.best_global_step = best[1] if best else None
    ever = max((value for value, _ in values), default=None) if greater else min((v for v, _ in values), default=None)
    trainer.stopping.start_again(ever)
    trainer.edge.chosen_by(name)
