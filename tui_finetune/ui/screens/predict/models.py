"""The models that the Predict screen keeps warm, and what else it asks of the disk. It posts messages and touches no widget."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.message import Message

from tui_finetune.errors import LaunchError, UserError
from tui_finetune.inference.client import HelperSpec
from tui_finetune.inference.warm import Freed, WarmModel, usable_models
from tui_finetune.live.kept import Kept, as_json, kept_from
from tui_finetune.live.reader import RunRow
from tui_finetune.ui.screens.predict import messages

if TYPE_CHECKING:
    from tui_finetune.ui.bridge import Bridge
    from tui_finetune.ui.screens.predict.batches import Batch

HISTORY = "predictions.json"
"""File of the home."""


class Models:
    """One for the interface: models stay warm while other screens are shown."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._numbers = itertools.count(1)
        self._warm: dict[int, WarmModel] = {}
        self._batch: Batch | None = None
        bridge.at_end(self.close)

    def use(self, query: str) -> int:
        """Loads a model, by its run or folder; the number by which it is known from now on."""
        number = next(self._numbers)
        warm = self._warm[number] = WarmModel(query, self._bridge.home, self._bridge.catalog, self._spec)
        self._bridge.latest(f"predict.{number}", "Load a model", lambda _: self._load(number, warm))
        return number

    def ask(self, number: int, text: str, pair: str) -> None:
        """What the model says of a text; of texts that wait only the newest is asked."""
        warm = self._warm.get(number)
        if warm is not None:
            self._bridge.latest(f"predict.{number}", "Predict", lambda _: self._ask(number, warm, text, pair))

    def free(self, number: int) -> None:
        """Ends a model's helper."""
        warm = self._warm.pop(number, None)
        if warm is not None:
            self._bridge.do("Free a model", warm.free)

    def close(self) -> None:
        """Ends all of them."""
        self.stop_batch()
        for warm in list(self._warm.values()):
            warm.free()

    def _spec(self, folder: Path, trust: bool) -> HelperSpec:
        how = self._bridge.started_with()
        return HelperSpec(folder, self._bridge.home, "cpu", how.plugin_dirs, how.third_party, trust_remote_code=trust)

    def _load(self, number: int, warm: WarmModel) -> None:
        """Told by a message of its own: a text that waits must not take its place."""
        try:
            facts = warm.load()
        except Freed:
            return
        except UserError as error:
            self._tell_failed(number, str(error))
        except Exception as error:
            self._tell_failed(number, f"{type(error).__name__}: {error}")
            raise
        else:
            self._bridge.post(messages.ModelLoaded(number, facts))

    def _ask(self, number: int, warm: WarmModel, text: str, pair: str) -> Message | None:
        if number not in self._warm:
            return None
        try:
            return messages.TextAnswered(number, warm.ask(text, pair))
        except Freed:
            return None
        except LaunchError as error:
            self._tell_failed(number, str(error))
            return None
        except UserError as error:
            return messages.TextRefused(number, str(error), (text, pair))

    def _tell_failed(self, number: int, problem: str) -> None:
        self._warm.pop(number, None)
        self._bridge.post(messages.ModelFailed(number, problem))

    # Other work

    def find(self, rows: Sequence[RunRow]) -> None:
        """Which runs have a model, with its labels."""
        wanted = [row for row in rows if row.has_model]
        self._bridge.latest("predict.find", "Look for models", lambda _: messages.ModelsFound(usable_models(wanted)))

    def read_samples(self, run_id: str) -> None:
        """Texts to try, of the rows that the run kept out of training."""

        def work() -> Message:
            from tui_finetune.evaluation.samples import read_samples
            from tui_finetune.runs.layout import RunPaths

            return messages.SamplesRead(run_id, read_samples(RunPaths(self._bridge.home.runs / run_id)))

        self._bridge.do("Read samples", work)

    def read_history(self) -> None:
        """What was kept in earlier times."""

        def work() -> Message:
            from tui_finetune.runs import atomic

            found: Mapping[str, Any]
            try:
                found = atomic.read_json(self._bridge.home.root / HISTORY)
            except (FileNotFoundError, atomic.Unreadable):
                found = {}
            return messages.KeptRead(kept_from(found))

        self._bridge.do("Read the history", work)

    def write_history(self, kept: Sequence[Kept]) -> None:
        self._bridge.write(self._bridge.home.root / HISTORY, as_json(kept))

    def predict_file(self, query: str, file: Path, target: Path | None, columns: Mapping[str, str]) -> int:
        """Predicts every row of a file with a helper of its own; the number by which the batch is known."""
        from tui_finetune.ui.screens.predict.batches import Batch

        self.stop_batch()
        batch = self._batch = Batch(next(self._numbers), query, file, target, columns, self._bridge, self._spec)
        self._bridge.do(f"Predict {file.name}", batch.run)
        return batch.number

    def stop_batch(self) -> None:
        """Ends it; nothing is written."""
        if self._batch is not None:
            self._batch.stop()
