"""Runs side by side: their figures, and where their recipes differ."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.bulk import whole_history
from tui_finetune.live.lineage import fork, origin_short
from tui_finetune.live.points import Series
from tui_finetune.live.series import History
from tui_finetune.live.spans import EMPTY, Line, line, muted, span, wrap
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.status import Status
from tui_finetune.runs.tail import brief_events
from tui_finetune.text import cut_end, cut_middle

NOT_COMPARED = ("version", "name", "kind", "of", "resolved", "data.label_names", "run.queue")
"""What differs between any two runs, follows from another key, or only says when a run began."""
FORK_ROWS = 12
"""Steps since two runs parted that are shown."""


@dataclass(frozen=True)
class Side:
    """One of the runs that are compared."""

    info: RunInfo
    status: Status
    metrics: Mapping[str, float]
    """Final ones, or the newest of a run that goes on; main one first, test ones with the prefix `test_`."""
    recipe: Mapping[str, Any]
    """The resolved recipe by dotted key; empty where there is none."""
    rows: Mapping[str, Any]
    """Rows of each split."""
    recipe_problem: str | None = None
    validation: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    """Step to what validation measured there."""
    loss: Series = field(default_factory=Series)
    """Of training; empty where it was not asked for."""


@dataclass(frozen=True)
class SinceFork:
    """Two runs that were one, from the step on at which they part."""

    step: int
    metric: str
    rows: tuple[tuple[int, tuple[float | None, ...]], ...]
    """Step, and the metric of each run there."""


@dataclass(frozen=True)
class Comparison:
    """Rows of a table with one column a run; a value is None where a run has none."""

    sides: tuple[Side, ...]
    facts: tuple[tuple[str, tuple[str | None, ...]], ...]
    metrics: tuple[tuple[str, tuple[float | None, ...]], ...]
    recipe: tuple[tuple[str, tuple[Any, ...]], ...]
    """Keys of the resolved recipes that are not the same in all runs."""
    warnings: tuple[str, ...]
    """Why the figures may not be comparable."""
    since_fork: SinceFork | None = None
    """Where one is a branch of the other, or both of a third."""

    def as_json(self) -> dict[str, Any]:
        return {
            "runs": [side.info.as_json(side.status) for side in self.sides],
            "metrics": {name: list(values) for name, values in self.metrics},
            "recipe": {key: list(values) for key, values in self.recipe},
            "warnings": list(self.warnings),
            "fork": None
            if self.since_fork is None
            else {
                "step": self.since_fork.step,
                "metric": self.since_fork.metric,
                "validation": {str(step): list(values) for step, values in self.since_fork.rows},
            },
        }


def side_of(info: RunInfo, *, curve: bool = False) -> Side:
    """What a run directory has for a comparison. Blocking: reads its events. curve: all of them, for a chart of its loss."""
    status, history = info.status(), whole_history(info.paths.events) if curve else History(brief_events(info.paths))
    newest = history.last("validation")
    recipe, problem = _recipe(info)
    rows = history.plan.get("rows")
    return Side(
        info,
        status,
        dict(status.metrics) or dict(newest.metrics if newest else {}),
        recipe,
        rows if isinstance(rows, Mapping) else {},
        problem,
        {one.step: one.metrics for one in history.evaluations if one.split == "validation" and not one.final},
        history.get("loss") if curve else Series(),
    )


def compare(sides: Sequence[Side]) -> Comparison:
    """At least two runs."""
    names = list(dict.fromkeys(name for side in sides for name in side.metrics))
    keys = list(dict.fromkeys(key for side in sides for key in side.recipe))
    recipe = [(key, tuple(side.recipe.get(key) for side in sides)) for key in keys]
    facts = [(name, tuple(found(side) for side in sides)) for name, found in _FACTS]
    return Comparison(
        tuple(sides),
        tuple((name, values) for name, values in facts if any(values)),
        tuple((name, tuple(side.metrics.get(name) for side in sides)) for name in names),
        tuple((key, values) for key, values in recipe if any(value != values[0] for value in values[1:])),
        tuple(_warnings(sides)),
        _since_fork(sides, names),
    )


def _since_fork(sides: Sequence[Side], names: Sequence[str]) -> SinceFork | None:
    step = fork([side.info for side in sides])
    if step is None:
        return None
    metric = next((name for name in names if not name.startswith("test_")), "loss")
    steps = sorted({at for side in sides for at in side.validation if at > step})
    rows = [(at, tuple(side.validation.get(at, {}).get(metric) for side in sides)) for at in steps]
    return SinceFork(step, metric, tuple(rows))


def fork_rows(found: SinceFork) -> list[tuple[str, tuple[str, ...]]]:
    """Step and figures in words, the last FORK_ROWS of them."""
    return [(f"{at:,}", tuple(words.score(value) for value in values)) for at, values in found.rows[-FORK_ROWS:]]


def fork_words(found: SinceFork) -> str:
    """`one run up to step 1,407; validation accuracy since`."""
    since = f"validation {found.metric} since" if found.rows else "nothing was measured since"
    return f"One run up to step {found.step:,}; {since}"


def value_words(value: Any) -> str:
    """A recipe's value as TOML has it; `–` where it is not set."""
    if value is None:
        return words.NOTHING
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def difference_words(values: Sequence[float | None]) -> str:
    """`+0.012`: the last run's against the first's; nothing where one has none."""
    first, last = values[0], values[-1]
    if first is None or last is None:
        return ""
    return "same" if first == last else f"{last - first:+.3f}"


NAME_CELLS, LEAST_CELLS = 20, 16


def comparison_lines(found: Comparison, width: int, curves: Sequence[Line] = ()) -> list[Line]:
    """The comparison as a sheet shows it: a column a run, as many as there is room for. curves: a chart below the figures."""
    fits = max(1, (width - NAME_CELLS - 2) // (LEAST_CELLS + 2))
    shown_sides, left_out = found.sides[:fits], len(found.sides) - fits
    cells = (width - NAME_CELLS - 2) // len(shown_sides) - 2

    def row(name: str, values: Sequence[object], token: str = "text") -> Line:
        pieces: list[object] = [" ", muted(cut_middle(name, NAME_CELLS).ljust(NAME_CELLS))]
        for value in values[: len(shown_sides)]:
            pieces += ["  ", span(cut_end(str(value), cells).ljust(cells), token)]
        return line(*pieces)

    lines = [row("", [side.info.title for side in shown_sides], "accent")]
    lines += [row(name, [value or words.NOTHING for value in values]) for name, values in found.facts]
    lines += [EMPTY] if found.metrics else []
    for name, values in found.metrics:
        first = values[0]
        said = [words.score(value) for value in values]
        for place, value in enumerate(values[1:], start=1):
            if first is not None and value is not None:
                said[place] += f"  {difference_words([first, value])}"
        lines.append(row(name, said))
    if found.since_fork is not None:
        lines += [EMPTY, line(muted(f" {fork_words(found.since_fork)}"))]
        lines += [row(at, values) for at, values in fork_rows(found.since_fork)]
    lines += [*curves, EMPTY]
    lines += [row(key, [value_words(value) for value in values]) for key, values in found.recipe]
    lines += [] if found.recipe else [line(" Their recipes say the same.")]
    lines += [line(muted(f" {left_out} more in a wider terminal."))] if left_out > 0 else []
    for text in found.warnings:
        lines += [line(" ", *part) for part in wrap(f"! {text}", width - 2, token="warn")]
    return lines


def _took(side: Side) -> str | None:
    return words.duration(side.status.seconds) if side.status.seconds is not None else None


def _steps(side: Side) -> str | None:
    status = side.status
    return f"{status.step:,} of {status.steps:,}" if status.step is not None and status.steps else None


_FACTS = (
    ("state", lambda side: side.status.state),
    ("steps", _steps),
    ("took", _took),
    ("model", lambda side: side.info.model),
    ("data", lambda side: side.info.data),
    ("of", lambda side: origin_short(side.info)),
)


def _recipe(info: RunInfo) -> tuple[dict[str, Any], str | None]:
    try:
        text = info.paths.recipe_toml.read_text(encoding="utf-8")
        return flat(tomllib.loads(text)), None
    except FileNotFoundError:
        return {}, "has no recipe of its own"
    except (OSError, ValueError) as error:
        return {}, f"recipe.toml cannot be read: {error}"


def flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values by dotted key, without those of NOT_COMPARED."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        key = f"{prefix}{name}"
        if key in NOT_COMPARED:
            continue
        if isinstance(value, Mapping):
            found |= flat(value, f"{key}.")
        elif key == "change" and isinstance(value, list):
            found |= {f"change.{one['at_step']}.{name}": asked for one in value for name, asked in one["set"].items()}
        else:
            found[key] = value
    return found


def _warnings(sides: Sequence[Side]) -> list[str]:
    said = [f"{side.info.title} {side.recipe_problem}." for side in sides if side.recipe_problem]
    said += [f"{side.info.title} is {side.status.words}: its figures may change." for side in sides if side.status.live]
    if len({side.info.task for side in sides}) > 1:
        said.append("The runs have different tasks: their metrics do not mean the same.")
    tested = {
        (side.info.data, side.rows.get("test")) for side in sides if any(n.startswith("test_") for n in side.metrics)
    }
    if len(tested) > 1:
        said.append("The runs were tested on different rows: a difference of test metrics may come from these.")
    labels = {json.dumps(side.recipe.get("data.labels")) for side in sides if side.recipe}
    if len(labels) > 1:
        said.append("The runs have different labels.")
    return said
