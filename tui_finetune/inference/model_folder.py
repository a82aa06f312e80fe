"""A folder with a trained model: which task it is for, and whether it can be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_finetune.errors import ModelError, Problem
from tui_finetune.inference.model_files import check_model, read_config, read_json
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.paths import Home
from tui_finetune.plugin_api import LabelSet, Task
from tui_finetune.plugin_api.manager import Catalog
from tui_finetune.runs.layout import TASK_CARD

DEFAULT_LENGTH = 512
"""Longest input where nothing in the folder says."""
UNLIMITED = 1_000_000
"""transformers writes a huge model_max_length where it knows none."""
OFFSET_POSITIONS = frozenset({"roberta", "xlm-roberta", "camembert", "longformer", "mpnet", "xmod", "data2vec-text"})
"""Model types whose first position is the one behind the padding token: two fewer can be used."""


@dataclass(frozen=True)
class ModelFolder:
    """A model that was looked at and can be loaded."""

    path: Path
    card: TaskCard
    task: Task


def open_model_folder(path: Path, catalog: Catalog, home: Home, *, trust_remote_code: bool = False) -> ModelFolder:
    """Looks at the folder without loading it. Raises ModelError or UserError with all problems."""
    path = path.absolute()
    if (path / TASK_CARD).is_file():
        card = TaskCard.read(path)
        task: Task = _task_of_card(card, path, catalog)
    else:
        config, problems = read_config(path)
        if config is None:
            raise ModelError([Problem(f"{path}: {p.message}", hint=p.hint) for p in problems])
        task = task_of(config, path, catalog)
        card = card_of(config, path, task)
    check_model(str(path), task, revision=None, home=home, trust_remote_code=trust_remote_code, trained=True)
    return ModelFolder(path, card, task)


def _task_of_card(card: TaskCard, path: Path, catalog: Catalog) -> Task:
    if card.plugin is not None and card.task not in catalog.tasks and catalog.plugin(card.plugin) is None:
        hint = "Install it, or name its folder: --plugin-dir FOLDER."
        message = f"{path} is for the task {card.task} of the plugin {card.plugin}, which is not here."
        raise ModelError(Problem(message, hint=hint))
    task: Task = catalog.task(card.task, card.options)
    return task


def task_of(config: Mapping[str, Any], path: Path, catalog: Catalog) -> Task:
    """The task whose models have this architecture; our own come first. Raises ModelError where there is none."""
    named = config.get("architectures")
    architecture = str(named[0]) if isinstance(named, list) and named else ""
    for task in catalog.tasks.values():
        if task.architectures and architecture.endswith(task.architectures):
            options = task.options_of(config)
            if options is not None:
                return task.variant(options)
    known = "; ".join(
        f"{task.name} (…{', …'.join(task.architectures)})" for task in catalog.tasks.values() if task.architectures
    )
    what = f"is a {architecture}" if architecture else "does not say what it is"
    hint = f"Tasks by architecture: {known}. A model without a head is trained first: tui-finetune train."
    raise ModelError(Problem(f"{path} {what}: no task here uses it.", hint=hint))


def card_of(config: Mapping[str, Any], path: Path, task: Task) -> TaskCard:
    """A task card for a model that was not trained here, from what transformers wrote. Raises ModelError."""
    labels = config.get("id2label") or {}
    names = [str(labels[key]) for key in sorted(labels, key=int)] if labels else ["LABEL_0", "LABEL_1"]
    options = task.options_of(config)
    if options is None:
        raise ModelError(Problem(f"{path} is no model of {task.name}."))
    return TaskCard(task.name, None, LabelSet.of(names), _longest(config, path), _with_defaults(task, options))


def _with_defaults(task: Task, options: Mapping[str, Any]) -> dict[str, Any]:
    model = task.options_model()
    if model is None:
        return {}
    filled: dict[str, Any] = model.model_validate(dict(options)).model_dump(mode="json", exclude_none=True)
    return filled


def _longest(config: Mapping[str, Any], path: Path) -> int:
    """Longest input in tokens: the tokenizer's word, and never more than the model has positions."""
    found = [DEFAULT_LENGTH]
    positions = config.get("max_position_embeddings")
    if isinstance(positions, int) and positions > 2:
        found = [positions - 2 if config.get("model_type") in OFFSET_POSITIONS else positions]
    tokenizer = read_json(path / "tokenizer_config.json")
    said = tokenizer.get("model_max_length") if isinstance(tokenizer, dict) else None
    if isinstance(said, int | float) and 2 < said < UNLIMITED:
        found.append(int(said))
    return min(found)
