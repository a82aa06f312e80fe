"""What the interface remembers from one start to the next: place, filter, what was looked at. A file of the home."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tui_finetune.live.listing import ENDED_BADLY
from tui_finetune.live.reader import Listing, RunRow
from tui_finetune.live.since import Away, away_from, away_of
from tui_finetune.runs import atomic

FILE = "interface.json"
SEEN_KEPT = 500
RECIPES_KEPT = 8
DATA_KEPT = 8


@dataclass(frozen=True)
class Memory:
    """Everything that is remembered; what cannot be read is forgotten."""

    run: str | None = None
    """The run that was shown last."""
    tab: str = "all"
    filter: str = ""
    sort: str = ""
    reverse: bool = False
    seen: Mapping[str, int] = field(default_factory=dict)
    """Runs that ended badly to the newest attempt that somebody has opened since."""
    recipes: tuple[str, ...] = ()
    """Files of recipes that were opened or written, the newest first."""
    data: tuple[str, ...] = ()
    """What was opened on the Data screen, as it would be typed, the newest first."""
    away: Away = field(default_factory=Away)
    """How the live runs stood when the interface was last open."""

    def with_run(self, run_id: str, row: RunRow | None) -> Memory:
        """A run was opened: what was wrong with it has been seen."""
        seen = self.seen
        if row is not None and row.status.state in ENDED_BADLY:
            seen = {**seen, run_id: max(1, row.status.attempt)}
        return replace(self, run=run_id, seen=seen)

    def with_recipe(self, path: str) -> Memory:
        """A recipe's file was opened or written."""
        others = [one for one in self.recipes if one != path]
        return replace(self, recipes=(path, *others[: RECIPES_KEPT - 1]))

    def with_data(self, typed: str) -> Memory:
        """Data were opened."""
        others = [one for one in self.data if one != typed]
        return replace(self, data=(typed, *others[: DATA_KEPT - 1]))

    def leaving(self, listing: Listing, now: float) -> Memory:
        """As it is written when the interface ends; the newest of what was seen is kept."""
        if not listing.whole:
            return self
        return replace(self, away=away_of(listing, now), seen=dict(list(self.seen.items())[-SEEN_KEPT:]))

    def as_json(self) -> dict[str, Any]:
        return {"v": 1, **vars(self), "seen": dict(self.seen), "away": self.away.as_json()}


def memory_file(root: Path) -> Path:
    return root / FILE


def read_memory(root: Path) -> Memory:
    """The memory of a home."""
    try:
        found = atomic.read_json(memory_file(root))
    except (FileNotFoundError, NotADirectoryError, PermissionError, atomic.Unreadable):
        return Memory()
    seen = found.get("seen")
    run = found.get("run")
    recipes, data = found.get("recipes"), found.get("data")
    texts = {name: str(found[name]) for name in ("tab", "filter", "sort") if isinstance(found.get(name), str)}
    return Memory(
        run=run if isinstance(run, str) else None,
        reverse=found.get("reverse") is True,
        seen={str(k): v for k, v in seen.items() if isinstance(v, int)} if isinstance(seen, Mapping) else {},
        recipes=tuple(str(one) for one in recipes[:RECIPES_KEPT]) if isinstance(recipes, list) else (),
        data=tuple(str(one) for one in data[:DATA_KEPT]) if isinstance(data, list) else (),
        away=away_from(found.get("away")),
        **texts,
    )
