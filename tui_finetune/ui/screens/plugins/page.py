"""Plugins: each with its health and what it adds; switched off and on, loaded again, written anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from textual import events
from textual.app import ComposeResult

from tui_finetune.live import plugin_texts
from tui_finetune.live import plugins_page as say
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.spans import Line, line, muted, span, wrap
from tui_finetune.plugin_api.manager import PluginInfo
from tui_finetune.plugin_api.templates import KINDS, USUAL_KIND
from tui_finetune.ui.messages import PluginFilesChanged, PluginsRead
from tui_finetune.ui.page import Page
from tui_finetune.ui.screens.plugins import work
from tui_finetune.ui.screens.plugins.messages import PluginAsked, PluginWritten
from tui_finetune.ui.screens.plugins.panes import Detail, ErrorTable, HookTable, PluginSheet, PluginTable, WritingPane
from tui_finetune.ui.screens.plugins.places import PLUGINS
from tui_finetune.ui.widgets.sheet import FieldsSheet, TextSheet

TITLES = {"installed": "Installed", "hooks": "Hooks", "errors": "Errors", "writing": "Write one"}
WIDE = 110
"""From this width on what is under the cursor stands beside the list."""


class PluginsPage(Page):
    """The screen of plugins."""

    NAME = "plugins"
    PLACE = PLUGINS
    DEFAULT_CSS = """
    PluginsPage Detail { dock: bottom; }
    PluginsPage.-wide Detail { dock: right; width: 50%; height: 100%; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.tab = "installed"
        self.plugins: Sequence[PluginInfo] = ()
        self.newer: set[str] = set()
        """Names of those whose files were written since they were loaded."""
        self._new_files: Sequence[str] = ()
        self._keep: str | None = None
        """The plugin that the cursor is to stand on after the next look."""

    def content(self) -> ComposeResult:
        yield Detail()
        yield PluginTable()
        yield HookTable()
        yield ErrorTable()
        yield WritingPane()

    def on_mount(self) -> None:
        self.show_tab(self.tab)

    def on_screen_resume(self) -> None:
        self.ui.bridge.do("Read the plugins", lambda: work.read(self.ui.bridge))

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(self.app.size.width >= WIDE, "-wide")

    @property
    def table(self) -> PluginTable:
        return self.query_one(PluginTable)

    @property
    def current(self) -> PluginInfo | None:
        """The plugin under the cursor."""
        if self.tab == "errors":
            return self.query_one(ErrorTable).current
        return self.table.current if self.tab == "installed" else None

    # What it says

    def thing(self, width: int) -> Line:
        if not self.plugins:
            return line(" ", muted("–"))
        return say.thing_line(self.plugins, str(self.ui.home.plugins), width)

    def tabs(self) -> Sequence[tuple[str, str]]:
        counts = {
            "installed": len(self.plugins),
            "hooks": self.query_one(HookTable).count(),
            "errors": self.query_one(ErrorTable).count(),
        }
        return [(name, f"{title} {counts[name]}" if name in counts else title) for name, title in TITLES.items()]

    def quiet(self) -> Line:
        key = self.ui.keymap.shown("view.reload")
        if self.newer:
            changed = next((info for info in self.plugins if info.name in self.newer), None)
            name = Path(changed.place or changed.origin).name if changed is not None else ""
            return (span(f"! {name} changed on disk; {key} reloads.", "warn"),)
        if self._new_files:
            return (span(f"! {self._new_files[0]} is new; {key} loads it.", "warn"),)
        return line(muted(say.loaded_words(self.plugins) if self.plugins else "Loading the plugins …"))

    def small(self, width: int, height: int) -> Sequence[Line]:
        failed = [info for info in self.plugins if info.health == "failed"]
        said = [part for info in failed for part in wrap(f"{info.name}: {info.error}", width)]
        return [line(say.counts_words(self.plugins)), *said, line("Needs 80x24 for the rest. Runs go on.")]

    # What happened

    def on_plugins_read(self, message: PluginsRead) -> None:
        keep = self._keep or (self.table.current.name if self.table.current is not None else None)
        self._keep = None
        self.plugins = say.ordered(message.plugins)
        self.newer, self._new_files = set(), ()
        place = next((index for index, info in enumerate(self.plugins) if info.name == keep), 0)
        self.table.cursor = place
        if message.again and self.is_current:
            self.say(say.reloaded_words(self.table.current, self.plugins))
        self.repaint()

    def on_plugin_files_changed(self, message: PluginFilesChanged) -> None:
        self.newer = say.changed(self.plugins, message.newest)
        self._new_files = message.new
        self._said = None
        self.repaint()

    def on_plugin_asked(self, message: PluginAsked) -> None:
        if self.is_current and self.sheet is None:
            info, adds = message.info, message.adds
            self.open_sheet(PluginSheet(info.name, lambda width: plugin_texts.about_lines(info, adds, width)))

    def on_plugin_written(self, message: PluginWritten) -> None:
        plugin, test = message.files[0].name, message.files[1].name
        self.say(f"{plugin} is written, and its test, tests/{test}; R loads what you change.")

    def cursor_moved(self) -> None:
        self.query_one(Detail).repaint()
        self.repaint_frame()

    # What it does

    def show_tab(self, name: str) -> None:
        self.tab = name if name in TITLES else "installed"
        for pane in TITLES:
            self.query_one(f"#{pane}").display = pane == self.tab
        self.query_one(Detail).display = self.tab != "writing"
        self.query_one(f"#{self.tab}").focus()
        self.call_after_refresh(self.repaint)

    def open_offer(self) -> Offer:
        return ON if self.current is not None else off("No plugin under the cursor.")

    def switch_offer(self) -> Offer:
        return say.switch_offer(self.current)

    def do_list_open(self) -> None:
        info = self.current
        assert info is not None
        if info.traceback is not None:
            title = f"{info.name}: {say.failed_words(info)}"
            self.open_sheet(PluginSheet(title, lambda width: plugin_texts.traceback_lines(info, width)))
        else:
            self.ui.bridge.do(f"Look at {info.name}", lambda: work.asked(self.ui.bridge, info))

    def do_view_reload(self) -> None:
        self.say("Loading the plugins …", "muted")
        self.ui.bridge.latest("plugins", "Load the plugins", lambda stale: work.read(self.ui.bridge, again=True))

    def do_run_hold(self) -> None:
        info = self.current
        assert info is not None
        name, on = info.name, info.health == "off"
        word = "on" if on else "off"
        self._keep = name
        self.ui.bridge.do(f"Switch {name} {word}", lambda: work.switched(self.ui.bridge, name, on=on))

    def do_item_new(self) -> None:
        def take(values: Sequence[str]) -> str | None:
            name, kind = (value.strip() for value in values)
            if not name.isidentifier():
                return "Name: letters, digits and underscores, a letter first."
            if kind not in KINDS:
                return f"Adds: one of {', '.join(KINDS)}."
            self._keep = name
            self.ui.bridge.do(f"New plugin {name}", lambda: work.written(self.ui.bridge, name, kind))
            return None

        self.open_sheet(
            FieldsSheet(
                "New plugin",
                [("name", ""), ("adds", USUAL_KIND)],
                take,
                hint=f"adds: {', '.join(KINDS)}; enter writes it and its test",
            )
        )

    def do_item_copy(self) -> None:
        info = self.current
        assert info is not None
        self.ui.copy_text(info.traceback or info.place or info.origin)

    def do_item_details(self) -> None:
        info = self.current
        assert info is not None
        facts = replace(info)
        self.open_sheet(TextSheet(f"Details of {info.name}", lambda width: plugin_texts.fact_lines(facts, width)))

    def do_app_back(self) -> None:
        if self.tab != "installed":
            self.show_tab("installed")
        else:
            super().do_app_back()


def make() -> PluginsPage:
    return PluginsPage()
