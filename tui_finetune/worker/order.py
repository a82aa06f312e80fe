"""The order in which rows are trained on, reproducible from a checkpoint.

`random` and `length` draw exactly what transformers' Trainer and accelerate draw for the same seed, at the same moment,
from the same generator (a test compares three epochs), so that a run through us equals a bare Trainer's. What the
library cannot do is go on in the middle of an epoch in the same order when grouping by length, because its draw depends
on the state of the global generator at the beginning of the epoch: that state is kept here and saved with a checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices


class EpochOrder(Sampler[int]):  # type: ignore[misc]
    """Indices of one epoch after another.

    order: random | sequential | length. `lengths[i]` is the number of tokens of row i (only used by length);
    `group` the rows of one optimizer step on this device (batch size times accumulation), as Trainer groups them.
    """

    def __init__(self, order: str, lengths: Sequence[int], *, seed: int, group: int) -> None:
        if order not in ("random", "sequential", "length"):
            raise ValueError(f"order {order!r} is none of random, sequential, length")
        self.order = order
        self.lengths = list(lengths)
        self.seed = seed
        self.group = group
        self.epoch = 0
        self._drawn: tuple[int, torch.Tensor] | None = None
        self._restored: tuple[int, torch.Tensor] | None = None

    def __len__(self) -> int:
        return len(self.lengths)

    def set_epoch(self, epoch: int) -> None:
        """Called by accelerate and Trainer before each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        indices = self._draw()
        yield from indices
        # accelerate's SeedableRandomSampler counts on by itself, too: an epoch that nobody announced is the next one.
        self.epoch += 1

    def _draw(self) -> Sequence[int]:
        if self.order == "sequential":
            return range(len(self))
        if self.order == "random":
            generator = torch.Generator()
            generator.manual_seed(self.epoch + self.seed)
            drawn: list[int] = torch.randperm(len(self), generator=generator).tolist()
            return drawn
        state = self._state_for_this_epoch()
        self._drawn = (self.epoch, state)
        generator = torch.Generator()
        generator.set_state(state)
        grouped: list[int] = get_length_grouped_indices(self.lengths, self.group, generator=generator)
        if self._restored is None:
            # What the library's draw from the global generator would have left behind.
            torch.random.set_rng_state(generator.get_state())
        self._restored = None
        return grouped

    def _state_for_this_epoch(self) -> torch.Tensor:
        if self._restored is not None and self._restored[0] == self.epoch:
            return self._restored[1]
        self._restored = None
        return torch.random.get_rng_state()

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs to go on in the middle of this epoch."""
        state: dict[str, Any] = {"order": self.order, "seed": self.seed, "group": self.group, "rows": len(self)}
        if self._drawn is not None:
            epoch, generator = self._drawn
            state |= {"epoch": epoch, "generator": bytes(generator.tolist()).hex()}
        return state

    def load_state_dict(self, state: dict[str, Any], *, epoch: int) -> None:
        """Goes on in `epoch`; a state of another epoch is not needed, for the next one is drawn anew."""
        if state.get("epoch") == epoch and "generator" in state:
            self._restored = (epoch, torch.tensor(list(bytes.fromhex(state["generator"])), dtype=torch.uint8))
