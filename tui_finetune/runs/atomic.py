"""Files that are whole or not there: written beside, synced, renamed into place. Read tolerantly, failed by name."""

from __future__ import annotations

import contextlib
import json
import math
import os
import uuid
from pathlib import Path
from typing import Any

from tui_finetune.runs.layout import STAGING_PREFIX


class Unreadable(Exception):
    """A file is there and is not the JSON object that it should be."""


def finite(value: Any) -> Any:
    """`value` with numbers that are not finite as the strings "nan", "inf", "-inf": json writes NaN, which is not JSON."""
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, dict):
        return {str(k): finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return value


def dumps(value: Any, *, indent: int | None = None) -> str:
    """JSON of anything: what json does not know (paths, numpy numbers) becomes a number or its text."""
    separators = (",", ":") if indent is None else None
    return json.dumps(
        finite(value), ensure_ascii=False, allow_nan=False, separators=separators, indent=indent, default=_plain
    )


def _plain(value: Any) -> Any:
    if callable(getattr(value, "item", None)) and getattr(value, "ndim", 0) == 0:
        return finite(value.item())
    if callable(getattr(value, "tolist", None)):
        return finite(value.tolist())
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return str(value)


def write_bytes(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Replaces `path` with `data` (0600). A reader sees the old content or the new one, never a part, after a power cut too.

    sync=False leaves out the fsync: for what is written every few seconds and worth nothing after a power cut.
    """
    staging = path.with_name(f"{STAGING_PREFIX}{path.name}-{uuid.uuid4().hex[:8]}")
    try:
        handle = os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                if sync:
                    os.fsync(file.fileno())
            os.replace(staging, path)
        except BaseException:
            with contextlib.suppress(OSError):
                staging.unlink()
            raise
        if sync:
            sync_folder(path.parent)
    except UnicodeEncodeError as error:
        raise OSError(f"{path}: the file system cannot hold this name: {error}") from error


def write_json(path: Path, value: Any, *, sync: bool = True) -> None:
    """`write_bytes` of an object as JSON."""
    write_bytes(path, (dumps(value, indent=2) + "\n").encode("utf-8", "backslashreplace"), sync=sync)


def read_json(path: Path) -> dict[str, Any]:
    """The object in `path`. Raises FileNotFoundError, or Unreadable for what is no JSON object or cannot be read."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(str(path)) from error
    except OSError as error:
        raise Unreadable(f"{path.name}: {error.strerror}") from error
    try:
        value = json.loads(data)
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is not UTF-8 text") from error
    except RecursionError as error:
        raise Unreadable(f"{path.name} is nested too deeply") from error
    except ValueError as error:
        where = f"line {error.lineno} is not JSON" if isinstance(error, json.JSONDecodeError) else "is not JSON"
        raise Unreadable(f"{path.name}: {where}" if data.strip() else f"{path.name} is empty") from error
    if not isinstance(value, dict):
        raise Unreadable(f"{path.name}: not a JSON object")
    return value


def sync_folder(path: Path) -> None:
    """Makes renames within `path` survive a power cut; file systems that cannot are left alone."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
