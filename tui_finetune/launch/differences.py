"""What differs between what a run's checkpoint was made with and what is here now: named before the run goes on.

`compare` is the pure part; `differences` gathers both sides for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import Problem, UserError

if TYPE_CHECKING:
    from tui_finetune.config.schema import Recipe
    from tui_finetune.plugin_api.manager import Catalog
    from tui_finetune.runs.info import RunInfo
    from tui_finetune.runs.layout import RunPaths

LAST_DIGITS = "results may differ in the last digits"
OTHER_RUN = "not the same run bit for bit"
EFFECTS: Mapping[str, str] = {
    "torch": LAST_DIGITS,
    "numpy": LAST_DIGITS,
    "transformers": "training may go another way",
    "accelerate": "training may go another way",
    "tui-finetune": "training may go another way",
    "tokenizers": "texts may become other tokens",
    "datasets": "rows may be read otherwise",
}
"""Packages whose version can change a result, and what it can change."""
ACCEPT = "--accept goes on all the same, and the run's history keeps it; branch starts a new run from the checkpoint."


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was."""

    what: str
    """version, device, threads, data, plugin, setting."""
    name: str
    before: str
    now: str
    effect: str
    serious: bool = True
    """Whether the run may end otherwise than it would have; it goes on only where that was accepted."""

    @property
    def text(self) -> str:
        """`torch 2.13.0 → 2.13.1: results may differ in the last digits`."""
        return f"{self.name} {self.before} → {self.now}: {self.effect}"

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "text": self.text}


class NotTheSame(UserError):
    """A run that would not go on as the same one, and nobody has accepted that."""

    def __init__(self, info: RunInfo, differences: list[Difference]) -> None:
        self.differences = differences
        serious = [one for one in differences if one.serious]
        problems = [Problem(f"! {one.text}") for one in serious]
        count = "one thing differs" if len(serious) == 1 else f"{len(serious)} things differ"
        super().__init__([Problem(f"{info.title} would not be the same run: {count}."), *problems, Problem(ACCEPT)])


@dataclass(frozen=True)
class Facts:
    """What an attempt works with. What is not known is left out, and not compared."""

    versions: Mapping[str, str] = field(default_factory=dict)
    device_kind: str | None = None
    device_name: str | None = None
    threads: int | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    """Path of each file to its hash."""
    plugins: Mapping[str, str] = field(default_factory=dict)
    """Name to version."""


def compare(before: Facts, now: Facts) -> list[Difference]:
    """Everything that differs and can change the result, the gravest first."""
    return [*_data(before, now), *_devices(before, now), *_versions(before, now), *_plugins(before, now)]


def _data(before: Facts, now: Facts) -> Iterator[Difference]:
    for path, digest in before.data.items():
        if now.data.get(path, digest) != digest:
            effect = "other rows than the run has been trained on"
            yield Difference("data", Path(path).name, digest[:8], now.data[path][:8], effect)


def _devices(before: Facts, now: Facts) -> Iterator[Difference]:
    was, became = (_device_words(facts) for facts in (before, now))
    if None in (before.device_kind, now.device_kind):
        return
    if before.device_kind != now.device_kind:
        yield Difference("device", "device", was, became, OTHER_RUN)
    elif before.device_name and now.device_name and before.device_name != now.device_name:
        yield Difference("device", "device", was, became, LAST_DIGITS)
    elif now.device_kind == "cpu" and before.threads and now.threads and before.threads != now.threads:
        yield Difference("threads", "threads", str(before.threads), str(now.threads), LAST_DIGITS)


def _device_words(facts: Facts) -> str:
    if facts.device_kind == "cpu":
        return f"CPU ({facts.device_name})" if facts.device_name else "CPU"
    return facts.device_name or str(facts.device_kind)


def _versions(before: Facts, now: Facts) -> Iterator[Difference]:
    for package, effect in EFFECTS.items():
        was, became = before.versions.get(package), now.versions.get(package)
        if was is not None and became is not None and was != became:
            yield Difference("version", package, was, became, effect)


def _plugins(before: Facts, now: Facts) -> Iterator[Difference]:
    for name, was in before.plugins.items():
        if name == "builtin":
            continue  # of the program's own version
        became = now.plugins.get(name)
        if became is not None and was and became and was != became:
            yield Difference("plugin", f"plugin {name}", was, became, "what it adds may do something else")


# Both sides


def facts_before(paths: RunPaths, recipe: Recipe, checkpoint: Path | None) -> Facts:
    """What that checkpoint of a run was made with; without one only the run's data and plugins, for nothing else is kept."""
    made: Mapping[str, Any] = {}
    if checkpoint is not None:
        made = _made_with(checkpoint) or _process(paths)
    inputs = recipe.resolved.get("inputs", ())
    plugins = recipe.resolved.get("plugins", ())
    return Facts(
        **_machine(made),
        data={str(one["path"]): str(one["sha256"]) for one in inputs if one.get("path") and one.get("sha256")},
        plugins={str(one.get("name")): str(one.get("version") or "") for one in plugins},
    )


def facts_now(recipe: Recipe, catalog: Catalog) -> Facts:
    """What an attempt that began now would work with. Data files are read whole, for their hashes."""
    from tui_finetune.launch.devices import machine_facts, visible_device
    from tui_finetune.launch.versions import installed_versions
    from tui_finetune.runs.manifest import file_sha256

    places = [Path(str(one["path"])) for one in recipe.resolved.get("inputs", ()) if one.get("path")]
    names = [str(one.get("name")) for one in recipe.resolved.get("plugins", ())]
    found = {name: plugin.version or "" for name in names if (plugin := catalog.plugin(name)) is not None}
    return Facts(
        **_machine({**machine_facts(visible_device(recipe.run.device)), "versions": installed_versions()}),
        data={str(place): file_sha256(place) for place in places if place.is_file()},
        plugins=found,
    )


def newest_checkpoint(paths: RunPaths) -> Path | None:
    """The newest checkpoint whose files have the sizes of its manifest: the one that a resume will go on from."""
    from tui_finetune.runs.records import checkpoints

    return next((one.path for one in reversed(checkpoints(paths, {})) if one.whole), None)


def _made_with(folder: Path) -> Mapping[str, Any]:
    from tui_finetune.runs import atomic
    from tui_finetune.runs.manifest import read_manifest

    try:
        found = read_manifest(folder).facts.get("made_with")
    except (FileNotFoundError, atomic.Unreadable):
        return {}
    return found if isinstance(found, Mapping) else {}


def _process(paths: RunPaths) -> Mapping[str, Any]:
    from tui_finetune.runs.records import claimed

    return claimed(paths)


def _machine(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a process as a checkpoint's manifest and process.json tell them; what is of another kind is left out."""
    versions, threads = raw.get("versions"), raw.get("threads")
    kind, name = raw.get("device_kind"), raw.get("device_name")
    return {
        "versions": {str(k): str(v) for k, v in versions.items()} if isinstance(versions, Mapping) else {},
        "device_kind": kind if isinstance(kind, str) else None,
        "device_name": name if isinstance(name, str) else None,
        "threads": threads if isinstance(threads, int) else None,
    }
