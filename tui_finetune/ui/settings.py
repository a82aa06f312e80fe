"""settings.toml of the home: how the interface looks, and its keys. Read at the start; what is wrong is said, not fatal."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_finetune.errors import Problem, UserError, did_you_mean
from tui_finetune.ui.actions import MEANINGS, Keymap, keymap_of
from tui_finetune.ui.theme import THEMES

REFRESH_SECONDS = 0.25
FASTEST, SLOWEST = 0.1, 60.0
HELP: Mapping[str, str] = {
    "theme": "terminal: the sixteen colours as your terminal has them, on its own background; dark; light",
    "ascii": "true: ASCII signs alone; false: all signs; unset: as the terminal seems to need it",
    "refresh_seconds": f"at least so long between two paints of what moves by itself, {FASTEST:g} to {SLOWEST:g}",
    "notify": "when a run ends, or its health watch finds something: bell; osc9, a notice of the terminal's own; off",
}
"""The settings of the table `[interface]`. Keys are in `[keys]`, by the id of their action."""
NOTIFY = ("bell", "osc9", "off")
ELSEWHERE = ("notify",)
"""Tables of the file that are not the interface's: who is told by the runs themselves."""


@dataclass(frozen=True)
class Settings:
    """What a person has set."""

    theme: str = "terminal"
    ascii: bool | None = None
    """None: as the terminal seems to need it."""
    refresh_seconds: float = REFRESH_SECONDS
    """At least so long between two paints of what moves by itself."""
    notify: str = "bell"
    """How the terminal is told that a run has ended, or that something was found."""
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
                for name in found if name not in ("interface", "keys", *ELSEWHERE)]  # fmt: skip
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
    if name == "notify":
        return None if value in NOTIFY else f"{value!r} is none of {', '.join(NOTIFY)}."
    if name == "refresh_seconds":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = number and FASTEST <= float(str(value)) <= SLOWEST
        return None if fits else f"a number from {FASTEST:g} to {SLOWEST:g}."
    return f"not a setting. {did_you_mean(name, HELP)}".strip()


def _flat(keys: Mapping[str, Any]) -> dict[str, Any]:
    """`[keys] run.stop = "k"` is a table in a table for TOML."""
    flat: dict[str, Any] = {}
    for name, value in keys.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{inner}": one for inner, one in value.items()}
        else:
            flat[name] = value
    return flat


def value_of(settings: Settings, name: str) -> Any:
    """The value of a setting or of an action's keys: `theme`, `keys.run.stop`."""
    if name.startswith(KEYS):
        return list(settings.keymap.keys(name.removeprefix(KEYS)))
    return getattr(settings, name)


KEYS = "keys."


def known_name(name: str) -> str:
    """The name of a setting as it is spelt here. Raises UserError for one that is none."""
    name = name.removeprefix("interface.")
    names = [*HELP, *(f"{KEYS}{id}" for id in MEANINGS)]
    if name not in names:
        raise UserError(Problem(f"{name}: not a setting.", hint=did_you_mean(name, names) or f"There are {', '.join(HELP)}, "
                                "and keys.ID for each id of docs/keys.md."))  # fmt: skip
    return name


def write_setting(path: Path, name: str, value: Any) -> Settings:
    """Sets one setting in the file, or takes it out where value is None; the rest, comments too, stays as it is.

    Raises UserError for a name or value that cannot be, and where the file is not TOML; OSError where it cannot be written.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    from tui_finetune.runs import atomic

    name = known_name(name)
    table, key = ("keys", name.removeprefix(KEYS)) if name.startswith(KEYS) else ("interface", name)
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    except (ValueError, TOMLKitError) as error:
        raise UserError(Problem(f"{path.name} is not TOML: {error}.", hint=f"Mend {path}, or move it away.")) from error
    before = _settings(document.unwrap())
    found = document.setdefault(table, tomlkit.table())
    if not isinstance(found, MutableMapping):
        raise UserError(Problem(f"{path}: {table} is a table.", hint=f"Write [{table}] and its keys below."))
    _take_out(found, key)
    if value is not None:
        found[key] = value
    after = _settings(document.unwrap())
    new = [problem for problem in after.problems if problem not in before.problems]
    if value is not None and new:
        raise UserError([Problem(problem) for problem in new])
    atomic.write_bytes(path, tomlkit.dumps(document).encode())
    return after


def _take_out(table: MutableMapping[str, Any], key: str) -> None:
    """Removes `run.stop`, however it is written: quoted, or as a table in a table."""
    table.pop(key, None)
    head, _, rest = key.partition(".")
    inner = table.get(head)
    if rest and isinstance(inner, MutableMapping):
        inner.pop(rest, None)
        if not inner:
            table.pop(head)
