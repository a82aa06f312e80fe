"""What a look at data has found, and how `data show` tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tui_finetune.data.lengths import Lengths
from tui_finetune.data.prepare import Prepared
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import Opened, Task

if TYPE_CHECKING:
    from tui_finetune.config.schema import Recipe


@dataclass(frozen=True)
class Look:
    """What was found."""

    recipe: Recipe
    """The recipe that was looked at, or one made for a path."""
    opened: Opened
    task: Task | None
    guessed_task: bool
    prepared: Prepared | None
    """None where there are problems."""
    roles: Mapping[str, str]
    labels: tuple[dict[str, Any], ...]
    """name, value, count (in the split that is trained on), counts (by split: the source's own, of a recipe the run's)."""
    lengths: Lengths | None
    guesses: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the source without which the data cannot be used."""
    samples: tuple[Mapping[str, Any], ...] = ()
    """A few rows by role."""
    sets: tuple[dict[str, Any], ...] = ()
    """name, path and splits of every set of the folder, the one that was looked at among them."""
    subset: str | None = None
    """The set that was looked at, where there are several."""
    sample: Opened | None = None
    """What was looked at, where the splits are large: drawn rows of them."""
    no_task: Problem | None = None
    """Why no run can be made of it, where no task takes it: the data themselves are all right."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """What a run is measured by where its recipe does not say, the main one first."""
        if self.task is None or self.prepared is None or self.prepared.labels is None:
            return ()
        return self.task.default_metrics(self.prepared.labels)

    @property
    def sampled(self) -> int | None:
        """Rows that were looked at, where not all were."""
        return sum(split.rows for split in self.sample.splits.values()) if self.sample is not None else None

    @property
    def unlabelled(self) -> list[str]:
        """Splits that a run leaves out, as they have no labels."""
        notes = self.prepared.notes if self.prepared else ()
        return [name for name in self.opened.splits if f"Split {name} has no labels: it is left out." in notes]

    def as_json(self) -> dict[str, Any]:
        """The document of `data show --json`."""
        data, prepared = self.recipe.data, self.prepared
        return {
            "task": self.task.name if self.task else None,
            "source": self.opened.source,
            "path": list(data.path) if isinstance(data.path, list) else data.path,
            "subset": data.subset,
            "set": self.subset,
            "sets": list(self.sets),
            "revision": self.opened.revision,
            "format": self.opened.format,
            "splits": {name: split.rows for name, split in self.opened.splits.items()},
            "sampled": self.sampled,
            "unlabelled": self.unlabelled,
            "columns": [_column(c.name, c.type, c.class_names, self.roles) for c in self.opened.columns],
            "roles": dict(self.roles),
            "labels": list(self.labels),
            "metrics": list(self.metrics),
            "lengths": self.lengths.as_json() if self.lengths else None,
            "run": {name: table.num_rows for name, table in prepared.splits.items()} if prepared else None,
            "split_origin": dict(prepared.split_origin or {}) if prepared else None,
            "options": dict(self.options),
            "files": [{"path": str(f.path), "size": f.size, "sha256": f.sha256} for f in self.opened.files],
            "task_options": dict(self.recipe.task_options),
            "guesses": list(self.guesses),
            "warnings": list(self.warnings),
            "problems": [problem.as_json() for problem in self.problems],
        }


def _column(name: str, kind: str, names: tuple[str, ...] | None, roles: Mapping[str, str]) -> dict[str, Any]:
    role = next((role for role, column in roles.items() if column == name), None)
    found: dict[str, Any] = {"name": name, "type": kind, "role": role}
    return {**found, "class_names": list(names)} if names else found


def without_problems(look: Look) -> Look:
    """The look, where a recipe can be written by it. Raises DataError with all problems."""
    if look.prepared is None:
        raise DataError(look.problems or look.no_task or "no run can be made of this.")
    mended = [f"{p.message} Left out by drop_missing." for p in look.problems]
    return replace(look, guesses=(*look.guesses, *mended), problems=())
