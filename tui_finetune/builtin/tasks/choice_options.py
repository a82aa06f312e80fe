"""`[task_options]` of multiple-choice. Needs pydantic, and is imported where options are asked for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class MultipleChoiceOptions(BaseModel):
    """Options of multiple-choice."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    choices: Annotated[
        Literal["list", "columns"],
        Field(
            description="Where a row's choices are: a list in one column, or columns of their own, ending0, ending1 …"
        ),
    ] = "list"
