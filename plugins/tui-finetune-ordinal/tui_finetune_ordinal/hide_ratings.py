"""hide-ratings: takes ratings in figures out of a text, so that a model has to read the words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tui_finetune.plugin_api import Preprocessor

if TYPE_CHECKING:
    from pydantic import BaseModel

_RATING = re.compile(r"\s*(?:\b[0-9](?:[.,]5)?\s*/\s*(?:5|10)\b|\b[0-9](?:[.,]5)?\s+stars?\b\.?|[★☆]+)", re.IGNORECASE)


class HideRatings(Preprocessor):
    name = "hide-ratings"
    help = "Removes ratings such as 4/5, 4 stars and ★★★★☆ from a text column."

    def options_model(self) -> type[BaseModel]:
        from pydantic import BaseModel, ConfigDict, Field

        class HideRatingsOptions(BaseModel):
            model_config = ConfigDict(extra="forbid")

            column: str = Field(default="text", title="Column to clean")
            drop_empty: bool = Field(default=True, title="Drop rows of which nothing is left")

        return HideRatingsOptions

    def apply(self, row: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any] | None:
        column = options.get("column", "text")
        text = _RATING.sub("", row[column] or "").strip()
        if not text and options.get("drop_empty", True):
            return None
        return {**row, column: text}
