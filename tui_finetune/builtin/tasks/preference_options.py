"""`[task_options]` of dpo and reward. Needs pydantic, and is imported where options are asked for."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Template = Annotated[
    str | None,
    Field(
        min_length=1,
        description="How messages become a text: model (the tokenizer's own chat template), alpaca, chatml, or a template in "
        "jinja2. Without it conversations go by the tokenizer's, or alpaca where it has none, and plain texts are joined "
        "as they are.",
    ),
]


class RewardOptions(BaseModel):
    """Options of reward."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    template: Template = None


class DirectPreferenceOptions(BaseModel):
    """Options of dpo."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    template: Template = None
    beta: Annotated[
        float,
        Field(
            gt=0,
            allow_inf_nan=False,
            description="How closely the model is held to the one that it begins from: what a rating is multiplied by.",
        ),
    ] = 0.1
    reference: Annotated[
        str | None,
        Field(
            min_length=1,
            description="The model against which ratings are measured: a folder or a Hub id. The one that training begins "
            "from, where nothing is named; it is kept with the trained model.",
        ),
    ] = None
