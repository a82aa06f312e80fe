"""`[task_options]` of sft. Needs pydantic, and is imported where options are asked for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from tui_finetune.builtin.tasks.generation_options import GenerationOptions


class SftOptions(GenerationOptions):
    """Options of sft."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    template: Annotated[
        str | None,
        Field(
            min_length=1,
            description="How messages become a text: model (the tokenizer's own chat template), alpaca, chatml, or a template "
            "in jinja2; none: texts are joined as they are. The tokenizer's, or alpaca where it has none, by default. It is "
            "saved with the model.",
        ),
    ] = None
    learn: Annotated[
        Literal["answers", "last", "all"],
        Field(
            description="What the loss is taken on: everything that the assistant says, its last answer, or all of the text. "
            "data tokens shows which tokens these are."
        ),
    ] = "answers"
