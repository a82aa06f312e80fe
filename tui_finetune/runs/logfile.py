"""stdout.log, read as it grows: whole lines from where the last reading ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LARGEST = 4_194_304
"""Bytes of the end of a long log that are read at first; what is before them stays in the file."""


@dataclass(frozen=True)
class LogLines:
    """What one look at a log gave."""

    lines: tuple[str, ...]
    anew: bool = False
    """True at the first look, and where the file was cut: earlier lines do not count any more."""
    skipped: int = 0
    """Bytes before the first line."""


class LogTail:
    """New whole lines of a log since the last poll. What is not UTF-8 is kept as `\\xff`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset: int | None = None
        self._skipped = 0

    def poll(self) -> LogLines:
        """New lines. A last line without its end waits for it."""
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, 2)
                anew = self._offset is None or size < self._offset
                if anew:
                    self._skipped = max(0, size - LARGEST)
                    self._offset = self._skipped
                begin = self._offset or 0
                file.seek(begin)
                data = file.read(size - begin)
        except OSError:
            anew = self._offset != 0
            self._offset, self._skipped = 0, 0
            return LogLines((), anew)
        if anew and self._skipped:
            cut = data.find(b"\n") + 1
            self._skipped, begin, data = self._skipped + cut, begin + cut, data[cut:]
        end = data.rfind(b"\n") + 1
        self._offset = begin + end
        lines = data[:end].split(b"\n")[:-1] if end else []
        return LogLines(tuple(one.rstrip(b"\r").decode("utf-8", "backslashreplace") for one in lines), anew,
                        self._skipped)  # fmt: skip
