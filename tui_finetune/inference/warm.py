"""A model that answers what a person types: its helper stays warm between texts. Everything here waits, so threads call it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tui_finetune.errors import ModelError, UserError
from tui_finetune.inference.client import HelperSpec, ModelHelper
from tui_finetune.inference.model_choice import CONFIG, Chosen, choose_model
from tui_finetune.live.listing import result_words
from tui_finetune.live.predict_page import Answered, ModelFacts, Usable
from tui_finetune.paths import Home

if TYPE_CHECKING:
    from tui_finetune.inference.model_folder import ModelFolder
    from tui_finetune.live.reader import RunRow
    from tui_finetune.plugin_api.manager import Catalog

PAIR = "text_pair"
"""The role of a second text."""


class Freed(Exception):
    """The model was freed while something waited for its answer."""


class WarmModel:
    """One model, from its first text until it is freed. Not for several threads at once, but for `free`."""

    def __init__(
        self, query: str, home: Home, catalog: Callable[[], Catalog], spec: Callable[[Path, bool], HelperSpec]
    ) -> None:
        """query: a run or a model folder, as `predict` takes it. spec: of a folder, and whether its own code is run."""
        self.query = query
        self.facts: ModelFacts | None = None
        """Once it is loaded."""
        self.chosen: Chosen | None = None
        self._home = home
        self._catalog = catalog
        self._spec = spec
        self._helper: ModelHelper | None = None
        self._folder: ModelFolder | None = None
        self._freed = threading.Event()

    @property
    def freed(self) -> bool:
        return self._freed.is_set()

    def load(self) -> ModelFacts:
        """Waits until the model is loaded; at once where it is. Raises UserError, or Freed."""
        if self.facts is not None:
            return self.facts
        with self._unless_freed():
            chosen, folder, helper = self._found()
            helper.start()
            self.facts = _facts(chosen, folder, helper)
        if self.freed:  # between its choice and its start there was no process to end
            helper.close()
            raise Freed
        return self.facts

    def ask(self, text: str, pair: str = "") -> Answered:
        """The answer for a text; loads the model where it is not loaded. Raises UserError, or Freed."""
        self.load()
        helper, folder = self._helper, self._folder
        assert helper is not None
        assert folder is not None
        row = folder.task.input_row(text, pair or None)
        with self._unless_freed():
            started = time.perf_counter()
            answer = helper.predict([row])[0]
            seconds = time.perf_counter() - started
            tokens = helper.tokenize([row])[0]
        return Answered(text, pair, answer, tuple(folder.task.show_answer(answer)), seconds, tokens)

    def free(self) -> None:
        """Ends the helper: its memory is free again. What waits for it raises Freed. Any thread may call it."""
        self._freed.set()
        helper = self._helper
        if helper is not None:
            helper.end()

    def _found(self) -> tuple[Chosen, ModelFolder, ModelHelper]:
        """Everything that is known before a process is started."""
        from tui_finetune.inference.model_folder import open_model_folder

        chosen = self.chosen = choose_model(self._home, self.query)
        recipe = chosen.recipe()
        trust = recipe is not None and recipe.model.trust_remote_code
        folder = self._folder = open_model_folder(chosen.folder, self._catalog(), self._home, trust_remote_code=trust)
        helper = self._helper = ModelHelper(self._spec(folder.path, trust))
        return chosen, folder, helper

    @contextmanager
    def _unless_freed(self) -> Iterator[None]:
        """A helper that was ended on purpose is no failure."""
        if self.freed:
            raise Freed
        try:
            yield
        except UserError:
            if self.freed:
                raise Freed from None
            raise


def _facts(chosen: Chosen, folder: ModelFolder, helper: ModelHelper) -> ModelFacts:
    run, card, said = chosen.run, folder.card, helper.ready
    status = run.status() if run is not None else None
    return ModelFacts(
        title=run.name if run is not None else str(folder.path),
        short=run.short if run is not None else folder.path.name,
        folder=str(folder.path),
        task=card.task,
        labels=tuple(card.labels.names),
        max_length=int(said["max_length"]),
        device=str(said["device"]),
        run_id=run.id if run is not None else None,
        step=(status.best_step or status.step) if status is not None else None,
        made=status.ended or 0.0 if status is not None else 0.0,
        pair=_pair(folder),
    )


def _pair(folder: ModelFolder) -> Literal["no", "optional", "yes"]:
    """Whether a second text belongs to the first: as in training; a model of somebody else's does not say."""
    if folder.task.typed_pair is not None:
        return folder.task.typed_pair
    texts = [role for role in folder.task.roles if role.kind == "text" and not role.gold]
    if len(texts) > 1 and texts[1].required:
        return "yes"
    if folder.task.role(PAIR) is None:
        return "no"
    if not folder.card.columns:
        return "optional"
    return "yes" if PAIR in folder.card.columns else "no"


def usable_models(rows: Sequence[RunRow]) -> list[Usable]:
    """The runs that have a model, in the given order; of one that cannot be read nothing is offered."""
    from tui_finetune.inference.task_card import TaskCard

    found = []
    for row in rows:
        info = row.info
        if info.kind != "train" or not (info.paths.model / CONFIG).is_file():
            continue
        try:
            card = TaskCard.read(info.paths.model)
        except ModelError:
            continue
        labels = tuple(card.labels.names)
        found.append(Usable(info.id, info.name, info.short, card.task, labels, info.created, result_words(row.status)))
    return found
