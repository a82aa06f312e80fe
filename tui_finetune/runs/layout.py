"""The names of the files of a run directory (version 1). The only place that spells them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

VERSION = 1
"""Version of the run-directory contract that this program writes; a reader refuses a newer one by name."""

CHECKPOINT_PREFIX = "checkpoint-"
STAGING_PREFIX = ".writing-"
"""Beginning of the name of a folder or file that is being written beside its final place."""


@dataclass(frozen=True)
class RunPaths:
    """Every path of one run directory."""

    root: Path

    @property
    def id(self) -> str:
        return self.root.name

    @property
    def run_json(self) -> Path:
        """id, kind, task, of, created, version: written once by the launcher."""
        return self.root / "run.json"

    @property
    def label_json(self) -> Path:
        """name, tags, note: replaced atomically by whoever edits it."""
        return self.root / "label.json"

    @property
    def request_toml(self) -> Path:
        """The person's recipe, byte for byte."""
        return self.root / "request.toml"

    @property
    def recipe_toml(self) -> Path:
        """The resolved recipe."""
        return self.root / "recipe.toml"

    @property
    def edits(self) -> Path:
        """The edits of rows that the run was started with: what is edited later does not concern it."""
        return self.root / "edits.jsonl"

    @property
    def split_file(self) -> Path:
        """Which rows are trained on, where the recipe names a file that says so: as it was when the run was started."""
        return self.root / "splits.csv"

    @property
    def process_json(self) -> Path:
        """Who works on it: attempt, pid, start ticks, host, boot id, pid namespace, versions."""
        return self.root / "process.json"

    @property
    def resume_json(self) -> Path:
        """What was accepted and set when the newest attempt was begun: by whoever resumed the run."""
        return self.root / "resume.json"

    @property
    def events(self) -> Path:
        return self.root / "events.jsonl"

    @property
    def heartbeat(self) -> Path:
        return self.root / "heartbeat"

    @property
    def control(self) -> Path:
        return self.root / "control"

    @property
    def changes_json(self) -> Path:
        """What was set while it ran, by step: enough to do the run again as it was steered."""
        return self.root / "changes.json"

    @property
    def keeper_json(self) -> Path:
        """What the keeper says of itself, where `[run] auto_resume` asks for one."""
        return self.root / "keeper.json"

    @property
    def stdout_log(self) -> Path:
        return self.root / "stdout.log"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def start(self) -> Path:
        """The model that the run begins from, where it was another run's: that one may be removed."""
        return self.root / "start"

    @property
    def model(self) -> Path:
        return self.root / "model"

    @property
    def evaluations(self) -> Path:
        return self.root / "evaluations"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def result_json(self) -> Path:
        return self.root / "result.json"

    @property
    def reserve(self) -> Path:
        """Room that a working attempt keeps for its last words on a full disk; gone when it has ended."""
        return self.root / ".reserve"

    @property
    def attempts(self) -> Path:
        return self.root / "attempts"

    def attempt(self, number: int) -> Path:
        """Folder of one attempt, claimed by an exclusive mkdir."""
        return self.attempts / str(number)

    def checkpoint(self, step: int) -> Path:
        return self.checkpoints / f"{CHECKPOINT_PREFIX}{step}"

    def evaluation(self, name: str) -> Path:
        """One evaluation: `predictions.parquet`, `report.json`."""
        return self.evaluations / name


MANIFEST = "MANIFEST.json"
"""In every checkpoint and in model/: file, size, sha256. A folder without a matching one is not whole."""
TASK_CARD = "task.json"
"""In model/ and in every checkpoint: what predict, serve, export and push read."""
RAW_WEIGHTS = "raw.safetensors"
"""In a checkpoint whose weights are an average: those that training goes on from."""
AVERAGE_STATE = "average.json"
TRAINER_STATE = "trainer_state.json"
"""In every checkpoint: the library's own account of the training so far."""
TRAINING_ONLY = frozenset(
    {
        "optimizer.pt",
        "scheduler.pt",
        "scaler.pt",
        "rng_state.pth",
        TRAINER_STATE,
        "order.json",
        "steering.json",
        AVERAGE_STATE,
        RAW_WEIGHTS,
        MANIFEST,
    }
)
"""Files of a checkpoint that only a resume reads: without them it is a model."""
PREDICTIONS = "predictions.parquet"
REPORT = "report.json"

_ID = re.compile(r"\d{8}T\d{6}-.+-[0-9a-z]{4}$")


def looks_like_run_id(name: str) -> bool:
    """True for a name such as `20261123T091502-imdb-bert-k3f9`."""
    return _ID.match(name) is not None


def short_id(run_id: str) -> str:
    """The last four characters, as shown and typed: `k3f9`."""
    return run_id[-4:]


def checkpoint_step(path: Path) -> int | None:
    """The step in `checkpoint-1200`, or None for another name."""
    digits = path.name.removeprefix(CHECKPOINT_PREFIX)
    return int(digits) if path.name.startswith(CHECKPOINT_PREFIX) and digits.isdigit() else None
