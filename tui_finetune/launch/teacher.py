"""The trained model that a run learns from beside its labels: `regularize.teacher`, made the folder of a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.errors import Problem, UserError
from tui_finetune.launch.starting_point import RUN_PREFIX

if TYPE_CHECKING:
    from tui_finetune.config.schema import Recipe
    from tui_finetune.paths import Home
    from tui_finetune.plugin_api.manager import Catalog

KEY = "regularize.teacher"


def with_teacher(recipe: Recipe, home: Home, catalog: Catalog, problems: list[Problem]) -> Recipe:
    """The recipe with the teacher as a folder; what is wrong with it is added to `problems`."""
    named = recipe.regularize.teacher
    if named is None:
        return recipe
    from tui_finetune.inference.model_choice import choose_model
    from tui_finetune.inference.model_folder import open_model_folder

    query = named.removeprefix(RUN_PREFIX) if named.startswith(RUN_PREFIX) else str(Path(named).expanduser().absolute())
    try:
        folder = open_model_folder(choose_model(home, query).folder, catalog, home)
    except UserError as error:
        problems += [Problem(p.message, KEY, hint=p.hint) for p in error.problems]
        return recipe
    if folder.card.task != recipe.task:
        problems.append(Problem(f"{named} is for {folder.card.task}, and this run is for {recipe.task}.", KEY))
    table = recipe.regularize.model_copy(update={"teacher": str(folder.path)})
    return recipe.model_copy(update={"regularize": table})
