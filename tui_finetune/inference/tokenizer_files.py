"""The tokenizer's file of a model that is on this machine; no network is asked."""

from __future__ import annotations

from pathlib import Path

from tui_finetune.data.lengths import tokenizer_file
from tui_finetune.errors import UserError
from tui_finetune.paths import Home


def tokenizer_of(model: str, revision: str | None, home: Home) -> Path | None:
    """tokenizer.json of a folder, a builtin model, a run's model, or one in the Hub's cache.

    Raises NoSuchRun for a run that is not there.
    """
    if model.startswith("builtin:"):
        from tui_finetune.inference.builtin_models import builtin_folder

        try:
            return tokenizer_file(str(builtin_folder(model, home)))
        except UserError:
            return None  # the check before training says that it is not installed
    if model.startswith("run:"):
        from tui_finetune.runs.store import RunStore

        return tokenizer_file(str(RunStore(home).find(model.removeprefix("run:")).paths.model))
    return tokenizer_file(model, revision)
