"""A run's recipe as lines: what its person asked for stands out from what the program wrote out beside it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any


def recipe_lines(recipe: str, request: str) -> list[tuple[str, str]]:
    """Each line with its token: tables accent, keys of the request text, all else muted."""
    asked = _keys(_parsed(request))
    lines: list[tuple[str, str]] = []
    table = ""
    for text in recipe.splitlines():
        stripped = text.strip()
        if stripped.startswith("["):
            table = stripped.strip("[]").strip()
            lines.append((text, "accent"))
            continue
        key = stripped.partition("=")[0].strip().strip("\"'")
        known = "=" in stripped and not stripped.startswith("#") and f"{table}.{key}".strip(".") in asked
        lines.append((text, "text" if known else "muted"))
    return lines


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
