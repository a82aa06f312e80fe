"""Folders that hold an adapter in place of whole weights: checkpoints of a run with `[adapter]`. Nothing heavy at import.

Such a folder has peft's two files, and names the model that the adapter was trained around.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tui_finetune.errors import ModelError, Problem
from tui_finetune.inference.model_files import ADAPTER_CONFIG, WEIGHTS, read_json

if TYPE_CHECKING:
    from tui_finetune.plugin_api import HeavyTask, ModelRequest

ADAPTER_FOLDER: Final = "adapter"
"""In a model's folder: the adapter that was merged into it."""
VIRTUAL_TOKENS: Final = frozenset({"PROMPT_TUNING", "PREFIX_TUNING"})
"""Kinds of adapter that cannot be merged into a model: they stand before its input."""


def adapter_of(folder: Path) -> dict[str, Any] | None:
    """The adapter's own config; None where the folder holds whole weights."""
    found = None if (folder / WEIGHTS).is_file() else read_json(folder / ADAPTER_CONFIG)
    return found if isinstance(found, dict) else None


def load_whole(head: HeavyTask, request: ModelRequest) -> Any:
    """The head's model, of an adapter's folder the model around which it was trained with the adapter merged into it; one
    that cannot be merged stays around it. Raises what from_pretrained raises, and ModelError."""
    folder = Path(request.path)
    adapter = adapter_of(folder)
    if adapter is None:
        return head.load_model(request)
    from peft import PeftModel

    base = str(adapter.get("base_model_name_or_path") or "")
    model = head.load_model(
        replace(request, path=base, revision=adapter.get("revision"), new_head=_new_head(folder, base))
    )
    adapted = PeftModel.from_pretrained(model, str(folder))
    return adapted if adapted.active_peft_config.is_prompt_learning else adapted.merge_and_unload()


def _new_head(folder: Path, base: str) -> bool:
    """Whether the model under the adapter had another head, whose shape would be in the way."""
    own, below = (read_json(place / "config.json") for place in (folder, Path(base)))
    if not isinstance(own, dict) or not isinstance(below, dict):
        return True  # a model of the Hub: the adapter's folder has the head
    return own.get("id2label") != below.get("id2label")


def inputs_of(model: Any) -> set[str]:
    """Names of what the model takes; an adapter around it passes them on."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    return set(inspect.signature(inner.forward).parameters)


def mergeable(folder: Path) -> None:
    """Raises ModelError where a new training cannot start from the folder's adapter."""
    adapter = adapter_of(folder) or {}
    if adapter.get("peft_type") in VIRTUAL_TOKENS:
        hint = f"Start from the model below it: {adapter.get('base_model_name_or_path')}."
        raise ModelError(
            Problem(f"{folder} has virtual tokens, which cannot be merged into a model.", "model.path", hint=hint)
        )
