"""`[task_options]` of our own tasks. Needs pydantic, and is imported where options are asked for."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]

OF_SEVERAL = ("thresholds", "separator", "missing_is_none")
"""Options that mean nothing where a text has one label."""


class TextClassificationOptions(BaseModel):
    """Options of text-classification."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    problem_type: Annotated[
        Literal["single_label_classification", "multi_label_classification"] | None,
        Field(
            description="One label a text (the default), or any number of them, none included. As transformers has it."
        ),
    ] = None
    class_weights: Annotated[
        dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] | Literal["balanced"] | None,
        Field(
            description="Weight of each label in the training loss, { neg = 2.0, pos = 1.0 }, or balanced: by how rare it "
            "is. Validation is measured without. Of several labels a text: the weight of the rows that have the label."
        ),
    ] = None
    focal_gamma: Annotated[
        float | None,
        Field(
            ge=0,
            le=10,
            allow_inf_nan=False,
            description="Focal loss (arXiv:1708.02002): what the model is already sure of counts less, the more so the higher "
            "this is; 2 is usual. Validation is measured without.",
        ),
    ] = None
    hierarchy: Annotated[
        str | None,
        Field(
            min_length=1,
            description="Of one label a text: what stands between the levels in its name, as in a/b/c. The report then has "
            "figures for each level.",
        ),
    ] = None
    thresholds: Annotated[
        Literal["tuned"] | Probability | dict[str, Probability] | None,
        Field(
            description="Of several labels: the score from which on a label is given, one for all or { joy = 0.3 }; or tuned, "
            "the default: each label's best F1 on validation, kept with the model."
        ),
    ] = None
    separator: Annotated[
        str | None,
        Field(min_length=1, description="Of several labels: what stands between them in a text; a comma by default."),
    ] = None
    missing_is_none: Annotated[
        bool | None,
        Field(description="Of several labels: a row without a value has no label. Otherwise such rows are refused."),
    ] = None

    @model_validator(mode="after")
    def _of_several(self) -> Self:
        given = [name for name in OF_SEVERAL if getattr(self, name) is not None]
        if given and self.problem_type != "multi_label_classification":
            raise ValueError(f'{", ".join(given)}: only with problem_type = "multi_label_classification"')
        if self.hierarchy is not None and self.problem_type == "multi_label_classification":
            raise ValueError("hierarchy goes with one label a text")
        return self


class RegressionOptions(BaseModel):
    """Options of regression."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    range: Annotated[
        list[Annotated[float, Field(allow_inf_nan=False)]] | None,
        Field(
            min_length=2,
            max_length=2,
            description="Lowest and highest number that there is, [0, 5]: it is learnt as 0 to 1, answers stay within, and "
            "rows outside are refused.",
        ),
    ] = None
    targets: Annotated[
        list[str] | None,
        Field(min_length=1, description="Names of the numbers, where a row has a list of them."),
    ] = None

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.range is not None and not self.range[0] < self.range[1]:
            raise ValueError("range: the second number is to be above the first")
        if self.targets is not None and len(set(self.targets)) < len(self.targets):
            raise ValueError("targets: a name stands there twice")
        return self
