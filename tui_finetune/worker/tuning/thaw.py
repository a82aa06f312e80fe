"""What begins frozen by its depth: `[model] freeze_layers`, and `unfreeze_every`, which trains a layer more at a time.

Gradual unfreezing is a list of changes, as a person or the recipe could ask for: told, kept and resumed like them.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tui_finetune.errors import Problem, RecipeError
from tui_finetune.runs.changes import Change
from tui_finetune.worker.parameters import shortest
from tui_finetune.worker.tuning.depth import Depths

if TYPE_CHECKING:
    from torch import nn

    from tui_finetune.config.schema import ModelTable

REASON = "gradual unfreezing"


def freeze_lowest(model: nn.Module, layers: int) -> str:
    """Freezes embeddings and so many of the lowest layers; what was done, in words. Raises RecipeError where there are fewer."""
    depths = Depths(model)
    if layers > depths.layers:
        message = f"is {layers}; this model has {depths.layers} layers."
        raise RecipeError(Problem(message, "model.freeze_layers"))
    _set(model, depths.between(0, layers), trained=False)
    lowest = f" and the lowest {layers} of {depths.layers} layers" if layers else ""
    return f"The embeddings{lowest} are frozen by model.freeze_layers."


def freeze_below_head(model: nn.Module) -> list[list[str]]:
    """Freezes all but the head; the patterns that train what was trained before again, from the highest layer down."""
    depths = Depths(model)
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    waves = [depths.between(depth, depth) & trained for depth in range(depths.layers, -1, -1)]
    patterns = [shortest(model, wave) for wave in waves if wave]
    if not depths.between(depths.top, depths.top) & trained:
        raise RecipeError(Problem("leaves nothing to begin with: this model has no head.", "model.unfreeze_every"))
    _set(model, depths.between(0, depths.layers), trained=False)
    return patterns


def unfreezing(waves: list[list[str]], table: ModelTable, steps: int) -> list[Change]:
    """One change a wave, every so many steps of the run."""
    every = table.unfreeze_every
    if every is None:
        return []
    apart = int(every) if every >= 1 else max(1, math.floor(every * steps))
    return [
        Change(1 + apart * count, {"unfreeze": patterns}, True, REASON, "recipe")
        for count, patterns in enumerate(waves, start=1)
    ]


@contextlib.contextmanager
def all_of_it(model: nn.Module, waves: list[list[str]]) -> Iterator[None]:
    """Within it all is trained that will be at some time: pre-flight measures the largest step."""
    from tui_finetune.worker.parameters import names_under

    names = {name for patterns in waves for name in names_under(model, patterns)}
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    _set(model, names, trained=True)
    try:
        yield
    finally:
        _set(model, names & frozen, trained=False)


def _set(model: nn.Module, names: set[str], *, trained: bool) -> None:
    for name, parameter in model.named_parameters():
        if name in names and (not trained or parameter.is_floating_point()):
            parameter.requires_grad = trained
