"""Out of memory after pre-flight has passed: a longer evaluation batch, another program on the device.

Once, what failed is done again with half as many rows at a time; it is said (event `refit`) and kept as a change. The
second time the run ends with advice: it is never a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from tui_finetune.errors import DoesNotFit, Problem, first_line
from tui_finetune.worker import memory
from tui_finetune.worker.advice import is_out_of_memory
from tui_finetune.worker.fitting import halves
from tui_finetune.worker.generators import Generators
from tui_finetune.worker.trial import Way

if TYPE_CHECKING:
    from tui_finetune.worker.attempt import Attempt
    from tui_finetune.worker.controls import Controls

BATCH, ACCUMULATION = "per_device_train_batch_size", "gradient_accumulation_steps"
EVALUATION = "per_device_eval_batch_size"
IGNORED = -100
"""The label that no loss counts."""

Part = Callable[[Mapping[str, Any]], torch.Tensor]
"""Forward and backward of some rows; gives the loss as it counts."""


@dataclass
class Refit:
    """What has been halved in this attempt."""

    attempt: Attempt
    controls: Controls | None
    rows: int | None = None
    """A micro-batch has at most so many rows since the first failure, whatever the loader gives."""
    evaluation_rows: int | None = None
    _batches: Sequence[Mapping[str, Any]] = ()
    _place: int = 0
    _generators: Generators | None = field(default=None, repr=False)

    def begin_step(self) -> None:
        """Before the micro-batches of an optimizer step are read: what is drawn from here on can be drawn again."""
        self._generators, self._batches, self._place = Generators.now(), (), 0

    def have(self, batches: Sequence[Mapping[str, Any]]) -> None:
        """The micro-batches of this optimizer step."""
        self._batches = batches

    def training_step(self, trainer: Any, inputs: Mapping[str, Any], do: Part) -> torch.Tensor:
        """`do(inputs)`, in parts where a whole micro-batch has not fit. Raises DoesNotFit the second time."""
        failed = None
        try:
            loss = self._in_parts(trainer, inputs, do)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            failed = first_line(error)
        if failed is not None:
            # Beyond the except clause: the failed step's tensors live as long as its traceback.
            loss = self._again(trainer, inputs, do, failed)
        self._place += 1
        return loss

    def _again(self, trainer: Any, inputs: Mapping[str, Any], do: Part, failed: str) -> torch.Tensor:
        """The optimizer step from its beginning, as far as it had come, in halves."""
        self._as_before(trainer)
        args, step = trainer.args, trainer.state.global_step + 1
        own = Way(args.per_device_train_batch_size, args.gradient_accumulation_steps)
        smaller = next(halves(own), None)
        if self.rows is not None or smaller is None or _rows(inputs) < 2:
            now = f"a micro-batch of {min(self.rows or own.batch, own.batch)} rows"
            raise _too_little(f"Out of memory at step {step:,}, with {now}: {failed}.")
        self.rows = smaller.batch
        old = {BATCH: own.batch, ACCUMULATION: own.accumulation}
        new = {BATCH: smaller.batch, ACCUMULATION: smaller.accumulation}
        reason = f"out of memory at step {step:,}: {failed}"
        self.attempt.events.write("refit", what="micro-batch", step=step, old=old, new=new, reason=reason)
        try:
            for before in self._batches[: self._place]:
                self._in_parts(trainer, before, do)
            loss = self._in_parts(trainer, inputs, do)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            self._as_before(trainer)
            message = f"Out of memory at step {step:,}, also with a micro-batch of {self.rows} rows: {failed}."
            raise _too_little(message) from error
        if self.controls is not None:
            self.controls.submit("set", {"set": new, "reason": reason}, by="worker")
        return loss

    def _as_before(self, trainer: Any) -> None:
        """No gradients, and the generators as at the beginning of the step; the weights have not been touched."""
        trainer.model.zero_grad(set_to_none=True)
        if self._generators is not None:
            self._generators.put_back()
        memory.give_back()

    def _in_parts(self, trainer: Any, inputs: Mapping[str, Any], do: Part) -> torch.Tensor:
        """A micro-batch with at most `rows` rows at a time: its gradient and its loss are those of the whole."""
        whole = trainer.current_gradient_accumulation_steps
        if self.rows is None or _rows(inputs) <= self.rows:
            return do(inputs)
        losses = []
        try:
            for part, share in parts(inputs, self.rows):
                # Where Trainer takes a mean for the loss it divides it by this.
                trainer.current_gradient_accumulation_steps = whole / share
                losses.append(do(part))
        finally:
            trainer.current_gradient_accumulation_steps = whole
        return torch.stack(losses).sum()

    def evaluation(self, trainer: Any, do: Callable[[], Any]) -> Any:
        """`do()`; once again with half as many rows a batch where it does not fit. Raises DoesNotFit the second time."""
        before, failed = Generators.now(), None
        try:
            return do()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            failed = first_line(error)
        before.put_back()
        memory.give_back()
        args, step = trainer.args, trainer.state.global_step
        rows = int(args.per_device_eval_batch_size)
        if self.evaluation_rows is not None or rows < 2:
            raise _too_little(f"Out of memory in the evaluation at step {step:,}, with {rows} rows a batch: {failed}.")
        self.evaluation_rows = args.per_device_eval_batch_size = rows // 2
        trainer._eval_dataloaders = {}  # one that is kept for its workers has batches of the old size
        old, new, reason = {EVALUATION: rows}, {EVALUATION: rows // 2}, f"out of memory while evaluating: {failed}"
        self.attempt.events.write("refit", what="evaluation batch", step=step, old=old, new=new, reason=reason)
        return self.evaluation(trainer, do)


def parts(inputs: Mapping[str, Any], rows: int) -> Iterator[tuple[dict[str, Any], float]]:
    """Pieces of a batch of at most `rows` rows, each with its share of the labels that the loss is the mean of."""
    count = _rows(inputs)
    labels = _counted(inputs)
    for start in range(0, count, rows):
        piece = {
            name: value[start : start + rows]
            if torch.is_tensor(value) and value.dim() and len(value) == count
            else value
            for name, value in inputs.items()
        }
        share = float(labels[start : start + rows].sum() / labels.sum()) if float(labels.sum()) else rows / count
        if share:
            yield piece, share


def _counted(inputs: Mapping[str, Any]) -> torch.Tensor:
    """Labels of each row that count in the loss; one a row where they are no classes."""
    labels: Any = inputs.get("labels")
    if not torch.is_tensor(labels) or labels.is_floating_point():
        return torch.ones(_rows(inputs))
    return labels.ne(IGNORED).reshape(len(labels), -1).sum(dim=1)


def _rows(inputs: Mapping[str, Any]) -> int:
    first = next((value for value in inputs.values() if torch.is_tensor(value) and value.dim()), None)
    return 0 if first is None else len(first)


def _too_little(message: str) -> DoesNotFit:
    advice = (
        "Resume it where the device is free; or branch with a smaller per_device_train_batch_size and more "
        "gradient_accumulation_steps (same effective batch), train.activation_checkpointing = true, or a lower "
        "model.max_length."
    )
    return DoesNotFit(Problem(message), advice)
