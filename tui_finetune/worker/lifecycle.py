"""From the claim to the last act: what a worker process does around its pipeline."""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, NamedTuple

from tui_finetune.errors import ExitCode
from tui_finetune.launch.devices import show_only
from tui_finetune.paths import Home
from tui_finetune.plugin_api.listeners import Listeners
from tui_finetune.runs.layout import RunPaths
from tui_finetune.worker.advice import explain
from tui_finetune.worker.attempt import Attempt, EndState
from tui_finetune.worker.controls import Controls, RunEnded
from tui_finetune.worker.hang_watch import HangWatch
from tui_finetune.worker.health import Health
from tui_finetune.worker.log_cap import LogCap
from tui_finetune.worker.queueing import take_turn
from tui_finetune.worker.resume_point import resume_point
from tui_finetune.worker.sampling import DeviceSampler

if TYPE_CHECKING:
    from tui_finetune.config.schema import Recipe
    from tui_finetune.plugin_api.manager import Catalog
    from tui_finetune.worker.job import Job

logger = logging.getLogger(__name__)

NOTICE_SECONDS = 12.0
"""How long the end waits for those who tell of it; each of our own channels has ten."""
HURRIED_SECONDS = 5.0
"""The same where the machine wants the process gone."""


def quiet_libraries() -> None:
    """Progress bars off and no thread pools fighting: stdout.log is read by people. Before any heavy import."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["TQDM_DISABLE"] = "1"
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")


def work(
    paths: RunPaths, home: Home, recipe: Recipe, attempt: Attempt, catalog: Catalog, *, force: bool = False
) -> ExitCode:
    """Runs the pipeline of a claimed attempt; every way of ending becomes result.json and an exit code."""
    faulthandler.enable()
    trains = recipe.kind == "train"
    controls = Controls(
        attempt, trains=trains, where="in this version" if trains else f"in a job of kind {recipe.kind}"
    )
    health = Health(attempt, controls, recipe.health)
    sampler, log_cap = DeviceSampler(attempt, tell=health.sampled), LogCap(paths.stdout_log)
    hang_watch = HangWatch(attempt, health)
    listeners = Listeners(catalog, str(paths.root), lambda told: attempt.events.write("notice", **told))
    attempt.events.listener = listeners.tell
    attempt.heartbeat.on_gone = lambda: controls.lose("the run directory was deleted while it worked")
    _on_signals(controls)
    try:
        resume = resume_point(paths, attempt)
        for plugin in catalog.failed:
            attempt.warn(plugin.failure)
        controls.start()
        log_cap.start()
        show_only(take_turn(home, recipe.run, attempt, controls))
        attempt.phase("loading", "libraries")
        sampler.start()
        hang_watch.start()
        # Not at the top: everything heavy comes in here, after the claim, so that the handoff is quick.
        from tui_finetune.worker import pipeline

        job = job_of(paths, home, recipe, attempt, controls, health, catalog)
        job.resume_from, job.force = resume, force
        pipeline.run(job)
        end = _End("finished")
    except RunEnded as ended:
        end = _End(ended.state, ended.reason, ended.advice)
    except BaseException as error:  # noqa: BLE001 - the outermost net of a worker: every end is written down
        traceback.print_exc()
        sys.stderr.flush()
        found = explain(error, attempt.phase_name, paths.root, catalog)
        end = _End("failed", found.reason, found.advice)
    # Their last words stand before the `end` event, after which nothing is written.
    log_cap.stop()
    hang_watch.stop()
    sampler.stop()
    controls.close()
    _announce(attempt, end, listeners)
    for plugin in catalog.failed_in("run_event"):
        attempt.warn(f"Plugin {plugin.name} failed when it was told of an event: {plugin.error}.")
        print(plugin.traceback, file=sys.stderr)  # noqa: T201 - into stdout.log, where its author finds it
    code = attempt.end(end.state, end.reason, end.advice)
    if not listeners.close() or listeners.dropped:
        logger.warning("plugins were not told of all events: they took too long")
    return code


def _announce(attempt: Attempt, end: _End, listeners: Listeners) -> None:
    """Tells the plugins before the end is written, so that what they do about it can still be told."""
    attempt.events.write("ending", state=end.state, reason=end.reason, step=attempt.outcome.step)
    seconds = HURRIED_SECONDS if end.state == "preempted" else NOTICE_SECONDS
    if not listeners.settle(seconds):
        attempt.warn(f"A plugin has not done with its notice of the end after {seconds:g} s.")


class _End(NamedTuple):
    """How the pipeline was left."""

    state: EndState
    reason: str | None = None
    advice: str | None = None


def job_of(
    paths: RunPaths, home: Home, recipe: Recipe, attempt: Attempt, controls: Controls, health: Health, catalog: Catalog
) -> Job:
    from tui_finetune.plugin_api.heavy import resolve
    from tui_finetune.worker.job import Job

    task = catalog.task(recipe.task, recipe.task_options)
    return Job(
        paths=paths,
        home=home,
        recipe=recipe,
        catalog=catalog,
        attempt=attempt,
        controls=controls,
        health=health,
        task=task,
        head=resolve(task.heavy)(task),
        metrics=catalog.metrics_for(task, recipe.evaluate.metrics or None),
    )


def _on_signals(controls: Controls) -> None:
    """SIGTERM and SIGUSR1 announce that the process has to go: save and end as preempted. SIGHUP and SIGINT mean a
    terminal that the run does not belong to."""
    signal.signal(signal.SIGTERM, lambda *_: controls.preempt())
    signal.signal(signal.SIGUSR1, lambda *_: controls.preempt())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
