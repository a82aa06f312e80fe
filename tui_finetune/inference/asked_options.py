"""Options of a model's task for some answers only, as `predict --set max_new_tokens=20` gives them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tui_finetune.errors import Problem, UserError
from tui_finetune.inference.model_folder import ModelFolder
from tui_finetune.plugin_api.manager import Catalog


def asked_options(folder: ModelFolder, sets: Sequence[str]) -> dict[str, Any]:
    """The given options, checked together with those that the model was trained with. Raises UserError with all problems."""
    from tui_finetune.config.problems import check_table
    from tui_finetune.config.sets import PLACE, parse_set

    given: dict[str, Any] = {}
    problems: list[Problem] = []
    for text in sets:
        parsed = parse_set(text)
        if isinstance(parsed, Problem):
            problems.append(replace(parsed, hint="Write --set max_new_tokens=20."))
            continue
        parts, value = parsed
        given[".".join(parts).removeprefix("task_options.")] = value
    model = folder.task.options_model()
    if model is None and given:
        problems.append(Problem(f"{folder.task.name} has no options.", file=PLACE))
    if model is not None and not problems:
        outcome = check_table(model, {**folder.card.options, **given})
        problems += [replace(problem, file=PLACE) for problem in outcome.problems]
        given = {key: value for key, value in outcome.mended.items() if folder.card.options.get(key) != value}
    if problems:
        raise UserError(problems)
    return given


def with_options(folder: ModelFolder, options: str | None, catalog: Catalog) -> ModelFolder:
    """The model with options as `asked_options` gave them, as JSON."""
    if not options:
        return folder
    given: Mapping[str, Any] = json.loads(options)
    card = replace(folder.card, options={**folder.card.options, **given})
    return replace(folder, card=card, task=catalog.task(card.task, card.options))
