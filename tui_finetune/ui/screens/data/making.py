"""What making a recipe on the Data screen has done in threads: another look, lengths measured, the recipe written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.message import Message

from tui_finetune.data.desk import Desk, Stopped
from tui_finetune.data.scan.stored import is_list
from tui_finetune.errors import UserError
from tui_finetune.live.data_set import DataSet, Split
from tui_finetune.live.data_steps import COUNTED_ROWS
from tui_finetune.plugin_api import Progress
from tui_finetune.ui.screens.data import finding, messages
from tui_finetune.ui.screens.train import recipe_files

if TYPE_CHECKING:
    from tui_finetune.ui.bridge import Bridge

Steps = Sequence[tuple[str, Mapping[str, Any]]]


class Making:
    """Its methods return at once."""

    def __init__(self, bridge: Bridge, desk: Desk, progress: Callable[[int], Progress]) -> None:
        """progress: of the opening with a number."""
        self._bridge = bridge
        self._desk = desk
        self._progress = progress

    def look_again(self, number: int, found: DataSet) -> None:
        """What a run would have of the open rows, with what is chosen now."""

        def work(stale: Any) -> Message | None:
            try:
                answer = self._desk.ask("open", found.asked.as_json(), self._progress(number), stale=stale)
            except Stopped:
                return None
            except UserError as error:
                return messages.ChoiceRefused(number, str(error.problems[0]))
            return messages.DataLooked(number, found.with_look(answer), again=True)

        self._bridge.latest("data.look", "Look again", work)

    def lengths(self, number: int, found: DataSet, split: Split) -> None:
        """What each maximum length would cut."""

        def work(stale: Any) -> Message | None:
            request = {
                "arrow": split.arrow,
                "columns": [one for one in found.inputs if found.column(one) is not None],
                "tokenizer": found.tokenizer,
                "max_length": found.max_length,
            }
            try:
                answer = self._desk.ask("lengths", request, self._progress(number), stale=stale)
            except Stopped:
                return None
            return messages.LengthsRead(number, answer)

        self._bridge.latest("data.lengths", "Measure lengths", work)

    def count_chain(self, number: int, found: DataSet, steps: Steps) -> None:
        """What each step does to all rows, where there are not too many of them."""
        splits = [[one.name, one.arrow, one.rows] for one in found.splits]
        names = [name for name, _ in steps]
        if sum(one.rows for one in found.splits) > COUNTED_ROWS or any(is_list(one.arrow) for one in found.splits):
            return

        def work(stale: Any) -> Message | None:
            columns = [[one.name, one.type, one.class_names] for one in found.columns]
            request = {"splits": splits, "columns": columns, "steps": [list(one) for one in steps]}
            try:
                answer = self._desk.ask("chain", request, self._progress(number), stale=stale)
            except Stopped:
                return None
            except UserError:  # the preview says what fails
                answer = {"steps": ()}
            return messages.ChainCounted(number, names, answer["steps"])

        self._bridge.latest("data.chain", "Count the steps", work)

    def write(self, found: DataSet, steps: Steps, path: Path, *, over: bool) -> None:
        """Writes a recipe; what is there already is kept unless `over`."""

        def work() -> Message:
            text, _ = finding.recipe_text(found, steps, self._bridge.catalog(), path.parent)
            if path.exists() and not over and path.read_bytes() != text.encode():
                return messages.RecipeIsThere(path)
            recipe_files.write(path, text)
            return messages.RecipeOfDataWritten(path)

        self._bridge.do("Write the recipe", work)
