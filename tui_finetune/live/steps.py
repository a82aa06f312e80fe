"""Steps in order, as runs of one distance: a million that were logged every ten steps take no room."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import overload

LARGEST_STEP = 2**53
"""A step beyond it is none: no run has so many, and no axis can tell them apart."""


NONE = -1


def _whole_numbers() -> array[int]:
    return array("q")


class Steps(Sequence[int]):
    """Whole numbers that only grow. What is read by place or slice is as of a list."""

    __slots__ = ("_distances", "_firsts", "_length", "_next", "_places", "last")

    def __init__(self, steps: Sequence[int] = ()) -> None:
        self._places, self._firsts, self._distances = _whole_numbers(), _whole_numbers(), _whole_numbers()
        """Of each run: the place of its first step, that step, how far its steps are from each other."""
        self._length = 0
        self.last = self._next = NONE
        """The last step, and the one that would lengthen its run; -1 where there is none."""
        self.extend(steps)

    def _ends_with(self, last: int) -> None:
        self.last = last
        self._next = last + self._distances[-1] if self._length else NONE

    def append(self, step: int) -> None:
        """A step beyond all there are."""
        if step != self._next:
            if self._length and self._length - self._places[-1] == 1:
                self._distances[-1] = step - self.last
            else:
                self._places.append(self._length)
                self._firsts.append(step)
                self._distances.append(1)
        self._length += 1
        self.last = step
        self._next = step + self._distances[-1]

    def extend(self, steps: Sequence[int]) -> None:
        """Steps beyond all there are, in order; at once where they are equally far from each other."""
        for step in steps[:2]:
            self.append(step)
        rest = steps[2:]
        if rest:
            distance = self._distances[-1]
            if list(rest) == list(range(self._next, self._next + len(rest) * distance, distance)):
                self._length += len(rest)
                self._ends_with(rest[-1])
                return
        for step in rest:
            self.append(step)

    def cut(self, place: int) -> None:
        """Takes away what stands at this place and behind it."""
        runs = bisect_right(self._places, place - 1)
        del self._places[runs:], self._firsts[runs:], self._distances[runs:]
        self._length = min(self._length, place)
        self._ends_with(self[-1] if self._length else NONE)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> list[int]: ...
    def __getitem__(self, place: int | slice) -> int | list[int]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(self._length))]
        if place < 0:
            place += self._length
        if not 0 <= place < self._length:
            raise IndexError(place)
        run = bisect_right(self._places, place) - 1 if len(self._places) > 1 else 0
        return self._firsts[run] + (place - self._places[run]) * self._distances[run]

    def __iter__(self) -> Iterator[int]:
        for run, place in enumerate(self._places):
            after = self._places[run + 1] if run + 1 < len(self._places) else self._length
            first, distance = self._firsts[run], self._distances[run]
            yield from range(first, first + (after - place) * distance, distance)
