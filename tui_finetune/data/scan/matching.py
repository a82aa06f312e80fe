"""Conditions and orders as SQL over the rows of a split."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from tui_finetune.data.conditions import Condition
from tui_finetune.data.lengths import WORD
from tui_finetune.data.scan.locked import name_of, quoted
from tui_finetune.data.scan.stored import Stored
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import ROW_ID

LENGTH = "length"
"""What rows can be sorted by beside their columns: characters of what the model reads."""
_NOT_BLANK = r"[^\s\p{Z}]"
_ID = re.compile(r".:\d+$")
"""The end of a row id: only a word that has it is looked for among them, for there is one of them for every row."""

ClassNames = Mapping[str, Sequence[str]]


def condition_sql(condition: Condition, stored: Stored, inputs: Sequence[str], class_names: ClassNames) -> str:
    """An expression that is true for the rows that meet the condition. Raises DataError where none can."""
    if condition.relation == "sql":
        return f"(\n{condition.value}\n)"
    if condition.relation == "duplicates":
        return _duplicates(condition.column, stored)
    name = condition.column
    if name is None:
        return _anywhere(condition, stored)
    if name not in stored.columns:
        return f"{measure_sql(name, stored, inputs)} {_sign(condition)} {_number(condition.number)}"
    column, holds = name_of(name), stored.holds(name)
    if condition.relation == "missing":
        return _missing(column, holds)
    if condition.relation in (">", "<", ">=", "<="):
        if holds != "number":
            hint = f"{name}:text finds texts in it."
            raise DataError(Problem(f"{name} holds no numbers, but {stored.columns[name]}.", hint=hint))
        return _compared(column, condition, stored.columns[name])
    if condition.relation == "~":
        return _in_text(column, holds, lambda text: f"regexp_matches({text}, {quoted(condition.value)})")
    return _value(name, condition, stored, class_names.get(name))


def measure_sql(measure: str, stored: Stored, inputs: Sequence[str]) -> str:
    """Words, or characters, of the columns that a model reads; of lists those of all their texts."""
    if not inputs:
        raise DataError(Problem(f"{measure}: no column here is read by a model.", hint="Name a task first."))
    parts = []
    for name in inputs:
        column, holds = name_of(name), stored.holds(name)
        if measure == "words":
            counted = f"len({column})" if holds == "texts" else f"len(regexp_extract_all({column}, {quoted(WORD)}))"
        elif holds == "texts":
            counted = f"list_sum(list_transform({column}, lambda one: length(one)))"
        else:
            counted = f"length(CAST({column} AS VARCHAR))"
        parts.append(f"coalesce({counted}, 0)")
    return f"({' + '.join(parts)})"


def order_sql(sort: str, stored: Stored, inputs: Sequence[str]) -> str:
    """What rows are ordered by. Raises DataError for what has no order."""
    if sort in stored.columns:
        holds = stored.holds(sort)
        if holds in ("text", "number"):
            return name_of(sort)
        if holds in ("texts", "list"):
            return f"len({name_of(sort)})"
        if stored.columns[sort].startswith(("struct", "map", "dense", "sparse", "binary", "large_binary")):
            raise DataError(Problem(f"{sort} holds {stored.columns[sort]}, which has no order."))
        return name_of(sort)
    if sort != LENGTH or not inputs:
        raise DataError(Problem(f"no column {sort} to sort by.", hint=f"There are: {', '.join(stored.columns)}."))
    return measure_sql("chars", stored, inputs)


def _anywhere(condition: Condition, stored: Stored) -> str:
    """In any text of the row."""
    word = condition.value
    is_expression = condition.relation == "~"
    tests = []
    for name in stored.columns:
        if (holds := stored.holds(name)) in ("text", "texts"):
            if is_expression:
                tests.append(_in_text(name_of(name), holds, lambda text: f"regexp_matches({text}, {quoted(word)})"))
            else:
                tests.append(_contains(name_of(name), holds, word))
    if not is_expression and stored.has_ids and _ID.search(word):
        tests.append(_contains(name_of(ROW_ID), "text", word))
    return f"({' OR '.join(tests)})" if tests else "false"


def _contains(column: str, holds: str, value: str) -> str:
    """A part of the text, in any case; of lists: of one of the texts."""
    return _in_text(column, holds, lambda text: f"contains(lower({text}), {quoted(value.lower())})")


def _in_text(column: str, holds: str, test: object) -> str:
    assert callable(test)
    if holds == "texts":
        return f"coalesce(len(list_filter({column}, lambda one: {test('one')})) > 0, false)"
    text = column if holds == "text" else f"CAST({column} AS VARCHAR)"
    return f"coalesce({test(text)}, false)"


def _missing(column: str, holds: str) -> str:
    """Null, or a text of nothing but blanks, or an empty list."""
    if holds == "text":
        return f"({column} IS NULL OR NOT regexp_matches({column}, {quoted(_NOT_BLANK)}))"
    if holds in ("texts", "list"):
        return f"({column} IS NULL OR len({column}) = 0)"
    return f"{column} IS NULL"


def _compared(column: str, condition: Condition, kind: str) -> str:
    compared = f"{column} {condition.relation} {_number(condition.number)}"
    return compared if "int" in kind else f"({compared} AND NOT isnan({column}))"


def _value(name: str, condition: Condition, stored: Stored, names: Sequence[str] | None) -> str:
    """`:` is a part of the value, in any case; `=` the whole of it. Names of classes stand for their numbers."""
    value, column, holds = condition.value, name_of(name), stored.holds(name)
    if names is not None and "int" in stored.columns[name] and holds == "number" and not value.lstrip("-").isdigit():
        ids = [str(index) for index, one in enumerate(names) if _is_meant(one, condition)]
        return f"{column} IN ({', '.join(ids)})" if ids else "false"
    if holds == "texts" or (holds == "text" and condition.relation == ":"):
        return _contains(column, holds, value)
    if holds == "text":
        return f"{column} = {quoted(value)}"
    if holds == "number":
        return _equal_number(column, value)
    if holds == "list":
        return f"coalesce(list_contains(CAST({column} AS VARCHAR[]), {quoted(value)}), false)"
    return f"CAST({column} AS VARCHAR) = {quoted(value)}"


def _equal_number(column: str, value: str) -> str:
    try:
        return f"{column} = {int(value)}"
    except ValueError:
        pass
    try:
        return f"{column} = {_number(float(value))}"
    except ValueError:
        return "false"


def _is_meant(name: str, condition: Condition) -> bool:
    if condition.relation == "=":
        return name == condition.value
    return condition.value.lower() in name.lower()


def _duplicates(name: str | None, stored: Stored) -> str:
    """Rows that are in a column, or in all of them, as others are; a column that is null is like no other."""
    columns = [name_of(one) for one in ([name] if name is not None else stored.columns)]
    key = f"hash({', '.join(columns)})"
    there = f"{columns[0]} IS NOT NULL AND " if name is not None else ""
    where = f" WHERE {columns[0]} IS NOT NULL" if name is not None else ""
    return f"({there}{key} IN (SELECT {key} FROM {stored.relation}{where} GROUP BY 1 HAVING count(*) > 1))"


def _sign(condition: Condition) -> str:
    return "=" if condition.relation == ":" else condition.relation


def _number(value: float) -> str:
    """A number as SQL has it."""
    if math.isfinite(value):
        return str(int(value)) if value == int(value) and abs(value) < 2**53 else f"{value!r}::DOUBLE"
    return f"'{value}'::DOUBLE"
