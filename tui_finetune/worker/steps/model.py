"""Steps: the tokenizer, and the pre-trained model with the head of the task."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoTokenizer, set_seed

from tui_finetune.errors import ModelError, Problem, first_line
from tui_finetune.inference.adapters import adapter_of, load_whole, mergeable
from tui_finetune.inference.encoders import transformers_encoder
from tui_finetune.inference.model_files import unreadable_tokenizer
from tui_finetune.inference.saved_head import HeadChoice, SavedHead, choose_head, saved_head, saved_head_of
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.plugin_api import ModelRequest
from tui_finetune.plugin_api.tasks import BY_TOKEN
from tui_finetune.worker import checkpoints
from tui_finetune.worker.job import Job, got
from tui_finetune.worker.parameters import freeze
from tui_finetune.worker.tuning import thaw
from tui_finetune.worker.tuning.adapter import adapt, adapter_words
from tui_finetune.worker.tuning.head_map import load_mapped

logger = logging.getLogger(__name__)

GUIDE_LENGTH = 512
"""Longest input where neither the recipe nor the tokenizer says: the guide's."""


def load_tokenizer(job: Job) -> None:
    job.attempt.phase("loading", "tokenizer")
    table = job.recipe.model
    extra = {} if table.revision is None else {"revision": table.revision}
    try:
        tokenizer = AutoTokenizer.from_pretrained(table.path, trust_remote_code=table.trust_remote_code, **extra)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(unreadable_tokenizer(table.path, error)) from error
    if tokenizer.pad_token is None:
        if tokenizer.eos_token is None:
            raise ModelError(Problem(f"the tokenizer of {table.path} has no padding token.", key="model.path"))
        tokenizer.pad_token = tokenizer.eos_token
    job.head.prepare_tokenizer(tokenizer)
    if job.task.shape in BY_TOKEN:
        # Trainer's evaluation gives a row's output with its padding behind it; it must not stand before it as well.
        tokenizer.padding_side = "right"
    longest = int(tokenizer.model_max_length) if tokenizer.model_max_length < 1_000_000 else GUIDE_LENGTH
    job.max_length = min(table.max_length or min(longest, GUIDE_LENGTH), longest)
    if table.max_length and table.max_length > longest:
        job.attempt.warn(
            f"max_length {table.max_length} is more than this model's {longest}; {longest} is used.", "model.max_length"
        )
    job.tokenizer = tokenizer
    job.encoder = transformers_encoder(tokenizer, job.max_length)


def load_model(job: Job) -> None:
    job.attempt.phase("loading", "model")
    prepared = got(job.prepared, "data")
    table = job.recipe.model
    labels = got(prepared.labels, "labels")
    head = HeadChoice(new=False)
    if job.recipe.kind == "train":
        head = choose_head(_saved_head(job), labels, job.task.name)
    if head.words is not None:
        job.attempt.note(head.words)
    # The head's first weights are drawn here: from the run's seed, as a script draws them after set_seed.
    set_seed(job.recipe.run.seed)
    request = ModelRequest(
        path=table.path,
        labels=labels,
        options=dict(job.recipe.task_options),
        revision=table.revision,
        trust_remote_code=table.trust_remote_code,
        new_head=head.new,
    )
    try:
        model = _loaded(job, request, head)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        if "out of memory" in str(error).lower():
            raise
        raise ModelError(Problem(f"{table.path}: {first_line(error)}", key="model.path")) from error
    _use_padding_token(model, got(job.tokenizer, "tokenizer"))
    if job.recipe.kind == "train":
        if job.recipe.adapter is not None:
            model = adapt(model, job.recipe.adapter, job.max_length, trains_head=job.head.trains_head)
            job.attempt.note(f"{adapter_words(model, job.recipe.adapter)}.")
        _freeze(job, model)
    job.model = model


def _loaded(job: Job, request: ModelRequest, choice: HeadChoice) -> Any:
    """The model; where training is to begin from one whose weights are an adapter's, that is merged into them first."""
    folder = Path(request.path)
    if job.recipe.kind != "train":
        return load_whole(job.head, request)
    if adapter_of(folder) is None:
        return _with_head(job, request, choice)
    mergeable(folder)
    whole = job.paths.start / "merged"
    if not whole.is_dir():
        card = TaskCard.read(folder)
        model = load_whole(job.head, replace(request, labels=card.labels, new_head=False))
        whole.parent.mkdir(mode=0o700, exist_ok=True)
        checkpoints.write_whole(whole, model.save_pretrained)
        job.attempt.note(f"The adapter in {folder} is merged into the model that training begins from.")
    return _with_head(job, replace(request, path=str(whole), revision=None), choice)


def _with_head(job: Job, request: ModelRequest, choice: HeadChoice) -> Any:
    return load_mapped(job.head.load_model, request, choice) if choice.kept else job.head.load_model(request)


def _freeze(job: Job, model: Any) -> None:
    table = job.recipe.model
    frozen = freeze(model, table.freeze)
    if frozen:
        job.attempt.note(f"{len(frozen)} parameter tensors frozen by model.freeze.")
    if table.freeze_layers is not None:
        job.attempt.note(thaw.freeze_lowest(model, table.freeze_layers))
    if table.unfreeze_every is not None:
        job.waves = thaw.freeze_below_head(model)
        job.attempt.note(
            f"Training begins with the head alone; {len(job.waves)} parts follow, the highest layer first."
        )


def _saved_head(job: Job) -> SavedHead | None:
    """The head that the model brings along, from its folder, or of a Hub id from its config."""
    table = job.recipe.model
    if Path(table.path).is_dir():
        return saved_head_of(Path(table.path), job.task)
    extra = {} if table.revision is None else {"revision": table.revision}
    try:
        config = AutoConfig.from_pretrained(table.path, trust_remote_code=table.trust_remote_code, **extra)
    except (OSError, ValueError, KeyError):
        return None  # from_pretrained will speak about it
    return saved_head(config.to_dict(), job.task)


def _use_padding_token(model: Any, tokenizer: Any) -> None:
    """Sequence heads of decoder models look for the padding token in the config."""
    if getattr(model.config, "pad_token_id", None) is None:
        model.config.pad_token_id = tokenizer.pad_token_id
