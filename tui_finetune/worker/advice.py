"""What an error means for the person whose run it ended, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.errors import DoesNotFit, UserError, first_line
from tui_finetune.plugin_api.failures import line_in
from tui_finetune.worker.disk import PROBABLY_NO_ROOM, chain, is_no_room, is_not_written

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import Catalog


@dataclass(frozen=True)
class Explanation:
    """`reason`: what happened, where. `advice`: what usually helps."""

    reason: str
    advice: str | None = None


_LOG = "The traceback is at the end of stdout.log (tui-finetune logs)."
_MAKE_ROOM = "Make room (tui-finetune trash empty), or lower train.save_total_limit; then tui-finetune resume."


def explain(error: BaseException, phase: str, place: Path, catalog: Catalog) -> Explanation:
    """Plain words for result.json; the traceback itself goes to stdout.log.

    place: the run directory. catalog: the plugins, one of which may have raised it.
    """
    full = next((one for one in chain(error) if is_no_room(one)), None)
    if full is not None:
        return Explanation(f"{phase}: no room on the disk of {getattr(full, 'filename', None) or place}", _MAKE_ROOM)
    if any(is_not_written(one) for one in chain(error)):
        return Explanation(f"{phase}: {PROBABLY_NO_ROOM} on the disk of {place}", _MAKE_ROOM)
    if isinstance(error, UserError):
        advice = error.advice if isinstance(error, DoesNotFit) else None
        return Explanation("\n".join(str(problem) for problem in error.problems), advice)
    if isinstance(error, MemoryError):
        return Explanation(f"{phase}: out of main memory", "Use less data at once, or a machine with more memory.")
    if is_out_of_memory(error):
        return Explanation(
            f"{phase}: out of memory ({first_line(error)})",
            "Halve per_device_train_batch_size and double gradient_accumulation_steps (same effective batch), "
            "lower model.max_length, or set train.activation_checkpointing = true.",
        )
    said = f"{phase}: {type(error).__name__}: {first_line(error)}"
    for plugin in catalog.plugins:
        line = line_in(error, plugin.place) if plugin.place is not None and plugin.name != "builtin" else None
        if line is not None:
            return Explanation(f"{said} (plugin {plugin.name}, {line})", f"{_LOG} The plugin's author can mend it.")
    return Explanation(said, _LOG)


def is_out_of_memory(error: BaseException) -> bool:
    """True for what torch and Python raise where a device or the machine has no memory left."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(
        words in str(error) for words in ("out of memory", "not enough memory", "can't allocate memory")
    )
