"""What the verbs about runs share: the RUN argument, the exit code of a state, a run in full."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui_finetune.cli.options import Call
from tui_finetune.errors import ExitCode, Problem, UserError
from tui_finetune.live.marks import STATES
from tui_finetune.runs.info import RunInfo
from tui_finetune.runs.status import Status
from tui_finetune.runs.store import RunStore

if TYPE_CHECKING:
    from tui_finetune.live.series import History
    from tui_finetune.runs.layout import RunPaths

MARKS = {state: mark.glyph for state, mark in STATES.items()}
"""The group of each state; the word stands beside it always."""

run_argument = click.argument("run", metavar="RUN")


def find_run(call: Call, query: str, accepts: Callable[[RunInfo], bool] | None = None) -> RunInfo:
    """The run that a person means, of this call's home. Raises NoSuchRun."""
    return RunStore(call.home).find(query, accepts)


def require_readable(info: RunInfo) -> RunInfo:
    """Raises UserError for a directory that this program cannot read."""
    if info.problem is not None:
        raise UserError(Problem(f"{info.paths.root} cannot be used: {info.problem}.", hint=info.way_out))
    return info


def exit_code(status: Status) -> ExitCode:
    """0 for a run that lives or ended well, 1 for one that failed, died or was aborted."""
    return ExitCode.RUN_FAILED if status.ended_badly else ExitCode.OK


def run_json(info: RunInfo) -> dict[str, Any]:
    """The object that `show`, `train`, `resume` and `evaluate` print with --json."""
    from tui_finetune.live.series import History
    from tui_finetune.runs.tail import brief_events

    return full_json(info.fresh(), info.status(), History(brief_events(info.paths)))


def full_json(info: RunInfo, status: Status, history: History) -> dict[str, Any]:
    """Everything that is known of a run: what `runs --json` has, and the rest."""

    from tui_finetune.live.control import asked
    from tui_finetune.live.progress import progress
    from tui_finetune.runs.branches import branches
    from tui_finetune.runs.control import waiting
    from tui_finetune.runs.info import iso
    from tui_finetune.runs.kept import best_step
    from tui_finetune.runs.records import attempts, checkpoints, claimed

    now = progress(history, status, time.time())
    paths, process = info.paths, dict(status.process) or claimed(info.paths)
    return {
        **info.as_json(status),
        "branches": [
            {"run": run, "checkpoint": one.checkpoint, "keeps": one.keeps} for run, one in branches(info.paths)
        ],
        "words": status.words,
        "attempt": status.attempt or None,
        "advice": status.advice,
        "exit_code": status.exit_code,
        "since": iso(status.since),
        "started": iso(status.started),
        "left_seconds": None if now.left is None else round(now.left),
        "steps_per_second": now.steps_per_second,
        "metrics": dict(status.metrics) or _newest_metrics(history),
        "baselines": dict(status.baselines) or _baselines(history, status),
        "best_checkpoint": status.best_checkpoint,
        "attempts": [one.as_json() for one in attempts(paths, status)],
        "checkpoints": [one.as_json() for one in checkpoints(paths, history.checkpoints, best_step(info, status))],
        "auto_resume": _kept(paths),
        "recipe": _if_there(paths.recipe_toml),
        "model_path": _if_there(paths.model, "config.json"),
        "evaluations": _evaluations(paths.evaluations),
        "log": _if_there(paths.stdout_log),
        "device": _device(history, process),
        "plan": dict(history.plan),
        "preflight": dict(history.preflight),
        "forecast": dict(history.forecast),
        "forecast_result": dict(history.forecast_result),
        "refusal": dict(history.refusal),
        "versions": process.get("versions") or {},
        "warnings": [_said(event) for event in history.warnings],
        "notes": [_said(event) for event in history.notes],
        "findings": [vars(one) for one in history.findings.values()],
        "control": [one.as_json() for one in asked(history, waiting(paths))],
        "log_tail": list(status.log_tail),
    }


def _kept(paths: RunPaths) -> dict[str, Any] | None:
    """How far the run's keeper is, where it has one."""
    from tui_finetune.runs.keeping import keeping

    found = keeping(paths)
    if found is None:
        return None
    return {"made": found.made, "times": found.times, "waits": found.waits, "words": found.words()}


def _newest_metrics(history: History) -> dict[str, float]:
    newest = history.last("validation")
    return dict(newest.metrics) if newest else {}


def _baselines(history: History, status: Status) -> dict[str, float]:
    """The main metric of each baseline, which is the run's own first where it is known."""
    main = next((name.removeprefix("test_") for name in status.metrics), None)
    found = {}
    for name, metrics in history.baselines.items():
        value = metrics.get(main) if main else None
        found[name] = value if value is not None else next(iter(metrics.values()), float("nan"))
    return found


def _evaluations(folder: Path) -> dict[str, str]:
    """Split to its folder, for each with a report."""
    if not folder.is_dir():
        return {}
    return {path.name: str(path) for path in sorted(folder.iterdir()) if path.is_dir()}


def _device(history: History, process: Mapping[str, Any]) -> str | None:
    for named in (history.plan.get("device"), process.get("device")):
        if isinstance(named, str) and named != "auto":
            return named
    return None


def _said(event: Any) -> str:
    from tui_finetune.live.series import said

    return said(event)


def _if_there(path: Path, inside: str | None = None) -> str | None:
    return str(path) if (path / inside if inside else path).exists() else None
