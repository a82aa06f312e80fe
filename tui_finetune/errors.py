"""What went wrong for a person: problems, collected, with file, key, line and the way out.

A `UserError` is a mistake or a state of the world that the person can mend; it is printed without a traceback. Anything
else that escapes is a defect of ours: its traceback goes to the log and its one-line summary to the screen.
"""

from __future__ import annotations

import difflib
import errno
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

logger = logging.getLogger(__name__)


class ExitCode(IntEnum):
    """Exit codes of every verb; documented in docs/configuration.md."""

    OK = 0
    RUN_FAILED = 1
    """The run ended failed, died or aborted, or refused what was asked of it."""
    USAGE = 2
    """Usage, recipe, data or input is wrong."""
    NO_SUCH_RUN = 3
    """No such run, or several."""
    LAUNCH_FAILED = 4
    """Handoff, pre-flight or helper failed."""
    INTERRUPTED = 130
    """Interrupted before the handoff."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, in one sentence, and where."""

    message: str
    key: str | None = None
    """Dotted key of the recipe, `train.learning_rate`."""
    file: str | None = None
    line: int | None = None
    """Line in `file`, counted from 1."""
    hint: str | None = None
    """What to do next, a sentence."""

    def __str__(self) -> str:
        place = f"{self.file}: " if self.file else ""
        key = f"{self.key}: " if self.key and not self.message.startswith(self.key) else ""
        line = f" (line {self.line})" if self.line is not None else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"{place}{key}{self.message}{hint}{line}"

    def as_json(self) -> dict[str, object]:
        return {k: v for k, v in vars(self).items() if v is not None}


class UserError(Exception):
    """Something the person can mend: all problems at once, and the exit code that a verb ends with."""

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(self, problems: str | Problem | Sequence[Problem], *, exit_code: ExitCode | None = None) -> None:
        if isinstance(problems, str):
            problems = [Problem(problems)]
        elif isinstance(problems, Problem):
            problems = [problems]
        self.problems: tuple[Problem, ...] = tuple(problems)
        if exit_code is not None:
            self.exit_code = exit_code
        super().__init__("\n".join(str(problem) for problem in self.problems))


class RecipeError(UserError):
    """The recipe cannot be used as it is."""


class DataError(UserError):
    """The data cannot be used as it is."""


class ModelError(UserError):
    """The model folder or Hub id cannot be used as it is."""


class NoSuchRun(UserError):
    """No run matches what was typed, or several do."""

    exit_code = ExitCode.NO_SUCH_RUN


class LaunchError(UserError):
    """Handoff, pre-flight or a helper failed."""

    exit_code = ExitCode.LAUNCH_FAILED


class DoesNotFit(LaunchError):
    """Pre-flight has measured that a run does not fit on its device or its disk."""

    def __init__(self, problem: Problem, advice: str) -> None:
        """advice: what would fit."""
        super().__init__(problem)
        self.advice = advice


NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
"""What the system says where a disk is full, or a person's share of it."""


def cannot_write(place: Path, error: OSError) -> Problem:
    """Nothing can be written at `place`: why, and what helps."""
    full = error.errno in NO_ROOM
    hint = "Make room (tui-finetune trash empty), or choose another --home." if full else "Choose another --home."
    said = os.strerror(error.errno) if full and error.errno else error.strerror or error
    return Problem(f"{place} cannot be written: {said}.", hint=hint)


def first_line(error: BaseException) -> str:
    """What a library said, without the pages below it; its kind where it said nothing."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known spelling that is most like `name`, or None when none is near."""
    known = list(known)
    exact = {k.casefold().replace("-", "_"): k for k in known}
    if (same := exact.get(name.casefold().replace("-", "_"))) is not None:
        return same
    found = difflib.get_close_matches(name, known, n=1, cutoff=0.61)
    return found[0] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`Did you mean X?`, or an empty string."""
    found = nearest(name, known)
    return f"Did you mean {found}?" if found else ""


def log_traceback(error: BaseException, log: Path) -> str | None:
    """Appends the full traceback of a defect of ours to the home's log; its path, or None where it could not be written."""
    import sys
    import traceback
    from datetime import UTC, datetime

    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"\n{datetime.now(UTC).isoformat(timespec='seconds')} {' '.join(sys.argv)}\n")
            traceback.print_exception(error, file=file)
        log.chmod(0o600)
    except OSError as failed:
        logger.debug("cannot write %s: %s", log, failed)
        return None
    return str(log)
