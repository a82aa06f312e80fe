"""The panes of the Plugins screen: the list, the hooks, the errors, how to write one, and what is under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from tui_finetune.live import plugin_texts
from tui_finetune.live import plugins_page as say
from tui_finetune.live.columns import fit, head_line
from tui_finetune.live.spans import EMPTY, Line, line, muted, span, wrap
from tui_finetune.plugin_api.hooks import Hook, all_hooks
from tui_finetune.plugin_api.manager import PluginInfo
from tui_finetune.plugin_api.templates import KINDS
from tui_finetune.ui.actions import Action, Place
from tui_finetune.ui.screens.plugins.places import ERRORS, HOOKS, LIST_OF_PLUGINS, WRITING
from tui_finetune.ui.widgets.painted import Painted
from tui_finetune.ui.widgets.sheet import TextSheet
from tui_finetune.ui.widgets.table import Lines, Table

if TYPE_CHECKING:
    from tui_finetune.ui.screens.plugins.page import PluginsPage


class Pane:
    """What the panes share: their page."""

    @property
    def plugins_page(self) -> PluginsPage:
        return cast("PluginsPage", cast(Painted, self).screen)

    @property
    def plugins(self) -> Sequence[PluginInfo]:
        return self.plugins_page.plugins

    def moved(self) -> None:
        self.plugins_page.cursor_moved()


class PluginTable(Pane, Table):
    """Every plugin, those that failed first."""

    PLACE = LIST_OF_PLUGINS

    def __init__(self) -> None:
        super().__init__(id="installed")

    @property
    def current(self) -> PluginInfo | None:
        return self.plugins[self.cursor] if 0 <= self.cursor < len(self.plugins) else None

    def count(self) -> int:
        return len(self.plugins)

    def head(self, width: int) -> Line:
        return head_line(say.columns(width))

    def row(self, index: int, width: int) -> Line:
        return say.list_line(self.plugins[index], say.columns(width + 3), self.plugins_page.newer)

    def picture(self, width: int, height: int) -> Sequence[Line]:
        return super().picture(width, height) if self.count() else [self.head(width), EMPTY, line("   ", muted("–"))]


class HookTable(Pane, Table):
    """Every hook, and who defines it."""

    PLACE = HOOKS

    def __init__(self) -> None:
        super().__init__(id="hooks")
        self.hooks = all_hooks()

    @property
    def hook(self) -> Hook:
        return self.hooks[self.cursor]

    def count(self) -> int:
        return len(self.hooks)

    def head(self, width: int) -> Line:
        return head_line(fit(say.HOOK_COLUMNS, width))

    def row(self, index: int, width: int) -> Line:
        return say.hook_line(self.hooks[index], self.plugins, fit(say.HOOK_COLUMNS, width + 3))


class ErrorTable(Pane, Table):
    """What is wrong, the newest first."""

    PLACE = ERRORS

    def __init__(self) -> None:
        super().__init__(id="errors")

    @property
    def found(self) -> list[tuple[PluginInfo, str]]:
        return say.errors(self.plugins)

    @property
    def current(self) -> PluginInfo | None:
        found = self.found
        return found[self.cursor][0] if 0 <= self.cursor < len(found) else None

    def count(self) -> int:
        return len(self.found)

    def head(self, width: int) -> Line:
        return head_line(fit(say.ERROR_COLUMNS, width))

    def row(self, index: int, width: int) -> Line:
        return say.error_line(*self.found[index], fit(say.ERROR_COLUMNS, width + 3))

    def picture(self, width: int, height: int) -> Sequence[Line]:
        if self.count():
            return super().picture(width, height)
        return [self.head(width), EMPTY, line("   ", muted("Every plugin works."))]


class WritingPane(Pane, Lines):
    """How a plugin is written."""

    PLACE = WRITING

    def __init__(self) -> None:
        super().__init__(id="writing")
        self._hooks = all_hooks()

    def _lines(self) -> list[Line]:
        folder = str(self.plugins_page.ui.home.plugins)
        return plugin_texts.how_to_lines(folder, KINDS, self._hooks, self.size.width or 80)

    def count(self) -> int:
        return len(self._lines())

    def parts(self, index: int, width: int) -> Sequence[Line]:
        return [self._lines()[index]]


class Detail(Pane, Painted):
    """What is under the cursor; beside the list where there is room, with the traceback."""

    DEFAULT_CSS = "Detail { height: 11; }"

    def picture(self, width: int, height: int) -> Sequence[Line]:
        page = self.plugins_page
        if page.tab == "hooks":
            hook = page.query_one(HookTable).hook
            said = [line(" ", *part) for part in wrap(hook.help, width - 2)]
            return [line(" ", span(hook.signature)), *said]
        info = page.current
        if info is None:
            return ()
        key = page.ui.keymap.shown("run.hold")
        lines = say.detail_lines(info, width, newer=info.name in page.newer, switch_key=key)
        if page.has_class("-wide") and info.traceback:
            lines += [EMPTY, *plugin_texts.traceback_lines(info, width)]
        return lines[:height]


class PluginSheet(TextSheet):
    """A traceback, or what a plugin adds; the plugins can be loaded again from it."""

    PLACE: ClassVar[Place] = Place(
        "plugin sheet",
        "sheet",
        (
            Action("view.reload", "Load again", "All plugins as their files are now."),
            *TextSheet.PLACE.actions,
        ),
    )

    def do_view_reload(self) -> None:
        page = cast("PluginsPage", self.page)
        self.close()
        page.do_view_reload()
