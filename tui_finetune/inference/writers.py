"""Answers into a file, row by row, in bounded memory; the file is whole or not there."""

from __future__ import annotations

import contextlib
import csv
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tui_finetune.errors import Problem, UserError, did_you_mean
from tui_finetune.runs import atomic
from tui_finetune.runs.layout import STAGING_PREFIX

Written = Mapping[str, Any]
"""Column to value."""


class AnswerWriter(ABC):
    """Writes beside its target and renames at the end; leaving the block by an error removes what was written.

    with answer_writer(Path("out.csv")) as writer:
        writer.write([{"text": "…", "label": "pos"}])
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.rows = 0
        self.types: Mapping[str, Any] = {}
        """Arrow types of columns that are known beforehand; only Parquet looks at them."""
        self._beside = target.with_name(f"{STAGING_PREFIX}{os.getpid()}-{target.name}")

    def __enter__(self) -> AnswerWriter:
        try:
            self._open(self._beside)
        except OSError as error:
            raise _unwritable(self.target, error) from error
        return self

    def write(self, rows: Sequence[Written]) -> None:
        """Some more rows. Every row has the columns of the first."""
        try:
            self._write(rows)
        except OSError as error:
            raise _unwritable(self.target, error) from error
        self.rows += len(rows)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self._close()
            if kind is None:
                with self._beside.open("rb") as file:
                    os.fsync(file.fileno())
                os.replace(self._beside, self.target)
        except OSError as error:
            raise _unwritable(self.target, error) from error
        finally:
            with contextlib.suppress(OSError):
                self._beside.unlink(missing_ok=True)

    @abstractmethod
    def _open(self, path: Path) -> None: ...

    @abstractmethod
    def _write(self, rows: Sequence[Written]) -> None: ...

    @abstractmethod
    def _close(self) -> None: ...


class JsonLines(AnswerWriter):
    """One object a line."""

    def _open(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", errors="backslashreplace")

    def _write(self, rows: Sequence[Written]) -> None:
        self._file.writelines(atomic.dumps(dict(row)) + "\n" for row in rows)

    def _close(self) -> None:
        self._file.close()


class Csv(AnswerWriter):
    """A header and a line a row; lists and objects as JSON."""

    delimiter = ","

    def _open(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="", errors="replace")
        self._writer = csv.writer(self._file, delimiter=self.delimiter, lineterminator="\n")
        self._columns: list[str] | None = None

    def _write(self, rows: Sequence[Written]) -> None:
        if self._columns is None and rows:
            self._columns = list(rows[0])
            self._writer.writerow(self._columns)
        self._writer.writerows([[_cell(row.get(name)) for name in self._columns or ()] for row in rows])

    def _close(self) -> None:
        self._file.close()


class Tsv(Csv):
    delimiter = "\t"


class Parquet(AnswerWriter):
    """Plain columns as they are; lists and objects as JSON texts, so that every part has the same type."""

    def _open(self, path: Path) -> None:
        path.touch()
        self._path = path
        self._writer: Any = None

    def _write(self, rows: Sequence[Written]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not rows:
            return
        if self._writer is None:
            self._schema = pa.schema([pa.field(name, self.types.get(name) or _type(rows, name)) for name in rows[0]])
            self._writer = pq.ParquetWriter(self._path, self._schema)
        columns = []
        for field in self._schema:
            values = [row.get(field.name) for row in rows]
            if field.name not in self.types:
                values = [_fitting(value, field.type) for value in values]
            columns.append(pa.array(values, field.type))
        self._writer.write_table(pa.table(columns, schema=self._schema))

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()


FORMATS: Mapping[str, type[AnswerWriter]] = {
    ".jsonl": JsonLines,
    ".ndjson": JsonLines,
    ".csv": Csv,
    ".tsv": Tsv,
    ".parquet": Parquet,
}


def answer_writer(target: Path, *, force: bool = False) -> AnswerWriter:
    """The writer of a file, by its ending. Raises UserError where it cannot be written."""
    kind = FORMATS.get(target.suffix.lower())
    if kind is None:
        hint = did_you_mean(target.suffix, FORMATS) or f"There are: {', '.join(FORMATS)}."
        raise UserError(Problem(f"{target}: answers are not written as '{target.suffix or target.name}'.", hint=hint))
    if target.is_dir():
        raise UserError(f"{target} is a folder.")
    if target.exists() and not force:
        raise UserError(f"{target} is there already. --force writes over it.")
    if not target.absolute().parent.is_dir():
        raise UserError(f"{target}: there is no folder {target.absolute().parent}.")
    return kind(target)


def _unwritable(target: Path, error: OSError) -> UserError:
    return UserError(f"{target} cannot be written: {error.strerror or error}.")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return atomic.dumps(value) if isinstance(value, dict | list | tuple) else str(value)


def _type(rows: Sequence[Written], name: str) -> Any:
    """The Arrow type of a column by its values so far: numbers as doubles, for a later one may have a fraction."""
    import pyarrow as pa

    values = [row.get(name) for row in rows if row.get(name) is not None]
    if values and all(isinstance(value, bool) for value in values):
        return pa.bool_()
    if values and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return pa.float64() if any(isinstance(value, float) for value in values) or name == "score" else pa.int64()
    return pa.float64() if not values and name == "score" else pa.string()


def _fitting(value: Any, kind: Any) -> Any:
    """The value as the column's type; what a later row has of another type becomes null or its text."""
    import pyarrow as pa

    if value is None or pa.types.is_boolean(kind):
        return value if isinstance(value, bool) else None
    if pa.types.is_string(kind):
        return value if isinstance(value, str) else json.dumps(atomic.finite(value), ensure_ascii=False, default=str)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return (int(value) if pa.types.is_integer(kind) else float(value)) if is_number else None
