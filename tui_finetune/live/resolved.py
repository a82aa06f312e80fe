"""A run's recipe as lines: what its person asked for stands out, and what was changed while it ran is marked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from tui_finetune.live.points import Change
from tui_finetune.live.steered import value_words
from tui_finetune.runs.settable import SETTABLE

QUOTES = "\"'"


def recipe_lines(recipe: str, request: str, changes: Sequence[Change] = ()) -> list[tuple[str, str]]:
    """Each line with its token: tables accent, keys of the request text, changed ones held, all else muted."""
    asked, changed = _keys(_parsed(request)), _changed(changes)
    lines: list[tuple[str, str]] = []
    table = ""
    for text in recipe.splitlines():
        stripped = text.strip()
        if stripped.startswith("["):
            table = stripped.strip("[]").strip()
            lines.append((text, "accent"))
            continue
        key = f"{table}.{stripped.partition('=')[0].strip().strip(QUOTES)}".strip(".")
        is_value = "=" in stripped and not stripped.startswith("#")
        if is_value and key in changed:
            lines.append((f"{text}    # now {changed.pop(key)}", "held"))
        else:
            lines.append((text, "text" if is_value and key in asked else "muted"))
    rest = [(f"# {key}: now {said}", "held") for key, said in changed.items()]
    return [*lines, ("", "text"), *rest] if rest else lines


def _changed(changes: Sequence[Change]) -> dict[str, str]:
    """By its place in the recipe what holds now, and since when."""
    found: dict[str, str] = {}
    for change in changes:
        for name, value in change.new.items():
            setting = SETTABLE.get(name)
            place = setting.recipe if setting is not None and setting.recipe is not None else name
            found[place] = f"{value_words(value)}, from step {change.step:,}"
    return found


def request_lines(request: str) -> list[tuple[str, str]]:
    """The person's own file: comments muted."""

    def token(text: str) -> str:
        stripped = text.lstrip()
        return "muted" if stripped.startswith("#") else "accent" if stripped.startswith("[") else "text"

    return [(text, token(text)) for text in request.splitlines()]


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError:
        return {}


def _keys(found: Mapping[str, Any], prefix: str = "") -> set[str]:
    """Dotted keys of all values; those of tables in a list under the name of the list."""
    keys: set[str] = set()
    for key, value in found.items():
        name = f"{prefix}{key}"
        keys.add(name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):
                keys |= _keys(one, f"{name}.")
    return keys
