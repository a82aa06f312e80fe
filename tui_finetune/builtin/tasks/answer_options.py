"""`[task_options]` of question-answering. Needs pydantic, and is imported where options are asked for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class QuestionAnsweringOptions(BaseModel):
    """Options of question-answering."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    doc_stride: Annotated[
        int,
        Field(
            ge=0,
            description="Tokens that a window over a long context has in common with the one before; at most half of its room.",
        ),
    ] = 128
    max_answer_length: Annotated[int, Field(ge=1, description="Tokens of the longest answer that is given.")] = 30
    n_best: Annotated[int, Field(ge=1, description="Answers of a row whose scores are compared and kept.")] = 20
    null_threshold: Annotated[
        Literal["tuned"] | Annotated[float, Field(allow_inf_nan=False)] | None,
        Field(
            description="How much the score of no answer must be above the best answer's for none to be given; or tuned, the "
            "default where validation has questions without an answer: best F1 there, kept with the model. Where "
            "all have one, an answer is always given."
        ),
    ] = None
