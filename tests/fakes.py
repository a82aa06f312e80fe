"""Run directories of any state without a worker or torch: what a worker would have written, written by hand."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from tui_finetune.paths import Home, private_folder
from tui_finetune.runs import atomic
from tui_finetune.runs.attempts import claim_attempt
from tui_finetune.runs.events import EventWriter
from tui_finetune.runs.heartbeat import uptime
from tui_finetune.runs.info import RunInfo, read_info
from tui_finetune.runs.layout import MANIFEST, VERSION, RunPaths
from tui_finetune.runs.liveness import HeartbeatWatch
from tui_finetune.runs.process import this_process
from tui_finetune.runs.store import RunStore

PLAN: Mapping[str, Any] = {
    "rows": {"train": 800, "validation": 100, "test": 100},
    "tokens": 20_000,
    "steps": 100,
    "steps_per_epoch": 50,
    "epochs": 2.0,
    "parameters": 22_700_000,
    "parameters_trainable": 11_000_000,
    "device": "cpu, 2 threads",
    "precision": "fp32",
    "batch_size": 16,
    "accumulation": 1,
    "max_length": 48,
    "truncated": {"train": 3, "validation": 0, "test": 1},
}


def gone_process() -> dict[str, Any]:
    """The identity of a process of this machine that has ended."""
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    return {**this_process().as_json(), "pid": int(done.stdout), "start_ticks": 1}


class FakeRun:
    """One run directory. Each method writes what the worker writes at that point; nothing happens by itself.

    run = FakeRun(home, "imdb-bert").begin().plan()
    run.step(10, loss=0.5)
    run.end("finished", metrics={"accuracy": 0.9})
    """

    def __init__(
        self,
        home: Home,
        name: str = "fake",
        *,
        kind: str = "train",
        task: str | None = "text-classification",
        of: Mapping[str, Any] | None = None,
        model: str | None = "google-bert/bert-base-uncased",
        data: str | None = "stanfordnlp/imdb",
        recipe: str | None = 'version = 1\ntask = "text-classification"\n',
    ) -> None:
        self.home = home
        self.paths: RunPaths = RunStore(home).create(name, kind=kind, task=task, of=of, model=model, data=data)
        if recipe is not None:
            atomic.write_bytes(self.paths.recipe_toml, recipe.encode())
            atomic.write_bytes(self.paths.request_toml, recipe.encode())
        self.attempt = 0
        self.process: dict[str, Any] = {}
        self.beat_state: dict[str, Any] = {"phase": None, "step": None, "steps": None}
        self.watch = HeartbeatWatch()
        self._writer: EventWriter | None = None
        self._values = itertools.count(1)

    @property
    def id(self) -> str:
        return self.paths.id

    @property
    def short(self) -> str:
        return self.paths.id[-4:]

    @property
    def info(self) -> RunInfo:
        return read_info(self.paths, watch=self.watch)

    @property
    def events(self) -> EventWriter:
        if self._writer is None:
            self._writer = EventWriter(self.paths, self.attempt)
        return self._writer

    def begin(
        self, *, process: Mapping[str, Any] | None = None, from_step: int = 0, checkpoint: str | None = None
    ) -> FakeRun:
        """Claims the next attempt in the name of this process (or of `process`), beats once, writes `attempt`."""
        self.close()
        self.attempt = claim_attempt(self.paths)
        self.process = dict(process) if process is not None else this_process().as_json()
        content = {
            "v": VERSION,
            "attempt": self.attempt,
            "protocol": 1,
            "started": time.time(),
            "versions": {},
            "device": "auto",
        }
        atomic.write_json(self.paths.process_json, {**content, **self.process})
        self.beat()
        self.events.write("attempt", n=self.attempt, from_step=from_step, checkpoint=checkpoint)
        return self

    def beat(self, *, age: float = 0.0, idle: float = 0.0, **state: Any) -> FakeRun:
        """Writes a heartbeat that is `age` seconds old, from work that stood still for `idle` seconds then."""
        self.beat_state.update(state)
        t = time.time() - age
        content = {"t": t, "attempt": self.attempt, **self.beat_state, "progress_t": t - idle, "uptime": uptime() - age}
        atomic.write_json(self.paths.heartbeat, content, sync=False)
        return self

    def phase(self, name: str, detail: str | None = None) -> FakeRun:
        self.events.write("phase", phase=name, **({"detail": detail} if detail else {}))
        return self.beat(phase=name)

    def plan(self, **changes: Any) -> FakeRun:
        """Loading, plan and a passed pre-flight; training begins."""
        plan = {**PLAN, **changes}
        self.phase("loading", "data")
        self.events.write("plan", **plan)
        self.phase("pre-flight")
        self.events.write(
            "preflight", seconds=2.1, peak_memory_bytes=512_000_000, longest_tokens=48, train_step_seconds=0.5
        )
        self.phase("training")
        return self.beat(step=0, steps=plan["steps"])

    def step(self, step: int, loss: float = 0.5, **values: Any) -> FakeRun:
        """One logging interval that ends at `step`."""
        fields = {"epoch": step / 50, "loss": loss, "learning_rate": 2e-5, "grad_norm": 1.5, "steps_per_second": 2.0}
        self.events.write("step", step=step, **{**fields, **values})
        return self.beat(step=step)

    def evaluate(self, step: int, split: str = "validation", *, final: bool = False, **metrics: float) -> FakeRun:
        found = metrics or {"accuracy": 0.9, "loss": 0.3}
        fields = {"final": True, "rows": 100} if final else {}
        self.events.write("evaluation", step=step, split=split, seconds=1.5, metrics=found, **fields)
        return self

    def baseline(self, name: str, split: str = "test", **metrics: float) -> FakeRun:
        self.events.write("baseline", name=name, split=split, metrics=metrics)
        return self

    def checkpoint(self, step: int, *, whole: bool = True) -> FakeRun:
        folder = self.paths.checkpoint(step)
        private_folder(folder)
        atomic.write_bytes(folder / "model.safetensors", b"weights")
        if whole:
            file = {"file": "model.safetensors", "size": 7, "sha256": hashlib.sha256(b"weights").hexdigest()}
            atomic.write_json(folder / MANIFEST, {"v": VERSION, "step": step, "files": [file]})
        self.events.write("checkpoint", step=step, path=f"checkpoints/{folder.name}", bytes=7, seconds=0.4)
        return self

    def accept(self, action: str, when: str = "after this step, with a checkpoint", request: str = "r1") -> FakeRun:
        self.events.write("request", id=request, action=action, answer="accepted", when=when)
        return self

    def refuse(
        self, action: str, why: str, request: str = "r1", *, by: str = "ann@gpu1:pts/3", **values: Any
    ) -> FakeRun:
        self.events.write("request", id=request, action=action, answer="refused", why=why, by=by, values=values)
        return self

    def apply(self, action: str, step: int, request: str | None = "r1", **more: Any) -> FakeRun:
        """A request was obeyed; of `set` at the first step with the new values."""
        self.events.write("applied", id=request, action=action, step=step, **more)
        return self

    def change(
        self, step: int, old: Mapping[str, Any], new: Mapping[str, Any], *, request: str | None = "c1", reason: str = ""
    ) -> FakeRun:
        """A live change, asked for, answered and applied."""
        by = "ann@gpu1:pts/3" if request is not None else "recipe"
        if request is not None:
            values = {"set": dict(new), "reason": reason or None}
            self.events.write(
                "request", id=request, action="set", answer="accepted", when=f"from step {step:,}", by=by, values=values,
                reason=reason or None,
            )  # fmt: skip
        return self.apply("set", step, request, old=dict(old), new=dict(new), reason=reason or None, by=by)

    def find(
        self, id: str, rule: str, what: str, *, step: int, severity: str = "warn", act: Mapping[str, Any] | None = None,
        helps: str = "", since: int | None = None, **figures: Any,
    ) -> FakeRun:  # fmt: skip
        """A finding of the health watch."""
        self.events.write(
            "finding", id=id, rule=rule, severity=severity, step=step, since=since if since is not None else step, what=what,
            figures=figures, helps=helps, act=dict(act) if act is not None else None,
        )  # fmt: skip
        return self

    def model(self) -> FakeRun:
        self.paths.model.mkdir(exist_ok=True, mode=0o700)
        atomic.write_bytes(self.paths.model / "config.json", b"{}")
        file = {"file": "config.json", "size": 2, "sha256": hashlib.sha256(b"{}").hexdigest()}
        atomic.write_json(self.paths.model / MANIFEST, {"v": VERSION, "files": [file]})
        return self

    def prints(self, text: str | bytes) -> FakeRun:
        self.paths.stdout_log.touch(mode=0o600)
        with self.paths.stdout_log.open("ab") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return self

    def end(
        self,
        state: str = "finished",
        *,
        reason: str | None = None,
        advice: str | None = None,
        step: int | None = 100,
        **result: Any,
    ) -> FakeRun:
        """The last act of an attempt: `end` and result.json."""
        code = 1 if state in ("failed", "aborted") else 0
        self.events.write("end", state=state, exit_code=code, reason=reason)
        content = {
            "v": VERSION, "attempt": self.attempt, "state": state, "exit_code": code, "reason": reason, "advice": advice,
            "seconds": 51.5, "ended": time.time(), "step": step, "steps": 100, "best_checkpoint": None, "best_step": None,
            "metrics": {}, "baselines": {},
        }  # fmt: skip
        atomic.write_json(self.paths.result_json, {**content, **result})
        self.close()
        return self

    def die(self) -> FakeRun:
        """The process is gone and left no result, as after a kill -9."""
        process = gone_process()
        content = atomic.read_json(self.paths.process_json)
        atomic.write_json(self.paths.process_json, {**content, **process})
        self.close()
        return self

    def move_elsewhere(self, host: str = "gpu1") -> FakeRun:
        """The process works on another machine: only the heartbeat tells of it."""
        content = atomic.read_json(self.paths.process_json)
        atomic.write_json(
            self.paths.process_json, {**content, "host": host, "boot_id": "another", "pid_namespace": "other"}
        )
        return self

    def write_raw(self, line: bytes) -> FakeRun:
        """Appends bytes to the events as a torn write or a newer program would."""
        self.close()
        with self.paths.events.open("ab") as file:
            file.write(line)
        return self

    def remove(self) -> None:
        self.close()
        shutil.rmtree(self.paths.root)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def finished_run(home: Home, name: str = "finished", **result: Any) -> FakeRun:
    """A run with everything that a finished one has."""
    run = FakeRun(home, name).begin().plan()
    for step in range(10, 101, 10):
        run.step(step, loss=1.0 / step)
        if step % 50 == 0:
            run.evaluate(step, accuracy=0.8 + step / 1000, loss=0.4).checkpoint(step)
    run.phase("evaluating", "final").evaluate(100, final=True, accuracy=0.9, loss=0.3)
    run.evaluate(100, "test", final=True, accuracy=0.88, loss=0.35)
    run.baseline("majority", accuracy=0.5).baseline("tfidf", accuracy=0.82)
    run.model().prints("training …\ndone\n")
    metrics = {"accuracy": 0.9, "loss": 0.3, "test_accuracy": 0.88, "test_loss": 0.35}
    found = {"metrics": metrics, "baselines": {"majority": 0.5, "tfidf": 0.82}, "best_step": 100}
    return run.end("finished", **{**found, **result})


def many_ended(home: Home, count: int) -> list[RunPaths]:
    """Ended runs in bulk, as cheaply as they can be made: without events."""
    made = []
    for number in range(count):
        root = home.runs / f"20260101T{number // 3600:02}{number // 60 % 60:02}{number % 60:02}-bulk-{number:04x}"
        root.mkdir(mode=0o700)
        paths = RunPaths(root)
        run = {
            "v": 1,
            "id": paths.id,
            "kind": "train",
            "task": "text-classification",
            "of": None,
            "created": 1.76e9 + number,
        }
        result = {
            "v": 1, "attempt": 1, "state": "finished", "exit_code": 0, "seconds": 3.0, "ended": 1.76e9 + number, "step": 9,
            "steps": 9, "metrics": {"accuracy": 0.9, "f1": 0.8, "loss": 0.1, "test_accuracy": 0.9}, "baselines": {"tfidf": 0.8},
        }  # fmt: skip
        label = {"v": 1, "name": f"bulk-{number % 7}", "tags": [], "note": ""}
        process = {"v": 1, "attempt": 1, **this_process().as_json()}
        for file, content in (
            (paths.run_json, run), (paths.result_json, result), (paths.label_json, label), (paths.process_json, process)
        ):  # fmt: skip
            file.write_text(json.dumps(content))
            os.chmod(file, 0o600)
        paths.attempt(1).mkdir(parents=True)
        made.append(paths)
    return made
