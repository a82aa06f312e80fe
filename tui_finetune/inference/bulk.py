"""Many rows through a model helper: their answers block by block, beside what was asked, and into a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from tui_finetune.inference.inputs import Input, Item, empty_answer
from tui_finetune.inference.predictor import Answer, Row
from tui_finetune.plugin_api import Progress, Task, no_progress

if TYPE_CHECKING:
    from tui_finetune.inference.writers import AnswerWriter

KEYS: Mapping[str, Sequence[str]] = {
    "labels": ("text", "label", "score", "scores"),
    "multilabels": ("text", "labels", "scores"),
    "tags": ("text", "entities"),
    "numbers": ("text", "values"),
    "ranks": ("text", "values"),
    "preferences": ("prompt", "chosen", "values"),
    "answers": ("question", "context", "answer", "score", "start", "end", "no_answer", "answers"),
    "texts": ("text", "generated"),
    "tokens": ("text", "continuation", "loss", "perplexity", "tokens"),
}
"""Of an answer by its task's shape, where no row has been answered yet."""
Pair = tuple[Item, Answer]
"""What was asked, and its answer."""


class Answering(Protocol):
    """As `ModelHelper.predict`."""

    def predict(self, rows: list[Row], progress: Progress = no_progress) -> list[Answer]: ...


class Bulk:
    """The answers of an input, in its order."""

    def __init__(self, helper: Answering, task: Task, given: Input, progress: Progress = no_progress) -> None:
        self.done = 0
        """Rows answered so far."""
        self.empty = 0
        """Those among them that have no text: their answer is empty."""
        self._helper = helper
        self._task = task
        self._given = given
        self._progress = progress

    def blocks(self) -> Iterator[list[Pair]]:
        """Blocks of what was asked with its answers."""
        keys = [*KEYS[self._task.shape]]
        for block in self._given.blocks:
            rows = [item.row for item in block if item.row is not None]
            answers = iter(self._helper.predict(rows, self._tick))
            pairs = [(i, next(answers) if i.row is not None else empty_answer(self._task, keys)) for i in block]
            keys = next((list(answer) for item, answer in pairs if item.row is not None), keys)
            self.done += len(block)
            self.empty += len(block) - len(rows)
            self._progress("predicting", self.done, self._given.total)
            yield pairs

    def _tick(self, what: str, count: int, _: int | None) -> None:
        """The helper counts the rows of a request; what it does before it predicts is told as it is."""
        if what == "predicting":
            self._progress(what, self.done + count, self._given.total)
        else:
            self._progress(what, 0, None)


def write_answers(writer: AnswerWriter, blocks: Iterable[list[Pair]], given: Input) -> Mapping[str, str]:
    """All blocks into an opened writer. Columns of the file whose names the answers need, and what they are called there."""
    clashes: dict[str, str] = {}
    writer.types = dict(given.rest_types)
    for block in blocks:
        if writer.rows == 0 and block:
            clashes = {name: f"{name}_given" for name in block[0][0].rest if name in block[0][1]}
            writer.types = {clashes.get(name, name): kind for name, kind in given.rest_types.items()}
        writer.write([_line(item, answer, clashes) for item, answer in block])
    return clashes


def _line(item: Item, answer: Answer, clashes: Mapping[str, str]) -> dict[str, Any]:
    """The file's other columns, then the answer's."""
    return {**{clashes.get(name, name): value for name, value in item.rest.items()}, **answer}
