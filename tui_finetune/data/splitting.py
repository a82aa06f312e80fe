"""Dividing rows, the same on every machine: an order drawn by arithmetic on row numbers, shares by label."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Indices = NDArray[np.int64]
    """Row numbers."""

_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
PIECE = re.compile(r"(#\d+)+$")
"""End of the id of a row that a preprocessor made of another."""
TAGS = {"test": 1, "validation": 2, "sample": 3, "fold": 4}
"""What is drawn, so that no two draws of a seed are the same."""


@dataclass(frozen=True)
class Divided:
    """Row numbers of the two parts, each in the order of the rows."""

    rest: Indices
    taken: Indices
    stratified: bool
    alone: tuple[int, ...] = ()
    """Numbers of the rows whose label has no other row: they are in `rest`."""


def draw(rows: int, seed: int, what: str) -> NDArray[np.uint64]:
    """A number for each row by splitmix64: the rows in its order are a random order. Equal on every machine and version."""
    start = (seed * 0x632BE59BD9B4E019 + TAGS[what] * 0xD1342543DE82EF95) % 2**64
    with np.errstate(over="ignore"):
        z = (np.arange(1, rows + 1, dtype=np.uint64) * np.uint64(_MIX[0])) + np.uint64(start)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(_MIX[1])
        z = (z ^ (z >> np.uint64(27))) * np.uint64(_MIX[2])
        drawn: NDArray[np.uint64] = z ^ (z >> np.uint64(31))
    return drawn


def divide(rows: int, count: int, seed: int, what: str, labels: pa.ChunkedArray | None = None) -> Divided:
    """Takes `count` of the rows, by label in proportion where `labels` are scalars and every part can have its share."""
    order = np.argsort(draw(rows, seed, what), kind="stable")
    groups = None if labels is None else label_numbers(labels)
    alone: tuple[int, ...] = ()
    if groups is None or count == 0:
        taken = order[:count]
    else:
        sizes = np.bincount(groups)
        quotas = shares(sizes, count)
        ordered = order[np.argsort(groups[order], kind="stable")]
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        places = np.arange(rows) - np.repeat(starts, sizes)
        taken = ordered[places < np.repeat(quotas, sizes)]
        alone = tuple(int(ordered[starts[i]]) for i in np.flatnonzero(sizes == 1))
    chosen = np.zeros(rows, dtype=bool)
    chosen[taken] = True
    return Divided(np.flatnonzero(~chosen), np.flatnonzero(chosen), groups is not None, alone)


def divide_pieces(
    origins: Sequence[str] | Indices, count: int, seed: int, what: str, labels: pa.ChunkedArray | None = None
) -> Divided:
    """`divide` for rows of which several were made of one: `origins` names it, and what is of one origin stays together."""
    names = origins if isinstance(origins, np.ndarray) else np.asarray(origins, dtype=object).astype(str)
    _, firsts, numbers = np.unique(names, return_index=True, return_inverse=True)
    first_rows = np.sort(firsts)
    rank = np.empty(len(first_rows), dtype=np.int64)
    rank[np.argsort(firsts, kind="stable")] = np.arange(len(first_rows))
    origin_of = rank[numbers]
    wanted = max(round(len(first_rows) * count / len(origins)), 1)
    parts = divide(len(first_rows), wanted, seed, what, None if labels is None else labels.take(first_rows))
    chosen = np.isin(origin_of, parts.taken)
    alone = tuple(int(first_rows[index]) for index in parts.alone)
    return Divided(np.flatnonzero(~chosen), np.flatnonzero(chosen), parts.stratified, alone)


def divide_groups(groups: Indices, count: int, seed: int, what: str) -> Divided:
    """Takes whole groups in a drawn order, those that fit, until `count` rows are reached; the smallest where none fits.

    groups: a number from 0 for each row. Shape [rows]. At least one group is left.
    """
    sizes = np.bincount(groups)
    order = np.argsort(draw(len(sizes), seed, what), kind="stable")
    taken: list[int] = []
    rows = 0
    for group in order:
        if rows + sizes[group] <= count and len(taken) < len(sizes) - 1:
            taken.append(int(group))
            rows += int(sizes[group])
    if not taken and len(sizes) > 1:
        taken = [int(order[np.argmin(sizes[order])])]
    chosen = np.isin(groups, taken)
    return Divided(np.flatnonzero(~chosen), np.flatnonzero(chosen), False)


def divide_newest(order: Indices, count: int) -> Divided:
    """Takes the last `count` rows of an order, oldest first, of all rows."""
    return Divided(np.sort(order[: len(order) - count]), np.sort(order[len(order) - count :]), False)


def shares(sizes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """How many of each group are taken: in proportion, largest remainders first, never a group's last row."""
    wanted = sizes * (count / max(int(sizes.sum()), 1))
    most = np.maximum(sizes - 1, 0)
    found: NDArray[np.int64] = np.minimum(np.floor(wanted).astype(np.int64), most)
    # Ties go to the larger, then to the earlier group.
    order = np.lexsort((np.arange(len(sizes)), -sizes, -(wanted - found)))
    left = count - int(found.sum())
    while left > 0 and (found < most).any():
        for index in order:
            if left > 0 and found[index] < most[index]:
                found[index] += 1
                left -= 1
    return found


def label_numbers(labels: pa.ChunkedArray) -> Indices | None:
    """A number for each row's label, in the order of the labels; None for what is no label."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_nested(labels.type) or pa.types.is_floating(labels.type) or labels.null_count:
        return None
    values: Any = sorted(labels.unique().to_pylist(), key=lambda value: (str(type(value)), value))
    found: Indices = pc.index_in(labels, value_set=pa.array(values, labels.type)).to_numpy().astype(np.int64)
    return found


def sample(rows: int, count: int, seed: int, labels: pa.ChunkedArray | None = None) -> Indices:
    """At most `count` of the rows, drawn, by label in proportion where it can be; in the order of the rows."""
    if count >= rows:
        return np.arange(rows)
    left_out = divide(rows, rows - count, seed, "sample", labels)
    return (
        left_out.rest
        if len(left_out.rest) == count
        else np.sort(np.argsort(draw(rows, seed, "sample"), kind="stable")[:count])
    )
