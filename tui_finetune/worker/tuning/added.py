"""`[regularize]` of a run, made: what is added to its loss, which weights are kept. Raises RecipeError for what does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import Problem, RecipeError
from tui_finetune.inference.adapters import load_whole
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.plugin_api import ModelRequest
from tui_finetune.worker.job import Job, got
from tui_finetune.worker.tuning.average import Average
from tui_finetune.worker.tuning.losses import Added, Teacher, inner_model, softened, weight

if TYPE_CHECKING:
    from tui_finetune.config.schema import RegularizeTable

COMPARED = ("labels", "tags")
"""Shapes of tasks whose answers are a distribution over labels, for a row or a token."""


def average_of(job: Job) -> Average | None:
    table = job.recipe.regularize
    if table.average is None:
        return None
    return Average(got(job.model, "model"), table.average, decay=_decay(table), begins=_begins(table))


def _decay(table: RegularizeTable) -> float:
    return 0.999 if table.average_decay is None else table.average_decay


def _begins(table: RegularizeTable) -> float:
    return 0.75 if table.average_from is None else table.average_from


def added_to(job: Job) -> Added | None:
    table = job.recipe.regularize
    if (table.r_drop, table.multi_sample_dropout, table.adversarial, table.teacher) == (None,) * 4:
        return None
    if table.multi_sample_dropout is not None:
        _check_head_dropout(got(job.model, "model"))
    for key in ("r_drop", "teacher"):
        if getattr(table, key) is not None and job.task.shape not in COMPARED:
            message = f"compares distributions over labels, which {job.task.name} does not give."
            raise RecipeError(Problem(message, f"regularize.{key}"))
    if table.adversarial is not None and not got(job.model, "model").get_input_embeddings().weight.requires_grad:
        message = "moves the embeddings along their gradient, and they are not trained here."
        raise RecipeError(
            Problem(message, "regularize.adversarial", hint="Leave freeze, freeze_layers or the adapter out.")
        )
    return Added(table, _teacher(job))


def _check_head_dropout(model: Any) -> None:
    """A head without dropout says the same each time."""
    inner = inner_model(model)
    base = "" if inner.base_model is inner else f"{inner.base_model_prefix}."
    rates = [
        float(module.p if hasattr(module, "p") else module.drop_prob)
        for name, module in inner.named_modules()
        if "Dropout" in type(module).__name__ and base and not name.startswith(base)
    ]
    if not any(rates):
        message = "draws the head's dropout several times, and this model's head has none."
        raise RecipeError(
            Problem(
                message, "regularize.multi_sample_dropout", hint="Set model.dropout, where its head has such a layer."
            )
        )


def _teacher(job: Job) -> Teacher | None:
    path = job.recipe.regularize.teacher
    if path is None:
        return None
    card, key = TaskCard.read(Path(path)), "regularize.teacher"
    names = got(got(job.prepared, "data").labels, "labels").names
    if sorted(card.labels.names) != sorted(names):
        message = f"knows other labels ({', '.join(card.labels.names[:4])}) than this run ({', '.join(names[:4])})."
        raise RecipeError(Problem(message, key))
    _check_tokens(job, path)
    model = load_whole(job.head, ModelRequest(path, card.labels, card.options)).eval()
    model.requires_grad_(False)
    order = [card.labels.names.index(name) for name in names]
    return Teacher(model, order)


def _check_tokens(job: Job, path: str) -> None:
    """The teacher reads the run's own tokens."""
    from transformers import AutoTokenizer

    if AutoTokenizer.from_pretrained(path).get_vocab() != got(job.tokenizer, "tokenizer").get_vocab():
        hint = "Start from a model of the same family."
        raise RecipeError(Problem("has another vocabulary than this run's model.", "regularize.teacher", hint=hint))


def regularize_words(table: RegularizeTable) -> list[str]:
    """For the plan."""
    said = []
    if table.r_drop is not None:
        said.append(f"R-Drop x{table.r_drop:g}")
    if table.multi_sample_dropout is not None:
        said.append(f"multi-sample dropout x{table.multi_sample_dropout}")
    if table.adversarial is not None:
        said.append(f"adversarial embeddings (FGM) {table.adversarial:g}")
    if table.teacher is not None:
        share, heat = f"{weight(table):.0%}", f"{softened(table):g}"
        said.append(f"{share} of the loss is the teacher's answers at temperature {heat}: {table.teacher}")
    if table.average is not None:
        swa = f"mean from {_begins(table):.0%} of the steps on (SWA)"
        how = f"EMA {_decay(table):g}" if table.average == "ema" else swa
        said.append(f"weights averaged, {how}: these are evaluated and saved")
    return said
