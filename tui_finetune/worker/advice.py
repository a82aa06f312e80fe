"""What an error means for the person whose run it ended, and what to do next."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from tui_finetune.errors import UserError


@dataclass(frozen=True)
class Explanation:
    """`reason`: what happened, where. `advice`: what usually helps."""

    reason: str
    advice: str | None = None


_LOG = "The traceback is at the end of stdout.log (tui-finetune logs)."


def explain(error: BaseException, phase: str) -> Explanation:
    """Plain words for result.json; the traceback itself goes to stdout.log."""
    if isinstance(error, UserError):
        return Explanation("\n".join(str(problem) for problem in error.problems))
    if _is_out_of_memory(error):
        return Explanation(
            f"{phase}: out of memory ({_first_line(error)})",
            "Halve per_device_train_batch_size and double gradient_accumulation_steps (same effective batch), "
            "lower model.max_length, or set train.gradient_checkpointing = true.",
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Explanation(
            f"{phase}: no room on disk for {error.filename or 'a file of the run'}",
            "Free some space (tui-finetune trash empty), lower train.save_total_limit, then tui-finetune resume.",
        )
    if isinstance(error, MemoryError):
        return Explanation(f"{phase}: out of main memory", "Use less data at once, or a machine with more memory.")
    return Explanation(f"{phase}: {type(error).__name__}: {_first_line(error)}", _LOG)


def _is_out_of_memory(error: BaseException) -> bool:
    if type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(
        words in str(error) for words in ("out of memory", "not enough memory", "can't allocate memory")
    )


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
