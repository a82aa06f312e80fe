"""Entities in tag sequences, by seqeval's definition (its default mode, conlleval's): ill-formed BIO is repaired, not refused.

`I-PER` after `O` begins an entity; a change of type begins one; prefixes B, I, E, S count. Tags without a prefix are read
as seqeval reads them: their first letter as the prefix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Span = tuple[str, int, int]
"""Type, first word, word after the last."""

_ENDS = {("B", "B"), ("B", "S"), ("B", "O"), ("I", "B"), ("I", "S"), ("I", "O")}
_STARTS = {("E", "E"), ("E", "I"), ("S", "E"), ("S", "I"), ("O", "E"), ("O", "I")}


def spans(tags: Sequence[str]) -> list[Span]:
    """The entities of one sequence, in order."""
    found: list[Span] = []
    previous, previous_type, begin = "O", "", 0
    for index, tag in enumerate((*tags, "O")):
        prefix = tag[:1]
        kind = tag[1:].split("-", maxsplit=1)[-1] or "_"
        if _ends(previous, prefix, previous_type, kind):
            found.append((previous_type, begin, index))
        if _starts(previous, prefix, previous_type, kind):
            begin = index
        previous, previous_type = prefix, kind
    return found


def _ends(before: str, now: str, type_before: str, type_now: str) -> bool:
    return before in ("E", "S") or (before, now) in _ENDS or (before not in ("O", ".") and type_before != type_now)


def _starts(before: str, now: str, type_before: str, type_now: str) -> bool:
    return now in ("B", "S") or (before, now) in _STARTS or (now not in ("O", ".") and type_before != type_now)


def has_prefixes(tags: Sequence[str]) -> bool:
    """True for a set of tags that marks entities: `O` or `X-type` with X one of B, I, E, S; at least one of the latter."""
    marked = [tag for tag in tags if tag[:2] in ("B-", "I-", "E-", "S-")]
    return bool(marked) and all(tag in marked or tag in ("O", "B", "I", "E", "S") for tag in tags)


@dataclass(frozen=True)
class EntityCounts:
    """Entities of one type, or of all."""

    right: int
    predicted: int
    gold: int

    @property
    def precision(self) -> float:
        return self.right / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.predicted + self.gold) if self.predicted + self.gold else 0.0


def count_entities(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> dict[str, EntityCounts]:
    """Counts by type, over parallel tag sequences. An entity is right when type and both ends are."""
    sums: dict[str, list[int]] = {}
    for gold_tags, predicted_tags in zip(gold, predicted, strict=True):
        there, said = set(spans(gold_tags)), set(spans(predicted_tags))
        for column, group in enumerate((there & said, said, there)):
            for kind, _, _ in group:
                sums.setdefault(kind, [0, 0, 0])[column] += 1
    return {kind: EntityCounts(*sums[kind]) for kind in sorted(sums)}


def total(counts: dict[str, EntityCounts]) -> EntityCounts:
    """The micro sum over types."""
    return EntityCounts(
        sum(c.right for c in counts.values()),
        sum(c.predicted for c in counts.values()),
        sum(c.gold for c in counts.values()),
    )
