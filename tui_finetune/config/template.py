"""Recipes to begin with, commented: the guide's, or one for data that has been looked at."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tui_finetune.config.whereabouts import name_of_path
from tui_finetune.config.write import toml_value

GUIDE_TASK = "text-classification"
GUIDE_MODEL = "google-bert/bert-base-uncased"
CASED_MODEL = "google-bert/bert-base-cased"
"""Where capital letters carry meaning: names, tags."""
GUIDE_LENGTH = 512
GUIDE_BATCH, GUIDE_EPOCHS = 16, 3
FEW_STEPS = 500
"""With fewer a new head has seldom learnt much at the guide's rate."""
_METRICS: Mapping[str, Sequence[str]] = {GUIDE_TASK: ("accuracy", "f1")}
_COMMENT_AT = 40
"""Column in which comments begin; past it two blanks before them."""
_VALIDATION_NAMES = ("validation", "valid", "val", "dev", "eval")
_TEST_NAMES = ("test", "testing", "eval")

_HEALTH = """\
# [health]                              # what a run does when its figures go wrong: docs/health.md
# loss_spike = "pause"                  # off, note (the default of nearly all), pause, rollback, stop
"""
_PADDING = """\
# Rows of like length go together and are padded to the longest of their batch. Measured against the guide's padding
# to the maximum that took half the time on IMDb and about a third on short texts.
# padding = "max_length" gives the guide's.
"""


def new_recipe(
    task: str | None = None,
    data: Mapping[str, Any] | None = None,
    model: str | None = None,
    *,
    metrics: Sequence[str] | None = None,
    folder: Path | None = None,
    steps: Sequence[Mapping[str, Any]] = (),
) -> str:
    """A commented recipe. Without anything the guide's: BERT on IMDb.

    data: what `data show --json` tells (task, source, path, splits, roles, lengths, labels, metrics, guesses); `chosen` holds
    keys of `[data]` that somebody chose (split, validation, test, groups, time), `max_length` the length.
    metrics: the task's own, where the data does not tell; for text-classification they are known here.
    folder: where the recipe will lie; data under it are named relative to it.
    steps: the tables of `[[preprocess]]`.
    """
    looked = data or {}
    task = task or looked.get("task") or GUIDE_TASK
    guide = data is None and task == GUIDE_TASK
    model = model or model_for(task)
    path = looked.get("path") if data is not None else "stanfordnlp/imdb" if guide else None
    name = f"{name_of_path(path) or task}-{_short(model)}"
    parts = [
        _head(task, guide=guide, data=data),
        _lines([("version", 1, ""), ("name", name, ""), ("task", task, "tui-finetune plugins list names the others")]),
        _table(
            "run", [("device", "auto", "the GPU with most free memory, else the CPU; or cpu, cuda:0"), ("seed", 42, "")]
        ),
        _table(
            "data", _guide_data() if guide else _data_lines(looked, folder) if data is not None else _own_data(task)
        ),
        *("[[preprocess]]\n" + _lines([(key, value, "") for key, value in step.items()]) for step in steps),
        _table("model", _model_lines(model, looked.get("lengths"), looked.get("max_length"))),
        "[batching]\n" + _PADDING + _lines([("order", "length", "or random, sequential"), ("padding", "longest", "")]),
        _table("train", _train_lines(looked)),
    ]
    if looked.get("task_options"):
        options = [(key, value, "docs/tasks.md") for key, value in looked["task_options"].items()]
        parts.append(_table("task_options", options))
    chosen = looked.get("metrics") or metrics or _METRICS.get(task)
    if chosen:
        parts.append(_table("evaluate", [("metrics", list(chosen), "the first one chooses the best checkpoint")]))
    return "\n".join([*parts, _HEALTH])


def model_for(task: str | None) -> str:
    """The model that a new recipe starts from."""
    return CASED_MODEL if task == "token-classification" else GUIDE_MODEL


Line = tuple[str, Any, str]
"""Key, value, comment."""


def _lines(lines: Sequence[Line]) -> str:
    return "".join(_line(*line) for line in lines)


def _line(key: str, value: Any, comment: str) -> str:
    text = f"{key} = {toml_value(value)}"
    return f"{text.ljust(_COMMENT_AT - 2)}  # {comment}\n" if comment else f"{text}\n"


def _table(name: str, lines: Sequence[Line]) -> str:
    return f"[{name}]\n{_lines(lines)}"


def _head(task: str, *, guide: bool, data: Mapping[str, Any] | None) -> str:
    if guide:
        first = "# The guide's recipe: BERT on 25,000 film reviews, with the guide's figures."
    elif data is not None:
        first = f"# {task} on {_one_line(data.get('path') or data.get('source') or 'data')}."
    else:
        first = f"# {task} on data of yours."
    guesses = [f"# {_one_line(guess)}" for guess in (data or {}).get("guesses", ())]
    return "\n".join(
        [first, "# Every key: docs/configuration.md, or tui-finetune config schema --markdown", *guesses, ""]
    )


def _one_line(text: Any) -> str:
    """Text from data as it may stand in a comment: no line ends, no control characters."""
    return "".join(char if char.isprintable() else " " for char in str(text))


def _guide_data() -> list[Line]:
    return [
        ("source", "hub", "a file or folder of yours: tui-finetune config new --data PATH"),
        ("path", "stanfordnlp/imdb", ""),
        ("subset", "plain_text", ""),
        ("split", "train", ""),
        ("validation", 0.1, "this fraction of train, stratified, chooses the best checkpoint"),
        ("test", "test", "measured once, at the end"),
        ("columns", {"text": "text", "label": "label"}, ""),
    ]


def _own_data(task: str) -> list[Line]:
    conll = task == "token-classification"
    return [
        ("source", "conll" if conll else "csv", ""),
        ("path", "train.conll" if conll else "train.csv", "put your own here; tui-finetune data show PATH looks at it"),
        ("validation", 0.1, "this fraction of train, a split's name, or a path"),
    ]


def _data_lines(looked: Mapping[str, Any], folder: Path | None) -> list[Line]:
    """What was found, written out, so that nothing is left to guess."""
    splits: Mapping[str, int] = looked.get("splits") or {}
    lines: list[Line] = []
    if looked.get("source"):
        lines.append(("source", looked["source"], _one_line(looked.get("format") or "")))
    if looked.get("path"):
        lines.append(("path", _relative(looked["path"], folder), ""))
    lines += [(key, looked[key], "") for key in ("subset", "revision") if looked.get(key)]
    lines += _split_lines(looked, splits)
    if looked.get("roles"):
        lines.append(("columns", dict(looked["roles"]), _labels(looked.get("labels"))))
    return lines + ([("options", dict(looked["options"]), "")] if looked.get("options") else [])


_NO_STRATA = ("token-classification", "question-answering", "regression", "causal-lm", "fill-mask")
"""Tasks whose rows are divided whatever their gold is."""


def _split_lines(looked: Mapping[str, Any], splits: Mapping[str, int]) -> list[Line]:
    """Where train, validation and test come from: as it was chosen, else by the names of the splits."""
    chosen: Mapping[str, Any] = looked.get("chosen") or {}
    train = chosen.get("split") or ("train" if "train" in splits or not splits else next(iter(splits)))
    others = [name for name in splits if name != train]
    validation = chosen.get("validation") or next((name for name in _VALIDATION_NAMES if name in others), 0.1)
    test = chosen.get("test") or next((name for name in _TEST_NAMES if name in others and name != validation), None)
    lines: list[Line] = [("split", train, _rows(splits, train))]
    if isinstance(validation, float):
        one_label = looked.get("task") not in _NO_STRATA and not looked.get("task_options")
        by_label = not chosen.get("groups") and not chosen.get("time") and one_label
        stratified = ", stratified," if by_label else ""
        lines.append(("validation", validation, f"this fraction of train{stratified} chooses the best checkpoint"))
    else:
        lines.append(("validation", validation, _rows(splits, validation)))
    if test is not None:
        lines.append(("test", test, "this fraction of train" if isinstance(test, float) else _rows(splits, test)))
    if chosen.get("groups"):
        lines.append(("groups", chosen["groups"], "its equal values stay on one side"))
    if chosen.get("near_together"):
        lines.append(("near_together", True, "near duplicates stay on one side"))
    if chosen.get("time"):
        lines.append(("time", chosen["time"], "the newest rows are held out"))
    return lines


def _rows(splits: Mapping[str, int], name: str) -> str:
    return f"{splits[name]:,} rows" if isinstance(splits.get(name), int) else ""


def _labels(labels: Sequence[Any] | None) -> str:
    return f"{len(labels)} labels" if labels else ""


def _relative(path: Any, folder: Path | None) -> Any:
    """A path under the recipe's folder as it is named from there; anything else as it is."""
    if isinstance(path, list | tuple):
        return [_relative(item, folder) for item in path]
    if folder is None or not os.path.isabs(path):
        return path
    near = os.path.relpath(path, folder)
    return path if near.startswith("..") else near if os.sep in near or "." in near else f"./{near}"


def _model_lines(model: str, lengths: Mapping[str, Any] | None, chosen: int | None = None) -> list[Line]:
    longest = (lengths or {}).get("max")
    length, comment = GUIDE_LENGTH, "longest input in tokens; what is longer is cut"
    if isinstance(longest, int) and longest > 0 and (lengths or {}).get("unit") == "words":
        length = min(GUIDE_LENGTH, max(32, -(-longest * 2 // 16) * 16))
        comment = f"longest input in tokens; the longest here has {longest:,} words, of one or two tokens"
    elif isinstance(longest, int) and longest > 0:
        # A little room, so that texts like these but longer are not cut when the model is used.
        length = min(GUIDE_LENGTH, max(32, -(-longest * 5 // 4 // 16) * 16))
        cut = (lengths or {}).get("cut")
        comment = f"longest input in tokens; the longest here has {longest:,}"
        comment += f", {cut:,} rows are cut" if length < longest and isinstance(cut, int) and cut else ""
    if chosen is not None:
        cut = (lengths or {}).get("cut") if (lengths or {}).get("max_length") == chosen else None
        length, comment = chosen, "longest input in tokens" + (f"; {cut:,} rows are cut" if cut else "")
    return [("path", model, "Hub id, folder, or run:<run> for another run's model"), ("max_length", length, comment)]


def _train_lines(looked: Mapping[str, Any]) -> list[Line]:
    """The guide's figures; of little data it is said that they are not enough of it."""
    rows = (looked.get("splits") or {}).get("train")
    steps = -(-rows // GUIDE_BATCH) * GUIDE_EPOCHS if isinstance(rows, int) else FEW_STEPS
    few = f"about {steps:,} steps, which are few: 10 epochs or a rate of 1e-4 often do better"
    return [
        ("learning_rate", 2e-5, ""),
        ("per_device_train_batch_size", GUIDE_BATCH, ""),
        ("num_train_epochs", GUIDE_EPOCHS, few if steps < FEW_STEPS else ""),
        ("weight_decay", 0.01, ""),
    ]


def _short(model: str) -> str:
    """`bert` of google-bert/bert-base-uncased, `distilbert` of distilbert/distilbert-base-uncased."""
    last = model.removeprefix("run:").removeprefix("builtin:").rstrip("/").rpartition("/")[2]
    return last.partition("-base")[0].partition("-large")[0] or "model"
