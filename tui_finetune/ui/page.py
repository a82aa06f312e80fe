"""A screen: the frame around it, its keys, what it says. Screens are subclasses, each in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult

from tui_finetune.live.spans import EMPTY, Line, line, span
from tui_finetune.ui.actions import EVERYWHERE, FIELD, SHEET, Action, Place, key_name
from tui_finetune.ui.overlays import Content, Overlays
from tui_finetune.ui.screens import SCREENS
from tui_finetune.ui.widgets.frame import FooterLine, HeaderLine, MessageLine, TabRule, ThingLine
from tui_finetune.ui.widgets.painted import Painted

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui_finetune.ui.widgets.sheet import Sheet

SMALLEST = (80, 24)
IN_FIELDS = ("app.help", "app.palette", "app.quit", "app.back", "list.open", "pane.next", "pane.previous",
             "app.suspend")  # fmt: skip
"""What works while a text field has the keys: by keys that write nothing."""
IN_SMALL = ("app.back", "app.leave", "app.quit", "app.suspend", "app.screen", "app.copy")
"""What works where there is room for the short view alone: nothing that would ask, or show what it does, unseen."""

Target = tuple[Action, Any]


class SmallView(Painted):
    """Below 80x24: the answer of five seconds alone."""

    DEFAULT_CSS = "SmallView { display: none; }"

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return self.page.small(width, height)


class Page(Overlays):
    """What every screen has. Subclasses give `PLACE`, `content`, `thing`, and the `do_…` of their actions."""

    NAME: ClassVar[str]
    PLACE: ClassVar[Place]
    FIELD_PLACE: ClassVar[Place] = FIELD
    """What can be done while a field of the page's own has the keys; a page with such fields gives its own."""
    FOOTER_FIRST: ClassVar[Sequence[str]] = ()
    """Actions that stand first in the footer, before those of the focused pane."""
    AUTO_FOCUS: ClassVar[str | None] = ""
    DEFAULT_CSS = """
    Page { layout: vertical; overflow: hidden; }
    Page.-small > * { display: none; }
    Page.-small > SmallView { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.tab = ""
        self._said: Line | None = None
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

    def small(self, width: int, height: int) -> Sequence[Line]:
        """What is told where there is no room for the screen."""
        return [line("Needs 80x24."), line("Runs go on.")]

    def quiet(self) -> Line:
        """What the message line says while there is nothing else to say."""
        return EMPTY

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

    @property
    def is_small(self) -> bool:
        """True while there is room for the short view alone."""
        return self.has_class("-small")

    def _focus_again(self, widget: Widget) -> None:
        """What is not shown loses the keys; they go back to it."""
        if widget.is_attached and self.focused is None:
            self.set_focus(widget)
            self.repaint()

    # Keys

    @property
    def sheet(self) -> Sheet | None:
        from tui_finetune.ui.widgets.sheet import Sheet

        return next((one for one in self.query(Sheet) if not one.closing), None)

    @property
    def in_field(self) -> bool:
        """True while what is typed is text."""
        return self.focused is not None and "field" in self.focused.classes

    def _field_owner(self) -> Any:
        """Who does what is asked for in the focused field: the nearest of pane, sheet and page that has a FIELD_PLACE."""
        assert self.focused is not None
        return next((one for one in self.focused.ancestors if hasattr(one, "FIELD_PLACE")), self)

    def places(self) -> list[tuple[Place, Any]]:
        """Where keys are looked up, nearest first, and who acts on them."""
        sheet = self.sheet
        if self.is_small:
            owner = self if sheet is None else sheet
            return [(_only(EVERYWHERE, IN_SMALL[:1]), owner), (_only(EVERYWHERE, IN_SMALL[1:]), self)]
        if self.in_field:
            owner = self._field_owner()
            return [(owner.FIELD_PLACE, owner), (_only(EVERYWHERE, IN_FIELDS), self)]
        if sheet is not None:
            return [(sheet.place(), sheet), (_only(EVERYWHERE, ("app.quit", "app.help")), self)]
        pane = self.focused
        own = [(pane.PLACE, pane)] if pane is not None and hasattr(pane, "PLACE") else []
        return [*own, (self.PLACE, self), (EVERYWHERE, self)]

    def targets(self) -> Iterator[Target]:
        """Every action that there is here now, nearest first, each id once."""
        known: set[str] = set()
        for place, target in self.places():
            for action in place.actions:
                if action.id not in known:
                    known.add(action.id)
                    yield action, target

    def _found(self, event: events.Key) -> Target | None:
        name = key_name(event.key, event.character)
        return next(((a, t) for a, t in self.targets() if name in self.ui.keymap.keys(a.id)), None)

    def takes(self, event: events.Key) -> bool:
        """True for a key that is the page's; false for what is typed into a field."""
        return not self.in_field or (not event.is_printable and self._found(event) is not None)

    def take_key(self, event: events.Key) -> None:
        """Does what the key stands for here, or says that it does nothing."""
        found, name = self._found(event), key_name(event.key, event.character)
        if found is not None:
            self._answer()
            self.perform(*found, key=name)
        else:
            self.say(f"{name} does nothing here; {self.ui.keymap.shown('app.help')} shows the keys.", "muted")

    def _answer(self) -> None:
        """What was said last has been read when the next key is pressed; the palette has it."""
        self.ui.said_there = ""
        if self._said is not None:
            self._said = None
            self.query_one(MessageLine).repaint()

    def perform(self, action: Action, target: Any, *, key: str = "") -> None:
        """Does it, or says why it is off."""
        offer = action.offer(target)
        if not offer.on:
            self.say(f"{action.label.rstrip('…')}: {offer.why}", "warn")
            return
        if action.id == "app.screen":
            self.do_app_screen(key)
        else:
            getattr(target, action.method)()

    def press(self, act: str) -> None:
        """A click on something that names an action, a tab, or a screen."""
        kind, _, value = act.partition(":")
        if kind == "tab":
            self.show_tab(value)
            return
        for action, target in self.targets():
            if action.id == kind:
                self.perform(action, target, key=value)
                return

    def footer(self) -> list[tuple[str, str, str]]:
        """Key, label and click of the likeliest actions that are on, help last."""
        on = [a for a, target in self.targets() if a.footer and a.id != "app.help" and a.offer(target).on]
        on.sort(key=lambda one: one.id not in self.FOOTER_FIRST)
        shown = [(self._usable_key(action.id), action.label, action.id) for action in on]
        return [*shown, (self._usable_key("app.help"), "Help", "app.help")]

    def _usable_key(self, action_id: str) -> str:
        """The first key of an action; in a field the first that writes nothing."""
        keys = self.ui.keymap.keys(action_id)
        return next((key for key in keys if len(key) > 1), keys[0]) if self.in_field else keys[0]

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


def _only(place: Place, ids: Sequence[str]) -> Place:
    return Place(place.name, place.title, tuple(action for action in place.actions if action.id in ids))


__all__ = ["SHEET", "Content", "Page"]
