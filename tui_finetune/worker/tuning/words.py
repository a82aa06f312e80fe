"""What a run trains in another way than plainly, in words: for its plan, `show` and the interface."""

from __future__ import annotations

from tui_finetune.worker.job import Job, got
from tui_finetune.worker.tuning.adapter import adapter_words
from tui_finetune.worker.tuning.added import regularize_words
from tui_finetune.worker.tuning.rates import Rates


def tuning_words(job: Job, steps: int) -> list[str]:
    """Nothing of a run whose recipe asks for nothing of it. steps: of the run."""
    model, table = got(job.model, "model"), job.recipe.model
    said = [adapter_words(model, job.recipe.adapter)] if job.recipe.adapter is not None else []
    if table.freeze_layers is not None:
        said.append(f"embeddings and the lowest {table.freeze_layers} layers frozen")
    if (every := table.unfreeze_every) is not None:
        apart = int(every) if every >= 1 else max(1, int(every * steps))
        said.append(f"begins with the head alone, one more of {len(job.waves)} parts every {apart:,} steps")
    if (rate := job.recipe.optim.head_learning_rate) is not None:
        said.append(f"head at rate {rate:g}")
    return [*said, *Rates(job.recipe.optim, 1.0).words(model), *regularize_words(job.recipe.regularize)]
