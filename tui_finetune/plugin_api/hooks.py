"""The hooks there are, as people read them: name, arguments, one sentence."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from tui_finetune.plugin_api import hookspecs


@dataclass(frozen=True)
class Hook:
    """A function that a plugin may define."""

    name: str
    signature: str
    """`run_event(run, event)`"""
    help: str


def all_hooks() -> tuple[Hook, ...]:
    """In the order in which they are declared."""
    marked = [found for found in vars(hookspecs).values() if hasattr(found, f"{hookspecs.PROJECT}_spec")]
    return tuple(
        Hook(
            one.__name__,
            f"{one.__name__}({', '.join(inspect.signature(one).parameters)})",
            " ".join((one.__doc__ or "").split()),
        )
        for one in marked
    )
