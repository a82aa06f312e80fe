"""A lever: what one key does to a Trainer that trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tui_finetune.runs.settable import factor

GROUPS: Final = "groups"
"""The optimizer's groups are to be made anew."""
SCHEDULE: Final = "schedule"
SHAPE: Final = "shape"
"""Another micro-batch or accumulation: a new segment begins."""
LENGTH: Final = "length"
"""The run ends elsewhere."""
Redo = frozenset[str]
NOTHING: Final[Redo] = frozenset()

Asked = Mapping[str, Any]
"""All keys of the change that a key belongs to."""


@dataclass(frozen=True)
class Lever:
    """One key. The functions take the Trainer."""

    current: Callable[[Any], Any]
    apply: Callable[[Any, Any], Redo]
    refusal: Callable[[Any, Any, Asked], str | None] = lambda trainer, value, asked: None


def argument(name: str, redo: Redo = NOTHING) -> Lever:
    """A field of the arguments that the loop reads at every step."""

    def apply(trainer: Any, value: Any) -> Redo:
        setattr(trainer.args, name, value)
        return redo

    return Lever(lambda trainer: getattr(trainer.args, name), apply)


def absolute(current: Any, value: Any) -> Any:
    """A factor applied to what is in force; any other value as it is."""
    scale = factor(value)
    return value if scale is None or current is None else current * scale
