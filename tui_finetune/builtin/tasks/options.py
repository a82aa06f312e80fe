"""`[task_options]` of our own tasks. Needs pydantic, and is imported where options are asked for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class TextClassificationOptions(BaseModel):
    """Options of text-classification."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    class_weights: Annotated[
        dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] | Literal["balanced"] | None,
        Field(
            description="Weight of each label in the training loss, { neg = 2.0, pos = 1.0 }, or balanced: by how rare it "
            "is. Validation is measured without."
        ),
    ] = None
