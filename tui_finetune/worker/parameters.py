"""Which parameters are trained, and at what rate: `[model] freeze`, `set freeze`, `[optim] head_learning_rate`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import Problem, RecipeError

if TYPE_CHECKING:
    from torch import nn

_RANGE = re.compile(r"^(\d+)-(\d+)$")
_AROUND = ("base_model.model.", "base_model.")
"""What an adapter puts before the names of the model that it is around."""
_HELD = "held_parameters"
_HEAD_IN_BASE = ("pooler",)
"""Modules of the base model that belong to the head: a pooler is trained with it, at its rate."""


def freeze(model: nn.Module, patterns: Sequence[str]) -> list[str]:
    """Sets requires_grad = False for all parameters under the named modules and returns their names.

    A pattern is a module's dotted name, with or without the base model's prefix, a part of which may be a range of
    layers: `embeddings`, `encoder.layer.0-2`, `bert.encoder.layer.3.attention`.
    Raises RecipeError naming every pattern that fits nothing, with the names that would.
    """
    frozen = names_under(model, patterns, "model.freeze")
    if patterns and len(frozen) == len(free_names(model)):
        raise RecipeError(Problem("freezes every parameter; nothing is left to train.", key="model.freeze"))
    for name, parameter in model.named_parameters():
        if name in frozen:
            parameter.requires_grad = False
    return sorted(frozen)


def unfreeze(model: nn.Module, patterns: Sequence[str]) -> None:
    """Trains the named parts again. Raises RecipeError as `freeze` does."""
    named = names_under(model, patterns)
    for name, parameter in model.named_parameters():
        if name in named and parameter.is_floating_point():
            parameter.requires_grad = True


def check_freeze(model: nn.Module, patterns: Sequence[str], *, frozen: bool) -> None:
    """Raises RecipeError where the patterns cannot be frozen (or trained again) as the model stands now."""
    named = names_under(model, patterns)
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    if frozen and trained <= named:
        raise RecipeError(Problem("Nothing would be left to train."))
    if not frozen and named <= trained:
        raise RecipeError(Problem("All of it is trained already."))


def frozen_modules(model: nn.Module) -> list[str]:
    """What is not trained, in the shortest patterns that name it: `freeze` with them makes the same."""
    free = set(free_names(model))
    return shortest(
        model, {n for n, parameter in model.named_parameters() if n in free and not parameter.requires_grad}
    )


def hold(model: nn.Module, names: set[str]) -> None:
    """These parameters are trained by no setting: the model's own weights under an adapter."""
    setattr(model, _HELD, frozenset(names))


def free_names(model: nn.Module) -> list[str]:
    """Names of the parameters that settings may freeze and train again."""
    held: frozenset[str] = getattr(model, _HELD, frozenset())
    return [name for name, _ in model.named_parameters() if name not in held]


def train_all(model: nn.Module) -> None:
    """All that may be trained is."""
    free = set(free_names(model))
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name in free and parameter.is_floating_point()


def shortest(model: nn.Module, wanted: set[str]) -> list[str]:
    """The shortest patterns that name these parameters and no others."""
    names = [".".join(_own_parts(name)) for name in free_names(model)]
    wanted = {".".join(_own_parts(name)) for name in wanted}
    prefix = str(getattr(model, "base_model_prefix", "") or "")
    found: dict[str, None] = {}
    for name in names:
        if name not in wanted or any(name == one or name.startswith(f"{one}.") for one in found):
            continue
        parts = name.split(".")
        stems = (".".join(parts[: depth + 1]) for depth in range(len(parts)))
        whole = (stem for stem in stems if all(n in wanted for n in names if n == stem or n.startswith(f"{stem}.")))
        found[next(whole)] = None
    return [_short(stem, names, prefix) for stem in found]


def _short(stem: str, names: Sequence[str], prefix: str) -> str:
    """Without the base model's prefix where that names the same."""
    bare = stem.removeprefix(f"{prefix}.")
    same = [name for name in names if _matches(name, bare, prefix)] == [n for n in names if _matches(n, stem, prefix)]
    return bare if same else stem


def names_under(model: nn.Module, patterns: Sequence[str], key: str | None = None) -> set[str]:
    """Names of the parameters under the named modules. Raises RecipeError for `key` with each pattern that names none."""
    names = free_names(model)
    prefix = str(getattr(model, "base_model_prefix", "") or "")
    problems, named = [], set()
    for pattern in patterns:
        found = {name for name in names if _matches(name, pattern, prefix)}
        if not found:
            problems.append(
                Problem(
                    f"{pattern} names no module of this model.",
                    key=key,
                    hint=f"There are: {', '.join(_module_names(names, prefix))}.",
                )
            )
        named |= found
    if problems:
        raise RecipeError(problems)
    return named


def _matches(name: str, pattern: str, prefix: str) -> bool:
    wanted = pattern.split(".")
    parts = _own_parts(name) if wanted[0] == prefix else base_parts(name, prefix)
    if len(wanted) > len(parts):
        return False
    return all(_part_matches(part, want) for part, want in zip(parts, wanted, strict=False))


def base_parts(name: str, prefix: str) -> list[str]:
    """The parts of a parameter's name within the base model; those of the head as they are."""
    parts = _own_parts(name)
    return parts[1:] if prefix and parts[0] == prefix else parts


def _own_parts(name: str) -> list[str]:
    """Without what an adapter around the model puts before them."""
    for around in _AROUND:
        if name.startswith(around):
            return name.removeprefix(around).split(".")
    return name.split(".")


def _part_matches(part: str, want: str) -> bool:
    span = _RANGE.match(want)
    if span and part.isdigit():
        return int(span[1]) <= int(part) <= int(span[2])
    return part == want


def _module_names(names: Sequence[str], prefix: str) -> list[str]:
    """A short list for a message: modules to the depth at which layers are numbered, layers as a range."""
    layers: dict[str, list[int]] = {}
    modules: dict[str, None] = {}
    for name in names:
        parts = base_parts(name, prefix)
        for depth, part in enumerate(parts):
            if part.isdigit():
                layers.setdefault(".".join(parts[:depth]), []).append(int(part))
                break
        else:
            modules[parts[0]] = None
    return [*modules, *(f"{stem}.{min(n)}-{max(n)}" for stem, n in layers.items())]


def head_names(model: nn.Module) -> set[str]:
    """Names of the parameters that belong to the head: outside the base model, and its pooler."""
    prefix = str(getattr(model, "base_model_prefix", "") or "")
    head = set()
    for name, _ in model.named_parameters():
        parts = _own_parts(name)
        if not prefix or parts[0] != prefix or any(part in _HEAD_IN_BASE for part in parts):
            head.add(name)
    return head


def parameter_groups(
    model: nn.Module, decay: Sequence[str], *, weight_decay: float, head_learning_rate: float
) -> list[dict[str, Any]]:
    """Optimizer groups: Trainer's two (with and without weight decay), each parted into base and head."""
    head, decayed = head_names(model), set(decay)
    groups = []
    for in_head in (False, True):
        for with_decay in (True, False):
            parameters = [
                p
                for name, p in model.named_parameters()
                if p.requires_grad and (name in head) == in_head and (name in decayed) == with_decay
            ]
            if parameters:
                group: dict[str, Any] = {"params": parameters, "weight_decay": weight_decay if with_decay else 0.0}
                if in_head:
                    group["lr"] = head_learning_rate
                groups.append(group)
    return groups
