"""A screen: the frame around it, its keys, what it says. Screens are subclasses, each in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult

from tui_finetune.live.spans import EMPTY, Line, line, span
from tui_finetune.ui.keyed import Keyed
from tui_finetune.ui.overlays import Content
from tui_finetune.ui.screens import SCREENS
from tui_finetune.ui.widgets.frame import FooterLine, HeaderLine, MessageLine, TabRule, ThingLine
from tui_finetune.ui.widgets.painted import Painted

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui_finetune.live.palette import Entry

SMALLEST = (80, 22)
"""A terminal of 80x24 inside tmux or screen, whose lines of state take one or two."""


class SmallView(Painted):
    """Where there is no room for the screen: the answer of five seconds alone."""

    DEFAULT_CSS = "SmallView { display: none; }"

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return self.page.small(width, height)


class Page(Keyed):
    """What every screen has. Subclasses give `PLACE`, `content`, `thing`, and the `do_…` of their actions."""

    NAME: ClassVar[str]
    AUTO_FOCUS: ClassVar[str | None] = ""
    DEFAULT_CSS = """
    Page { layout: vertical; overflow: hidden; }
    Page.-small > * { display: none; }
    Page.-small > SmallView { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.tab = ""
        self._before_small: Widget | None = None
        """What had the keys before there was no room."""

    @property
    def is_home(self) -> bool:
        """True for the screen that esc does not leave, and from which q leaves the program."""
        return SCREENS[0].name == self.NAME

    def compose(self) -> ComposeResult:
        yield HeaderLine()
        yield ThingLine()
        yield TabRule()
        with Content():
            yield from self.content()
        yield MessageLine()
        yield FooterLine()
        yield SmallView()

    def content(self) -> ComposeResult:
        """The panes between rule and message line."""
        raise NotImplementedError

    def thing(self, width: int) -> Line:
        """Line 2: what the screen shows, by name."""
        raise NotImplementedError

    def tabs(self) -> Sequence[tuple[str, str]]:
        """Name and title of each tab."""
        return ()

    def found_too(self) -> Sequence[tuple[Entry, Callable[[], None]]]:
        """What the palette finds on this screen beside its actions, and what choosing it does."""
        return ()

    def small(self, width: int, height: int) -> Sequence[Line]:
        """What is told where there is no room for the screen."""
        return [line("Needs 80x24."), line("Runs go on.")]

    def quiet(self) -> Line:
        """What the message line says while there is nothing else to say."""
        return EMPTY

    def ends_with_it(self) -> str:
        """What the end of the program ends too: said then."""
        return ""

    def message(self) -> Line:
        return self._said if self._said is not None else self.quiet()

    def say(self, text: object, token: str = "text") -> None:
        """A message; it stays until the next one, and in the list of past ones."""
        self._said = text if isinstance(text, tuple) else line(span(text, token))
        self.ui.remember_said(self._said)
        self.repaint_frame()

    def repaint(self) -> None:
        """Everything that may have changed; only what did is sent."""
        if self.is_current:
            for widget in self.query(Painted):
                widget.repaint()

    def repaint_frame(self) -> None:
        """The lines around the content; a page that is shown for the first time may have none yet."""
        if self.is_current:
            for kind in (HeaderLine, ThingLine, TabRule, MessageLine, FooterLine, SmallView):
                for widget in self.query(kind):
                    widget.repaint()

    # Textual calls the handlers of every class of a page, the subclass's first: none of them calls its parent's.

    def on_mount(self) -> None:
        self._fit()

    def on_screen_resume(self) -> None:
        self._said = None
        self._fit()
        if self.ui.said_there:
            self.say(self.ui.said_there)
        self.call_after_refresh(self.repaint)

    def on_resize(self, event: events.Resize) -> None:
        self._fit()

    def watch_focused(self) -> None:
        """The footer is that of what has the keys."""
        if self.is_mounted:
            self.repaint_frame()

    def _fit(self) -> None:
        """The short view where there is no room for more."""
        width, height = self.app.size
        small = width < SMALLEST[0] or height < SMALLEST[1]
        if small and not self.is_small:
            self._before_small = self.focused
        elif not small and self._before_small is not None:
            self.call_after_refresh(self._focus_again, self._before_small)
            self._before_small = None
        self.set_class(small, "-small")

    def _focus_again(self, widget: Widget) -> None:
        """What is not shown loses the keys; they go back to it."""
        if widget.is_attached and self.focused is None:
            self.set_focus(widget)
            self.repaint()

    # What every screen can do

    def show_tab(self, name: str) -> None:
        """Shows a tab. Subclasses that have tabs do more."""
        self.tab = name
        self.repaint()

    def _turn_tab(self, by: int) -> None:
        names = [name for name, _ in self.tabs()]
        if names:
            self.show_tab(names[(names.index(self.tab) + by) % len(names)] if self.tab in names else names[0])

    def do_tab_next(self) -> None:
        self._turn_tab(1)

    def do_tab_previous(self) -> None:
        self._turn_tab(-1)

    def do_pane_next(self) -> None:
        self.focus_next()
        self.repaint()

    def do_pane_previous(self) -> None:
        self.focus_previous()
        self.repaint()

    def do_app_back(self) -> None:
        """Subclasses undo their last step inward first."""
        if not self.is_home:
            self.ui.show_screen(self.ui.came_from(self.NAME))

    def do_app_leave(self) -> None:
        self.ui.leave(self)

    def do_app_quit(self) -> None:
        self.ui.quit()

    def do_app_suspend(self) -> None:
        self.ui.action_suspend_process()

    def do_app_redraw(self) -> None:
        self.ui.redraw()

    def do_app_screen(self, number: str) -> None:
        found = next((one for one in SCREENS if one.number == number), None)
        if found is None:
            self.say(f"No screen {number}. There are {', '.join(f'{s.number} {s.title}' for s in SCREENS)}.", "muted")
        elif found.name != self.NAME:
            self.ui.show_screen(found.name)

    def do_app_copy(self) -> None:
        keys = self.ui.keymap
        self.say(f"{keys.shown('app.leave')} leaves, {keys.shown('app.quit')} quits.", "muted")

    def do_app_help(self) -> None:
        from tui_finetune.ui.help import help_sheet

        self.open_sheet(help_sheet(self))

    def do_app_settings(self) -> None:
        from tui_finetune.ui.settings_sheet import SettingsSheet

        self.open_sheet(SettingsSheet(self))

    def do_app_palette(self) -> None:
        from tui_finetune.ui.palette import PaletteSheet

        self.open_sheet(PaletteSheet(self))
