"""The page of the settings: enter turns the one under the cursor to its next value, at once and for the next start too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult

from tui_finetune.live.spans import EMPTY, Line, line, muted, span, wrap
from tui_finetune.text import cut_front
from tui_finetune.ui.actions import Action, Place
from tui_finetune.ui.settings import HELP, KEYS, NOTIFY, Settings, value_of
from tui_finetune.ui.theme import THEMES
from tui_finetune.ui.widgets.sheet import Sheet
from tui_finetune.ui.widgets.table import Table

if TYPE_CHECKING:
    from tui_finetune.ui.page import Page

VALUES: Mapping[str, Sequence[Any]] = {
    "theme": tuple(THEMES),
    "ascii": (None, True, False),
    "refresh_seconds": (0.25, 0.5, 1.0, 2.0, 5.0),
    "notify": NOTIFY,
}
WORDS: Mapping[str, Mapping[Any, str]] = {
    "ascii": {None: "as the terminal needs it", True: "ASCII signs alone", False: "all signs"},
    "notify": {"bell": "bell", "osc9": "notice (OSC 9)", "off": "off"},
}
NAMES = tuple(HELP)
NAME_CELLS, VALUE_CELLS = 18, 26


def value_words(name: str, value: Any) -> str:
    if name == "refresh_seconds":
        return f"{value:g} s"
    return WORDS.get(name, {}).get(value, str(value))


def next_value(name: str, value: Any) -> Any:
    """The value after this one, round and round; after one of the person's own the first."""
    values = VALUES[name]
    return values[(values.index(value) + 1) % len(values)] if value in values else values[0]


def rest_lines(settings: Settings, width: int) -> list[Line]:
    """What is below the settings: what the file says of keys, what is wrong in it."""
    lines: list[Line] = []
    for id, keys in settings.keymap.changed.items():
        lines.append(line("   ", muted(f"{KEYS}{id}".ljust(NAME_CELLS)), "  ", " ".join(keys)))
    for problem in settings.problems:
        lines += [line(" ", *part) for part in wrap(f"! {problem}", width - 2, token="warn")]
    return lines


class _Values(Table):
    def __init__(self) -> None:
        super().__init__()

    @property
    def settings(self) -> Settings:
        return self.ui.settings

    def count(self) -> int:
        return len(NAMES)

    def row(self, index: int, width: int) -> Line:
        name = NAMES[index]
        said = value_words(name, value_of(self.settings, name))
        return line(span(name.ljust(NAME_CELLS)), "  ", said.ljust(VALUE_CELLS))

    def picture(self, width: int, height: int) -> Sequence[Line]:
        about = [line("   ", *part) for part in wrap(HELP[NAMES[self.cursor]], width - 6, token="muted")][:2]
        rows = [self._line(index, width) for index in range(self.count())]
        about += [EMPTY] * (2 - len(about))
        return [*rows, EMPTY, *about, *rest_lines(self.settings, width), *self._where()]

    def _where(self) -> list[Line]:
        said = f"In {cut_front(str(self.ui.home.settings), 34)}; keys there too, or tui-finetune settings."
        return [line("   ", muted(said))]

    def moved(self) -> None:
        self.repaint()


class SettingsSheet(Sheet):
    """Theme, signs and refresh rate."""

    PLACE: ClassVar[Place] = Place(
        "settings",
        "settings",
        (
            Action("list.open", "Next value", "Turn it to its next value; it counts at once and is kept."),
            Action("list.down", "Down", footer=False),
            Action("list.up", "Up", footer=False),
            Action("app.back", "Close", "Close the sheet."),
        ),
    )

    def __init__(self, page: Page) -> None:
        super().__init__("Settings")
        self._settings = page.ui.settings

    def body(self) -> ComposeResult:
        yield _Values()

    def lines_wanted(self, width: int) -> int:
        return len(NAMES) + 4 + len(rest_lines(self._settings, width))

    def _table(self) -> _Values:
        return self.query_one(_Values)

    def do_list_down(self) -> None:
        self._table().do_list_down()

    def do_list_up(self) -> None:
        self._table().do_list_up()

    def do_list_open(self) -> None:
        name = NAMES[self._table().cursor]
        ui = self.page.ui
        ui.bridge.set(name, next_value(name, value_of(ui.settings, name)))
