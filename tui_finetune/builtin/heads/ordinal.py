"""ordinal, the heavy half: AutoModelForSequenceClassification trained by the conditional loss of CORN (arXiv:2111.08851)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_finetune.plugin_api import HeavyTask, ModelRequest

if TYPE_CHECKING:
    import torch
    from transformers import Trainer


class OrdinalHead(HeavyTask):
    """`labels` come as a float a level, 1 where the row reaches it."""

    model_class = "transformers:AutoModelForSequenceClassification"

    def model_arguments(self, request: ModelRequest) -> dict[str, Any]:
        # A yes or no an output: `pipeline` takes a sigmoid of each, which is what they stand for.
        return {"problem_type": "multi_label_classification"}

    def trainer_class(self) -> type[Trainer]:
        from transformers import Trainer

        class OrdinalTrainer(Trainer):  # type: ignore[misc]
            def __init__(self, *args: Any, **more: Any) -> None:
                super().__init__(*args, compute_loss_func=corn_loss, **more)

        return OrdinalTrainer


def corn_loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
    """Minus the log likelihood of the gold level, mean over rows: each decision counts for the rows that come to it."""
    from torch.nn import functional

    logits, levels = outputs["logits"][:, 1:], labels.to(outputs["logits"].dtype)
    asked, reached = levels[:, :-1], levels[:, 1:]
    each = functional.binary_cross_entropy_with_logits(logits, reached, reduction="none")
    total = (each * asked).sum()
    # Trainer counts what stands in `labels`: as many numbers a row as there are levels.
    rows = labels.shape[0] if num_items_in_batch is None else num_items_in_batch / labels.shape[1]
    return total / rows
