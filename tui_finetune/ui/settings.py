"""settings.toml of the home: how the interface looks, and its keys. Read at the start; what is wrong is said, not fatal."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_finetune.errors import did_you_mean
from tui_finetune.ui.actions import Keymap, keymap_of
from tui_finetune.ui.theme import THEMES

REFRESH_SECONDS = 0.25


@dataclass(frozen=True)
class Settings:
    """What a person has set."""

    theme: str = "terminal"
    ascii: bool | None = None
    """None: as the terminal seems to need it."""
    refresh_seconds: float = REFRESH_SECONDS
    """At least so long between two paints of what moves by itself."""
    keymap: Keymap = field(default_factory=Keymap)
    problems: tuple[str, ...] = ()


def read_settings(path: Path) -> Settings:
    """The settings; those that are missing or wrong are the usual ones."""
    try:
        with path.open("rb") as file:
            found = tomllib.load(file)
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as error:
        return Settings(problems=(f"{path.name}: {error}",))
    return _settings(found)


def _settings(found: Mapping[str, Any]) -> Settings:
    problems = [f"{name}: no such table. {did_you_mean(name, ('interface', 'keys'))}".strip()
                for name in found if name not in ("interface", "keys")]  # fmt: skip
    interface, keys = _table(found, "interface", problems), _table(found, "keys", problems)
    values: dict[str, Any] = {}
    for name, value in interface.items():
        problem = _problem(name, value)
        if problem is None:
            values[name] = float(value) if name == "refresh_seconds" else value
        else:
            problems.append(f"interface.{name}: {problem}")
    keymap, wrong_keys = keymap_of(_flat(keys))
    return Settings(**values, keymap=keymap, problems=tuple(problems + wrong_keys))


def _table(found: Mapping[str, Any], name: str, problems: list[str]) -> Mapping[str, Any]:
    table = found.get(name, {})
    if isinstance(table, Mapping):
        return table
    problems.append(f"{name}: a table is wanted.")
    return {}


def _problem(name: str, value: object) -> str | None:
    if name == "theme":
        known = ", ".join(THEMES)
        return None if value in THEMES else f"{value!r} is none of {known}. {did_you_mean(str(value), THEMES)}".strip()
    if name == "ascii":
        return None if isinstance(value, bool) else "true or false."
    if name == "refresh_seconds":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if number and 0.1 <= float(str(value)) <= 60 else "a number from 0.1 to 60."
    return f"not a setting. {did_you_mean(name, ('theme', 'ascii', 'refresh_seconds'))}".strip()


def _flat(keys: Mapping[str, Any]) -> dict[str, Any]:
    """`[keys] run.stop = "k"` is a table in a table for TOML."""
    flat: dict[str, Any] = {}
    for name, value in keys.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{inner}": one for inner, one in value.items()}
        else:
            flat[name] = value
    return flat
