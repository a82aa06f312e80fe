"""Steps: the Trainer as the recipe wants it, and the training itself."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PrinterCallback, Trainer

from tui_finetune.config.arguments import LOSS, fixed_defaults, training_arguments
from tui_finetune.errors import DoesNotFit, Problem, RecipeError
from tui_finetune.evaluation.measure import mean_loss, measure
from tui_finetune.plugin_api import HeavyTask
from tui_finetune.plugin_api.heavy import resolve
from tui_finetune.runs.layout import checkpoint_step
from tui_finetune.worker import choices, token_batches
from tui_finetune.worker.controls import RolledBack, RunEnded
from tui_finetune.worker.health_facts import commonest, run_facts
from tui_finetune.worker.job import Job, got
from tui_finetune.worker.reporter import RunReporter
from tui_finetune.worker.scoring import row_lengths
from tui_finetune.worker.spoilt import spoilt
from tui_finetune.worker.steering import asked
from tui_finetune.worker.steering.class_weights import ClassWeights
from tui_finetune.worker.steering.dropout import set_dropout
from tui_finetune.worker.steering.plan import steps_per_epoch
from tui_finetune.worker.steering.rollback import roll_back
from tui_finetune.worker.steering.steering import Steering, planned_changes
from tui_finetune.worker.trainer import LoopEdge, run_trainer_class
from tui_finetune.worker.tuning.added import added_to, average_of
from tui_finetune.worker.tuning.rates import Rates
from tui_finetune.worker.tuning.thaw import unfreezing
from tui_finetune.worker.tuning.words import tuning_words


def prepare(job: Job) -> None:
    """Makes the Trainer, attaches what steers it, and writes the `plan` event."""
    arguments = _arguments(job)
    train, validation = job.encoded["train"], job.encoded.get("validation")
    model, table = got(job.model, "model"), job.recipe.model
    steps = planned_steps(job)[0]
    changes = [*planned_changes(job.recipe.change), *unfreezing(job.waves, table, steps)]
    steering = Steering(job.attempt, job.controls, sorted(changes, key=lambda change: change.at_step))
    steering.health = job.health
    steering.evaluate = functools.partial(asked.evaluate, job)
    steering.part_refusal = functools.partial(asked.refusal, job)
    edge = LoopEdge(
        attempt=job.attempt,
        controls=job.controls,
        steering=steering,
        class_weights=_class_weights(job),
        order=job.recipe.batching.order,
        lengths=row_lengths(train).tolist(),
        seed=job.recipe.run.seed,
        head_learning_rate=job.recipe.optim.head_learning_rate,
        token_batches=token_batches.of_job(job),
        rates=_rates(job, float(arguments.learning_rate)),
        average=average_of(job),
        added=added_to(job),
        tuning=tuning_words(job, steps),
        fill_checkpoint=functools.partial(_fill_checkpoint, job),
        measure=functools.partial(_measure, job) if validation is not None else None,
        metrics=_measured_by(job),
        chosen_by=functools.partial(setattr, job, "chosen_by"),
        inputs=job.head.inputs,
        outputs=len(job.head.outputs),
        plan=functools.partial(_plan, job),
    )
    _set_dropout(job)
    tokenizer = got(job.tokenizer, "tokenizer")
    collator = job.head.collator(tokenizer, padding=job.recipe.batching.padding, max_length=job.max_length)
    reduces = type(job.head).reduced is not HeavyTask.reduced
    trainer = run_trainer_class(job.head.trainer_class())(
        edge=edge,
        model=model,
        args=arguments,
        data_collator=collator,
        train_dataset=train,
        eval_dataset=validation,
        processing_class=tokenizer,
        **({"preprocess_logits_for_metrics": job.head.reduced} if reduces else {}),
        callbacks=[
            *job.head.callbacks(),
            *job.catalog.training_callbacks(job.recipe.model_dump(mode="json")),
            RunReporter(attempt=job.attempt, controls=job.controls, health=job.health),
        ],
    )
    trainer.remove_callback(PrinterCallback)
    for plugin in job.catalog.failed_in("training_callbacks"):
        job.attempt.warn(f"The callbacks of plugin {plugin.name} are left out: {plugin.error}.")
        print(plugin.traceback, file=sys.stderr)  # noqa: T201 - into stdout.log, where its author finds it
    trainer.stopping.patience = job.recipe.evaluate.patience or 0
    trainer.stopping.threshold = job.recipe.evaluate.threshold or 0.0
    job.trainer, job.steering = trainer, steering
    job.choices = choices.before_preflight(job, steps * int(arguments.gradient_accumulation_steps))
    steering.attach(trainer, steps, done=_step_of(job.resume_from))
    _plan(job)
    job.health.begin(run_facts(job, steps))


def run(job: Job) -> None:
    """Trains, from the newest whole checkpoint where there is one; after a rollback from the one that was asked for."""
    resume = job.resume_from
    try:
        while (back := _trained(job, resume)) is not None:
            resume = roll_back(job, back.request)
    except DoesNotFit:
        # The steps so far are whole, and so are weights and generators: only the next one had no memory.
        job.trainer.saver.save_unless_saved()
        raise
    job.controls.training = False
    step = job.trainer.state.global_step
    job.attempt.outcome.step = step
    saver = job.trainer.saver
    if job.controls.stopping:
        saver.save_unless_saved()
        job.controls.stop_applied(step)
        raise RunEnded(job.controls.stop_state, f"asked to stop; {saver.newest_words()}")
    saver.close()
    job.trainer.catch_up()  # of a checkpoint after the last step, from which there was nothing left to train
    got(job.steering, "steering").serve()  # what was asked for in the last step


def _trained(job: Job, resume: Path | None) -> RolledBack | None:
    """Trains to the end, or to a rollback."""
    job.attempt.phase("training")
    try:
        job.trainer.train(resume_from_checkpoint=str(resume) if resume else None)
        if not job.controls.stopping and (why := spoilt(job.trainer)) is not None:
            job.controls.training = True  # so that it can be rolled back
            job.health.spoilt(job.trainer.state.global_step, why)
    except RolledBack as back:
        return back
    finally:
        job.controls.training = False
    return None


def _step_of(checkpoint: Path | None) -> int:
    return (checkpoint_step(checkpoint) or 0) if checkpoint is not None else 0


def _rates(job: Job, learning_rate: float) -> Rates | None:
    """Raises RecipeError where a pattern names nothing, or the optimizer is made by somebody else."""
    rates = Rates(job.recipe.optim, learning_rate)
    if not rates:
        return None
    if job.head.trainer_class().create_optimizer is not Trainer.create_optimizer:
        key = "optim.groups" if job.recipe.optim.groups else "optim.layer_decay"
        raise RecipeError(Problem(f"{job.task.name} makes its own optimizer, with groups of its own.", key))
    rates.check(got(job.model, "model"))
    return rates


def _class_weights(job: Job) -> ClassWeights:
    """The recipe's, where the head takes some."""
    if not job.head.takes_class_weights:
        return ClassWeights(job.task.name, None, ())
    labels = got(got(job.prepared, "data").labels, "labels")
    column = job.encoded["train"].with_format("numpy")["labels"][:]
    gamma = job.recipe.task_options.get("focal_gamma")
    if job.task.shape == "multilabels":
        weights = ClassWeights(job.task.name, labels, column.sum(axis=0).tolist(), len(column), gamma)
    else:
        counts = np.bincount(column, minlength=len(labels)).tolist()
        weights = ClassWeights(job.task.name, labels, counts, focal_gamma=gamma)
    given = job.recipe.task_options.get("class_weights")
    if given is not None and (why := weights.refusal(given)) is not None:
        raise RecipeError(Problem(why, "task_options.class_weights"))
    weights.set(given)
    return weights


def _fill_checkpoint(job: Job, folder: Path) -> None:
    job.card().write(folder)
    job.head.write_beside(folder, job.max_length)
    choices.write(job, folder)


def _set_dropout(job: Job) -> None:
    value, model = job.recipe.model.dropout, got(job.model, "model")
    if value is not None and not set_dropout(model, value):
        raise RecipeError(Problem(f"{type(model).__name__} has no dropout.", "model.dropout"))


def _measured_by(job: Job) -> dict[str, bool]:
    return {**{metric.name: metric.greater_is_better for metric in job.metrics}, LOSS: False}


def planned_steps(job: Job) -> tuple[int, int]:
    """Optimizer steps in all, and in an epoch, as Trainer counts them. Raises RecipeError where there is not one batch."""
    train = {**fixed_defaults(), **job.recipe.train}
    batch = int(train["per_device_train_batch_size"]) * max(1, torch.cuda.device_count())
    accumulation = int(train.get("gradient_accumulation_steps", 1))
    rows = len(job.encoded["train"])
    if (by_tokens := token_batches.of_job(job)) is not None:
        rows, batch = len(by_tokens), 1
    batches = rows // batch if train.get("dataloader_drop_last") else math.ceil(rows / batch)
    if batches == 0:
        message = f"leaves no batch: train has {rows:,} rows, a batch {batch:,}."
        raise RecipeError(Problem(message, "train.dataloader_drop_last"))
    per_epoch = math.ceil(batches / accumulation)
    most = int(train.get("max_steps", -1))
    total = most if most > 0 else math.ceil(float(train["num_train_epochs"]) * per_epoch)
    return total, per_epoch


def _arguments(job: Job) -> Any:
    total, per_epoch = planned_steps(job)
    keywords = training_arguments(
        job.recipe,
        total_steps=total,
        steps_per_epoch=per_epoch,
        metrics=_measured_in_training(job),
        has_validation="validation" in job.encoded,
    )
    job.takes_best = bool(keywords["load_best_model_at_end"])
    job.chosen_by = str(keywords.get("metric_for_best_model", job.main_metric)).removeprefix("eval_")
    cuda = torch.cuda.is_available()
    keywords = {**job.task.argument_defaults, **keywords} | {
        "output_dir": str(job.paths.checkpoints),
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": not cuda,
        # The best model is loaded by the save step, from a checkpoint whose manifest was compared.
        "load_best_model_at_end": False,
    }
    if job.token_batches is not None:
        keywords["per_device_train_batch_size"] = 1
    if choices.kept_precision(job) == "bf16":
        keywords["bf16"] = True
    keywords.setdefault("dataloader_pin_memory", cuda)
    keywords.setdefault("eval_accumulation_steps", 16)
    module, _, name = job.task.arguments_class.rpartition(".")
    return resolve(f"{module}:{name}")(**keywords)


def _measured_in_training(job: Job) -> dict[str, bool]:
    """The metrics by which the best step can be chosen. Raises RecipeError where another one is to choose it."""
    if job.head.measures_in_training:
        return {metric.name: metric.greater_is_better for metric in job.metrics}
    chosen = job.recipe.train.get("metric_for_best_model")
    if chosen is not None and str(chosen).removeprefix("eval_") != LOSS:
        message = f"is {chosen}, and evaluations during training measure the loss alone."
        raise RecipeError(Problem(message, "train.metric_for_best_model", hint="Leave it out, or measure more there."))
    return {}


def _measure(job: Job, logits: list[np.ndarray], order: Sequence[int]) -> dict[str, float]:
    """Metrics of validation, from the raw output of its rows in `order`."""
    if not job.head.measures_in_training:
        return {}
    decoded = asked.tuned(job, list(job.head.read(logits, got(job.tokenizer, "tokenizer"))), order)
    job.health.answered(commonest(decoded, job.task.shape))
    found = measure(decoded, job.metrics)
    if (decoded.sizes is not None or job.task.together) and (loss := mean_loss(decoded)) is not None:
        found[LOSS] = loss  # by token, or among all rows; the library's is a mean over batches
    return found


def _plan(job: Job) -> None:
    trainer, prepared = job.trainer, got(job.prepared, "data")
    args = trainer.args
    # What the recipe makes, until training has begun: then it may have been steered.
    total = trainer.state.max_steps or planned_steps(job)[0]
    per_epoch = steps_per_epoch(trainer.epochs, *trainer.shape)
    counts = {name: table.num_rows for name, table in prepared.splits.items()}
    features = {name: len(rows) for name, rows in job.encoded.items() if len(rows) != counts[name]}
    job.attempt.outcome.steps = total
    job.attempt.events.write(
        "plan",
        rows=counts,
        tokens=int(row_lengths(job.encoded["train"]).sum()),
        steps=total,
        steps_per_epoch=per_epoch,
        epochs=float(args.num_train_epochs) if args.max_steps < 0 else round(total / per_epoch, 3),
        parameters=sum(p.numel() for p in trainer.model.parameters()),
        parameters_trainable=sum(p.numel() for p in trainer.model.parameters() if p.requires_grad),
        device=device_name(args.device),
        precision=choices.precision_of(args),
        batch_size=args.per_device_train_batch_size,
        accumulation=args.gradient_accumulation_steps,
        max_length=job.max_length,
        truncated={name: int(rows.with_format("numpy")["truncated"][:].sum()) for name, rows in job.encoded.items()},
        **({"features": features} if features else {}),
        **({"preprocess": [vars(one) for one in prepared.steps]} if prepared.steps else {}),
        metrics=_measured_by(job),
        best_by=job.chosen_by,
        **({"tuning": list(trainer.edge.tuning)} if trainer.edge.tuning else {}),
        **({"choices": list(job.choices.values())} if job.choices else {}),
    )


def device_name(device: torch.device) -> str:
    """`cpu, 2 threads` or `cuda:0 NVIDIA A10`."""
    if device.type == "cuda":
        return f"{device} {torch.cuda.get_device_name(device)}"
    threads = torch.get_num_threads()
    return f"{device.type}, {threads} thread{'' if threads == 1 else 's'}"
