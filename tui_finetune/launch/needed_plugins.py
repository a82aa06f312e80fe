"""Whether the plugins that a run was made with are here: asked before a worker is started to go on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_finetune.errors import Problem, UserError

if TYPE_CHECKING:
    from tui_finetune.config.schema import Recipe
    from tui_finetune.plugin_api.manager import Catalog

HINT = "Install it, or name its folder: --plugin-dir FOLDER."


def require_plugins(recipe: Recipe, catalog: Catalog) -> None:
    """Raises UserError naming everything of a resolved recipe that no plugin here adds, and the plugins that did."""
    wanted = [("tasks", recipe.task), *(("preprocessors", step.use) for step in recipe.preprocess)]
    if recipe.data.source is not None:
        wanted.append(("sources", recipe.data.source))
    absent = [catalog.missing(kind, name) for kind, name in wanted if name not in catalog.of_kind(kind)]
    if not absent:
        return
    made_with = [str(plugin.get("name")) for plugin in recipe.resolved.get("plugins", [])]
    away = [name for name in made_with if catalog.plugin(name) is None]
    if away:
        what = ", ".join(problem.message.removeprefix("no ").removesuffix(".") for problem in absent)
        named = " and ".join(away)
        raise UserError(Problem(f"the run needs {what} of the plugin {named}, which is not here.", hint=HINT))
    raise UserError(absent)
