"""What a request may carry: its values by name and type, looked at before anybody acts on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui_finetune.errors import nearest

_TYPES: Mapping[str, tuple[type, str]] = {
    "release": (bool, "true or false"),
    "stretch": (bool, "true or false"),
    "reason": (str, "a text"),
    "text": (str, "a text"),
    "split": (str, "a text"),
    "limit": (int, "a number of rows"),
    "checkpoint": (int, "the step of a checkpoint"),
    "set": (dict, "a table of settings"),
}
_OF_ACTION: Mapping[str, tuple[str, ...]] = {
    "pause": ("release", "reason"),
    "evaluate": ("split", "limit", "reason"),
    "set": ("set", "reason", "stretch"),
    "rollback": ("checkpoint", "set", "reason"),
    "note": ("text",),
    **dict.fromkeys(("continue", "save", "stop", "abort"), ("reason",)),
}


def wrong_type(values: Mapping[str, Any]) -> str | None:
    """Why a value is none of its kind: the words of a refusal. None and absent are always right."""
    for name, (kind, words) in _TYPES.items():
        value = values.get(name)
        if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            return f"{name} is {value!r:.60}; expected {words}"
    return None


def unknown(action: str, values: Mapping[str, Any]) -> str | None:
    """Why a value means nothing to the action, as typed by hand. An action that nobody knows is refused as such."""
    known = _OF_ACTION.get(action)
    odd = next((name for name in values if known is not None and name not in known), None)
    if known is None or odd is None:
        return None
    near = nearest(odd, known)
    return f"{odd} means nothing to {action}; " + (f"did you mean {near}?" if near else f"it takes {', '.join(known)}")
