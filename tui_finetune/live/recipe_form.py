"""Reading a recipe into a form. Imports what recipes are declared with: for threads, not for a first paint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from tui_finetune.config import arguments, checks
from tui_finetune.config.problems import expected, table_of
from tui_finetune.config.schema import Recipe
from tui_finetune.config.write import WrittenFloat
from tui_finetune.live.field_kinds import kind_of, kind_of_names, literals, words_of_names
from tui_finetune.live.form import Form, FormField, Group
from tui_finetune.live.typed import written_text

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import Catalog

FIRST = ("learning_rate", "per_device_train_batch_size", "num_train_epochs", "weight_decay")
"""Fields of `[train]` that come before the others, as in the recipes that the program writes."""
OFTEN = frozenset(
    {"name", "task", "data.source", "data.path", "data.validation", "data.test", "model.path", "model.max_length"}
    | {f"train.{name}" for name in FIRST}
    | {"evaluate.metrics"}
)
"""What is asked for often: on the form whether it is written or not."""
NOT_SHOWN = frozenset({"version", "resolved", "data.options"})
"""`data.options` are shown one by one, as the source declares them."""
RULES: Mapping[str, str] = {
    "name": "from the data",
    "data.source": "found by a look",
    "data.validation": "the source's, else 0.1",
    "data.test": "the source's, if any",
    "data.columns": "guessed",
    "data.labels": "those in train",
    "data.label_names": "the labels",
    "data.limit": "all rows",
    "data.limit_eval": "all rows",
    "model.max_length": "the model's, at most 512",
    "model.freeze": "nothing",
    "optim.head_learning_rate": "as train",
}
"""Defaults that are no value, in the words of their keys' help, short."""
DEVICES = ("auto", "cpu", "cuda:0")


def parse(text: str) -> dict[str, Any]:
    """The recipe's values, floats with their text. Raises tomli.TOMLDecodeError."""
    return tomli.loads(text, parse_float=WrittenFloat)


def read_form(text: str, catalog: Catalog, cache: Path | None = None) -> Form | None:
    """The form of a recipe's text; None where it is no TOML."""
    try:
        data = parse(text)
    except (tomli.TOMLDecodeError, RecursionError):
        return None
    return _Builder(data, catalog, cache).form()


class _Builder:
    """One form, from the values of one recipe."""

    def __init__(self, data: Mapping[str, Any], catalog: Catalog, cache: Path | None) -> None:
        self.data = data
        self.catalog = catalog
        self.cache = cache
        task = catalog.tasks.get(str(data.get("task")))
        self.task = None if task is None else task.variant(self._table("task_options"))

    @property
    def _needs_no_path(self) -> bool:
        """True where the source is one that has its data without a path."""
        source = self.catalog.sources.get(str(self._table("data").get("source")))
        return source is not None and not getattr(source, "needs_path", True)

    def form(self) -> Form:
        groups = list(self._groups())
        named = {group.name.partition(".")[0] for group in groups if group.name}
        for name, value in self.data.items():
            if isinstance(value, Mapping) and name not in named and name not in Recipe.model_fields:
                groups.append(Group(name, tuple(self._unknown(name, value)), known=False))
        return Form(tuple(groups))

    def _groups(self) -> Iterator[Group]:
        own = {name: one for name, one in Recipe.model_fields.items() if table_of(one.annotation) is None}
        own = {name: one for name, one in own.items() if one.annotation != dict[str, Any] and name not in NOT_SHOWN}
        loose = [
            FormField(name, name, known=False, written=True, value=value, text=written_text(value))
            for name, value in self.data.items()
            if name not in Recipe.model_fields and not isinstance(value, Mapping)
        ]
        yield Group("", (*self._declared("", own, self.data), *loose))
        for name, field in Recipe.model_fields.items():
            table = table_of(field.annotation)
            if name == "preprocess":
                yield from self._steps()
            elif name == "change":
                yield from self._changes()
            elif name == "train":
                yield self._arguments()
            elif name == "task_options":
                if (options := self._options("task_options", self.task, self._table(name))) is not None:
                    yield Group(name, options)
            elif table is not None:
                yield self._table_group(name, table)

    def _table(self, name: str) -> Mapping[str, Any]:
        found = self.data.get(name)
        return found if isinstance(found, Mapping) else {}

    def _table_group(self, name: str, table: type[BaseModel]) -> Group:
        given = self._table(name)
        declared = {key: one for key, one in table.model_fields.items() if f"{name}.{key}" not in NOT_SHOWN}
        fields = self._declared(f"{name}.", declared, given)
        if name == "data":
            source = self.catalog.sources.get(str(given.get("source")))
            options = given.get("options")
            more = self._options("data.options", source, options if isinstance(options, Mapping) else {})
            fields += more or ()
        known = {*table.model_fields}
        return Group(name, _with_unknown(fields, name, given, known))

    def _declared(
        self, prefix: str, fields: Mapping[str, FieldInfo], given: Mapping[str, Any]
    ) -> tuple[FormField, ...]:
        return tuple(self._field(f"{prefix}{name}", name, one, given) for name, one in fields.items())

    def _field(self, key: str, name: str, declared: FieldInfo, given: Mapping[str, Any]) -> FormField:
        last = name.rpartition(".")[2]
        usual = None if declared.is_required() else declared.get_default(call_default_factory=True)
        usual = None if usual is PydanticUndefined else usual
        found = FormField(
            key,
            name,
            kind=kind_of(declared.annotation),
            help=declared.description or "",
            expected=expected(declared.annotation),
            usual=usual,
            default=written_text(usual) if usual not in (None, [], {}) else RULES.get(key, ""),
            choices=self._choices(key, declared.annotation),
            often=key in OFTEN and not (key == "data.path" and self._needs_no_path),
            **_written(given, last),
        )
        return self._with_task(found)

    def _with_task(self, field: FormField) -> FormField:
        """`evaluate.metrics` has the task's own as its default."""
        if field.key != "evaluate.metrics" or self.task is None:
            return field
        from dataclasses import replace

        own = list(self.task.metrics)
        return replace(field, usual=own, default=written_text(own), origin="the task's own")

    def _choices(self, key: str, annotation: Any) -> tuple[str, ...]:
        if key == "task":
            return tuple(sorted(self.catalog.tasks))
        if key == "data.source":
            return tuple(sorted(self.catalog.sources))
        if key == "run.device":
            return DEVICES
        if key == "evaluate.metrics" and self.task is not None:
            return tuple(one.name for one in self.catalog.all_metrics() if one.shape == self.task.shape)
        if key.startswith("preprocess.") and key.endswith(".use"):
            return tuple(sorted(self.catalog.preprocessors))
        return literals(annotation)

    def _steps(self) -> Iterator[Group]:
        from tui_finetune.config.schema import PreprocessStep

        steps = self.data.get("preprocess")
        steps = steps if isinstance(steps, list) else []
        for index, step in enumerate(steps):
            given = step if isinstance(step, Mapping) else {}
            key = f"preprocess.{index}"
            fields = self._declared(f"{key}.", {"use": PreprocessStep.model_fields["use"]}, given)
            owner = self.catalog.preprocessors.get(str(given.get("use")))
            options = given.get("options")
            fields += self._options(f"{key}.options", owner, options if isinstance(options, Mapping) else {}) or ()
            yield Group(key, _with_unknown(fields, key, given, {"use", "options"}))
        if self.catalog.preprocessors:
            yield Group("preprocess", (), adds=True)

    def _changes(self) -> Iterator[Group]:
        """The changes that are written; none is offered: they come from steering a run."""
        from dataclasses import replace

        from tui_finetune.config.schema import ChangeTable

        changes = self.data.get("change")
        for index, change in enumerate(changes if isinstance(changes, list) else []):
            given, key = change if isinstance(change, Mapping) else {}, f"change.{index}"
            declared = self._declared(f"{key}.", ChangeTable.model_fields, given)
            fields = [replace(one, kind="value") if one.name == "set" else one for one in declared]
            yield Group(key, _with_unknown(fields, key, given, set(ChangeTable.model_fields)))

    def _arguments(self) -> Group:
        table, _ = checks.arguments_table(self.task, self.cache)
        given = self._table("train")
        first = [table[name] for name in FIRST if name in table]
        others = [one for one in table.values() if one.name not in FIRST and arguments.refusal(one.name) is None]
        fields = tuple(self._argument(one, given) for one in (*first, *others))
        return Group("train", _with_unknown(fields, "train", given, {one.name for one in fields}))

    def _argument(self, one: arguments.Argument, given: Mapping[str, Any]) -> FormField:
        ours = arguments.OUR_DEFAULTS.get(one.name)
        usual = ours.value if ours is not None else one.default
        default = ours.rule if ours is not None else written_text(usual) if usual is not None else ""
        words = words_of_names(one.types)
        return FormField(
            f"train.{one.name}",
            one.name,
            kind=kind_of_names(one.types),
            help=" ".join(part for part in (one.help, _why(ours)) if part),
            expected=words,
            usual=usual,
            default=default,
            choices=one.choices or (("true", "false") if one.types[0] == "bool" else ()),
            often=f"train.{one.name}" in OFTEN,
            **_written(given, one.name),
        )

    def _options(self, prefix: str, owner: Any, given: Mapping[str, Any]) -> tuple[FormField, ...] | None:
        """Options as their owner declares them; without an owner only what is written."""
        model = owner.options_model() if owner is not None else None
        short = prefix.rpartition(".")[2]
        fields: tuple[FormField, ...] = ()
        if model is not None:
            fields = tuple(
                self._field(f"{prefix}.{name}", name if prefix == "task_options" else f"{short}.{name}", one, given)
                for name, one in model.model_fields.items()
            )
        known = {one.key.rpartition(".")[2] for one in fields}
        unknown = tuple(_unknown_field(f"{prefix}.{name}", f"{short}.{name}", value)
                        for name, value in given.items() if name not in known)  # fmt: skip
        return fields + unknown or None

    def _unknown(self, prefix: str, table: Mapping[str, Any]) -> Iterator[FormField]:
        for name, value in table.items():
            yield _unknown_field(f"{prefix}.{name}", name, value)


def _why(ours: arguments.Default | None) -> str:
    return f"Ours is {ours.rule}: {ours.reason}." if ours is not None else ""


def _written(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    if name not in given:
        return {}
    return {"written": True, "value": given[name], "text": written_text(given[name])}


def _unknown_field(key: str, name: str, value: Any) -> FormField:
    return FormField(key, name, known=False, written=True, value=value, text=written_text(value))


def _with_unknown(
    fields: Sequence[FormField], prefix: str, given: Mapping[str, Any], known: set[str]
) -> tuple[FormField, ...]:
    """The fields, and keys that nobody knows, each behind the one that stands before it in the recipe."""
    found = list(fields)
    before: str | None = None
    for name, value in given.items():
        if name not in known:
            place = next(
                (i + 1 for i, one in enumerate(found) if one.name == before), 0 if before is None else len(found)
            )
            found.insert(place, _unknown_field(f"{prefix}.{name}", name, value))
        before = name
    return tuple(found)
