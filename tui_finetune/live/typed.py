"""Values of a recipe as a person types them into a form: no quotes, no brackets, and read back as what they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui_finetune.config.sets import parse_value
from tui_finetune.config.write import WrittenFloat, toml_value
from tui_finetune.live.form import Kind


def written_text(value: Any) -> str:
    """A value as it is shown and typed: `2e-5`, `accuracy, f1`, `text = review, label = stars`."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return value.text if isinstance(value, WrittenFloat) else toml_value(value)
    if isinstance(value, list) and all(_plain(item) for item in value):
        return ", ".join(written_text(item) for item in value)
    if isinstance(value, Mapping) and value and all(_plain(item) for item in value.values()):
        return ", ".join(f"{name} = {written_text(item)}" for name, item in value.items())
    return toml_value(value)


def _plain(value: Any) -> bool:
    """True for what has no sign in it that parts a list."""
    if isinstance(value, str):
        return bool(value) and value == value.strip() and not set(value) & set(",=[]{}\"'\n")
    return isinstance(value, bool | int | float)


def read_typed(kind: Kind, typed: str) -> Any:
    """What is typed, as a value of the recipe. What cannot be read is left a text: the recipe's own check says so."""
    text = typed.strip()
    if kind == "text":
        return _unquoted(text)
    if kind == "path":
        found = parse_value(text)
        return found if isinstance(found, list) else _unquoted(text)
    if kind in ("texts", "values"):
        return _items(text, as_texts=kind == "texts")
    if kind == "table":
        return _table(text)
    found = parse_value(text)
    return WrittenFloat(text) if isinstance(found, float) else found


def _unquoted(text: str) -> str:
    """Quotes around a whole text are those of TOML."""
    if len(text) > 1 and text[0] in "\"'":
        found = parse_value(text)
        return found if isinstance(found, str) else text
    return text


def _items(text: str, *, as_texts: bool) -> Any:
    found = parse_value(text)
    if isinstance(found, list):
        return found
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return [_unquoted(part) if as_texts else parse_value(part) for part in parts]


def _table(text: str) -> Any:
    for tried in (text, f"{{ {text} }}"):
        found = parse_value(tried)
        if isinstance(found, Mapping):
            return found
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not all(equals and name.strip() and value.strip() for name, equals, value in pairs):
        return text
    return {name.strip(): parse_value(value.strip()) for name, _, value in pairs}
