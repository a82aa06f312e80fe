"""All levers: for each key of `runs/settable.py` its value in force, why this run refuses it, and how it is applied.

A lever changes arguments, state and model, and says what has to be made anew for that; `applying.py` does so once for all
keys of a change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tui_finetune.runs.settable import SETTABLE
from tui_finetune.worker.steering.lever import NOTHING, Lever
from tui_finetune.worker.steering.loop_levers import LOOP_LEVERS
from tui_finetune.worker.steering.model_levers import MODEL_LEVERS
from tui_finetune.worker.steering.optimizer_levers import OPTIMIZER_LEVERS

LEVERS: Final[Mapping[str, Lever]] = {
    **MODEL_LEVERS,
    **LOOP_LEVERS,
    **OPTIMIZER_LEVERS,
    "note": Lever(lambda trainer: None, lambda trainer, value: NOTHING),
}
"""Key to its lever, in the order in which the keys of one change are applied."""

assert set(SETTABLE) >= set(LEVERS)
