"""The order in which rows are trained on, reproducible from a checkpoint.

`random` and `length` draw exactly what transformers' Trainer and accelerate draw for the same seed, at the same moment,
from the same generator (a test compares three epochs), so that a run through us equals a bare Trainer's. What the
library cannot do is go on in the middle of an epoch in the same order when grouping by length, because its draw depends
on the state of the global generator at the beginning of the epoch: that state is kept here and saved with a checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices


@dataclass(frozen=True)
class Drawn:
    """What an epoch's order by length was drawn from."""

    epoch: int
    generator: torch.Tensor
    group: int


class EpochOrder(Sampler[int]):  # type: ignore[misc]
    """Indices of one epoch after another.

    order: random | sequential | length. `lengths[i]` is the number of tokens of row i (only used by length);
    `group` the rows of one optimizer step on this device (batch size times accumulation), as Trainer groups them: it
    counts for the epochs that are drawn from now on.
    """

    def __init__(self, order: str, lengths: Sequence[int], *, seed: int, group: int) -> None:
        if order not in ("random", "sequential", "length"):
            raise ValueError(f"order {order!r} is none of random, sequential, length")
        self.order = order
        self.lengths = list(lengths)
        self.seed = seed
        self.group = group
        self.epoch = 0
        self._drawn: Drawn | None = None
        self._restored: Drawn | None = None
        self._rows: tuple[int, Sequence[int]] | None = None

    def __len__(self) -> int:
        return len(self.lengths)

    def set_epoch(self, epoch: int) -> None:
        """Called by accelerate and Trainer before each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        self._rows = (self.epoch, self._draw())
        yield from self._rows[1]
        # accelerate's SeedableRandomSampler counts on by itself, too: an epoch that nobody announced is the next one.
        self.epoch += 1

    def drawn_rows(self) -> Sequence[int]:
        """The order of this epoch as it has been drawn, also by an earlier process: nothing is drawn from anywhere else."""
        if self._rows is None or self._rows[0] != self.epoch:
            self._rows = (self.epoch, self._draw())
        return self._rows[1]

    def _draw(self) -> Sequence[int]:
        if self.order == "sequential":
            return range(len(self))
        if self.order == "random":
            generator = torch.Generator()
            generator.manual_seed(self.epoch + self.seed)
            drawn: list[int] = torch.randperm(len(self), generator=generator).tolist()
            return drawn
        self._drawn = self._source_of_this_epoch()
        generator = torch.Generator()
        generator.set_state(self._drawn.generator)
        grouped: list[int] = get_length_grouped_indices(self.lengths, self._drawn.group, generator=generator)
        if self._restored is None:
            # What the library's draw from the global generator would have left behind.
            torch.random.set_rng_state(generator.get_state())
        self._restored = None
        return grouped

    def _source_of_this_epoch(self) -> Drawn:
        if self._restored is not None and self._restored.epoch == self.epoch:
            return self._restored
        self._restored = None
        return Drawn(self.epoch, torch.random.get_rng_state(), self.group)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs to go on in the middle of this epoch."""
        state: dict[str, Any] = {"order": self.order, "seed": self.seed, "group": self.group, "rows": len(self)}
        if (drawn := self._drawn) is not None:
            state |= {
                "epoch": drawn.epoch,
                "generator": bytes(drawn.generator.tolist()).hex(),
                "drawn_group": drawn.group,
            }
        return state

    def load_state_dict(self, state: dict[str, Any], *, epoch: int) -> None:
        """Goes on in `epoch`; a state of another epoch is not needed, for the next one is drawn anew."""
        if state.get("epoch") == epoch and "generator" in state:
            generator = torch.tensor(list(bytes.fromhex(state["generator"])), dtype=torch.uint8)
            self._restored = Drawn(epoch, generator, int(state.get("drawn_group", self.group)))


class RestOfEpoch(Sampler[int]):  # type: ignore[misc]
    """The rows of an epoch's order that are left from `start` on."""

    def __init__(self, order: EpochOrder, start: int) -> None:
        self._order = order
        self._start = start

    def __len__(self) -> int:
        return len(self._order) - self._start

    def set_epoch(self, epoch: int) -> None:
        self._order.set_epoch(epoch)

    def __iter__(self) -> Iterator[int]:
        yield from self._order.drawn_rows()[self._start :]
