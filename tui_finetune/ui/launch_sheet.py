"""Starting a run on the screen: check, handoff, pre-flight, each told in its lines; nothing is done before `enter`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult

from tui_finetune.live.forecast import settings_that_fit
from tui_finetune.live.launching import Step, preflight_step, step_lines, under_way, waiting
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.series import History
from tui_finetune.live.spans import line, wrap
from tui_finetune.runs.info import RunInfo
from tui_finetune.ui import messages
from tui_finetune.ui.actions import Action, Place
from tui_finetune.ui.drafted import RecipeDrafted, draft_that_fits
from tui_finetune.ui.launches import RecipeSource
from tui_finetune.ui.wants import TrainWanted
from tui_finetune.ui.widgets.sheet import Choice, ChoiceSheet, Sheet, SheetLines

LINES = 15


class LaunchSheet(Sheet):
    """A recipe on its way to a run. Closing it never ends a run."""

    PLACE: ClassVar[Place] = Place(
        "launch",
        "sheet",
        (
            Action("list.open", "Start", "Hand it to a worker of its own; once it has begun, watch it.",
                   offer=lambda sheet: sheet.offer()),
            Action("list.down", "Down", footer=False),
            Action("list.up", "Up", footer=False),
            Action("app.back", "Close", "Close the sheet; what has been started goes on."),
        ),
    )  # fmt: skip

    WATCH: ClassVar[Place] = Place(
        "launch.watch",
        "sheet",
        (
            Action("list.open", "Watch it", "The run's own screen."),
            Action("run.log", "Log", "What its worker prints."),
            Action(
                "item.edit",
                "Copy that fits",
                "Train with the settings that were tried and fit this device.",
                offer=lambda sheet: sheet.fits_offer(),
            ),
            Action(
                "train.start",
                "Start anyway",
                "The same recipe in another run that begins though it does not fit, as with --force.",
                offer=lambda sheet: sheet.anyway_offer(),
            ),
            Action("run.stop", "Stop…", offer=lambda sheet: sheet.stop_offer()),
            Action("list.down", "Down", footer=False),
            Action("list.up", "Up", footer=False),
            Action("app.back", "Close, run goes on", "Close the sheet; what has been started goes on."),
        ),
    )

    def __init__(self, source: RecipeSource) -> None:
        super().__init__(f"Start {source.title}")
        self._source = source
        self._number = 0
        self.steps: Sequence[Step] = waiting()
        self._ready = False
        self._failed = False
        self.run_id: str | None = None
        self._run: RunInfo | None = None
        """From the handoff on."""
        self._history = History()

    def place(self) -> Place:
        return self.PLACE if self.run_id is None else self.WATCH

    def body(self) -> ComposeResult:
        yield SheetLines(lambda width: step_lines(self.steps, width))

    def lines_wanted(self, width: int) -> int:
        return LINES

    def on_mount(self) -> None:
        self._number = self.page.ui.bridge.check(self._source)

    def offer(self) -> Offer:
        if self.run_id is not None or self._ready:
            return ON
        return off("The check has found problems." if self._failed else "Checking still.")

    def on_launch_advanced(self, message: messages.LaunchAdvanced) -> None:
        if message.launch_id != self._number:
            return
        self.steps = (*message.steps[:2], self.steps[2])
        self._failed = message.failed
        ready, self._ready = self._ready, message.ready and self.run_id is None
        if self._ready and not ready:
            self.page.say(f"The check has passed; {self.page.ui.keymap.shown('list.open')} starts it.")
        if message.run_id is not None:
            self.run_id = message.run_id
            self.page.ui.follow(message.run_id)
        self._repaint()

    def on_run_started(self, message: messages.RunStarted) -> None:
        if message.attempt == 1:
            self._run = message.run

    def on_run_advanced(self, message: messages.RunAdvanced) -> None:
        """The third step is the run's own: told by its events."""
        if message.run_id != self.run_id:
            return
        self._history.feed(message.events)
        self.steps = (*self.steps[:2], preflight_step(self._history, message.status))
        self._repaint()
        if under_way(self._history, message.status):
            self._watch()

    def _repaint(self) -> None:
        self.query_one(SheetLines).repaint()
        self.page.repaint_frame()

    def _watch(self, tab: str | None = None) -> None:
        page, run_id = self.page, self.run_id
        self.close()
        if run_id is not None:
            page.ui.open_run(run_id, tab=tab)

    def do_run_log(self) -> None:
        self._watch("log")

    def stop_offer(self) -> Offer:
        return ON if self._run is not None else off("It is being handed over.")

    def do_run_stop(self) -> None:
        info, bridge = self._run, self.page.ui.bridge
        assert info is not None
        asked = [line(" ", *part) for part in wrap(f"Stop {info.title}? It has only just begun.", 78)]
        stop = Choice("save a checkpoint and stop", lambda: bridge.send(info, "stop", 1))
        self.page.open_sheet(ChoiceSheet(f"Stop {info.name}", asked, [stop, Choice("let it run")]))

    def fits_offer(self) -> Offer:
        return ON if settings_that_fit(self._history.refusal) else off("It was not refused by its pre-flight.")

    def do_item_edit(self) -> None:
        fits = settings_that_fit(self._history.refusal)
        assert fits is not None
        assert self._run is not None
        draft_that_fits(self.page.ui.bridge, self._run, fits)

    def anyway_offer(self) -> Offer:
        return ON if self._history.refusal else off("It was not refused by its pre-flight.")

    def do_train_start(self) -> None:
        """A run of its own: what the refused one measured stays in its own directory."""
        self.run_id, self._run, self._history = None, None, History()
        self.steps = (self.steps[0], *waiting()[1:])
        self.page.ui.bridge.launch(self._number, force=True)
        self._repaint()

    def on_recipe_drafted(self, message: RecipeDrafted) -> None:
        """The copy takes the place of what was started."""
        ui = self.page.ui
        if message.run_id == self.run_id:
            self.close()
            ui.show_screen("train", TrainWanted(text=message.text, name=message.name))

    def do_list_open(self) -> None:
        if self.run_id is not None:
            self._watch()
        else:
            self._ready = False
            self.page.ui.bridge.launch(self._number)

    def do_list_down(self) -> None:
        self.query_one(SheetLines).do_list_down()

    def do_list_up(self) -> None:
        self.query_one(SheetLines).do_list_up()
