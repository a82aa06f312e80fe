"""JSON Schema of the recipe, for editors: the declared tables, with the names and options that the plugins here add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tui_finetune.config import arguments
from tui_finetune.config.arguments import Argument
from tui_finetune.config.names import Names
from tui_finetune.config.schema import Recipe
from tui_finetune.errors import UserError
from tui_finetune.runs.settable import SETTABLE, WEIGHT_WORDS, Setting

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema(catalog: Names) -> dict[str, Any]:
    """The schema of a person's recipe. What only the loader can tell (fitting lengths, absent files) is not in it."""
    schema = Recipe.model_json_schema()
    tables: dict[str, Any] = schema["$defs"]
    properties: dict[str, Any] = schema["properties"]
    for name in ("resolved", "train"):
        del properties[name]
    _fill_names(tables, properties, catalog)
    tables["DataTable"]["anyOf"] = [{"required": ["source"]}, {"required": ["path"]}]
    tables["ModelTable"].pop("required", None)
    tables["ChangeTable"]["properties"]["set"] = {
        "type": "object",
        "description": "What changes.",
        "properties": {one.name: _settable(one) for one in SETTABLE.values()},
        "minProperties": 1,
    }
    tables["Train"] = _train(arguments.table(arguments.DEFAULT_CLASS))
    properties["train"] = {"$ref": "#/$defs/Train", "description": "Fields of the task's arguments class."}
    whole: dict[str, Any] = _simplified(schema)
    whole["required"] = ["task", "data"]
    whole["allOf"] = [
        {"anyOf": [{"required": ["of"]}, {"properties": {"model": {"required": ["path"]}}, "required": ["model"]}]},
        *(_of_task(task) for task in catalog.tasks.values()),
    ]
    return {"$schema": DIALECT, "title": "Recipe of tui-finetune", **{k: v for k, v in whole.items() if k != "title"}}


def _fill_names(tables: dict[str, Any], properties: dict[str, Any], catalog: Names) -> None:
    properties["task"]["enum"] = sorted(catalog.tasks)
    tables["DataTable"]["properties"]["source"] = _choice(tables["DataTable"]["properties"]["source"], catalog.sources)
    use = tables["PreprocessStep"]["properties"]["use"]
    if catalog.preprocessors:
        use["enum"] = sorted(catalog.preprocessors)


def _choice(field: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    chosen: dict[str, Any] = {"type": "string", "description": field.get("description", "")}
    return {**chosen, "enum": sorted(names)} if names else chosen


def _of_task(task: Any) -> dict[str, Any]:
    """What holds when this task is chosen: its roles, its own options, its arguments class."""
    roles = {role.name: {"type": "string", "description": role.help} for role in task.roles}
    columns = {"type": "object", "properties": roles, "additionalProperties": False}
    then: dict[str, Any] = {"data": {"properties": {"columns": columns}}}
    model = task.options_model()
    if model is None:
        then["task_options"] = {"type": "object", "maxProperties": 0}
    else:
        options = model.model_json_schema()
        inner = options.pop("$defs", None)
        then["task_options"] = _simplified(options) if inner is None else {"type": "object"}
    if task.arguments_class != arguments.DEFAULT_CLASS:
        then["train"] = _own_train(task.arguments_class)
    return {"if": {"properties": {"task": {"const": task.name}}}, "then": {"properties": then}}


def _own_train(arguments_class: str) -> dict[str, Any]:
    try:
        return _train(arguments.table(arguments_class))
    except UserError:
        return {"type": "object"}


_TYPES: Final[dict[str, dict[str, Any]]] = {
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "str": {"type": "string"},
    "dict": {"type": "object"},
    "list[str]": {"type": "array", "items": {"type": "string"}},
}


def _train(table: Mapping[str, Argument]) -> dict[str, Any]:
    fields = {a.name: _argument(a) for a in table.values() if arguments.refusal(a.name) is None}
    return {"type": "object", "properties": fields, "additionalProperties": False}


def _argument(argument: Argument) -> dict[str, Any]:
    kinds = [_TYPES[kind] for kind in argument.types if kind in _TYPES]
    field: dict[str, Any] = {**kinds[0]} if len(kinds) == 1 else {"anyOf": kinds}
    if argument.choices and "str" in argument.types:
        field = {"type": "string", "enum": list(argument.choices)}
    ours = arguments.OUR_DEFAULTS.get(argument.name)
    default = ours.value if ours is not None else argument.default
    if default is not None:
        field["default"] = default
    return {**field, "description": argument.help}


def _settable(one: Setting) -> dict[str, Any]:
    """A key of `[[change]]`; a number may be a factor of what is in force."""
    about = {"description": one.help}
    if one.choices:
        return {"type": "string", "enum": list(one.choices), **about}
    if one.kind == "number":
        factor = {"type": "string", "pattern": "^[x×*]"}
        return {"anyOf": [{"type": "number", "minimum": one.low}, factor], **about}
    kinds: Mapping[str, dict[str, Any]] = {
        "whole number": {"type": "integer", "minimum": one.low},
        "patterns": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        "weights": {"anyOf": [{"type": "object"}, {"type": "string", "enum": list(WEIGHT_WORDS)}]},
    }
    return {**kinds.get(one.kind, {"type": "string"}), **about}


def _simplified(value: Any) -> Any:
    """Without the alternative `null`, which TOML cannot write, and without pydantic's own titles."""
    if isinstance(value, list):
        return [_simplified(item) for item in value]
    if not isinstance(value, dict):
        return value
    alternatives = value.get("anyOf")
    if isinstance(alternatives, list) and {"type": "null"} in alternatives:
        others = [part for part in alternatives if part != {"type": "null"}]
        rest = {k: v for k, v in value.items() if k != "anyOf" and not (k == "default" and v is None)}
        value = {**rest, **others[0]} if len(others) == 1 else {**rest, "anyOf": others}
    return {
        k: {n: _simplified(p) for n, p in v.items()} if k == "properties" else _simplified(v)
        for k, v in value.items()
        if not (k == "title" and isinstance(v, str))
    }
