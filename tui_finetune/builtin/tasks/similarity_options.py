"""`[task_options]` of sentence-similarity. Needs pydantic, and is imported where options are asked for."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
LOSSES = {
    "scored": ("cosent", "cosine", "contrastive"),
    "pairs": ("multiple_negatives",),
    "triplets": ("multiple_negatives", "triplet"),
}
"""Of each kind of rows, the default first."""
USED_BY = {"scale": ("cosent", "multiple_negatives"), "margin": ("contrastive", "triplet")}


class SimilarityOptions(BaseModel):
    """Options of sentence-similarity."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: Annotated[
        Literal["scored", "pairs", "triplets"],
        Field(
            description="What a row is: scored, two texts and how alike they are; pairs, two texts that belong together; "
            "triplets, a text, one that belongs to it and one that does not."
        ),
    ] = "scored"
    loss: Annotated[
        Literal["cosent", "cosine", "contrastive", "multiple_negatives", "triplet"] | None,
        Field(
            description="Of scored: cosent (the default; only the order of the scores counts), cosine (squared error) or "
            "contrastive (for scores of two values). Of pairs: multiple_negatives (the other rows' texts are the wrong ones). "
            "Of triplets: multiple_negatives or triplet."
        ),
    ] = None
    range: Annotated[
        list[Annotated[float, Field(allow_inf_nan=False)]] | None,
        Field(
            min_length=2,
            max_length=2,
            description="Of scored: lowest and highest score that there is, [0, 5]; they stand for similarities of 0 and 1.",
        ),
    ] = None
    scale: Annotated[
        Positive | None, Field(description="What cosines are multiplied by in cosent and multiple_negatives; 20.")
    ] = None
    margin: Annotated[
        Positive | None,
        Field(
            description="How far apart, as 1 - cosine, contrastive and triplet want what does not belong together; 0.5."
        ),
    ] = None
    symmetric: Annotated[
        bool | None,
        Field(description="multiple_negatives also looks for the first text among all, given the second one."),
    ] = None
    pooling: Annotated[
        Literal["mean", "cls", "max", "last"] | None,
        Field(
            description="How the vectors of a text's tokens become one: their mean, the first one, the largest of each "
            "number, the last one. By default the model's own, else mean."
        ),
    ] = None

    @model_validator(mode="after")
    def _fit(self) -> Self:
        losses = LOSSES[self.rows]
        if self.loss is not None and self.loss not in losses:
            raise ValueError(f'loss: of rows = "{self.rows}" there is {" and ".join(losses)}')
        chosen = self.loss or losses[0]
        for name, users in USED_BY.items():
            if getattr(self, name) is not None and chosen not in users:
                raise ValueError(f"{name} goes with {' and '.join(users)}, not with {chosen}")
        if self.symmetric and chosen != "multiple_negatives":
            raise ValueError(f"symmetric goes with multiple_negatives, not with {chosen}")
        if self.range is not None and self.rows != "scored":
            raise ValueError('range goes with rows = "scored"')
        if self.range is not None and not self.range[0] < self.range[1]:
            raise ValueError("range: the second number is to be above the first")
        return self
