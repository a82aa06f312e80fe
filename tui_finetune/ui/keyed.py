"""The keys of a screen: where each is looked up, what it does, why it is off, which stand in the footer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events

from tui_finetune.live.spans import Line
from tui_finetune.ui.actions import EVERYWHERE, FIELD, Action, Place, key_name
from tui_finetune.ui.overlays import Overlays
from tui_finetune.ui.widgets.frame import MessageLine

if TYPE_CHECKING:
    from tui_finetune.ui.widgets.sheet import Sheet

IN_FIELDS = ("app.help", "app.palette", "app.quit", "app.back", "list.open", "pane.next", "pane.previous",
             "app.suspend", "app.redraw")  # fmt: skip
"""What works while a text field has the keys: by keys that write nothing."""
IN_SHEETS = ("app.quit", "app.help", "app.redraw")
IN_SMALL = ("app.back", "app.leave", "app.quit", "app.suspend", "app.redraw", "app.screen", "app.copy")
"""What works where there is room for the short view alone: nothing that would ask, or show what it does, unseen."""

Target = tuple[Action, Any]


class Keyed(Overlays):
    """The part of a page that takes keys and clicks."""

    PLACE: ClassVar[Place]
    FIELD_PLACE: ClassVar[Place] = FIELD
    """What can be done while a field of the page's own has the keys; a page with such fields gives its own."""
    FOOTER_FIRST: ClassVar[Sequence[str]] = ()
    """Actions that stand first in the footer, before those of the focused pane."""

    def __init__(self) -> None:
        super().__init__()
        self._said: Line | None = None

    @property
    def is_small(self) -> bool:
        """True while there is room for the short view alone."""
        return self.has_class("-small")

    def say(self, text: object, token: str = "text") -> None:
        """A message."""
        raise NotImplementedError

    def show_tab(self, name: str) -> None:
        """Shows a tab."""
        raise NotImplementedError

    def do_app_screen(self, number: str) -> None:
        """Goes to a screen."""
        raise NotImplementedError

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
            return [(sheet.place(), sheet), (_only(EVERYWHERE, IN_SHEETS), self)]
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
        offered = [(a, a.offer(target)) for a, target in self.targets() if a.footer and a.id != "app.help"]
        on = [action for action, offer in offered if offer.on or offer.passing]
        on.sort(key=lambda one: one.id not in self.FOOTER_FIRST)
        shown = [(self._usable_key(action.id), self.ui.look.label(action.label), action.id) for action in on]
        return [*shown, (self._usable_key("app.help"), "Help", "app.help")]

    def _usable_key(self, action_id: str) -> str:
        """The first key of an action; in a field the first that writes nothing."""
        keys = self.ui.keymap.keys(action_id)
        return next((key for key in keys if len(key) > 1), keys[0]) if self.in_field else keys[0]


def _only(place: Place, ids: Sequence[str]) -> Place:
    return Place(place.name, place.title, tuple(action for action in place.actions if action.id in ids))
