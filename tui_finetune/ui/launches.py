"""Starting a run from a recipe: check, then handoff, each told step by step. Called in threads of the bridge."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from tui_finetune.errors import Problem, RecipeError, UserError
from tui_finetune.live.launching import Step, StepState, check_said, waiting
from tui_finetune.paths import Home
from tui_finetune.ui import messages

if TYPE_CHECKING:
    from tui_finetune.launch.check import Checked
    from tui_finetune.launch.handoff import Launch
    from tui_finetune.plugin_api.manager import Catalog

TOLD_SECONDS = 0.25


@dataclass(frozen=True)
class RecipeSource:
    """A recipe that may be started."""

    title: str
    path: Path | None = None
    sample: str | None = None
    """Name of a recipe that came with the program, in place of a path."""
    text: str | None = None
    """In place of what the file holds; `path` then says what relative paths start from."""


class Starting:
    """One start, from its check to its handoff."""

    def __init__(
        self,
        number: int,
        source: RecipeSource,
        home: Home,
        launch: Callable[[], Launch],
        post: Callable[[Message], None],
    ) -> None:
        self.number = number
        self.source = source
        self._home = home
        self._launch = launch
        self._post = post
        self._steps = list(waiting())
        self._checked: Checked | None = None
        self._told = 0.0

    def _tell(self, place: int, step: Step, **changes: object) -> messages.LaunchAdvanced:
        self._steps[place] = step
        return messages.LaunchAdvanced(self.number, tuple(self._steps), **changes)  # type: ignore[arg-type]

    def check(self) -> Message:
        """Everything that can be known before something is started; all problems at once."""
        try:
            checked = self._checked = self._check()
        except UserError as error:
            return self._refused(0, error.problems)
        said = check_said(
            {name: table.num_rows for name, table in checked.prepared.splits.items()},
            len(checked.prepared.labels) if checked.prepared.labels else None,
            checked.model or checked.recipe.model.path,
            checked.recipe.run.device,
            checked.notes,
            checked.warnings,
        )
        rows = {name: table.num_rows for name, table in checked.prepared.splits.items()}
        return self._tell(0, replace(self._steps[0], said=said), ready=True, splits=rows)

    def _check(self) -> Checked:
        from tui_finetune.config.load import load_recipe
        from tui_finetune.config.samples import sample
        from tui_finetune.launch.check import check

        path = sample(self.source.sample) if self.source.sample is not None else self.source.path
        catalog = self._catalog()
        text = self.source.text.encode("utf-8", "surrogateescape") if self.source.text is not None else None
        loaded = load_recipe(path, text, catalog=catalog, cache=self._home.cache)
        if loaded.recipe.kind != "train":
            hint = "tui-finetune evaluate measures a model."
            raise RecipeError(loaded.placed(Problem(f"is '{loaded.recipe.kind}', not 'train'.", "kind", hint=hint)))
        return check(loaded, home=self._home, catalog=catalog, progress=self._progress)

    def _catalog(self) -> Catalog:
        from tui_finetune.plugin_api.manager import load_catalog

        launch = self._launch()
        return load_catalog(self._home, plugin_dirs=launch.plugin_dirs, third_party=launch.third_party)

    def _progress(self, what: str, done: int, total: int | None) -> None:
        """The check's own progress, at most four times a second."""
        if time.monotonic() - self._told < TOLD_SECONDS:
            return
        self._told = time.monotonic()
        count = f"{done:,}" if total is None else f"{done:,} of {total:,}"
        self._post(self._tell(0, replace(self._steps[0], said=(("going", f"{what} … {count}"),))))

    def hand_off(self, *, force: bool = False) -> Message:
        """Starts the worker. From its claim on the run belongs to the machine. force: though it does not fit."""
        from tui_finetune.launch.start import start
        from tui_finetune.runs.info import read_info

        checked = self._checked
        if checked is None:
            return self._refused(0, (Problem("The check has not passed."),))
        self._post(self._tell(1, Step("Handoff", (("going", "a worker is starting"),))))
        try:
            started = start(checked, replace(self._launch(), force=force))
        except UserError as error:
            return self._refused(1, error.problems)
        info = read_info(started.paths)
        said = (
            f"process {started.pid} has taken over {info.title}: the run now belongs to the machine;"
            " closing this sheet or the terminal changes nothing"
        )
        self._post(messages.RunStarted(info, started.attempt))
        return self._tell(1, Step("Handoff", (("passed", said),)), run_id=info.id)

    def _refused(self, place: int, problems: tuple[Problem, ...]) -> Message:
        said: tuple[tuple[StepState, str], ...] = tuple(("failed", str(problem)) for problem in problems)
        return self._tell(place, replace(self._steps[place], said=said), failed=True, problems=problems)


def usual_model(home: Home) -> str:
    """The model that a first recipe names: the one that came with the program, where it is installed."""
    from tui_finetune.config.template import GUIDE_MODEL
    from tui_finetune.launch.doctor.software import DEMO_MODEL, demo_model

    return DEMO_MODEL if demo_model(home).level == "ok" else GUIDE_MODEL
