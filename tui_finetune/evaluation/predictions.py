"""predictions.parquet: every row of an evaluation, what was there and what was said. Whole or absent."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tui_finetune.plugin_api import ROW_HASH, ROW_ID, Decoded, LabelSet, Role, Task
from tui_finetune.plugin_api.windows import row_values
from tui_finetune.runs.layout import STAGING_PREFIX

if TYPE_CHECKING:
    import pyarrow as pa

TOP_LABELS = 20
"""Scores kept a row where there are more than ALL_LABELS labels."""
ALL_LABELS = 100
"""Up to this many labels the scores of all are kept."""


def common_schema(task: Task, labels: LabelSet, roles: Sequence[str] | None = None) -> pa.Schema:
    """Arrow schema: row_id, row_hash, input roles, the task's own, loss, length, truncated.

    `roles` names the roles that the data has; all by default.
    Label names stand in the metadata as JSON, so that the file can be read without its run.
    """
    import json

    import pyarrow as pa

    inputs = [role for role in task.roles if is_stored(role) and (roles is None or role.name in roles)]
    fields = [pa.field(ROW_ID, pa.string()), pa.field(ROW_HASH, pa.string())]
    fields += [pa.field(role.name, _input_type(role)) for role in inputs]
    fields += list(task.prediction_schema(labels))
    fields += [pa.field("loss", pa.float32()), pa.field("length", pa.int32()), pa.field("truncated", pa.bool_())]
    return pa.schema(fields, metadata={"task": task.name, "labels": json.dumps(list(labels.names), ensure_ascii=False)})


def is_stored(role: Role) -> bool:
    """Whether a role's values stand beside what was predicted: what was read, and texts that were to be said."""
    return not role.gold or role.kind == "messages"


def _input_type(role: Role) -> pa.DataType:
    import pyarrow as pa

    return {"words": pa.list_(pa.string()), "number": pa.float64()}.get(role.kind, pa.string())


def common_columns(task: Task, rows: Mapping[str, Sequence[Any]], decoded: Decoded) -> dict[str, Any]:
    """The columns of `common_schema` that are not the task's own; what `rows` lacks is filled with nulls by the writer."""
    names = [ROW_ID, ROW_HASH, "length", "truncated", *(role.name for role in task.roles if is_stored(role))]
    of_features = ("length", "truncated")
    columns: dict[str, Any] = {
        name: row_values(rows, name) if name in of_features else rows[name] for name in names if name in rows
    }
    if decoded.losses is not None:
        columns["loss"] = decoded.losses
    return columns


class PredictionWriter:
    """Writes a row group a call to a file beside `path`, and renames it there when all is written and synced.

    A context manager: when its block raises, the file beside is removed and what stood at `path` stays.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        import pyarrow.parquet as pq

        self.path = path
        self.schema = schema
        self.rows = 0
        self._beside = path.with_name(f"{STAGING_PREFIX}{os.getpid()}-{path.name}")
        self._file = os.fdopen(os.open(self._beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        self._writer = pq.ParquetWriter(self._file, schema, compression="zstd")

    def write(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """One row group; columns that the schema has and `columns` has not become nulls. Raises ValueError for others."""
        import numpy as np
        import pyarrow as pa

        if unknown := set(columns) - set(self.schema.names):
            raise ValueError(f"columns {sorted(unknown)} are not in the schema")
        rows = len(next(iter(columns.values())))
        arrays = []
        for field in self.schema:
            values = columns.get(field.name)
            if values is None:
                arrays.append(pa.nulls(rows, field.type))
            elif isinstance(values, np.ndarray):
                arrays.append(pa.array(values.astype(field.type.to_pandas_dtype()), field.type))
            else:
                arrays.append(pa.array(values, field.type))
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self.schema))
        self.rows += rows

    def close(self) -> None:
        """Ends, syncs and renames. Where that fails (no room), nothing stays beside."""
        try:
            self._writer.close()
            self._file.flush()
            os.fsync(self._file.fileno())
        except BaseException:
            self.discard()
            raise
        self._file.close()
        os.replace(self._beside, self.path)

    def discard(self) -> None:
        """Removes what was written."""
        with contextlib.suppress(OSError):  # its last words need not reach a full disk
            self._writer.close()
        with contextlib.suppress(OSError):
            self._file.close()
        self._beside.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()


def read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """The stored predictions, or some of their columns."""
    import pyarrow.parquet as pq

    return pq.read_table(path, columns=None if columns is None else list(columns))
