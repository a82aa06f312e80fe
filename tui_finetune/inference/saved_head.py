"""The head that a model brings along: kept for these labels, its outputs kept by name, or left out. Said before training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_finetune.inference.model_files import read_config
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.plugin_api import LabelSet, Task
from tui_finetune.runs.layout import TASK_CARD

LISTED = 4
"""Labels named; of more the number is told."""
_DEFAULT_NAMES = ("LABEL_0", "LABEL_1")
"""What transformers takes where config.json names none."""


@dataclass(frozen=True)
class SavedHead:
    """Labels of a head that was saved with a model."""

    names: tuple[str, ...]
    ours: bool
    """True where a run here trained it: its names mean what they say."""
    task: str | None = None
    """Name of the task that the run trained it for."""


@dataclass(frozen=True)
class HeadChoice:
    """What becomes of the saved head."""

    new: bool
    words: str | None = None
    kept: tuple[tuple[int, int], ...] = ()
    """Of a new head: outputs that are those of the saved one, as place here and place there."""
    saved: tuple[str, ...] = ()
    """Names of the saved head's outputs, where some are kept."""


def saved_head_of(folder: Path, task: Task) -> SavedHead | None:
    """The head in a model folder; None where the model has none for this task."""
    config, _ = read_config(folder)
    if config is None:
        return None
    if (folder / TASK_CARD).is_file():
        card = TaskCard.read(folder)
        return SavedHead(card.labels.names, ours=True, task=card.task)
    return saved_head(config, task)


def saved_head(config: Mapping[str, Any], task: Task) -> SavedHead | None:
    """The head that a config.json from elsewhere tells of."""
    architectures = config.get("architectures") or [""]
    if not task.architectures or not str(architectures[0]).endswith(task.architectures):
        return None
    named = config.get("id2label")
    names = tuple(str(named[key]) for key in sorted(named, key=int)) if isinstance(named, Mapping) else _DEFAULT_NAMES
    return SavedHead(names, ours=False)


def choose_head(saved: SavedHead | None, labels: LabelSet, task: str) -> HeadChoice:
    """Kept whole where its labels are these, in this order, and output by output where some names are the same. Of a head from
    elsewhere without a name in common the number counts, for its names may mean anything."""
    if saved is None or not saved.names or not labels.names:
        return HeadChoice(new=False)  # a language model's head has no labels
    if saved.task not in (None, task):
        return HeadChoice(True, f"It was trained for {saved.task}: its encoder is kept, and a new head is trained.")
    if saved.names == labels.names:
        return HeadChoice(False, f"Its head is kept: the labels are the same ({_listed(labels.names)}).")
    if kept := _in_common(saved.names, labels.names):
        return HeadChoice(True, _kept_words(saved.names, labels.names), kept, saved.names)
    if not saved.ours and len(saved.names) == len(labels):
        return HeadChoice(
            False, f"Its head for {_listed(saved.names)} is kept and trained on for {_listed(labels.names)}."
        )
    return HeadChoice(
        True,
        f"It was trained for other labels ({_listed(saved.names)}): its head is left out, "
        f"and a new one is trained for {_listed(labels.names)}.",
    )


def _in_common(saved: Sequence[str], names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    there = {name: place for place, name in enumerate(saved)}
    return tuple((place, there[name]) for place, name in enumerate(names) if name in there)


def _kept_words(saved: Sequence[str], names: Sequence[str]) -> str:
    kept = [name for name in names if name in saved]
    new = [name for name in names if name not in saved]
    gone = [name for name in saved if name not in names]
    if not new and not gone:
        return f"Its head is kept, in another order of its labels ({_listed(names)})."
    said = [f"what its head knows of {_listed(kept)} is kept"]
    said += [f"new: {_listed(new)}"] if new else []
    said += [f"left out: {_listed(gone)}"] if gone else []
    return f"It was trained for other labels: {'; '.join(said)}."


def in_order_of(saved: SavedHead | None, labels: LabelSet) -> LabelSet:
    """The labels in the order of the saved head where both are the same set, so that it can be kept."""
    if saved is None or saved.names == labels.names or set(saved.names) != set(labels.names):
        return labels
    values = dict(zip(labels.names, labels.values, strict=True))
    return LabelSet(saved.names, tuple(values[name] for name in saved.names))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= LISTED else f"{', '.join(names[:LISTED])} and {len(names) - LISTED} more"
