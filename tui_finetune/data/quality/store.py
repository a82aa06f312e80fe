"""What was found, kept in the cache under what it depends on: content, roles, tokenizer, length and these checks."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tui_finetune.data.cache import fingerprint
from tui_finetune.data.look import Look
from tui_finetune.data.quality.finding import Rows
from tui_finetune.data.quality.looked import material_of
from tui_finetune.data.quality.material import Material
from tui_finetune.data.quality.report import report
from tui_finetune.errors import DataError, cannot_write
from tui_finetune.paths import private_folder
from tui_finetune.plugin_api import Progress, no_progress
from tui_finetune.runs.atomic import dumps, write_bytes

logger = logging.getLogger(__name__)

VERSION = 9
"""Change it when the checks change."""
FOLDER = "quality"
DOCUMENT, ROWS = "report.json", "rows"


def looked_over(
    look: Look, cache: Path, tokenizer: Path | None, max_length: int, progress: Progress = no_progress
) -> dict[str, Any]:
    """The document of a look: `profile`, `findings`, `seconds`, `kept` (True where it was made earlier) and `folder`.

    Raises DataError where nothing can be read as text.
    """
    data = material_of(look)
    progress("looking whether it was seen before", 0, None)
    folder = cache / FOLDER / _name(look, data, tokenizer, max_length)
    kept = _kept(folder)
    if kept is not None:
        return {**kept, "kept": True, "folder": str(folder)}
    made = report(data, tokenizer, max_length, progress)
    document = made.as_json()
    try:
        private_folder(folder / ROWS)
        for finding in made.findings:
            for index, (split, rows) in enumerate(finding.rows.items()):
                rows.astype(np.int64).tofile(folder / ROWS / f"{finding.id}-{index}.i8")
                _entry(document, finding.id)["files"][split] = f"{finding.id}-{index}.i8"
        write_bytes(folder / DOCUMENT, dumps(document).encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise DataError(cannot_write(cache, error)) from error
    return {**document, "kept": False, "folder": str(folder)}


def rows_of(document: Mapping[str, Any], id: str, split: str) -> Rows:
    """The numbers of all rows of a finding in a split."""
    entry = next((one for one in document["findings"] if one["id"] == id), None)
    name = entry["files"].get(split) if entry is not None else None
    if name is None:
        return np.zeros(0, dtype=np.int64)
    return np.fromfile(Path(document["folder"]) / ROWS / name, dtype=np.int64)


def row_files(document: Mapping[str, Any], id: str) -> dict[str, str]:
    """By split the file that holds the numbers of a finding's rows."""
    files: dict[str, str] = next((one["files"] for one in document["findings"] if one["id"] == id), {})
    return {split: str(Path(document["folder"]) / ROWS / name) for split, name in files.items()}


def _entry(document: dict[str, Any], id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in document["findings"] if one["id"] == id)
    return found


def _kept(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / DOCUMENT).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        logger.warning("%s cannot be read and is made anew: %s", folder / DOCUMENT, error)
        return None
    return found if isinstance(found, dict) and {"profile", "findings"} <= set(found) else None


def _name(look: Look, data: Material, tokenizer: Path | None, max_length: int) -> str:
    facts = {
        "version": VERSION,
        "splits": {part.name: _content(part.table) for part in data.parts},
        "roles": dict(look.roles),
        "task": look.task.name if look.task is not None else None,
        "names": [[column.name, column.class_names] for column in look.opened.columns],
        "tokenizer": hashlib.sha256(tokenizer.read_bytes()).hexdigest() if tokenizer is not None else None,
        "max_length": max_length,
    }
    return fingerprint(facts)


def _content(table: Any) -> str:
    """A hash of the bytes of a table's columns."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(str(table.schema).encode())
    for column in table.columns:
        for chunk in column.chunks:
            digest.update(f"{len(chunk)},{chunk.offset},{chunk.null_count}".encode())
            for buffer in chunk.buffers():
                if buffer is not None:
                    digest.update(buffer)
    return digest.hexdigest()
