"""Small runs on forked workers: a recipe on made-up rows, started as `train` starts it, waited for by its state."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.waiting import wait_until
from tui_finetune.config.load import load_recipe
from tui_finetune.launch.check import check
from tui_finetune.launch.handoff import Launch
from tui_finetune.launch.start import resume, start
from tui_finetune.paths import Home
from tui_finetune.plugin_api.manager import load_catalog
from tui_finetune.runs.control import send
from tui_finetune.runs.info import RunInfo, read_info
from tui_finetune.runs.status import Status
from tui_finetune.runs.tail import Event, read_events

WORDS = ("red", "round", "sweet", "blue", "square", "sour")
MAX_LENGTH = 24


def write_rows(path: Path, rows: int = 60) -> Path:
    """Texts of 1 to 30 words, of which the longest are cut at MAX_LENGTH; the label is told by the words."""
    draw = random.Random(5)
    lines = ["text,label"]
    for index in range(rows):
        label = index % 3
        words = draw.choices(WORDS[2 * label : 2 * label + 2], k=draw.randint(1, 6))
        lines.append(f"{' '.join(words)} {index},{'abc'[label]}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@dataclass
class Ground:
    """A home, a model and data to train on."""

    home: Home
    model: Path
    data: Path
    plugin_dirs: tuple[Path, ...] = ()
    sets: Mapping[str, Any] = field(default_factory=dict)
    force: bool = False

    def start(self, name: str = "run", **sets: Any) -> RunInfo:
        """Checks and starts; keys of `sets` are dotted with two underscores: `train__max_steps=5`."""
        values = {key.replace("__", "."): value for key, value in {**self.sets, **sets}.items()}
        catalog = load_catalog(self.home, plugin_dirs=self.plugin_dirs)
        loaded = load_recipe(
            self.data.parent / "recipe.toml",
            self._recipe().encode(),
            sets=[f"{key}={_toml(value)}" for key, value in values.items()],
            catalog=catalog,
        )
        checked = check(loaded, home=self.home, catalog=catalog)
        return read_info(start(checked, self._launch(), name=name).paths)

    def resume(self, info: RunInfo) -> RunInfo:
        resume(info, self._launch())
        return info

    def _launch(self) -> Launch:
        return Launch(self.home, self.plugin_dirs, force=self.force)

    def _recipe(self) -> str:
        return f"""
task = "text-classification"
[run]
device = "cpu"
[data]
path = "{self.data}"
validation = 0.2
[model]
path = "{self.model}"
max_length = {MAX_LENGTH}
[train]
learning_rate = 1e-3
per_device_train_batch_size = 4
gradient_accumulation_steps = 2
num_train_epochs = 3
logging_steps = 1
save_strategy = "steps"
eval_strategy = "steps"
save_steps = 4
eval_steps = 4
"""


def _toml(value: Any) -> str:
    from tui_finetune.config.write import toml_value

    return toml_value(value)


def ended(info: RunInfo) -> Status:
    """The status once the newest attempt has ended."""

    def over() -> Status | None:
        status = info.fresh().status()
        return None if status.live else status

    found = wait_until(over, f"{info.id} to end", timeout=120)
    assert found is not None
    return found


def finished(info: RunInfo) -> RunInfo:
    """Waits for the end, which must be a good one."""
    status = ended(info)
    assert status.state == "finished", f"{status.words}\n{info.paths.stdout_log.read_text()[-3000:]}"
    return info


def ask(info: RunInfo, action: str, **values: Any) -> str:
    """Sends a request to the run's newest attempt; its id."""
    return send(info.paths, action, info.fresh().status().attempt, values).id


def events(info: RunInfo, name: str) -> list[Event]:
    """All events of that name, of every attempt."""
    return [event for event in read_events(info.paths) if event.name == name]


def weights(info: RunInfo) -> str:
    """A hash of the weights after the last step (model/ may hold an earlier, better one's)."""
    steps = info.status().steps
    assert steps is not None
    return hashlib.sha256((info.paths.checkpoint(steps) / "model.safetensors").read_bytes()).hexdigest()
