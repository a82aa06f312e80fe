"""What the Plugins screen has done in threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_finetune.live.plugin_texts import Contribution
from tui_finetune.plugin_api.manager import REGISTERING, Catalog, PluginInfo
from tui_finetune.plugin_api.switches import switch
from tui_finetune.plugin_api.templates import new_plugin
from tui_finetune.ui.messages import PluginsRead
from tui_finetune.ui.screens.plugins.messages import PluginAsked, PluginWritten

if TYPE_CHECKING:
    from tui_finetune.ui.bridge import Bridge


def read(bridge: Bridge, *, again: bool = False) -> PluginsRead:
    """All plugins; `again`: as their files are now."""
    return PluginsRead(tuple(bridge.catalog(fresh=again).plugins), again)


def switched(bridge: Bridge, name: str, *, on: bool) -> PluginsRead:
    """A plugin switched, and what there is without or with it."""
    switch(bridge.home, name, on=on)
    return read(bridge, again=True)


def written(bridge: Bridge, name: str, kind: str) -> PluginWritten:
    """A new plugin from its template, and loaded."""
    files = new_plugin(bridge.home.plugins, name, kind)
    bridge.post(read(bridge, again=True))
    return PluginWritten(name, files)


def asked(bridge: Bridge, info: PluginInfo) -> PluginAsked:
    """Everything that a plugin adds, with its help and options."""
    catalog = bridge.catalog()
    names = [(kind, name) for kind in REGISTERING for name in info.gives.get(kind, ())]
    return PluginAsked(info, [_contribution(catalog, kind, name) for kind, name in names])


def _contribution(catalog: Catalog, kind: str, name: str) -> Contribution:
    found = catalog.of_kind(kind).get(name)
    return Contribution(kind.removesuffix("s"), name, str(getattr(found, "help", "")), _options(found))


def _options(found: Any) -> tuple[tuple[str, str, str], ...]:
    """Key, default and title of each option; none where the plugin's own model cannot be had."""
    if not hasattr(found, "options_model"):
        return ()
    try:
        fields = getattr(found.options_model(), "model_fields", {})
        return tuple(
            (key, "required" if one.is_required() else repr(one.default), one.title or one.description or "")
            for key, one in fields.items()
        )
    except Exception as error:  # noqa: BLE001 - third-party code: said in place of its options
        return (("options", "", f"{type(error).__name__}: {error}"),)
