"""`[task_options]` of text2text-generation. Needs pydantic, and is imported where options are asked for."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from tui_finetune.builtin.tasks.generation_options import GenerationOptions
from tui_finetune.builtin.tasks.text2text import TARGET_LENGTH


class Text2TextOptions(GenerationOptions):
    """Options of text2text-generation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_new_tokens: Annotated[
        int, Field(ge=1, description="Tokens that are written at most; never more than the model has positions for.")
    ] = TARGET_LENGTH
    prefix: Annotated[
        str,
        Field(
            description='Stands before every source: "translate English to German: ", "summarize: " of T5\'s models.'
        ),
    ] = ""
    max_target_length: Annotated[
        int, Field(ge=2, description="Tokens of a target that are learnt; what stands behind is cut off.")
    ] = TARGET_LENGTH
    source_language: Annotated[
        str | None,
        Field(
            min_length=1,
            description="Language token of the sources, as the tokenizer has it: en_XX of mBART, eng_Latn of NLLB.",
        ),
    ] = None
    target_language: Annotated[
        str | None,
        Field(min_length=1, description="Language token of the targets, with which the model begins to write: de_DE."),
    ] = None
    length_penalty: Annotated[
        float | None,
        Field(
            allow_inf_nan=False,
            description="With num_beams: above 0 favours longer texts, below 0 shorter ones; the library's is 1.",
        ),
    ] = None
    early_stopping: Annotated[
        bool | None, Field(description="With num_beams: the search ends as soon as there are num_beams whole texts.")
    ] = None
    min_new_tokens: Annotated[int | None, Field(ge=0, description="Tokens that are written at least.")] = None
    generate_in_training: Annotated[
        bool,
        Field(
            description="Evaluations during training write a text for every row, which takes longer; false: the best "
            "step is chosen by the loss, and texts are written once, at the end."
        ),
    ] = True

    @model_validator(mode="after")
    def _both_languages(self) -> Self:
        if (self.source_language is None) != (self.target_language is None):
            raise ValueError("source_language and target_language go together")
        return self

    @model_validator(mode="after")
    def _of_beams(self) -> Self:
        given = [name for name in ("length_penalty", "early_stopping") if getattr(self, name) is not None]
        if given and self.num_beams == 1:
            raise ValueError(f"{', '.join(given)}: only with num_beams above 1")
        return self
