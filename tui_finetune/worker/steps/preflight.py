"""Step: pre-flight. What the run will need is measured on the device itself, before the first real step: the longest batch
forward, backward and two optimizer steps, batches of other lengths, evaluation batches, a checkpoint. Then weights and
generators are put back, so that the run is the same with it.

Out of memory comes here, in the first minute, and not after two hours at the first long batch; what does not fit is
refused with settings that were tried and fit.
"""

from __future__ import annotations

import time

from tui_finetune.errors import DoesNotFit, Problem
from tui_finetune.runs.tail import brief_events
from tui_finetune.worker import choices, measuring, memory
from tui_finetune.worker.advice import is_out_of_memory
from tui_finetune.worker.fitting import Refusal, Search, disk_refusal
from tui_finetune.worker.forecast import Forecast
from tui_finetune.worker.job import Job, got
from tui_finetune.worker.measuring import Measured
from tui_finetune.worker.steps.train import planned_steps
from tui_finetune.worker.trial import Trial, Tried, Way, put_back
from tui_finetune.worker.tuning.thaw import all_of_it


def run(job: Job) -> None:
    job.attempt.phase("pre-flight")
    started = time.monotonic()
    forced = job.force or _forced_before(job)
    measured = measured_way(job, forced=forced)
    found = None
    if measured is not None:
        found = measuring.forecast(job, measured, room=memory.room(), forced=forced)
        _look_at_disk(job, found, forced=forced)
    job.attempt.events.write("preflight", seconds=round(time.monotonic() - started, 3), **_figures(measured))
    if found is not None:
        job.attempt.events.write("forecast", **found.as_event())
    memory.reset_peak()


def measured_way(job: Job, *, forced: bool = False) -> Measured | None:
    """The figures of the run's own settings, weights and generators put back; None where they do not fit and the run is
    forced. Raises DoesNotFit."""
    model = got(job.model, "model")
    with all_of_it(model, job.waves), put_back(model, job.trainer) as kept:
        return _measured(job, Trial(job, kept), forced=forced)


def _measured(job: Job, trial: Trial, *, forced: bool) -> Measured | None:
    own = trial.own_way()
    search = Search(trial, own, memory.room())
    with trial.spared(own):
        tried = search.first(own)
        if tried is not None and _takes_bf16(job, trial, own, tried):
            trial.forget()
            own = trial.own_way()
            search = Search(trial, own, memory.room())
            tried = search.first(own)
        if tried is not None or forced:
            job.trainer.takes_means = trial.takes_means()
        if tried is not None:
            try:
                return measuring.measure(trial, own, tried)
            except (RuntimeError, MemoryError) as error:
                # Every training batch is within the longest one: it is an evaluation batch that does not fit.
                if not is_out_of_memory(error):
                    raise
    _refuse(job, search.memory() if tried is None else search.evaluation(), forced=forced)
    return None


def _takes_bf16(job: Job, trial: Trial, own: Way, tried: Tried) -> bool:
    batches = planned_steps(job)[0] * own.accumulation
    return choices.look_at_precision(job, trial, own, measuring.layout_of(trial, own), tried, batches)


def _look_at_disk(job: Job, found: Forecast, *, forced: bool) -> None:
    refusal = disk_refusal(found, **measuring.disk_facts(job))
    if refusal is not None:
        _refuse(job, refusal, forced=forced)


def _refuse(job: Job, refusal: Refusal, *, forced: bool) -> None:
    """Raises DoesNotFit; of a run that is forced only says that it goes on."""
    if forced:
        job.attempt.warn(f"{refusal.reason} It goes on as it is: --force.")
        return
    job.attempt.events.write("preflight_refused", **refusal.as_event())
    raise DoesNotFit(Problem(refusal.reason), refusal.advice)


def _forced_before(job: Job) -> bool:
    """True where an earlier attempt was started with --force: going on asks for the same."""
    return any(event.name == "forecast" and event.get("forced") for event in brief_events(job.paths))


def _figures(measured: Measured | None) -> dict[str, float | int | None]:
    if measured is None:
        return {}
    tried: Tried = measured.tried
    evaluation = measured.evaluation
    longest = max(evaluation.points.values()) if evaluation is not None else None
    return {
        "peak_memory_bytes": measured.peak,
        "longest_tokens": tried.tokens,
        "train_step_seconds": round(tried.seconds.fetch + tried.seconds.compute + tried.optimizer, 4),
        "eval_batch_seconds": None if longest is None else round(longest, 4),
    }
