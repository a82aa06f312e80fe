"""The screens there are. One entry each: its number, and where it is; a screen is imported when it is first shown."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_finetune.ui.actions import Place
    from tui_finetune.ui.page import Page


@dataclass(frozen=True)
class Entry:
    """A screen of the header."""

    number: str
    name: str
    title: str

    def page(self) -> Page:
        """A new page of this screen: `Page` of `tui_finetune.ui.screens.<name>.page`."""
        module = importlib.import_module(f"{__name__}.{self.name}.page")
        page: Page = module.make()
        return page

    def places(self) -> tuple[Place, ...]:
        """What can be done in it, `PLACES` of `tui_finetune.ui.screens.<name>.places`: the screen first, then its panes."""
        module = importlib.import_module(f"{__name__}.{self.name}.places")
        places: tuple[Place, ...] = module.PLACES
        return places


SCREENS: tuple[Entry, ...] = (
    Entry("1", "runs", "Runs"),
    Entry("2", "data", "Data"),
    Entry("3", "train", "Train"),
    Entry("4", "run", "Run"),
    Entry("5", "evaluate", "Evaluate"),
    Entry("6", "predict", "Predict"),
    Entry("7", "plugins", "Plugins"),
)
"""In the order of their numbers. Only what works is listed."""


def entry(name: str) -> Entry:
    return next(one for one in SCREENS if one.name == name)
