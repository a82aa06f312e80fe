"""Before a run goes on: what may be set then, what differs now, and the record of both."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import LaunchError, Problem, UserError, cannot_write
from tui_finetune.launch.differences import (
    LAST_DIGITS,
    Difference,
    NotTheSame,
    compare,
    facts_before,
    facts_now,
    newest_checkpoint,
)
from tui_finetune.runs import atomic
from tui_finetune.runs.attempts import newest_attempt
from tui_finetune.runs.resumption import Resumption, write_resumption

if TYPE_CHECKING:
    from tui_finetune.config.schema import Recipe
    from tui_finetune.launch.handoff import Launch
    from tui_finetune.plugin_api.manager import Catalog
    from tui_finetune.runs.info import RunInfo

FREE: Mapping[str, str | None] = {
    "train.dataloader_num_workers": None,
    "train.dataloader_prefetch_factor": None,
    "train.dataloader_pin_memory": None,
    "train.torch_empty_cache_steps": None,
    "train.eval_accumulation_steps": None,
    "train.save_total_limit": None,
    "train.per_device_eval_batch_size": f"figures of evaluations: {LAST_DIGITS}",
    "run.device": None,
    "run.auto_resume": None,
    "run.notify": None,
}
"""Settings that a resume may set: they change no weight. With what they can change all the same; a device is compared itself."""
NO_EFFECT = "changes no result"


@dataclass(frozen=True)
class Plan:
    """How a run will go on."""

    info: RunInfo
    attempt: int
    recipe: Recipe
    """With what is set now."""
    differences: list[Difference]
    set: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """Dotted key to the value before and the new one."""

    @property
    def serious(self) -> list[Difference]:
        return [one for one in self.differences if one.serious]


def plan(info: RunInfo, attempt: int, launch: Launch, sets: Sequence[str] = ()) -> Plan:
    """What an attempt would differ in. Raises UserError for what cannot be set, or where a plugin of the run is not here."""
    from tui_finetune.config.write import read_resolved
    from tui_finetune.launch.needed_plugins import require_plugins
    from tui_finetune.plugin_api.manager import load_catalog

    catalog = load_catalog(launch.home, plugin_dirs=launch.plugin_dirs, third_party=launch.third_party)
    recipe = read_resolved(info.paths.recipe_toml)
    require_plugins(recipe, catalog)
    recipe, changed = _with_sets(info, recipe, sets, catalog, launch.home.cache)
    settings = [_setting(key, was, now) for key, (was, now) in changed.items() if key != "run.device"]
    before = facts_before(info.paths, recipe, newest_checkpoint(info.paths))
    found = compare(before, facts_now(recipe, catalog))
    return Plan(info, attempt, recipe, [*found, *settings], changed)


def differences(info: RunInfo, launch: Launch, sets: Sequence[str] = ()) -> list[Difference]:
    """What a resume would tell before it starts. Reads the data's files: not for an event loop."""
    return plan(info, 0, launch, sets).differences


def _setting(key: str, was: Any, now: Any) -> Difference:
    effect = FREE[key]
    return Difference("setting", key, _said(was), _said(now), effect or NO_EFFECT, serious=effect is not None)


def _said(value: Any) -> str:
    from tui_finetune.config.write import toml_value

    return "default" if value is None else toml_value(value)


@contextlib.contextmanager
def recorded(found: Plan, *, accept: bool) -> Iterator[None]:
    """The record of a resume, written before its worker begins, and taken back where it does not.

    Raises NotTheSame where there are serious differences that nobody has accepted.
    """
    from tui_finetune.runs.control import author

    if found.serious and not accept:
        raise NotTheSame(found.info, found.differences)
    paths = found.info.paths
    kept = {path: path.read_bytes() if path.exists() else None for path in (paths.recipe_toml, paths.resume_json)}
    by = author() if found.differences else ""
    try:
        told = [one.as_json() for one in found.serious]
        write_resumption(paths, Resumption(found.attempt, told, {k: list(v) for k, v in found.set.items()}, by))
        if (text := _recipe_text(found)) is not None:
            _keep_earlier(found, kept[paths.recipe_toml] or b"")
            atomic.write_bytes(paths.recipe_toml, text)
    except OSError as error:
        raise LaunchError(cannot_write(paths.root.parent, error)) from error
    try:
        yield
    except BaseException:
        if newest_attempt(paths) < found.attempt:
            with contextlib.suppress(OSError):
                for path, content in kept.items():
                    _put_back(path, content)
        raise


def _put_back(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    elif path.read_bytes() != content:
        atomic.write_bytes(path, content)


def _keep_earlier(found: Plan, text: bytes) -> None:
    """The recipe that the attempts before worked by, beside their results."""
    folder = found.info.paths.attempt(found.attempt - 1)
    if folder.is_dir():
        atomic.write_bytes(folder / found.info.paths.recipe_toml.name, text)


def _recipe_text(found: Plan) -> bytes | None:
    """The recipe as it holds from now on: with what was set, and the data and plugins that were accepted. None for the same."""
    from tui_finetune.config.write import resolved_toml

    accepted = {one.what for one in found.serious}
    if not found.set and not accepted & {"data", "plugin"}:
        return None
    facts = _accepted_facts(found) if accepted & {"data", "plugin"} else {}
    return resolved_toml(found.recipe, facts).encode()


def _accepted_facts(found: Plan) -> dict[str, Any]:
    from tui_finetune.runs.manifest import file_sha256

    resolved = found.recipe.resolved
    plugins = {one.name.removeprefix("plugin "): one.now for one in found.serious if one.what == "plugin"}
    inputs = []
    for one in resolved.get("inputs", ()):
        path = Path(str(one["path"]))
        there = path.is_file()
        inputs.append({**one, "size": path.stat().st_size, "sha256": file_sha256(path)} if there else dict(one))
    named = [
        {**one, "version": plugins.get(str(one.get("name")), one.get("version", ""))}
        for one in resolved.get("plugins", ())
    ]
    return {"inputs": inputs, "plugins": named}


def _with_sets(
    info: RunInfo, recipe: Recipe, sets: Sequence[str], catalog: Catalog, cache: Path
) -> tuple[Recipe, dict[str, tuple[Any, Any]]]:
    """The recipe with `sets` over it, and what they change. Raises UserError with everything that cannot be set."""
    if not sets:
        return recipe, {}
    import tomlkit

    from tui_finetune.config.load import load_recipe
    from tui_finetune.config.sets import parse_set
    from tui_finetune.config.write import as_resolved

    parsed = [parse_set(text) for text in sets]
    keys = [".".join(one[0]) for one in parsed if not isinstance(one, Problem)]
    problems = [one for one in parsed if isinstance(one, Problem)]
    problems += [found for key in keys if (found := _refusal(info, key, recipe)) is not None]
    if problems:
        raise UserError(problems)
    written = {key: value for key, value in as_resolved(recipe).items() if key not in ("resolved", "of")}
    loaded = load_recipe(None, tomlkit.dumps(written).encode(), sets=sets, catalog=catalog, cache=cache)
    new = recipe.model_copy(update={"run": loaded.recipe.run, "train": loaded.recipe.train})
    values = {key: (_value(recipe, key), _value(new, key)) for key in dict.fromkeys(keys)}
    return new, {key: pair for key, pair in values.items() if pair[0] != pair[1]}


def _refusal(info: RunInfo, key: str, recipe: Recipe) -> Problem | None:
    if key not in FREE:
        hint = f"tui-finetune branch {info.short} --set {key}=… starts a new run from a checkpoint; set changes a live one."
        return Problem("would make it another run; a resume sets only what changes no result.", key, hint=hint)
    if key == "train.dataloader_num_workers" and recipe.train.get("dataloader_persistent_workers"):
        return Problem("draws other random numbers where dataloader_persistent_workers is true.", key)
    return None


def _value(recipe: Recipe, key: str) -> Any:
    table, _, name = key.partition(".")
    found = getattr(recipe, table)
    return found.get(name) if isinstance(found, dict) else getattr(found, name, None)
