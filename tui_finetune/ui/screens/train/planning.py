"""What is known of a training before it is started: from its recipe, its data, its model's files and runs like it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import Problem, UserError
from tui_finetune.live.forecast import Planned
from tui_finetune.live.form_hints import steps
from tui_finetune.live.recipe_form import read_form

if TYPE_CHECKING:
    from tui_finetune.live.form import Form
    from tui_finetune.paths import Home
    from tui_finetune.plugin_api.manager import Catalog
    from tui_finetune.runs.info import RunInfo

LOOKED_AT = 30
"""Newest runs of which one may be alike."""
ALIKE = (
    "task",
    "model.max_length",
    "model.freeze",
    "adapter.kind",
    "adapter.rank",
    "adapter.targets",
    "run.device",
    "train.per_device_train_batch_size",
    "train.gradient_accumulation_steps",
    "train.gradient_checkpointing",
    "train.bf16",
    "train.fp16",
)
"""What the time and memory of a step depend on, beside the model."""


def plan(text: str, place: Path, home: Home, catalog: Catalog) -> tuple[Planned, tuple[Problem, ...]]:
    """The figures that follow from a recipe, and what its check has found. It reads the data: not for an event loop.

    place: the recipe's file, or where it would be.
    """
    from tui_finetune.config.load import load_recipe
    from tui_finetune.launch.check import check

    try:
        loaded = load_recipe(place, text.encode("utf-8", "surrogateescape"), catalog=catalog, cache=home.cache)
        checked = check(loaded, home=home, catalog=catalog)
    except UserError as error:
        return Planned(), error.problems
    rows = checked.prepared.splits["train"].num_rows
    form = read_form(text, catalog, home.cache)
    counted = steps(rows, form) if form is not None else None
    if form is None or counted is None:
        return Planned(rows=rows), ()
    like = _run_like(form, checked.model, home, catalog)
    planned = Planned(
        rows=rows,
        steps=counted[1],
        model_bytes=_weights(checked.recipe.model.path),
        adapted=checked.recipe.adapter is not None,
        kept=_kept(form, counted),
        free_bytes=shutil.disk_usage(home.runs if home.runs.is_dir() else home.root.parent).free,
        like=like[1] if like is not None else None,
        like_name=like[0].title if like is not None else "",
    )
    return planned, ()


def _weights(path: str) -> int | None:
    """Bytes of the weights in a folder; None where they are to come from the Hub."""
    folder = Path(path)
    files = [*folder.glob("*.safetensors")] or [*folder.glob("pytorch_model*.bin")]
    return sum(file.stat().st_size for file in files) if files else None


def _kept(form: Form, counted: tuple[int, int]) -> int | None:
    """Checkpoints that lie on the disk at once, at most: one more than the limit while a new one is written."""
    strategy = _value(form, "train.save_strategy")
    if strategy == "no":
        return 0
    of_epoch, whole = counted
    every = _value(form, "train.save_steps") if strategy == "steps" else of_epoch
    if not isinstance(every, int | float) or every <= 0:
        return None
    saves = int(whole // max(1, every * whole if every < 1 else every))
    limit = _value(form, "train.save_total_limit")
    return min(saves, limit + 1) if isinstance(limit, int) and limit > 0 else saves


def _run_like(form: Form, model: str | None, home: Home, catalog: Catalog) -> tuple[RunInfo, Mapping[str, Any]] | None:
    """The newest run of the same model, batch and length that has a forecast, and this."""
    from tui_finetune.runs.store import RunStore
    from tui_finetune.runs.tail import brief_events

    runs = [one for one in RunStore(home).list() if one.kind == "train" and one.model == model]
    for info in runs[:LOOKED_AT]:
        try:
            other = read_form(info.paths.recipe_toml.read_text(encoding="utf-8"), catalog, home.cache)
        except (UserError, OSError, ValueError):
            continue
        if other is None or any(_value(form, key) != _value(other, key) for key in ALIKE):
            continue
        found = next((event for event in brief_events(info.paths) if event.name == "forecast"), None)
        if found is not None:
            return info, found.fields
    return None


def _value(form: Form, key: str) -> object:
    """As written, or the default."""
    found = form.field(key)
    return found.effective if found is not None else None
