"""Long inputs as several: windows over tokens, and which row each of the features that came of it belongs to.

`Task.encode` may return more features than it was given rows. Then its column `ROW_INDEX` says of each feature the
place of its row in the batch, ascending, every row at least once; all its columns have a value a feature. The worker
trains on features, and gives `decode` all features of a row together, in their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_finetune.plugin_api.tasks import Encoded

ROW_INDEX = "row_index"
"""Column of `encode`: the place in the batch of the row that a feature is of."""


@dataclass(slots=True)
class Tokens:
    """Tokens of an input, or of a window over it, as the protocol `Encoded` has them."""

    ids: list[int]
    type_ids: list[int]
    """Empty where the model takes none."""
    word_ids: list[int | None]
    offsets: list[tuple[int, int]]
    length: int
    """Of the whole input, special tokens included."""
    sequence_ids: list[int | None] = field(default_factory=list)


def pair_windows(whole: Encoded, max_length: int, stride: int) -> list[Encoded]:
    """A pair as windows over its second text, the first text in front of each; each window begins with the last
    `stride` tokens of the one before.

    A first text that leaves the second less than half of the room is cut at its end; an overlap of more than half of
    what is left is that half.
    """
    first = [index for index, part in enumerate(whole.sequence_ids) if part == 0]
    second = [index for index, part in enumerate(whole.sequence_ids) if part == 1]
    room = max_length - (len(whole.ids) - len(first) - len(second))
    dropped = set(first[max(room - len(second), room // 2) :])
    return _slid(whole, second, dropped, room - (len(first) - len(dropped)), stride)


def text_windows(whole: Encoded, max_length: int, stride: int) -> list[Encoded]:
    """A single input as windows, the special tokens around each."""
    tokens = [index for index, part in enumerate(whole.sequence_ids) if part is not None]
    return _slid(whole, tokens, set(), max_length - (len(whole.ids) - len(tokens)), stride)


def step_of(room: int, stride: int) -> int:
    """Tokens from the beginning of a window to that of the next, of windows of `room` tokens."""
    return max(1, room - min(stride, room // 2))


def _slid(whole: Encoded, moving: Sequence[int], dropped: set[int], room: int, stride: int) -> list[Encoded]:
    """Windows of `room` of the moving tokens, which follow each other, with all others that are not dropped."""
    begin, end = (moving[0], moving[-1] + 1) if moving else (len(whole.ids), len(whole.ids))
    before = [index for index in range(begin) if index not in dropped]
    after = [index for index in range(end, len(whole.ids)) if index not in dropped]
    step = step_of(room, stride)
    found: list[Encoded] = []
    for start in range(begin, max(begin + 1, end - room + step), step):
        found.append(_taken(whole, [*before, *range(start, min(start + room, end)), *after]))
    return found


def _taken(whole: Encoded, tokens: Sequence[int]) -> Tokens:
    return Tokens(
        [whole.ids[i] for i in tokens],
        [whole.type_ids[i] for i in tokens] if whole.type_ids else [],
        [whole.word_ids[i] for i in tokens],
        [whole.offsets[i] for i in tokens],
        whole.length,
        [whole.sequence_ids[i] for i in tokens],
    )


def row_of_each(windows: Sequence[Sequence[Encoded]]) -> list[int]:
    """The column `ROW_INDEX` of windows, a list a row."""
    return [row for row, found in enumerate(windows) for _ in found]


def features_of_rows(index: Sequence[int]) -> list[list[int]]:
    """Places of the features of each row, from the column `ROW_INDEX`."""
    found: list[list[int]] = [[] for _ in range(index[-1] + 1)] if len(index) else []
    for place, row in enumerate(index):
        found[row].append(place)
    return found


def row_values(columns: Mapping[str, Sequence[Any]], name: str) -> Sequence[Any]:
    """A column of `encode` with a value a row: of several features the first one's."""
    if ROW_INDEX not in columns:
        return columns[name]
    return [columns[name][places[0]] for places in features_of_rows(columns[ROW_INDEX])]
