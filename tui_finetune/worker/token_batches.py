"""`[batching] tokens`: batches of as many rows as a number of tokens holds, padding counted; all of about the same cost.

The rows are laid out by length, equals among them in an order that is drawn for each epoch, and cut into batches. So the
lengths of batches, and their number, are the same in every epoch: to the loop they are what rows are else, one a
micro-batch, in an order drawn as for rows.

Each row is in one batch of an epoch. A batch's loss is the mean over its rows, and counts by their number: a step's
gradient is then expected to be that of a row drawn with the same chance as every other, as with batches of equal size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch.utils.data import Dataset, Sampler

from tui_finetune.errors import Problem, RecipeError
from tui_finetune.worker.forecast import Layout
from tui_finetune.worker.refit import IGNORED
from tui_finetune.worker.scoring import row_lengths

if TYPE_CHECKING:
    import datasets

    from tui_finetune.worker.job import Job
    from tui_finetune.worker.order import EpochOrder, RestOfEpoch

KEY = "batching.tokens"
ROWS = ("labels", "multilabels", "numbers", "answers")
"""Shapes whose loss is a mean over rows."""
TOKENS = "tags"
"""The shape whose loss is a mean over the tokens that count."""


class TokenBatches:
    """The batches of every epoch. counts: of each row what a loss is the mean over, 1 where that is the rows."""

    def __init__(
        self,
        lengths: Sequence[int] | np.ndarray,
        tokens: int,
        *,
        seed: int,
        counts: Sequence[int] | np.ndarray | None = None,
    ) -> None:
        self.lengths = np.asarray(lengths)
        self.tokens = tokens
        self.seed = seed
        self.by_tokens = counts is not None
        sorted_lengths = np.sort(self.lengths)[::-1]
        self.starts = np.array([*_cuts(sorted_lengths, tokens), len(sorted_lengths)])
        self._all = float(len(self.lengths) if counts is None else np.sum(counts))
        self._epoch: tuple[int, np.ndarray] | None = None

    def __len__(self) -> int:
        """Batches of an epoch."""
        return len(self.starts) - 1

    def rows(self, epoch: int, batch: int) -> np.ndarray:
        """Indices of a batch's rows, the longest one first."""
        if self._epoch is None or self._epoch[0] != epoch:
            drawn = np.random.default_rng((self.seed, epoch)).permutation(len(self.lengths))
            self._epoch = epoch, drawn[np.argsort(-self.lengths[drawn], kind="stable")]
        return self._epoch[1][self.starts[batch] : self.starts[batch + 1]]

    def weight(self, count: float) -> float:
        """What a batch's mean loss is multiplied with. count: of that which it is the mean over."""
        return count * len(self) / self._all

    def weight_of(self, batch: Mapping[str, Any]) -> float:
        """That of a collated batch."""
        return self.weight(int((batch["labels"] != IGNORED).sum()) if self.by_tokens else len(batch["input_ids"]))

    def layout(self) -> Layout:
        """The first epoch's, longest batches first."""
        batches = [self.rows(0, batch) for batch in range(len(self))]
        return Layout(batches, np.array([int(self.lengths[rows].max()) for rows in batches]), even=False)

    def over(self, rows: datasets.Dataset) -> Batches:
        return Batches(rows, self)


def _cuts(lengths: np.ndarray, tokens: int) -> Iterator[int]:
    """Where batches begin in lengths that fall."""
    start = 0
    while start < len(lengths):
        yield start
        start += max(1, tokens // int(lengths[start]))


class Batches(Dataset[list[dict[str, Any]]]):  # type: ignore[misc]
    """A data set whose items are batches; an index tells the epoch, too: epoch times the number of batches, and the batch."""

    def __init__(self, rows: datasets.Dataset, batches: TokenBatches) -> None:
        self._rows = rows
        self._batches = batches

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> list[dict[str, Any]]:
        epoch, batch = divmod(index, len(self._batches))
        return [self._rows[int(row)] for row in self._batches.rows(epoch, batch)]


class OfEpoch(Sampler[int]):  # type: ignore[misc]
    """The indices that `Batches` takes, for an epoch's order of batches."""

    def __init__(self, order: EpochOrder | RestOfEpoch, count: int, epoch: Callable[[], int]) -> None:
        self._order = order
        self._count = count
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._order)

    def set_epoch(self, epoch: int) -> None:
        self._order.set_epoch(epoch)

    def __iter__(self) -> Iterator[int]:
        epoch = self._epoch()
        for batch in self._order:
            yield epoch * self._count + batch


@dataclass(frozen=True)
class Flattened:
    """A collator for items of `Batches`, over that of rows."""

    collator: Callable[[list[dict[str, Any]]], Any]

    def __call__(self, items: Sequence[Sequence[dict[str, Any]]]) -> Any:
        return self.collator([row for rows in items for row in rows])


def of_job(job: Job) -> TokenBatches | None:
    """None where the recipe has no budget. Raises RecipeError where it cannot be kept, or would not train the same."""
    budget = job.recipe.batching.tokens
    if budget is None:
        return None
    if job.token_batches is None:
        shape, train = job.task.shape, job.encoded["train"]
        if shape not in (*ROWS, TOKENS):
            raise RecipeError(Problem(f"is not for {job.task.name}: its loss is no mean over rows.", KEY))
        lengths = row_lengths(train)
        longest = int(lengths.max())
        if longest > budget:
            hint = f"Give at least {longest:,}, or a smaller model.max_length."
            raise RecipeError(Problem(f"is {budget:,}, and a row has {longest:,} tokens.", KEY, hint=hint))
        counts = _counted(train) if shape == TOKENS else None
        job.token_batches = TokenBatches(lengths, budget, seed=job.recipe.run.seed, counts=counts)
    return job.token_batches


def _counted(rows: datasets.Dataset) -> np.ndarray:
    """Tokens of each row whose label counts."""
    labels = rows.with_format("numpy")["labels"]
    return np.array([int((np.asarray(one) != IGNORED).sum()) for one in labels])
