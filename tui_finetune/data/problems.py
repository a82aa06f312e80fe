"""Problems of data files, worded with the place first: `train.csv line 8,812: 3 fields, expected 2`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_finetune.errors import DataError, LaunchError, Problem, UserError

PLACES_TOLD = 5
"""Of many alike problems this many are told one by one, the rest is counted."""


@dataclass(frozen=True)
class FileProblem(Problem):
    """A problem in a data file; `file` and `line` come first when it is shown."""

    def __str__(self) -> str:
        line = "" if self.line is None else f" line {self.line:,}"
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.file}{line}: {self.message}{hint}"


def refused(
    message: str, path: Path | str | None = None, line: int | None = None, hint: str | None = None
) -> DataError:
    """A DataError with one problem of a file."""
    return DataError(problem(message, path, line, hint))


def problem(message: str, path: Path | str | None = None, line: int | None = None, hint: str | None = None) -> Problem:
    if path is None:
        return Problem(message, hint=hint)
    name = path.name if isinstance(path, Path) else path
    return FileProblem(message, file=name, line=line, hint=hint)


def told(problems: Sequence[Problem], *, more: int = 0, kind: str = "lines") -> list[Problem]:
    """The first few problems, and how many there are beyond them."""
    first = list(problems[:PLACES_TOLD])
    rest = len(problems) - len(first) + more
    if rest and first:
        first.append(Problem(f"And {rest:,} more such {kind} in {first[-1].file or 'the data'}."))
    return first


def listed(names: Iterable[object], limit: int = PLACES_TOLD) -> str:
    """`a, b, c and 4 more`."""
    every = [str(name) for name in names]
    text = ", ".join(every[:limit])
    return text if len(every) <= limit else f"{text} and {len(every) - limit:,} more"


def as_json(problems: Iterable[Problem]) -> list[dict[str, object]]:
    """Problems for another process."""
    return [{**found.as_json(), "place_first": isinstance(found, FileProblem)} for found in problems]


def from_json(found: Iterable[dict[str, object]]) -> list[Problem]:
    """The inverse of `as_json`."""
    made = []
    for fields in found:
        rest = {key: value for key, value in fields.items() if key != "place_first"}
        made.append((FileProblem if fields.get("place_first") else Problem)(**rest))  # type: ignore[arg-type]
    return made


class Collector:
    """Gathers problems of parts that do not depend on each other, so that all are told at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def __enter__(self) -> Collector:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> bool:
        """Keeps the problems of a UserError and goes on; anything else passes, a helper that died too."""
        if isinstance(error, UserError) and not isinstance(error, LaunchError):
            self.problems += error.problems
            return True
        return False

    def add(self, *problems: Problem) -> None:
        self.problems += problems

    def raise_if_any(self) -> None:
        if self.problems:
            raise DataError(self.problems)


def failed_plugin(kind: str, name: str, catalog: Any, error: BaseException) -> DataError:
    """What a plugin raised that is no message for a person: which plugin, and where its traceback is."""
    owner = catalog.owner(f"{kind}s", name)
    whose = f" (plugin {owner.name})" if owner is not None else ""
    said = " ".join(str(error).split())
    hint = "The traceback is in the home's tui-finetune.log; its author can mend it."
    return DataError(Problem(f"{kind} {name}{whose} failed: {type(error).__name__}: {said}.", hint=hint))
