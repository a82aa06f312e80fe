"""Task heads, the heavy half: model class, collator, logits, loss. Resolved in worker and helpers only.

Importing this module imports no torch: a plugin subclasses `HeavyTask` in the module that `Task.heavy` names, and that
module may import what it likes. The defaults suit any head whose model takes `labels` and returns `loss` and `logits`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from tui_finetune.plugin_api.tasks import LabelSet, Task
from tui_finetune.plugin_api.windows import ROW_INDEX

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer, TrainerCallback

PASSED_THROUGH = ("row_id", "row_hash", "length", "truncated", ROW_INDEX)
"""Columns of an encoded data set that no collator sees."""


@dataclass(frozen=True)
class ModelRequest:
    """What a head is asked to load."""

    path: str
    """Local folder or Hub id."""
    labels: LabelSet
    options: Mapping[str, Any]
    """`[task_options]`, validated."""
    revision: str | None = None
    trust_remote_code: bool = False
    new_head: bool = False
    """True where the saved head belongs to another label set: it is left out and initialized anew."""

    @property
    def remote(self) -> dict[str, Any]:
        """What every from_pretrained of the path is told beside it."""
        extra = {} if self.revision is None else {"revision": self.revision}
        return {"trust_remote_code": self.trust_remote_code, **extra}


class HeavyTask:
    """A task head, heavy half. Made by the worker with its light half; holds no other state."""

    model_class: ClassVar[str] = "transformers:AutoModelForSequenceClassification"
    """`module:attribute` of a class with from_pretrained."""
    takes_class_weights: ClassVar[bool] = False
    """True where the model's loss is the cross entropy of its logits: of one label a row, or binary with a float a label (shape
    multilabels). Then labels may weigh differently (`class_weights`)."""

    outputs: ClassVar[tuple[str, ...]] = ("logits",)
    """Names of what the model returns that is decoded, in the model's order; several are laid together as the last axis."""
    trains_head: ClassVar[bool] = True
    """What stands outside the base model is drawn anew and trained in full beside an adapter. False for a language model's,
    which is pre-trained as the rest is."""
    inputs: ClassVar[tuple[str, ...]] = ()
    """Columns of `encode` that the collator takes beside those that the model's forward takes."""
    reference_columns: ClassVar[tuple[str, ...]] = ()
    """Columns, a number a row, that `reference` gives the rows before training: what the model is measured against."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def load_model(self, request: ModelRequest) -> PreTrainedModel:
        """The pre-trained model with this task's head; id2label and label2id set from the labels; safetensors only.

        Raises whatever from_pretrained raises; the caller turns it into a ModelError.
        """
        names = list(request.labels.names)
        model = self.pretrained(
            request,
            num_labels=len(names),
            id2label=dict(enumerate(names)),
            label2id={name: index for index, name in enumerate(names)},
            ignore_mismatched_sizes=request.new_head,
            **self.model_arguments(request),
        )
        if request.new_head:
            draw_new_head(model)
        return model

    def pretrained(self, request: ModelRequest, **arguments: Any) -> PreTrainedModel:
        """What from_pretrained of `model_class` gives, for a `load_model` of one's own. Raises what it raises, and ValueError
        where the weights are another model's."""
        model: PreTrainedModel
        model, info = resolve(self.model_class).from_pretrained(
            request.path, output_loading_info=True, use_safetensors=True, **request.remote, **arguments
        )
        refuse_other_weights(model, info["missing_keys"])
        return model

    def model_arguments(self, request: ModelRequest) -> dict[str, Any]:
        """Further arguments of from_pretrained; `problem_type`, for instance."""
        return {}

    def prepare_tokenizer(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Changes the tokenizer before rows are encoded: it is saved so with the model. A chat template, for instance."""

    def collator(
        self,
        tokenizer: PreTrainedTokenizerBase,
        *,
        padding: str,
        max_length: int,
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Makes a batch of encoded rows. `padding`: longest or max_length. Columns the model does not take are dropped before."""
        from transformers import DataCollatorWithPadding

        return DataCollatorWithPadding(  # type: ignore[no-any-return]
            tokenizer, padding=padding, max_length=max_length
        )

    def raw_output(self, returned: Any) -> torch.Tensor:
        """What `split_logits` takes, of what the model returned for a batch."""
        import torch

        found = [getattr(returned, name) for name in self.outputs]
        return found[0] if len(found) == 1 else torch.stack(found, dim=-1)

    def split_logits(self, logits: torch.Tensor, attention_mask: torch.Tensor) -> list[np.ndarray]:
        """The batch's raw output, a float32 array a row without padding: [labels] or [tokens, labels]."""
        rows = logits.detach().float().cpu().numpy()
        if rows.ndim == 2:
            return list(rows)
        kept = attention_mask.bool().cpu().numpy()  # padding may stand on either side
        return [row[mask] for row, mask in zip(rows, kept, strict=True)]

    def score(
        self, model: PreTrainedModel, batch: Mapping[str, torch.Tensor], tokenizer: PreTrainedTokenizerBase
    ) -> list[np.ndarray]:
        """The raw output of a batch's rows as `decode` takes it, without padding, for figures and answers.

        Called without gradients, the model in eval mode, the batch (as the collator made it) on its device.
        """
        inputs = {name: value for name, value in batch.items() if name != "labels"}
        return self.split_logits(self.raw_output(model(**inputs)), batch["attention_mask"])

    def reduced(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """What is kept of the logits of an evaluation's batch while training goes on, as Trainer's
        `preprocess_logits_for_metrics`: [rows, …] in place of a vocabulary a token."""
        return logits

    @property
    def measures_in_training(self) -> bool:
        """False where validation has its loss alone until the training has ended."""
        return True

    def read(self, outputs: Sequence[np.ndarray], tokenizer: PreTrainedTokenizerBase) -> Sequence[np.ndarray]:
        """What an evaluation while training goes on has kept of rows, as `score` gives it: texts of tokens, for instance."""
        return outputs

    def packed(
        self,
        batches: Iterator[dict[str, list[Any]]],
        tokenizer: PreTrainedTokenizerBase,
        max_length: int,
        options: Mapping[str, Any],
    ) -> Iterator[dict[str, list[Any]]]:
        """What is trained on, from the encoded rows of train, a thousand at a time; without `ROW_INDEX` where rows are no longer
        apart. options: `[task_options]`."""
        return batches

    def said(
        self,
        model: PreTrainedModel,
        encoded: Mapping[str, Sequence[Any]],
        tokenizer: PreTrainedTokenizerBase,
        options: Mapping[str, Any],
        batch_rows: int,
    ) -> Mapping[str, list[Any]]:
        """Columns that only a prediction has, by feature: what is written on, for instance. `decode` finds them in its rows.

        encoded: the columns of `encode`. Called without gradients, the model in eval mode."""
        return {}

    def reference(
        self, model: PreTrainedModel, batch: Mapping[str, torch.Tensor], tokenizer: PreTrainedTokenizerBase
    ) -> list[np.ndarray]:
        """The values of `reference_columns` of a batch's rows, by the model that stays as it is. Called as `score` is."""
        raise NotImplementedError

    def write_beside(self, folder: Path, max_length: int) -> None:
        """Writes files by which further libraries load the model, beside what transformers has saved in the folder."""

    def trainer_class(self) -> type[Trainer]:
        """The Trainer class that the mixin is laid over."""
        from transformers import Trainer

        return Trainer  # type: ignore[no-any-return]

    def callbacks(self) -> list[TrainerCallback]:
        return []


def refuse_other_weights(model: PreTrainedModel, missing: Collection[str]) -> None:
    """Raises ValueError where most of the base model's weights are not in the files: the library draws them by chance, with a
    line in the log, and what is trained then has learnt nothing before. missing: names as from_pretrained tells them."""
    prefix = "" if model.base_model is model else model.base_model_prefix
    base = [(name, value.numel()) for name, value in model.base_model.named_parameters(prefix=prefix)]
    lost = [(name, count) for name, count in base if name in missing]
    if 2 * sum(count for _, count in lost) > sum(count for _, count in base):
        raise ValueError(
            f"its weights are another model's: {len(lost)} of the {len(base)} parts of {type(model.base_model).__name__} are not "
            f"among them ({lost[0][0]})"
        )


def draw_new_head(model: PreTrainedModel) -> None:
    """Draws the weights outside the base model anew. A head of the same shape is loaded without a word, though its
    outputs stand for other labels."""
    if model.base_model is model:
        return  # nothing stands outside it
    for name, child in model.named_children():
        if name == model.base_model_prefix:
            continue
        for module in child.modules():
            for parameter in module.parameters(recurse=False):
                parameter._is_hf_initialized = False  # else _init_weights leaves it
            model._init_weights(module)


def resolve(name: str) -> Any:
    """The object that `package.module:attribute` names. Raises ImportError or AttributeError, with the name in it."""
    import importlib

    module, _, attribute = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    return found
