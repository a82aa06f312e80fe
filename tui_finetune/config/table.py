"""What every table of the recipe is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A table of the recipe: strict types, no unknown keys, never changed in place."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, protected_namespaces=())
