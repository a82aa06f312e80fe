"""One plugin's implementations: found, refused where they are none, called with the arguments that they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pluggy

from tui_finetune.errors import did_you_mean
from tui_finetune.plugin_api.discovery import PluginRefused


def refuse_unknown_hooks(manager: pluggy.PluginManager) -> None:
    """Raises for a hook that nobody declared: pluggy registers a misspelt one without a word."""
    callers = {name: caller for name, caller in vars(manager.hook).items() if isinstance(caller, pluggy.HookCaller)}
    known = [name for name, caller in callers.items() if caller.has_spec()]
    for name, caller in callers.items():
        if not caller.has_spec() and caller.get_hookimpls():
            raise PluginRefused(
                f"{name} is not a hook. {did_you_mean(name, known) or 'Hooks: ' + ', '.join(known) + '.'}"
            )
    manager.check_pending()


def implementations(manager: pluggy.PluginManager, plugin: Any) -> dict[str, pluggy.HookImpl]:
    """Hook name to this plugin's implementation. Raises PluginRefused for wrappers, which would run around other plugins."""
    found: dict[str, pluggy.HookImpl] = {}
    for caller in manager.get_hookcallers(plugin) or ():
        for impl in caller.get_hookimpls():
            if impl.plugin is not plugin:
                continue
            if impl.wrapper or impl.hookwrapper:
                raise PluginRefused(f"{caller.name} is a wrapper; hooks here are plain functions, each called alone.")
            found[caller.name] = impl
    return found


def call(impl: pluggy.HookImpl, **arguments: Any) -> Any:
    """One implementation, given the arguments that it names."""
    return impl.function(*(arguments[name] for name in impl.argnames))


def sequence(result: Any) -> list[Any]:
    """What a hook returned, as a list; None means nothing."""
    if result is None:
        return []
    if isinstance(result, str | bytes | Mapping) or not isinstance(result, Iterable):
        raise TypeError(f"a list is expected, not {type(result).__name__}")
    return list(result)
