"""What an error means for the person whose run it ended, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.errors import NO_ROOM, UserError, first_line
from tui_finetune.plugin_api.failures import line_in

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import Catalog


@dataclass(frozen=True)
class Explanation:
    """`reason`: what happened, where. `advice`: what usually helps."""

    reason: str
    advice: str | None = None


_LOG = "The traceback is at the end of stdout.log (tui-finetune logs)."
_FULL = ("No space left on device", "os error 28", "Disk quota exceeded")
"""What libraries that write by themselves say of a full disk: theirs are no OSErrors."""
_NOT_WRITTEN = ("inline_container.cc", "iostream error", "PytorchStreamWriter failed writing")
"""What torch says where a file cannot be written, whatever the cause; it is nearly always a full disk."""
_MAKE_ROOM = "Make room (tui-finetune trash empty), or lower train.save_total_limit; then tui-finetune resume."


def explain(error: BaseException, phase: str, place: Path, catalog: Catalog) -> Explanation:
    """Plain words for result.json; the traceback itself goes to stdout.log.

    place: the run directory. catalog: the plugins, one of which may have raised it.
    """
    full = next((one for one in _chain(error) if _is_no_room(one)), None)
    if full is not None:
        return Explanation(f"{phase}: no room on the disk of {getattr(full, 'filename', None) or place}", _MAKE_ROOM)
    if any(words in str(one) for one in _chain(error) for words in _NOT_WRITTEN):
        return Explanation(
            f"{phase}: a file could not be written, probably for no room on the disk of {place}", _MAKE_ROOM
        )
    if isinstance(error, UserError):
        return Explanation("\n".join(str(problem) for problem in error.problems))
    if _is_out_of_memory(error):
        return Explanation(
            f"{phase}: out of memory ({first_line(error)})",
            "Halve per_device_train_batch_size and double gradient_accumulation_steps (same effective batch), "
            "lower model.max_length, or set train.activation_checkpointing = true.",
        )
    if isinstance(error, MemoryError):
        return Explanation(f"{phase}: out of main memory", "Use less data at once, or a machine with more memory.")
    said = f"{phase}: {type(error).__name__}: {first_line(error)}"
    for plugin in catalog.plugins:
        line = line_in(error, plugin.place) if plugin.place is not None and plugin.name != "builtin" else None
        if line is not None:
            return Explanation(f"{said} (plugin {plugin.name}, {line})", f"{_LOG} The plugin's author can mend it.")
    return Explanation(said, _LOG)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and those that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_no_room(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    return any(words in str(error) for words in _FULL)


def _is_out_of_memory(error: BaseException) -> bool:
    if type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(
        words in str(error) for words in ("out of memory", "not enough memory", "can't allocate memory")
    )
