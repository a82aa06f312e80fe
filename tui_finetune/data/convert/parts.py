"""What readers of large files give."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


class Otherwise(Exception):
    """The file is none that can be read piece by piece as it would be read whole: it is read whole."""


class Again(Exception):
    """What was read so far was not meant so: from the first row again."""


@dataclass(frozen=True)
class Part:
    """Some rows."""

    table: pa.Table
    positions: NDArray[np.int64]
    """Where each row stands in the file, as row ids tell it."""
    share: float
    """How much of the file has been read, in percent."""


@dataclass
class Reader(ABC):
    """One large file."""

    path: Path
    format: str = ""
    """In words; known once it has been read."""
    notes: list[str] = field(default_factory=list)
    texts_alone = False
    """True where all values are texts, whose kind only all of them tell."""

    @abstractmethod
    def parts(self) -> Iterator[Part]:
        """All rows, again from the first at each call. Raises Otherwise or Again, at the end too."""

    def class_names(self) -> dict[str, tuple[str, ...]]:
        """Names of integer labels that the file carries."""
        return {}


def counted(first: int, rows: int) -> NDArray[np.int64]:
    """Positions that count up."""
    import numpy as np

    return np.arange(first, first + rows, dtype=np.int64)
