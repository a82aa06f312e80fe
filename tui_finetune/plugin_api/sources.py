"""Data sources, as plugins declare them: how to open what a person points at, as Arrow, with row identity.

Light: importing this module imports neither pyarrow nor pydantic (both are named in types only).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

ROW_ID = "row_id"
"""Column of every Arrow table: source file and position, before any operation: `train.csv:41`."""
ROW_HASH = "row_hash"
"""Column of every Arrow table: hash of the raw row in canonical JSON, 16 hex digits."""

Progress = Callable[[str, int, int | None], None]
"""progress(what, done, total or None): called often, must be cheap."""


def no_progress(what: str, done: int, total: int | None) -> None:
    """The progress of callers that show none."""


@dataclass(frozen=True)
class InputFile:
    """A local file that was read, so that a later run can tell whether it changed."""

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True)
class Column:
    """A column of a source, as found."""

    name: str
    type: str
    """Arrow's name of the type: `string`, `int64`, `list<string>`."""
    class_names: tuple[str, ...] | None = None
    """Names of an integer label column, where the source knows them (Hub ClassLabel, label map), in order of the integers."""


@dataclass(frozen=True)
class SplitTable:
    """One split of a source: an Arrow IPC file on disk, memory-mapped when read, with `row_id` and `row_hash`."""

    name: str
    arrow: Path
    rows: int

    def table(self) -> pa.Table:
        """The whole split, memory-mapped: no copy into main memory."""
        import pyarrow as pa

        return pa.ipc.open_stream(pa.memory_map(str(self.arrow))).read_all()


@dataclass(frozen=True)
class StepCount:
    """How many rows a preprocessor was given and gave, by split of the source."""

    step: str
    before: Mapping[str, int]
    after: Mapping[str, int]


@dataclass(frozen=True)
class Opened:
    """What a source found: splits as Arrow files, columns, and what it guessed on the way, in words."""

    source: str
    """Name of the source: `csv`."""
    format: str
    """What was found, in words: `csv, comma, utf-8`."""
    splits: Mapping[str, SplitTable]
    columns: tuple[Column, ...]
    files: tuple[InputFile, ...] = ()
    notes: tuple[str, ...] = ()
    """Guesses and oddities, one sentence each: shown to the person."""
    revision: str | None = None
    """Commit hash of a Hub data set."""
    steps: tuple[StepCount, ...] = ()
    """What each preprocessor did to the number of rows, in their order."""

    def column(self, name: str) -> Column | None:
        return next((c for c in self.columns if c.name == name), None)


@dataclass(frozen=True)
class OpenRequest:
    """What a source is asked to open."""

    path: str | tuple[str, ...] | None
    """Path, glob, list of paths, Hub id, or None for a source that needs none (`stdlib-docs`). Paths are absolute."""
    cache: Path
    """Folder for Arrow files; a source makes a folder of its own in it, named by a fingerprint of its input."""
    subset: str | None = None
    revision: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """The recipe's `[data] options`, already validated by `options_model`."""
    splits: tuple[str, ...] | None = None
    """Only these splits are wanted, where the source can save work by knowing."""


class Source(ABC):
    """A kind of data. One instance is registered; it holds no state."""

    name: ClassVar[str]
    help: ClassVar[str] = ""
    """One sentence for lists."""
    heavy: ClassVar[bool] = False
    """True where opening imports datasets or torch: it then runs in the data helper or the worker only."""
    needs_path: ClassVar[bool] = True
    extensions: ClassVar[tuple[str, ...]] = ()
    """Endings of file names, `.csv`; used when the recipe names no source."""

    def options_model(self) -> type[BaseModel] | None:
        """Pydantic model of `[data] options`, or None when there are none."""
        return None

    def matches(self, path: Path) -> float:
        """How well this source fits `path`, 0 to 1, by a look at name and content; the best one wins."""
        return 0.8 if path.suffix.lower() in self.extensions else 0.0

    @abstractmethod
    def open(self, request: OpenRequest, progress: Progress = no_progress) -> Opened:
        """Opens everything named as Arrow files under `request.cache` and returns them. Raises DataError with all problems."""


class Preprocessor(ABC):
    """A transform of rows, named in `[[preprocess]] use`. Runs before splitting off roles; previewable."""

    name: ClassVar[str]
    help: ClassVar[str] = ""
    version: ClassVar[str] = "1"
    """Part of the cache's fingerprint: change it when the result changes."""
    batched: ClassVar[bool] = False
    """False: `apply(row)` gets one row as a dict. True: `apply_batch(rows)` gets a list of up to 1,000 rows."""
    chooses: ClassVar[bool] = False
    """True: `choose(table)` gets a whole split and says which rows stay; for what one row cannot tell, as repetitions."""
    thins_train: ClassVar[bool] = False
    """True for a step that chooses: what is measured shall stay as it is. Where the recipe names no `splits` in its options, it
    is done last, to the rows of train that are left when shares for validation and test have been taken."""
    heavy: ClassVar[bool] = False

    def options_model(self) -> type[BaseModel] | None:
        return None

    def apply(
        self, row: dict[str, Any], options: Mapping[str, Any]
    ) -> dict[str, Any] | Sequence[dict[str, Any]] | None:
        """The row changed; or None to drop it; or several rows, which get the ids `row_id#0`, `row_id#1` …"""
        raise NotImplementedError(f"{type(self).__name__} is row-wise and must define apply")

    def apply_batch(
        self, rows: Sequence[dict[str, Any]], options: Mapping[str, Any]
    ) -> Sequence[dict[str, Any] | Sequence[dict[str, Any]] | None]:
        """One result a row, in order; each as `apply` returns it."""
        raise NotImplementedError(f"{type(self).__name__} is batched and must define apply_batch")

    def choose(self, splits: Mapping[str, pa.Table], options: Mapping[str, Any]) -> Mapping[str, Sequence[int]]:
        """Numbers of the rows that stay, rising, of each split that is to lose some; the others stay as they are.

        The tables hold the rows' own columns. The same tables and options must give the same rows.
        """
        raise NotImplementedError(f"{type(self).__name__} chooses rows and must define choose")
