"""What a job carries from step to step: given at the start, filled in on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.worker.attempt import Attempt
from tui_finetune.worker.controls import Controls

if TYPE_CHECKING:
    import datasets
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from tui_finetune.config.schema import Recipe
    from tui_finetune.data.prepare import Prepared
    from tui_finetune.inference.task_card import TaskCard
    from tui_finetune.paths import Home
    from tui_finetune.plugin_api import Encoder, HeavyTask, Metric, Task
    from tui_finetune.plugin_api.manager import Catalog
    from tui_finetune.runs.layout import RunPaths
    from tui_finetune.worker.health import Health
    from tui_finetune.worker.steering.steering import Steering
    from tui_finetune.worker.token_batches import TokenBatches


@dataclass
class Job:
    """One job on one run directory."""

    paths: RunPaths
    home: Home
    recipe: Recipe
    catalog: Catalog
    attempt: Attempt
    controls: Controls
    health: Health
    task: Task
    head: HeavyTask
    metrics: tuple[Metric, ...]
    """The main one first."""
    options: dict[str, Any] = field(init=False)
    """`[task_options]`, with what was tuned on validation."""
    settled: dict[str, Any] = field(default_factory=dict)
    """Options that the recipe leaves open and that were settled before training."""
    max_length: int = 0
    prepared: Prepared | None = None
    tokenizer: PreTrainedTokenizerBase | None = None
    encoder: Encoder | None = None
    encoded: Mapping[str, datasets.Dataset] = field(default_factory=dict)
    """Per split the model's inputs, row by row parallel to `prepared.splits`."""
    model: PreTrainedModel | None = None
    waves: list[list[str]] = field(default_factory=list)
    """Parts that begin frozen and are trained later, the first ones first."""
    trainer: Any = None
    steering: Steering | None = None
    token_batches: TokenBatches | None = None
    """Where `[batching] tokens` makes the batches."""
    choices: dict[str, str] = field(default_factory=dict)
    """What was chosen for speed where the recipe leaves it open, and why, in words."""
    takes_best: bool = False
    """Whether the final model is the best checkpoint's, as `load_best_model_at_end` says, or the last step's."""
    chosen_by: str = "loss"
    """The metric that tells the best checkpoint."""
    model_step: int | None = None
    """The step whose weights the final model has."""
    force: bool = False
    """Begin though pre-flight finds that it does not fit."""
    resume_from: Path | None = None
    """The whole checkpoint that this attempt goes on from."""
    peak_memory: int | None = None
    """Bytes that training took at most, as pre-flight counts them."""
    validation: dict[str, float] | None = None
    test: dict[str, float] | None = None

    def __post_init__(self) -> None:
        self.options = dict(self.recipe.task_options)

    @property
    def main_metric(self) -> str:
        return self.metrics[0].name if self.metrics else "loss"

    def progress(self, what: str, done: int, total: int | None) -> None:
        """Beats, tells, and is a safe point to stop or abort."""
        self.controls.safe_point()
        self.attempt.progress(what, done, total)

    def card(self) -> TaskCard:
        """The task card of the model as it stands."""
        from tui_finetune.inference.task_card import TaskCard

        prepared = got(self.prepared, "data")
        return TaskCard(
            task=self.task.name,
            plugin=(owner.name if (owner := self.catalog.owner("tasks", self.task.name)) else None),
            labels=got(prepared.labels, "labels"),
            max_length=self.max_length,
            options=dict(self.options),
            columns=dict(prepared.columns),
            preprocess=[{"use": step.use, "options": dict(step.options)} for step in self.recipe.preprocess],
            run=self.paths.id,
            metrics={},
        )


def got(value: Any, what: str) -> Any:
    """`value`, which an earlier step has set; a step out of order is a defect."""
    if value is None:
        raise RuntimeError(f"pipeline step out of order: no {what} yet")
    return value
