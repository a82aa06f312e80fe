"""What a recipe's tables cannot say of themselves: names of plugins, fields of `[train]`, keys that depend on each other.

Every function returns problems with dotted keys; file and line are added by `load`.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui_finetune.config import arguments
from tui_finetune.config.arguments import Argument
from tui_finetune.config.names import Names, TakesOptions
from tui_finetune.config.problems import NOT_A_SETTING, check_table, expected, said, unknown_key
from tui_finetune.config.schema import Recipe
from tui_finetune.errors import Problem, UserError, nearest
from tui_finetune.runs import settable
from tui_finetune.runs.channels import channel_problems

_POSITIVE = (0.0, False, math.inf)
_NOT_NEGATIVE = (0.0, True, math.inf)
_COUNT = (1.0, True, math.inf)
RANGES: Mapping[str, tuple[float, bool, float]] = {
    "learning_rate": _POSITIVE,
    "per_device_train_batch_size": _COUNT,
    "per_device_eval_batch_size": _COUNT,
    "num_train_epochs": _POSITIVE,
    "max_steps": (-1.0, True, math.inf),
    "weight_decay": _NOT_NEGATIVE,
    "warmup_steps": _NOT_NEGATIVE,
    "gradient_accumulation_steps": _COUNT,
    "adam_beta1": (0.0, True, 1.0),
    "adam_beta2": (0.0, True, 1.0),
    "adam_epsilon": _POSITIVE,
    "max_grad_norm": _NOT_NEGATIVE,
    "label_smoothing_factor": (0.0, True, 1.0),
    "logging_steps": _POSITIVE,
    "eval_steps": _POSITIVE,
    "eval_delay": _NOT_NEGATIVE,
    "save_steps": _POSITIVE,
    "save_total_limit": _COUNT,
    "eval_accumulation_steps": _COUNT,
    "torch_empty_cache_steps": _COUNT,
    "dataloader_num_workers": _NOT_NEGATIVE,
    "dataloader_prefetch_factor": _COUNT,
}
"""Lowest value, whether it is itself allowed, and the value that must not be reached."""

STEPS = ("logging_steps", "eval_steps", "save_steps")
"""Numbers of steps, or below 1 shares of all steps."""

_TYPES: Mapping[str, Any] = {
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "dict": dict[str, Any],
    "list[str]": list[str],
}
GROUPS_OR_TIME = Problem(
    "A share of train is taken by groups or by time, not by both.",
    "data.time",
    hint="Leave one of data.groups and data.time out, or name validation and test files of your own.",
)


def named(catalog: Names, kind: str, name: str, key: str) -> tuple[Any, list[Problem]]:
    """The object that `name` means, or the one it is nearest to, so that what depends on it is checked all the same."""
    known: Mapping[str, Any] = getattr(catalog, kind)
    if name in known:
        return known[name], []
    missing = catalog.missing(kind, name)
    near = nearest(name, known)
    return (known[near] if near else None), [Problem(missing.message, key, hint=missing.hint)]


def options(owner: TakesOptions, given: Any, key: str) -> tuple[dict[str, Any], list[Problem]]:
    """Options by their owner's own pydantic model, defaults filled in; absent means none."""
    if not isinstance(given, dict):
        return {}, []
    model = owner.options_model()
    if model is None:
        return {}, [unknown_key(name, (), f"{key}.") for name in given]
    outcome = check_table(model, given, f"{key}.")
    filled = {} if outcome.found is None else outcome.found.model_dump(mode="json", exclude_none=True)
    return filled, outcome.problems


def train(given: Mapping[str, Any], table: Mapping[str, Argument]) -> list[Problem]:
    """`[train]` against the fields of the arguments class."""
    problems = []
    for name, value in given.items():
        problem = _argument(name, value, table)
        if problem is not None:
            problems.append(problem)
    if given.get("fp16") is True and given.get("bf16") is True:
        problems.append(Problem("fp16 and bf16 cannot both be true.", "train.fp16"))
    if given.get("max_steps") == 0:
        problems.append(Problem("is 0; a number of steps, or leave it out.", "train.max_steps"))
    if given.get("load_best_model_at_end") is True and not _evaluates_what_it_saves(given):
        hint = "Give eval_strategy and save_strategy the same value, or leave both out."
        problems.append(
            Problem("needs an evaluation wherever a checkpoint is saved.", "train.load_best_model_at_end", hint=hint)
        )
    return problems


def changes(given: Any) -> list[Problem]:
    """`[[change]]`: keys that can be set, values in their range, steps in order."""
    problems: list[Problem] = []
    last = 0
    for index, change in enumerate(given if isinstance(given, list) else []):
        if not isinstance(change, dict):
            continue
        key, values, step = f"change.{index}", change.get("set"), change.get("at_step")
        if isinstance(values, dict):
            problems += [replace(one, key=f"{key}.set.{one.key}") for one in settable.checked(settable.flat(values))[1]]
        if isinstance(step, int) and not isinstance(step, bool):
            if step < last:
                hint = "Write the changes in the order of their steps."
                problems.append(Problem(f"is {step:,}, after a change at step {last:,}.", f"{key}.at_step", hint=hint))
            last = max(last, step)
    return problems


def tuning(data: Mapping[str, Any]) -> list[Problem]:
    """What is trained and how: keys that say nothing, or say two things."""
    problems = []
    model, optim = ({} if not isinstance(data.get(name), dict) else data[name] for name in ("model", "optim"))
    every = model.get("unfreeze_every")
    if _is(every, "float") and every > 1 and every != int(every):
        message = f"is {said(every)}; a whole number of steps, or a share of all steps below 1."
        problems.append(Problem(message, "model.unfreeze_every"))
    problems += _batching(data)
    problems += _adapter(data.get("adapter")) + _regularize(data)
    groups = optim.get("groups")
    for index, group in enumerate(groups if isinstance(groups, list) else []):
        if isinstance(group, dict) and "match" in group and not {"learning_rate", "weight_decay"} & group.keys():
            hint = "Give learning_rate, weight_decay or both."
            problems.append(Problem("has nothing of its own.", f"optim.groups.{index}", hint=hint))
    return problems


def _batching(data: Mapping[str, Any]) -> list[Problem]:
    """What a budget of tokens leaves no room for."""
    batching, train = ({} if not isinstance(data.get(name), dict) else data[name] for name in ("batching", "train"))
    if batching.get("tokens") is None:
        return []
    problems = [
        Problem(f"{said(batching[key])} does not go with batching.tokens.", f"batching.{key}", hint="Leave one out.")
        for key, only in (("order", "length"), ("padding", "longest"))
        if batching.get(key, only) != only
    ]
    for key in ("per_device_train_batch_size", "gradient_accumulation_steps"):
        if key in train and train[key] != 1:
            message = "does not go with batching.tokens, which makes the batches of a step."
            problems.append(Problem(message, f"train.{key}", hint="Leave one out."))
    return problems


_REGULARIZE_NEEDS = {
    "average_decay": ("average", "ema"),
    "average_from": ("average", "swa"),
    "teacher_weight": ("teacher", None),
    "temperature": ("teacher", None),
}
"""Keys that go with another one, and with one value of it."""


def _regularize(data: Mapping[str, Any]) -> list[Problem]:
    given = data.get("regularize")
    if not isinstance(given, dict):
        return []
    problems = []
    for key, (other, value) in _REGULARIZE_NEEDS.items():
        if key in given and (other not in given or (value is not None and given[other] != value)):
            wanted = f"regularize.{other}" + (f' = "{value}"' if value is not None else "")
            problems.append(Problem(f"goes with {wanted}.", f"regularize.{key}"))
    model = data.get("model") if isinstance(data.get("model"), dict) else {}
    if "adversarial" in given and (data.get("adapter") or (isinstance(model, dict) and "unfreeze_every" in model)):
        message = (
            "moves the embeddings along their gradient, and they are not trained with adapter or model.unfreeze_every."
        )
        problems.append(Problem(message, "regularize.adversarial"))
    return problems


ADAPTER_KEYS: Mapping[str, tuple[str, ...]] = {
    "rank": ("lora", "dora", "rslora"),
    "alpha": ("lora", "dora", "rslora"),
    "dropout": ("lora", "dora", "rslora"),
    "targets": ("lora", "dora", "rslora", "ia3"),
    "tokens": ("prompt", "prefix"),
}


def _adapter(given: Any) -> list[Problem]:
    """Keys that the kind of adapter has no use for."""
    kind = given.get("kind") if isinstance(given, dict) else None
    if not any(kind in kinds for kinds in ADAPTER_KEYS.values()):
        return []
    return [
        Problem(f"goes with {', '.join(kinds)}, not with {kind}.", f"adapter.{key}")
        for key, kinds in ADAPTER_KEYS.items()
        if key in given and kind not in kinds
    ]


def run(given: Mapping[str, Any]) -> list[Problem]:
    """`[run]`: channels of notices; keys that mean nothing alone."""
    channels = given.get("notify")
    named = [one for one in channels if isinstance(one, str)] if isinstance(channels, list) else []
    problems = channel_problems(named, "run.notify")
    if given.get("after_any") is True and "after" not in given:
        problems.append(Problem("goes with run.after, which names the run to wait for.", "run.after_any"))
    return problems


def _evaluates_what_it_saves(given: Mapping[str, Any]) -> bool:
    evaluate = given.get("eval_strategy", "steps" if "eval_steps" in given else "epoch")
    save = given.get("save_strategy", "steps" if "save_steps" in given else evaluate)
    steps = {"save_steps": given["eval_steps"]} if "eval_steps" in given else {}
    return arguments.coincide({**steps, **given, "eval_strategy": evaluate, "save_strategy": save})


def _argument(name: str, value: Any, table: Mapping[str, Argument]) -> Problem | None:
    key = f"train.{name}"
    if (reason := arguments.refusal(name)) is not None and (name in table or name in arguments.REFUSED):
        return Problem(f"not set here: {reason}.", key)
    if name not in table:
        usable = [known for known in table if arguments.refusal(known) is None]
        hint = unknown_key(name, usable).hint or "docs/configuration.md lists all."
        return Problem(NOT_A_SETTING, key, hint=hint)
    argument = table[name]
    if not any(_is(value, kind) for kind in argument.types):
        return _wrong_type(key, value, argument)
    if isinstance(value, str) and argument.choices and value not in argument.choices:
        near = nearest(value, argument.choices)
        hint = f"Did you mean {near}?" if near else f"There are: {', '.join(argument.choices)}."
        return Problem(f"is {said(value)}, which is not one of its values.", key, hint=hint)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _out_of_range(key, name, value)
    return None


def _is(value: Any, kind: str) -> bool:
    if kind == "bool":
        return isinstance(value, bool)
    if kind in ("int", "float"):
        wanted = int if kind == "int" else (int, float)
        return isinstance(value, wanted) and not isinstance(value, bool)
    if kind == "list[str]":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, {"str": str, "dict": dict}.get(kind, ()))


def _wrong_type(key: str, value: Any, argument: Argument) -> Problem:
    words = " or ".join(dict.fromkeys(expected(_TYPES[kind]) for kind in argument.types if kind in _TYPES))
    hint = None
    if isinstance(value, str) and {"int", "float"} & set(argument.types) and _reads_as_number(value):
        hint = "Write it without the quotes."
    if isinstance(value, str) and "bool" in argument.types and value.lower() in ("true", "false"):
        hint = f"Write {value.lower()} without the quotes."
    return Problem(f"is {said(value)}; expected {words}.", key, hint=hint)


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _out_of_range(key: str, name: str, value: float) -> Problem | None:
    if not math.isfinite(value):
        return Problem(f"is {said(value)}, must be a finite number.", key)
    low, low_allowed, high = RANGES.get(name, (-math.inf, True, math.inf))
    if value < low or (value == low and not low_allowed):
        return Problem(f"is {said(value)}, must be {'at least' if low_allowed else 'above'} {low:g}.", key)
    if value >= high:
        return Problem(f"is {said(value)}, must be below {high:g}.", key)
    if name in STEPS and value > 1 and value != int(value):
        return Problem(f"is {said(value)}; a whole number of steps, or a share of all steps below 1.", key)
    return None


def columns(given: Mapping[str, Any], task: Any) -> list[Problem]:
    """Keys of `[data] columns` are roles of the task."""
    roles = [role.name for role in task.roles]
    problems = []
    for name in given:
        if name not in roles:
            near = nearest(name, roles)
            hint = f"Did you mean {near}?" if near else f"There are: {', '.join(roles)}."
            problems.append(Problem(f"{task.name} reads no '{name}'.", f"data.columns.{name}", hint=hint))
    return problems


def refused(given: Mapping[str, Any], task: Any) -> list[Problem]:
    """Keys of `[train]` that would train something else than the task."""
    return [
        Problem(f"does not go with {task.title or task.name} of this kind: {why}.", f"train.{name}")
        for name, why in task.refused_arguments.items()
        if given.get(name)
    ]


def packages(task: Any) -> list[Problem]:
    """What the task needs beside this program is installed."""
    return [
        Problem(
            f"{task.name} needs {name}, which is not installed.", "task", hint=f"pip install 'tui-finetune[{name}]'"
        )
        for name in task.packages
        if importlib.util.find_spec(name) is None
    ]


def metrics(given: Any, task: Any, catalog: Names) -> list[Problem]:
    """`[evaluate] metrics` exist and fit the task."""
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        return []
    try:
        catalog.metrics_for(task, given)
    except UserError as error:
        return [Problem(p.message, "evaluate.metrics", hint=p.hint) for p in error.problems]
    return []


def best_metric(train: Mapping[str, Any], measured: Sequence[str]) -> list[Problem]:
    """`metric_for_best_model` is one of those that the run measures."""
    wanted, there = train.get("metric_for_best_model"), [*measured, arguments.LOSS]
    if not isinstance(wanted, str) or wanted.removeprefix("eval_") in there:
        return []
    near = nearest(wanted, there)
    hint = f"Did you mean {near}?" if near else f"There are: {', '.join(there)}; evaluate.metrics adds others."
    return [Problem(f"is {said(wanted)}, which is not measured.", "train.metric_for_best_model", hint=hint)]


def data(table: Mapping[str, Any], source: Any) -> list[Problem]:
    """What the keys of `[data]` say about each other; `table` is as written, values of a wrong type are told elsewhere."""
    problems = []
    if table.get("source") is None and table.get("path") is None:
        problems.append(Problem("source or path is missing.", "data", hint='As in path = "reviews.csv".'))
    elif table.get("path") is None and getattr(source, "needs_path", False):
        problems.append(Problem("is missing.", "data.path", hint=f"Source {source.name} reads from a path."))
    if table.get("path") in ("", []):
        problems.append(Problem("is empty.", "data.path"))
    shares: dict[str, float] = {key: table[key] for key in ("validation", "test") if _is(table.get(key), "float")}
    for key, value in shares.items():
        if not 0 < value < 1:
            problems.append(Problem(f"is {said(value)}; a fraction lies between 0 and 1.", f"data.{key}"))
    if len(shares) == 2 and all(0 < value < 1 for value in shares.values()) and sum(shares.values()) >= 1:
        problems.append(Problem("validation and test together leave no row to train on.", "data.test"))
    if table.get("groups") is not None and table.get("time") is not None:
        problems.append(GROUPS_OR_TIME)
    problems += [
        Problem(f"does not go with data.{key}, by which shares are drawn.", "data.split_file", hint="Leave one out.")
        for key in (*shares, "groups", "time", "near_together")
        if table.get("split_file") is not None and table.get(key)
    ]
    problems += [
        Problem(f"does not go with data.{key}.", "data.near_together", hint="Leave one of them out.")
        for key in ("groups", "time")
        if table.get("near_together") and table.get(key) is not None
    ]
    return problems + _folds(table) + _labels(table)


def _folds(table: Mapping[str, Any]) -> list[Problem]:
    folds, fold = table.get("folds"), table.get("fold")
    if folds is None:
        hint = "As in folds = 5."
        return [] if fold is None else [Problem("says which fold, of how many it does not.", "data.folds", hint=hint)]
    problems = [
        Problem(f"does not go with data.{key}.", "data.folds", hint="Leave one of them out.")
        for key in ("validation", "time", "split_file")
        if table.get(key) is not None
    ]
    if _is(fold, "int") and _is(folds, "int") and fold > folds:
        problems.append(Problem(f"is {fold}; there are {folds} folds.", "data.fold"))
    return problems


def _labels(table: Mapping[str, Any]) -> list[Problem]:
    labels, names = table.get("labels"), table.get("label_names")
    problems = []
    for key, found in (("labels", labels), ("label_names", names)):
        if isinstance(found, list) and len({(type(item), str(item)) for item in found}) < len(found):
            problems.append(Problem("names something twice.", f"data.{key}"))
    if isinstance(names, list) and isinstance(labels, list) and len(names) != len(labels):
        problems.append(Problem(f"has {len(names)} names for {len(labels)} labels.", "data.label_names"))
    if names is not None and labels is None:
        hint = "Give data.labels in the same order."
        problems.append(Problem("names labels that are not given.", "data.label_names", hint=hint))
    return problems


def surrogates(recipe: Recipe) -> list[Problem]:
    """Names that are not UTF-8 cannot be written into the run's recipe."""
    problems = []
    for key, value in (("data.path", recipe.data.path), ("model.path", recipe.model.path)):
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and any("\ud800" <= char <= "\udfff" for char in text):
                shown = text.encode("utf-8", "backslashreplace").decode()
                problems.append(Problem(f"{shown} is not a UTF-8 name.", key, hint="Rename the file or folder."))
    return problems


def arguments_table(task: Any, cache: Path | None) -> tuple[Mapping[str, Argument], list[Problem]]:
    """The fields of the task's arguments class; of the usual one where there is no task."""
    wanted = getattr(task, "arguments_class", arguments.DEFAULT_CLASS)
    try:
        return arguments.table(wanted, cache), []
    except UserError as error:
        return arguments.table(arguments.DEFAULT_CLASS), [Problem(str(error), "train")]
