"""Folds: parts of train of like size, each of which is held out once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tui_finetune.data.splitting import draw, label_numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from tui_finetune.data.splitting import Indices


@dataclass(frozen=True)
class Folds:
    """The rows that are divided into folds, and in which fold each is."""

    train: pa.Table
    rows: Indices
    """Numbers of the rows in `train`."""
    numbers: Indices
    """Of each of them its fold, from 1."""

    def table(self, number: int) -> pa.Table:
        """The rows of one fold, as a run that holds it out measures them."""
        return self.train.take(self.rows[self.numbers == number]).combine_chunks()


def fold_numbers(units: Indices, folds: int, seed: int, labels: pa.ChunkedArray | None) -> tuple[Indices, bool]:
    """Of each row its fold from 1, and whether labels were weighed. Rows of one unit come to one fold. Shape [rows].

    units: a number from 0 of each row. Shape [rows].

    Rows that stand alone are dealt out label by label: folds differ by one row, and by one row of each label. Where some
    belong together the largest units come first, each to the fold that has the fewest rows of its first row's label.
    """
    sizes = np.bincount(units)
    drawn = draw(len(sizes), seed, "fold")
    numbers = None if labels is None else label_numbers(labels)
    label_of = np.zeros(len(sizes), dtype=np.int64)
    if numbers is not None:
        label_of[units[::-1]] = numbers[::-1]
    fold_of = np.empty(len(sizes), dtype=np.int64)
    if (sizes == 1).all():
        fold_of[np.lexsort((drawn, label_of))] = np.arange(len(sizes)) % folds
    else:
        order = np.lexsort((drawn, -sizes))
        fold_of[order] = _greedy(label_of[order].tolist(), sizes[order].tolist(), folds)
    return fold_of[units] + 1, numbers is not None


def _greedy(labels: list[int], sizes: list[int], folds: int) -> list[int]:
    """A fold from 0 for each unit in turn."""
    of_label = {label: [0] * folds for label in labels}
    whole = [0] * folds
    found = []
    for label, size in zip(labels, sizes, strict=True):
        mine = of_label[label]
        fold = min(range(folds), key=lambda one: (mine[one], whole[one]))
        mine[fold] += size
        whole[fold] += size
        found.append(fold)
    return found
