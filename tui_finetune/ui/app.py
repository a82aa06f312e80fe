"""The program with a face: theme, screens, the bridge, and what has happened passed on. Everything else is elsewhere."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import App
from textual.message import Message
from textual.screen import Screen

from tui_finetune.live.eyes import eyes
from tui_finetune.live.news import news
from tui_finetune.live.reader import Listing, RunRow
from tui_finetune.live.runs_page import MachineFigures
from tui_finetune.live.spans import Line, line, plain, span
from tui_finetune.paths import Home
from tui_finetune.runs.info import RunInfo
from tui_finetune.text import Shown
from tui_finetune.ui import messages
from tui_finetune.ui.bridge import Bridge
from tui_finetune.ui.filters import ControlFilter
from tui_finetune.ui.memory import Memory, memory_file, read_memory
from tui_finetune.ui.pace import Pace
from tui_finetune.ui.page import Page
from tui_finetune.ui.screens import SCREENS
from tui_finetune.ui.settings import Settings
from tui_finetune.ui.theme import Look, look_of
from tui_finetune.ui.typing_order import TypingOrder
from tui_finetune.ui.wants import RunWanted

if TYPE_CHECKING:
    from tui_finetune.launch.handoff import Launch

SAID_KEPT = 200
"""Messages that the palette can show again."""
MEMORY_SECONDS = 30.0


class TuiFinetune(App[str], inherit_bindings=False):
    """Seven screens on the run directory. It returns what is to be said after its end."""

    ENABLE_COMMAND_PALETTE: ClassVar[bool] = False
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {one.name: one.page for one in SCREENS}
    DEFAULT_MODE: ClassVar[str] = SCREENS[0].name
    CSS = "Screen { background: ansi_default; color: ansi_default; }"

    def __init__(
        self,
        home: Home,
        launch: Callable[[], Launch],
        *,
        settings: Settings | None = None,
        look: Look | None = None,
        open_run: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(ansi_color=True, **options)
        self.home = home
        self.settings = settings or Settings()
        self.look = look or look_of(self.settings.theme, self.settings.ascii)
        self.keymap = self.settings.keymap
        self.bridge = Bridge(self.post_message, home, launch)
        self.bridge.pace = Pace(self.settings.refresh_seconds, self._behind)
        self.listing = Listing()
        self.machine: MachineFigures | None = None
        self.failed_plugins = 0
        self.memory: Memory = read_memory(home.root)
        self.current_run: str | None = open_run or self.memory.run
        self.said: list[tuple[float, Shown]] = []
        self.trashed: list[Sequence[RunInfo]] = []
        """What went to the trash since the start, the last one last."""
        self._wanted: dict[str, object] = {}
        """By screen what it is asked to show when it appears."""
        self.said_there = ""
        """What is said on a screen that appears; until the next key."""
        self._from: dict[str, str] = {}
        self._open_run = open_run
        self._filters.append(ControlFilter())
        self.typing = TypingOrder(super().on_event, self._handle_exception)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self.typing.take(event, self)
        else:
            await super().on_event(event)

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, self._come_back)
        self._catch_signals()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """After the first paint."""
        self.bridge.start()
        self.set_interval(MEMORY_SECONDS, self.remember)
        if self.settings.problems:
            self.page.say(f"settings.toml: {self.settings.problems[0]}", "warn")
        if self._open_run is not None:
            self.show_screen("run")

    def _catch_signals(self) -> None:
        """A terminal that goes away, or a person who ends the program from outside, gets the terminal back as it was."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            try:
                asyncio.get_running_loop().add_signal_handler(number, self.quit)
            except (NotImplementedError, RuntimeError, ValueError):
                return

    def _behind(self) -> bool:
        """True while the terminal has not taken all that was painted."""
        behind = getattr(self._driver, "behind", None)
        return behind is not None and bool(behind())

    def _come_back(self, app: Any) -> None:
        """After a suspension: nothing of what was painted before stands on the terminal any more."""
        self.refresh(layout=True)
        self.screen.refresh(layout=True)

    # Screens

    @property
    def page(self) -> Page:
        found = self.screen
        assert isinstance(found, Page)
        return found

    def pages(self) -> list[Page]:
        """Those that have been shown; one that is being made has no panes yet that could be told anything."""
        every = [stack[0] for stack in self._screen_stacks.values() if stack]
        return [page for page in every if isinstance(page, Page) and page.is_mounted]

    def show_screen(self, name: str, wanted: object = None) -> None:
        """Goes to a screen; it is as it was left, or shows what is wanted of it (`ui/wants.py`)."""
        if wanted is not None:
            self._wanted[name] = wanted
        if name != self.current_mode:
            self._from[name] = self.current_mode
            self.typing.after(self.switch_mode(name))
        elif wanted is not None:
            self.page.post_message(events.ScreenResume())

    def take_wanted(self, name: str) -> object:
        """What a screen was asked to show, once."""
        return self._wanted.pop(name, None)

    def came_from(self, name: str) -> str:
        """The screen before."""
        return self._from.pop(name, SCREENS[0].name)

    def open_run(self, run_id: str, *, tab: str | None = None) -> None:
        """Shows a run, on one of the tabs of its screen."""
        self.current_run = run_id
        self.memory = self.memory.with_run(run_id, self.listing.get(run_id))
        self.show_screen("run", RunWanted(tab))

    def follow(self, run_id: str | None) -> None:
        """The bridge tells of this run from now on, from its beginning."""
        self.bridge.follow(run_id)

    def leave(self, page: Page) -> None:
        """`q`: to Runs; from Runs out."""
        if page.is_home:
            self.quit()
            return
        self.show_screen(SCREENS[0].name)
        row = self.listing.get(self.current_run)
        if row is not None and row.status.live:
            self.say_there(f"{row.info.name} goes on.")

    def say_there(self, text: str) -> None:
        """Says it here and on the screen that appears now, where one does, which begins with nothing said."""
        self.said_there = text
        self.page.say(text)

    def quit(self) -> None:
        """Ends the program, and says that runs go on."""
        self.remember()
        self.bridge.stop()
        live = [row.info.title for row in self.listing.rows if row.status.live]
        some = f"{live[0]} goes on" if len(live) == 1 else f"{len(live)} runs go on"
        self.exit(f"{some}. tui-finetune shows {'it' if len(live) == 1 else 'them'} again." if live else "")

    # What stands in every frame

    def eyes(self) -> Line:
        """What needs eyes most, in thirteen cells."""
        return eyes(self.listing, self.failed_plugins, self.memory.seen)

    def remember_said(self, said: Line) -> None:
        """Keeps a message for the palette."""
        if said:
            self.said = [*self.said[-SAID_KEPT:], (time.time(), plain(said))]

    def remember(self) -> None:
        """Writes what the next start wants to know."""
        self.memory = self.memory.leaving(self.listing, time.time())
        self.bridge.write(memory_file(self.home.root), self.memory.as_json())

    # What has happened

    @on(messages.Told)
    def _tell(self, message: messages.Told) -> None:
        self._forward(message)

    def _forward(self, message: Message) -> None:
        """To every screen that has been shown and wants to know."""
        for page in self.pages():
            for target in (page, page.sheet):
                handler = getattr(target, message.handler_name, None)
                if handler is not None:
                    handler(message)

    on_log_advanced = on_run_details_read = on_run_gone = on_launch_advanced = on_machine_looked_at = _forward
    on_run_advanced = on_history_read = on_history_reading = _forward

    def on_runs_read(self, message: messages.RunsRead) -> None:
        told = news(self.listing, message.listing, looked_at=self.current_run if self.current_mode == "run" else None)
        self.listing = message.listing
        self._forward(message)
        for text, token in told:
            self.page.say(text, token)
        self.page.repaint_frame()

    def on_machine_sampled(self, message: messages.MachineSampled) -> None:
        self.machine = message.figures
        self._forward(message)

    def on_plugins_read(self, message: messages.PluginsRead) -> None:
        self.failed_plugins = sum(1 for info in message.plugins if info.health == "failed")
        self._forward(message)
        self.page.repaint_frame()

    def on_request_sent(self, message: messages.RequestSent) -> None:
        self.page.say(f"{message.action} sent to {message.run.name}")

    def on_request_answered(self, message: messages.RequestAnswered) -> None:
        token = "warn" if message.answer == "refused" else "text"
        self.page.say(f"{message.run.name}: {message.action} {message.answer or 'sent'}: {message.words}", token)

    def on_settings_saved(self, message: messages.SettingsSaved) -> None:
        """What was set counts at once; an option of the command line counted for the start alone."""
        settings = self.settings = message.settings
        self.keymap = settings.keymap
        if message.name in ("theme", "ascii"):
            self.look = look_of(settings.theme, settings.ascii)
        self.bridge.pace.seconds = settings.refresh_seconds
        self.page.repaint()
        for page in self.pages():
            for widget in page.query("*"):
                widget.refresh()

    def on_label_saved(self, message: messages.LabelSaved) -> None:
        self.page.say(line(span(f"Saved: {message.run.name} {' '.join(message.run.tags)}".rstrip())))

    def on_runs_trashed(self, message: messages.RunsTrashed) -> None:
        self.trashed.append(message.runs)
        self._forward(message)
        what = message.runs[0].name if len(message.runs) == 1 else f"{len(message.runs)} runs"
        self.say_there(f"{what} moved to the trash; {self.keymap.shown('item.undo')} brings back.")

    def on_runs_restored(self, message: messages.RunsRestored) -> None:
        self._forward(message)
        self.page.say(f"Back: {', '.join(run.name for run in message.runs)}")

    def on_run_started(self, message: messages.RunStarted) -> None:
        self.bridge.look_now()
        self._forward(message)
        if message.attempt > 1:
            self.page.say(f"{message.run.name}: attempt {message.attempt} has begun.")

    def on_text_copied(self, message: messages.TextCopied) -> None:
        self.page.say(f"Copied {message.characters:,} characters; also in {message.path}")

    def on_work_failed(self, message: messages.WorkFailed) -> None:
        """Every failure is shown: one line at once, all of it in a sheet where there is more."""
        self._forward(message)
        first = str(message.problems[0]) if message.problems else "failed"
        log = f" Traceback in {message.log}." if message.log else ""
        self.page.say(f"{message.what}: {first}{log}", "bad")
        if len(message.problems) > 1:
            self.page.show_problems(message.what, message.problems)

    def copy_text(self, text: str) -> None:
        """To the terminal's clipboard (OSC 52), and to a file: no terminal says whether it took it."""
        self.copy_to_clipboard(text)
        self.bridge.copy(text)

    def row(self, run_id: str | None) -> RunRow | None:
        return self.listing.get(run_id)
