"""The rows of what was opened, as they are checked: all splits of the source, before anything is left out or divided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from tui_finetune.data.conversations import is_messages
from tui_finetune.data.files import role_of_split
from tui_finetune.data.look import Look
from tui_finetune.data.plan import TRAIN
from tui_finetune.data.quality.material import Material, Roles, material
from tui_finetune.data.roles import class_names, columns_alike
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import ROW_HASH, ROW_ID, Task

NO_LABELS = ("text", "number", "words", "answers", "messages")
"""Kinds of what is predicted that are no labels."""
LABELS = ("label", "labels", "tags")
"""Roles that hold labels, where no task says which does."""


def material_of(look: Look) -> Material:
    """The rows of a look. Raises DataError where no column can be read as text."""
    tables = tables_of(look)
    roles = {}
    for name, table in tables.items():
        found = _roles(look, table)
        if found is not None:
            roles[name] = found
    if not roles:
        hint = f"It has: {', '.join(column.name for column in look.opened.columns[:12])}."
        raise DataError(Problem("no column of texts was found.", "data.columns", hint=hint))
    windowed = look.task is not None and look.task.windowed
    return replace(material(tables, roles), windowed=windowed)


def tables_of(look: Look) -> dict[str, pa.Table]:
    """The source's splits, and those that a recipe brings from elsewhere; what is trained on comes first."""
    tables = {name: split.table() for name, split in look.opened.splits.items()}
    if look.prepared is not None:
        origin = look.prepared.source_split or {}
        further = {name: table for name, table in look.prepared.splits.items() if origin.get(name, name) not in tables}
        tables = {**further, **tables}
    wanted = look.recipe.data.split
    trained = wanted if wanted in tables else next((name for name in tables if role_of_split(name) == TRAIN), None)
    first = trained or next(iter(tables))
    return {first: tables[first], **tables}


def _roles(look: Look, table: pa.Table) -> Roles | None:
    """The columns of one split; None where it has none that a model reads."""
    if look.task is None:
        return _roles_alone(look, table)
    columns = _columns(look.task, look.roles, table)
    if columns is None:
        return None
    gold = look.task.gold_role
    inputs = tuple(columns[role.name] for role in look.task.roles if role.name in columns and not role.gold)
    inputs = tuple(name for name in inputs if not is_messages(table.schema.field(name).type))
    labels = columns.get(gold.name) if gold is not None and gold.kind not in NO_LABELS else None
    return Roles(inputs, labels, class_names(look.opened.columns, labels))


def _roles_alone(look: Look, table: pa.Table) -> Roles | None:
    """The columns where no task takes them: those that have a part, else the one with the longest texts."""
    gold = next((look.roles[role] for role in LABELS if role in look.roles), None)
    inputs = [name for name in look.roles.values() if name in table.column_names and name != gold]
    inputs = [name for name in inputs if _holds_text(table.schema.field(name).type)]
    if not inputs and (longest := _longest_text(table)) is not None:
        inputs = [longest]
    names = class_names(look.opened.columns, gold)
    return Roles(tuple(inputs), gold, names, required=False) if inputs else None


def _holds_text(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _columns(task: Task, roles: Mapping[str, str], table: pa.Table) -> dict[str, str] | None:
    """Role to column in a split that may name its columns otherwise, or lack the labels."""
    if set(roles) <= set(table.column_names) and not set(roles.values()) <= set(table.column_names):
        return {role: role for role in roles}  # prepared already
    for gold in (True, False):
        try:
            return columns_alike(task, roles, table, gold=gold, where="")[0]
        except DataError:
            continue
    return None


def _longest_text(table: pa.Table) -> str | None:
    """The column with the longest texts."""
    best, longest = None, 0.0
    for field in table.schema:
        if field.name in (ROW_ID, ROW_HASH) or not (
            pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
        ):
            continue
        mean = pc.mean(pc.utf8_length(table.column(field.name).slice(0, 1000))).as_py() or 0.0
        if mean > longest:
            best, longest = field.name, mean
    return best
