"""How texts are generated: settings of transformers' `generate`, of tasks whose models write. Needs pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, model_validator

SETTINGS = (
    "max_new_tokens",
    "num_beams",
    "do_sample",
    "temperature",
    "top_k",
    "top_p",
    "repetition_penalty",
    "no_repeat_ngram_size",
)
MAX_NEW_TOKENS = 64
OF_SAMPLING = ("temperature", "top_k", "top_p")


class GenerationOptions(BaseModel):
    """Fields that go to `generate` by their own names; what is absent is the model's own."""

    max_new_tokens: Annotated[int, Field(ge=1, description="Tokens that are written at most.")] = MAX_NEW_TOKENS
    num_beams: Annotated[
        int, Field(ge=1, description="Beams that are searched; 1 takes one token after the other.")
    ] = 1
    do_sample: Annotated[
        bool,
        Field(description="Draw each token by its probability (the same draw each time) instead of the likeliest."),
    ] = False
    temperature: Annotated[
        float | None, Field(gt=0, allow_inf_nan=False, description="With do_sample: below 1 likelier, above 1 bolder.")
    ] = None
    top_k: Annotated[int | None, Field(ge=1, description="With do_sample: only from so many likeliest tokens.")] = None
    top_p: Annotated[
        float | None,
        Field(
            gt=0,
            le=1,
            allow_inf_nan=False,
            description="With do_sample: only from the likeliest with so much together.",
        ),
    ] = None
    repetition_penalty: Annotated[
        float | None, Field(gt=0, allow_inf_nan=False, description="Above 1: what was written already is less likely.")
    ] = None
    no_repeat_ngram_size: Annotated[
        int | None, Field(ge=1, description="So many tokens in a row are not written twice.")
    ] = None

    @model_validator(mode="after")
    def _drawn(self) -> Self:
        given = [name for name in OF_SAMPLING if getattr(self, name) is not None]
        if given and not self.do_sample:
            raise ValueError(f"{', '.join(given)}: only with do_sample = true")
        return self


def generation_settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `generate` of a task's options."""
    return {name: options[name] for name in SETTINGS if options.get(name) is not None}
