"""Whether the files of a run are still what they were when it was checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tui_finetune.plugin_api import InputFile


def changed_files(recorded: Iterable[Mapping[str, Any]], files: Iterable[InputFile]) -> list[Path]:
    """Those of `files` that the run's recipe has with another content (its `[resolved] inputs`)."""
    known = {str(one.get("path")): one.get("sha256") for one in recorded}
    return [file.path for file in files if known.get(str(file.path), file.sha256) != file.sha256]
