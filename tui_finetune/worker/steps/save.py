"""Steps: the final model as a plain `save_pretrained` folder, and what is known of it."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_model

from tui_finetune.inference.model_card import write_model_card
from tui_finetune.inference.model_files import ADAPTER_WEIGHTS, WEIGHTS
from tui_finetune.inference.run_card import run_facts
from tui_finetune.runs.info import read_info
from tui_finetune.runs.manifest import problem
from tui_finetune.worker import checkpoints
from tui_finetune.worker.job import Job, got
from tui_finetune.worker.tuning.adapter import Merged, is_adapted, load_adapter


def run(job: Job) -> None:
    """Takes the best checkpoint's weights where the recipe wants them, else the last step's, and writes model/."""
    job.attempt.phase("saving")
    job.trainer.saver.note_best()
    job.model_step = _taken(job)
    if job.trainer.edge.average is not None and job.model_step == job.trainer.state.global_step:
        job.trainer.edge.average.stay()
    model, tokenizer = got(job.model, "model"), got(job.tokenizer, "tokenizer")
    merged = Merged(model) if is_adapted(model) else None
    if merged is not None:
        job.model = merged.model

    def fill(folder: Path) -> None:
        if merged is not None:
            merged.write(folder)
        else:
            model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        job.card().write(folder)
        job.head.write_beside(folder, job.max_length)

    job.trainer.saver.write_model(fill, {"step": job.model_step})


def _taken(job: Job) -> int:
    """The step whose weights the model has now: the best by validation, or the last."""
    state = job.trainer.state
    last, best = state.global_step, state.best_global_step
    if not job.takes_best or not best or best == last:
        return int(last)
    folder = job.paths.checkpoint(best)
    why = problem(folder)
    adapted = is_adapted(got(job.model, "model"))
    weights = ADAPTER_WEIGHTS if adapted else WEIGHTS
    if why is None and not (folder / weights).is_file():
        why = f"no {weights}"
    if why is not None:
        lost = f"is not whole ({why})" if folder.is_dir() else "was not written"
        job.attempt.warn(f"checkpoint-{best}, the best, {lost}: the model is the last step's, {last}.")
        return int(last)
    if adapted:
        load_adapter(job.model, folder)
    else:
        load_model(got(job.model, "model"), folder / weights, strict=False)
    job.attempt.note(f"The model is checkpoint-{best}'s, the best by {job.chosen_by} on validation.")
    return int(best)


def describe(job: Job) -> None:
    """Writes the model card and the metrics into the task card, beside the weights that are there already."""
    job.attempt.phase("saving", "model card")
    folder = job.paths.model
    card = job.card().with_metrics(job.attempt.outcome.metrics)
    card.write(folder)
    write_model_card(folder, _facts(job))
    checkpoints.refresh_manifest(folder)


def _facts(job: Job) -> dict[str, object]:
    """What the model card tells: data, recipe, metrics, limits."""
    prepared, recipe = got(job.prepared, "data"), job.recipe
    trainer = job.trainer
    return {
        **run_facts(read_info(job.paths), recipe, job.task),
        "name": recipe.name or job.paths.id,
        "data_source": prepared.source,
        "data_revision": prepared.revision,
        "rows": {name: table.num_rows for name, table in prepared.splits.items()},
        "split_origin": dict(prepared.split_origin),
        "labels": list(prepared.labels.names) if prepared.labels else [],
        "max_length": job.max_length,
        "metrics": dict(job.attempt.outcome.metrics),
        "baselines": dict(job.attempt.outcome.baselines),
        "main_metric": job.main_metric,
        "steps": trainer.state.global_step,
        "best_step": job.model_step if job.takes_best and job.model_step == job.attempt.outcome.best_step else None,
        "best_metric": job.chosen_by,
        "warnings": list(prepared.warnings),
    }
