"""A run's recipe as the recipe of another: all that was found written out, and what was set while it ran as `[[change]]`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import tomlkit

from tui_finetune.config.schema import Recipe
from tui_finetune.config.write import as_resolved, toml_items, toml_value
from tui_finetune.runs.changes import Change, in_force


def replay(
    recipe: Recipe, changes: Iterable[Change] = (), *, model: str | None = None, head: Iterable[str] = ()
) -> str:
    """The text of a recipe that does the same: revisions, columns and labels as found, paths absolute.

    recipe: the resolved one of a run, with its own `[[change]]`. changes: what was set in the run beside them.
    model: as the person named it, where that names it for good: the resolved recipe has the folder that it was found in.
    head: lines of the comment on top.
    """
    document = as_resolved(recipe)
    document.pop("resolved", None)
    own = document.pop("change", [])
    if model is not None and not model.startswith("run:"):
        document["model"]["path"] = model
    if (document.get("of") or {}).get("run"):
        document["model"].pop("path", None)  # `of` names the model: a recipe that names it twice is refused
    blocks = [_block(one["at_step"], one["set"], one.get("stretch", True), one.get("reason")) for one in own]
    blocks += [_block(one.at_step, one.set, one.stretch, one.reason) for one in in_force(changes)]
    comment = "".join(f"# {line}\n" for line in head)
    parts = [text for _, text in sorted(blocks, key=lambda block: block[0])]
    return f"{comment}\n{tomlkit.dumps(toml_items(document))}" + "".join(f"\n{text}" for text in parts)


def _block(at_step: int, values: Mapping[str, Any], stretch: bool, reason: str | None) -> tuple[int, str]:
    lines = ["[[change]]", f"at_step = {at_step}", f"set = {toml_value(values)}"]
    lines += [] if stretch else ["stretch = false"]
    lines += [f"reason = {toml_value(reason)}"] if reason else []
    return at_step, "\n".join(lines) + "\n"
