"""What sources made, kept as Arrow files: a folder under the fingerprint of its inputs, whole or not there."""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import DataError, Problem, cannot_write
from tui_finetune.paths import private_folder
from tui_finetune.plugin_api import Column, InputFile, Opened, SplitTable, StepCount
from tui_finetune.runs.layout import STAGING_PREFIX

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)

FORMAT = 3
"""Part of every fingerprint: change it when what the sources write changes."""
ABANDONED_AFTER = 24 * 3600.0
"""Seconds without a change after which what is half written is nobody's."""
MANIFEST = "opened.json"

_count = itertools.count()


def fingerprint(facts: Mapping[str, Any]) -> str:
    """24 hex digits of everything that the result depends on."""
    text = json.dumps({"format": FORMAT, **facts}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def cached(cache: Path, name: str, make: Callable[[Path], Opened], files: Iterable[InputFile] | None = None) -> Opened:
    """What lies in `cache/name`, else what `make` writes into the folder it is given, renamed into place when it is whole.

    files: the inputs of this call, which may lie elsewhere than those of the call that made it.
    """
    folder = cache / name
    found = _whole(folder)
    if found is None:
        found = _made(cache, folder, make)
    return found if files is None else replace(found, files=tuple(files))


def lying(cache: Path, name: str) -> Opened | None:
    """What lies in `cache/name` already."""
    return _whole(cache / name)


def _made(cache: Path, folder: Path, make: Callable[[Path], Opened]) -> Opened:
    sweep(cache)
    staging = cache / f"{STAGING_PREFIX}{os.getpid()}-{next(_count)}-{folder.name}"
    try:
        private_folder(staging)
        opened = make(staging)
        (staging / MANIFEST).write_text(json.dumps(to_json(opened, staging)), encoding="utf-8")
        _replace(staging, folder)
    except OSError as error:
        raise DataError(cannot_write(cache, error)) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    found = _whole(folder)
    if found is None:
        raise DataError(Problem(f"{folder} was taken away while it was used.", hint="Try again."))
    return found


def sweep(cache: Path) -> None:
    """Removes what processes that were killed left half written."""
    for left in cache.glob(f"{STAGING_PREFIX}*"):
        try:
            old = time.time() - left.stat().st_mtime > ABANDONED_AFTER
        except FileNotFoundError:
            continue  # its process has just renamed it
        if old and left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        elif old:
            left.unlink(missing_ok=True)


def _replace(staging: Path, folder: Path) -> None:
    """Renames into place. Where another process was first, its folder stays; a broken one goes."""
    try:
        os.rename(staging, folder)
    except OSError:
        if _whole(folder) is not None:
            return
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(staging, folder)


def _whole(folder: Path) -> Opened | None:
    """What a folder holds; None where it holds nothing whole."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        opened = from_json(found, folder)
        whole = all((folder / s["arrow"]).stat().st_size == s["bytes"] for s in found["splits"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        logger.warning("cache %s is broken and made anew: %s", folder, error)
        return None
    return opened if whole else None


def write_tables(folder: Path, tables: Mapping[str, pa.Table]) -> dict[str, SplitTable]:
    """One Arrow IPC stream a split; they have row_id and row_hash already."""
    import pyarrow as pa

    splits = {}
    for index, (name, table) in enumerate(tables.items()):
        safe = "".join(char if char.isalnum() else "-" for char in name)[:60]
        path = folder / f"{index}-{safe}.arrow"
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=10_000)
        splits[name] = SplitTable(name, path, table.num_rows)
    return splits


def to_json(opened: Opened, folder: Path | None = None) -> dict[str, Any]:
    """As JSON, for a manifest (paths of splits relative to `folder`) or another process (absolute)."""
    splits = [
        {
            "name": split.name,
            "arrow": split.arrow.name if folder is not None else str(split.arrow),
            "rows": split.rows,
            "bytes": split.arrow.stat().st_size,
        }
        for split in opened.splits.values()
    ]
    return {
        "source": opened.source,
        "format": opened.format,
        "splits": splits,
        "columns": [[c.name, c.type, c.class_names] for c in opened.columns],
        "files": [[str(f.path), f.size, f.sha256] for f in opened.files],
        "notes": list(opened.notes),
        "revision": opened.revision,
        "steps": [[one.step, dict(one.before), dict(one.after)] for one in opened.steps],
    }


def from_json(found: Mapping[str, Any], folder: Path | None = None) -> Opened:
    """The inverse of `to_json`."""
    base = folder or Path()
    return Opened(
        source=found["source"],
        format=found["format"],
        splits={s["name"]: SplitTable(s["name"], base / s["arrow"], s["rows"]) for s in found["splits"]},
        columns=tuple(Column(n, t, tuple(names) if names is not None else None) for n, t, names in found["columns"]),
        files=tuple(InputFile(Path(path), size, sha256) for path, size, sha256 in found["files"]),
        notes=tuple(found["notes"]),
        revision=found["revision"],
        steps=tuple(StepCount(step, before, after) for step, before, after in found["steps"]),
    )
