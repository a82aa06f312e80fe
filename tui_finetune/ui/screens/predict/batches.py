"""A file predicted in a thread with a helper of its own: told as it goes, written whole or not at all."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.message import Message

from tui_finetune.errors import UserError
from tui_finetune.inference.client import HelperSpec, ModelHelper
from tui_finetune.inference.model_choice import choose_model
from tui_finetune.live.answers import brief, score_of
from tui_finetune.live.batch_page import ROWS_KEPT, BatchLook, BatchRow
from tui_finetune.plugin_api.tasks import READ
from tui_finetune.ui.screens.predict import messages

if TYPE_CHECKING:
    from tui_finetune.inference.bulk import Bulk, Pair
    from tui_finetune.inference.model_folder import ModelFolder
    from tui_finetune.ui.bridge import Bridge

TOLD_SECONDS = 0.25


class Batch:
    """One file, from the look at its columns to its last row."""

    def __init__(
        self,
        number: int,
        query: str,
        file: Path,
        target: Path | None,
        columns: Mapping[str, str],
        bridge: Bridge,
        spec: Callable[[Path, bool], HelperSpec],
    ) -> None:
        self.number = number
        self._query = query
        self._columns = columns
        self._bridge = bridge
        self._spec = spec
        self._helper: ModelHelper | None = None
        self._stopped = threading.Event()
        self._started = self._told = 0.0
        self._counts: Counter[str] = Counter()
        self._rows: list[BatchRow] = []
        self._target = target
        self._look = BatchLook(number, file, target or file, query)

    def stop(self) -> None:
        """Nothing is written. Any thread may call it."""
        self._stopped.set()
        if self._helper is not None:
            self._helper.end()

    def run(self) -> Message:
        """In a thread. Its end is told by the message that it returns, a failure too."""
        try:
            self._predict()
        except UserError as error:
            if self._stopped.is_set():
                return self._ended("stopped")
            return self._ended("failed", problem=str(error))
        except Exception as error:
            self._bridge.post(self._ended("failed", problem=f"{type(error).__name__}: {error}"))
            raise
        return self._ended("done")

    def _predict(self) -> None:
        from tui_finetune.inference.bulk import Bulk, write_answers
        from tui_finetune.inference.inputs import from_file
        from tui_finetune.inference.model_folder import open_model_folder
        from tui_finetune.inference.prepared_rows import preparing
        from tui_finetune.inference.writers import answer_writer

        look, bridge = self._look, self._bridge
        target = self._target or beside(look.file)
        self._now({"target": target})
        writer = answer_writer(target)
        chosen = choose_model(bridge.home, self._query)
        self._tell(model=chosen.title)
        recipe = chosen.recipe()
        trust = recipe is not None and recipe.model.trust_remote_code
        catalog = bridge.catalog()
        folder = open_model_folder(chosen.folder, catalog, bridge.home, trust_remote_code=trust)
        given = from_file(
            look.file, folder.task, folder.card, columns=self._columns, catalog=catalog, home=bridge.home,
            progress=lambda *_: None,
        )  # fmt: skip
        self._tell(total=given.total, notes=given.notes)
        with ModelHelper(self._spec(folder.path, trust)) as helper:
            self._helper = helper
            helper.start()
            prepared = preparing(helper.ready, [step.use for step in recipe.preprocess] if recipe is not None else [])
            self._tell(notes=(*([prepared] if prepared else []), *given.notes))
            self._begin()
            bulk = Bulk(helper, folder.task, given, self._advanced)
            with writer:
                clashes = write_answers(writer, self._watched(bulk, folder), given)
        notes = [f"The file's column {name} is written as {other}." for name, other in clashes.items()]
        notes += [f"{bulk.empty:,} rows have no text and an empty answer."] if bulk.empty else []
        self._now({"done": bulk.done, "notes": (*self._look.notes, *notes)})

    def _begin(self) -> None:
        if self._stopped.is_set():
            raise UserError("stopped")
        self._started = time.monotonic()
        self._tell(state="going")

    def _watched(self, bulk: Bulk, folder: ModelFolder) -> Iterator[list[Pair]]:
        """The blocks on their way into the file."""
        for block in bulk.blocks():
            for item, answer in block:
                said = tuple(folder.task.show_answer(answer)) if item.row is not None else ()
                short = brief(answer, said) if item.row is not None else "no text"
                if item.row is not None:
                    self._counts.update([short] if "label" in answer else answer.get("labels") or ())
                for entity in answer.get("entities") or ():
                    self._counts[str(entity["label"])] += 1
                if len(self._rows) < ROWS_KEPT:
                    text = " | ".join(str(answer[name]) for name in READ if answer.get(name))
                    self._rows.append(BatchRow(text, short, score_of(answer)))
            yield block

    def _advanced(self, what: str, done: int, total: int | None) -> None:
        if what == "predicting" and time.monotonic() - self._told >= TOLD_SECONDS:
            self._told = time.monotonic()
            self._tell(done=done)

    def _now(self, changes: Mapping[str, Any]) -> BatchLook:
        seconds = time.monotonic() - self._started if self._started else 0.0
        figures = {"seconds": seconds, "counts": dict(self._counts), "rows": tuple(self._rows)}
        self._look = replace(self._look, **{**figures, **changes})
        return self._look

    def _tell(self, **changes: Any) -> None:
        self._bridge.post(messages.BatchAdvanced(self._now(changes)))

    def _ended(self, state: str, **changes: Any) -> Message:
        return messages.BatchAdvanced(self._now({"state": state, **changes}))


def beside(file: Path) -> Path:
    """`reviews-predicted.csv` beside `reviews.csv`; numbered where that is taken."""
    ending = file.suffix if file.suffix.lower() in (".csv", ".tsv", ".jsonl", ".parquet") else ".csv"
    names = (f"{file.stem}-predicted{'' if n == 1 else f'-{n}'}{ending}" for n in itertools.count(1))
    return next(file.with_name(name) for name in names if not file.with_name(name).exists())
