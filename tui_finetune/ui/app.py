"""The program with a face: theme, screens, the bridge, and what has happened passed on. Everything else is elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ScreenStackError
from textual.screen import Screen

from tui_finetune.live.eyes import eyes
from tui_finetune.live.listing import ENDED_BADLY, needs_a_look
from tui_finetune.live.news import goes_on
from tui_finetune.live.reader import RunRow
from tui_finetune.live.spans import Line, plain
from tui_finetune.paths import Home
from tui_finetune.text import Shown
from tui_finetune.ui.bridge import Bridge
from tui_finetune.ui.filters import ControlFilter
from tui_finetune.ui.hearing import Hearing
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


class TuiFinetune(Hearing, inherit_bindings=False):
    """Seven screens on the run directory. It returns what is to be said after its end."""

    ENABLE_COMMAND_PALETTE: ClassVar[bool] = False
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {one.name: one.page for one in SCREENS}
    DEFAULT_MODE: ClassVar[str] = SCREENS[0].name
    CSS = """
    Screen { background: ansi_default; color: ansi_default; }
    .field > .input--cursor, .field > .input--selection, .field .text-area--cursor, .field .text-area--selection {
        text-style: reverse; background: ansi_default; color: ansi_default;
    }
    """

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
        self.memory: Memory = read_memory(home.root)
        self.away = self.memory.away
        """How things stood when the interface was open before."""
        self.not_seen: set[str] = set()
        """Runs whose bad end nobody had seen before they were opened, until their screen has said so."""
        self.current_run: str | None = open_run or self.memory.run
        self.said: list[tuple[float, Shown]] = []
        self._wanted: dict[str, object] = {}
        """By screen what it is asked to show when it appears."""
        self.said_there = ""
        """What is said on a screen that appears; until the next key."""
        self._from: dict[str, str] = {}
        self._page: Page | None = None
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

    @property
    def stuck(self) -> bool:
        """True where the terminal took nothing at the end."""
        return bool(getattr(self._driver, "stuck", False))

    def _come_back(self, app: Any) -> None:
        """After a suspension: nothing of what was painted before stands on the terminal any more."""
        self.redraw()

    def redraw(self) -> None:
        """Paints everything, whatever the terminal shows."""
        frames = getattr(self._driver, "frames", None)
        if frames is not None:
            frames.forget()
        self.refresh(layout=True)
        self.screen.refresh(layout=True)

    # Screens

    @property
    def page(self) -> Page:
        """The one that is shown; while the program closes its screens, the one that was."""
        with contextlib.suppress(ScreenStackError):
            found = self.screen
            assert isinstance(found, Page)
            self._page = found
        assert self._page is not None
        return self._page

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
        self.looked_at(run_id, self.listing.get(run_id))
        self.show_screen("run", RunWanted(tab))

    def looked_at(self, run_id: str, row: RunRow | None) -> None:
        """Somebody opens a run: where it ended badly, that has been seen now."""
        if row is not None and row.status.state in ENDED_BADLY and needs_a_look(row, self.memory.seen):
            self.not_seen.add(run_id)
        self.memory = self.memory.with_run(run_id, row)

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
        """Ends the program, and says that runs go on, and what does not."""
        self.remember()
        self.bridge.stop()
        said = [*(page.ends_with_it() for page in self.pages()), goes_on(self.listing)]
        self.exit(" ".join(one for one in said if one))

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

    def copy_text(self, text: str) -> None:
        """To the terminal's clipboard (OSC 52), and to a file: no terminal says whether it took it."""
        self.copy_to_clipboard(text)
        self.bridge.copy(text)

    def row(self, run_id: str | None) -> RunRow | None:
        return self.listing.get(run_id)
