"""Recipes that are made of a run's: of a branch, of a copy that fits the device. Made in threads, opened in Train."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.runs.info import RunInfo
from tui_finetune.ui.messages import Told

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import Catalog
    from tui_finetune.ui.bridge import Bridge


@dataclass
class RecipeDrafted(Told):
    """A recipe to be looked at in Train."""

    run_id: str
    """The run that it is made of."""
    name: str
    text: str


def draft_branch(bridge: Bridge, info: RunInfo, step: int, name: str, *, keep: bool) -> None:
    """A run from a checkpoint."""

    def make(catalog: Catalog, cache: Path) -> str:
        from tui_finetune.live.recipe_copy import branch_of_run

        return branch_of_run(info, step, catalog, cache, keep=keep, name=name)

    _draft(bridge, f"Branch from {info.title}", info, name, make)


def draft_that_fits(bridge: Bridge, info: RunInfo, settings: Mapping[str, Any]) -> None:
    """A copy with the settings that were tried and fit."""

    def make(catalog: Catalog, cache: Path) -> str:
        from tui_finetune.config.write import edit
        from tui_finetune.live.recipe_copy import copy_of_run

        text = copy_of_run(info, catalog, cache)
        for key, value in settings.items():
            text = edit(text, key, value)
        return text

    _draft(bridge, f"Copy {info.title}", info, info.name, make)


def _draft(bridge: Bridge, what: str, info: RunInfo, name: str, make: Callable[[Catalog, Path], str]) -> None:
    bridge.do(what, lambda: RecipeDrafted(info.id, name, make(bridge.catalog(), bridge.home.cache)))
