"""The random generators of this process: kept while something is done that the run must be the same with."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch


@dataclass(frozen=True)
class Generators:
    """The states of all of them at one moment."""

    python: tuple[Any, ...]
    numpy: Any
    cpu: torch.Tensor
    cuda: list[torch.Tensor]

    @classmethod
    def now(cls) -> Generators:
        cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        return cls(random.getstate(), np.random.get_state(), torch.random.get_rng_state(), cuda)

    def put_back(self) -> None:
        random.setstate(self.python)
        np.random.set_state(self.numpy)
        torch.random.set_rng_state(self.cpu)
        if self.cuda:
            torch.cuda.set_rng_state_all(self.cuda)


@contextlib.contextmanager
def kept_generators() -> Iterator[None]:
    """What is drawn within leaves no trace."""
    before = Generators.now()
    try:
        yield
    finally:
        before.put_back()
