"""What a checkpoint holds of a Trainer: written by the library's own functions, its size known before, looked at before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from transformers.trainer import SCALER_NAME, TRAINER_STATE_NAME, TRAINING_ARGS_NAME
from transformers.trainer_callback import ExportableState

from tui_finetune.worker.checkpoints import RESUME_FILES
from tui_finetune.worker.spoilt import spoilt
from tui_finetune.worker.tuning.adapter import save_weights, saved_tensors

Fill = Callable[[Path], None]


class TrainingState:
    """A Trainer as it stands, for the Saver."""

    def __init__(self, trainer: Any, made_with: Mapping[str, Any], parts: Iterable[Fill] = ()) -> None:
        self.made_with = made_with
        self.parts: list[Fill] = list(parts)
        """Each writes files of ours into a checkpoint: order, task card, settings in force."""
        self._trainer = trainer

    @property
    def step(self) -> int:
        return int(self._trainer.state.global_step)

    @property
    def best_step(self) -> int | None:
        return self._trainer.state.best_global_step or None

    @property
    def limit(self) -> int | None:
        return self._trainer.args.save_total_limit  # type: ignore[no-any-return]

    @property
    def strategy(self) -> str:
        strategy = self._trainer.args.save_strategy
        return str(getattr(strategy, "value", strategy))

    @property
    def needs(self) -> tuple[str, ...]:
        scaler = getattr(self._trainer.accelerator, "scaler", None)
        return RESUME_FILES if scaler is None else (*RESUME_FILES, SCALER_NAME)

    def model_bytes(self) -> int:
        return _bytes(saved_tensors(self._trainer.model)) * (1 if self._trainer.edge.average is None else 2)

    def tensor_bytes(self) -> int:
        optimizer = self._trainer.optimizer
        state = {} if optimizer is None else optimizer.state_dict()["state"]
        return self.model_bytes() + _bytes(_tensors(state))

    def spoilt(self) -> str | None:
        return spoilt(self._trainer)

    def fill(self, folder: Path) -> None:
        trainer = self._trainer
        trainer.store_flos()
        with trainer.averaged():
            save_weights(trainer, folder)
        # A pickle of the arguments that nothing reads again: a resume takes them from the recipe.
        (folder / TRAINING_ARGS_NAME).unlink(missing_ok=True)
        trainer._save_optimizer_and_scheduler(str(folder))
        trainer._save_scaler(str(folder))
        trainer._save_rng_state(str(folder))
        for callback in [*trainer.callback_handler.callbacks, trainer.control]:
            if isinstance(callback, ExportableState):
                _keep_state(trainer.state.stateful_callbacks, callback)
        trainer.state.save_to_json(str(folder / TRAINER_STATE_NAME))
        for part in self.parts:
            part(folder)


def _keep_state(kept: dict[str, Any], callback: ExportableState) -> None:
    name = type(callback).__name__
    if isinstance(kept.get(name), list):
        kept[name].append(callback.state())
    else:
        kept[name] = callback.state()


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """All tensors within dicts and lists."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _tensors(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _tensors(one)


def _bytes(tensors: Iterable[torch.Tensor]) -> int:
    """Bytes of tensors, those that share their memory once."""
    sizes = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
    return sum(sizes.values())
