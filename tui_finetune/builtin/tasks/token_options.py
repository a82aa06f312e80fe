"""`[task_options]` of token-classification. Needs pydantic, and is imported where options are asked for."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class TokenClassificationOptions(BaseModel):
    """Options of token-classification."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    doc_stride: Annotated[
        int | None,
        Field(
            ge=0,
            description="Long rows are read in windows that have so many tokens in common, each word tagged where most "
            "stands around it. Without it what is longer than max_length is cut.",
        ),
    ] = None
    bare_types: Annotated[
        bool,
        Field(
            description="Tags are types without prefixes (PER, O), and words of one type beside each other are one entity (IO). "
            "B-, I-, E- and S- are understood without it."
        ),
    ] = False
