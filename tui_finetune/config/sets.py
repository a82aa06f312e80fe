"""`--set key=value`: one value of the recipe, given on the command line. The value is read as TOML, else as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tomli

from tui_finetune.errors import Problem

PLACE = "--set"
"""Stands where a problem of a file has the file's name."""


def parse_set(text: str) -> tuple[list[str], Any] | Problem:
    """The parts of the dotted key and the value, or what is wrong with `text`."""
    key, equals, value = text.partition("=")
    if not equals:
        return Problem(f"'{text}' has no '='.", file=PLACE, hint="Write --set train.learning_rate=3e-5.")
    parts = _key_parts(key.strip())
    if not parts:
        return Problem(f"'{key}' is not a key.", file=PLACE, hint="Write --set train.learning_rate=3e-5.")
    return parts, parse_value(value)


def parse_value(text: str) -> Any:
    """`text` as a TOML value where it is exactly one, else as it is: `3e-5`, `["f1"]`, `true`, `run:latest`."""
    try:
        alone = tomli.loads(f"v = {text}")
        # A comment or a second value would pass alone, but not between brackets.
        bracketed = tomli.loads(f"v = [{text}]")["v"]
    except (tomli.TOMLDecodeError, RecursionError):
        return text
    if list(alone) != ["v"] or len(bracketed) != 1:
        return text
    return alone["v"]


def apply_sets(data: dict[str, Any], sets: Sequence[str]) -> tuple[set[str], list[Problem]]:
    """Puts every set into `data`, in order. Returns the dotted keys that were set and what could not be."""
    problems: list[Problem] = []
    done: set[str] = set()
    for text in sets:
        parsed = parse_set(text)
        if isinstance(parsed, Problem):
            problems.append(parsed)
            continue
        parts, value = parsed
        problem = _put(data, parts, value)
        if problem is not None:
            problems.append(problem)
        else:
            done.add(".".join(parts))
    return done, problems


def _key_parts(key: str) -> list[str]:
    """The parts of a dotted key, quoted ones included; empty where it is none."""
    if not key or "\n" in key or "=" in key:
        return []
    try:
        found: Any = tomli.loads(f"{key} = 0")
    except (tomli.TOMLDecodeError, RecursionError):
        return []
    parts = []
    while isinstance(found, dict) and len(found) == 1:
        part, found = next(iter(found.items()))
        parts.append(part)
    return parts if found == 0 else []


def _put(data: dict[str, Any], parts: Sequence[str], value: Any) -> Problem | None:
    """Sets one value; tables on the way are made, items of lists are named by their number."""
    where: Any = data
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        here = ".".join(parts[:index])
        if isinstance(where, dict):
            if last:
                where[part] = value
            else:
                where = where.setdefault(part, {})
        elif isinstance(where, list):
            if not part.isdecimal() or int(part) >= len(where):
                counted = f"0 to {len(where) - 1}" if where else "none"
                return Problem(f"no item {part}. There are: {counted}.", here, PLACE)
            if last:
                where[int(part)] = value
            else:
                where = where[int(part)]
        else:
            return Problem(f"is a single value and has no '{part}'.", here, PLACE)
    return None
