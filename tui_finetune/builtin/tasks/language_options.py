"""`[task_options]` of causal-lm and fill-mask. Needs pydantic, and is imported where options are asked for."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tui_finetune.builtin.tasks.generation_options import GenerationOptions


class CausalLmOptions(GenerationOptions):
    """Options of causal-lm."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    packing: Annotated[
        bool,
        Field(
            description="Training reads the texts one after the other in full blocks of max_length, an end-of-text token "
            "between them; false: each text by itself, in windows and padded. Texts are measured by themselves either way."
        ),
    ] = True
    separator: Annotated[
        str | None,
        Field(
            min_length=1,
            description='With packing: what stands between two texts instead of the end-of-text token; "\\n" where rows are '
            "the lines of one text.",
        ),
    ] = None
    stride: Annotated[
        int,
        Field(
            ge=1,
            description="Of a text longer than max_length: tokens of the window before that a window begins with. They are "
            "not measured again; more of them is more context for those behind, and takes longer.",
        ),
    ] = 1


class FillMaskOptions(BaseModel):
    """Options of fill-mask."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mlm_probability: Annotated[
        float, Field(gt=0, lt=1, description="Share of a text's tokens that are hidden, drawn anew in each epoch.")
    ] = 0.15
    whole_words: Annotated[
        bool, Field(description="A word is hidden with all of its tokens, or not at all; false: each token by itself.")
    ] = True
