"""Two evaluations of the same rows: who is right where. duckdb joins the stored predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tui_finetune.errors import Problem, UserError

if TYPE_CHECKING:
    from tui_finetune.evaluation.rows import StoredRows

Group = Literal["only_one", "only_other", "both_wrong", "both_right"]
GROUPS: tuple[Group, ...] = ("only_one", "only_other", "both_wrong", "both_right")


@dataclass(frozen=True)
class Compared:
    """The rows of both, by who is right."""

    groups: dict[Group, list[int]]
    """Places in the first file, those where the two losses differ most first."""
    partner: dict[int, int]
    """Place in the first file to place in the second."""
    differ: int
    """Rows of which the two say something else."""

    def count(self, group: Group) -> int:
        return len(self.groups[group])


def compare(one: StoredRows, other: StoredRows, names: tuple[str, str]) -> Compared:
    """Raises UserError where they are not evaluations of the same rows. names: what the two are called."""
    import numpy as np

    found = one.beside(other.path)
    if not len(found["n"]) or len(found["n"]) != one.total or one.total != other.total:
        raise UserError(
            Problem(
                f"{names[0]} was measured on {one.total:,} rows and {names[1]} on {other.total:,}, of which"
                f" {len(found['n']):,} are the same: not comparable.",
                hint="v measures one of them on the other's rows.",
            )
        )
    right, theirs = np.asarray(found["a"], dtype=bool), np.asarray(found["b"], dtype=bool)
    masks = {
        "only_one": right & ~theirs,
        "only_other": ~right & theirs,
        "both_wrong": ~right & ~theirs,
        "both_right": right & theirs,
    }
    places = np.asarray(found["n"], dtype=np.int64)
    groups: dict[Group, list[int]] = {group: places[masks[group]].tolist() for group in GROUPS}
    partner = dict(zip(places.tolist(), np.asarray(found["m"], dtype=np.int64).tolist(), strict=True))
    return Compared(groups, partner, int(np.asarray(found["differ"], dtype=bool).sum()))
