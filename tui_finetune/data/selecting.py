"""The columns of a split by role, in the types that tasks take; rows that lack something are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_finetune.data.answer_lists import answer_lists, is_answers
from tui_finetune.data.conversations import conversation_texts, is_conversations
from tui_finetune.data.problems import listed
from tui_finetune.errors import Problem
from tui_finetune.plugin_api import ROW_HASH, ROW_ID, Role, Task

if TYPE_CHECKING:
    import pyarrow as pa

DROP_HINT = ": [data] options = { drop_missing = true }."
UNLABELLED = -1
"""What data sets of the Hub put where a label is not given away."""


@dataclass(frozen=True)
class Selected:
    """A split by role."""

    table: pa.Table
    """row_id, row_hash, and a column a role."""
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    no_labels: bool = False
    """True where not one row has a label."""
    classes: tuple[str, ...] | None = field(default=None)
    """Names of integer labels, where the source knows them."""


def select(table: pa.Table, columns: Mapping[str, str], task: Task, *, where: str, drop: bool | None) -> Selected:
    """Role columns renamed and cast, with what is wrong with them.

    drop: whether rows that lack something are left out; None where the source has no such option.
    """
    import pyarrow as pa

    problems: list[Problem] = []
    arrays = [table.column(ROW_ID), table.column(ROW_HASH)]
    roles = [task.role(name) for name in columns]
    for role in roles:
        assert role is not None
        name = columns[role.name]
        column, problem = _of_role(table, role, name, where)
        arrays.append(column)
        problems += [problem] if problem else []
    made = pa.table(arrays, names=[ROW_ID, ROW_HASH, *columns])
    gold = task.gold_role
    no_labels = gold is not None and gold.name in columns and _unlabelled(made.column(gold.name))
    if not problems and not no_labels:
        made, found = _without_nulls(made, columns, drop)
        problems += found
    warnings = [] if problems else _blank(made, task, columns)
    if not problems and made.num_rows == 0:
        problems.append(Problem(f"no row is left{where}.", "data"))
    return Selected(made, tuple(problems), tuple(warnings), no_labels)


def _of_role(table: pa.Table, role: Role, name: str, where: str) -> tuple[pa.ChunkedArray, Problem | None]:
    import pyarrow.compute as pc

    kind = table.schema.field(name).type
    if role.kind == "answers" and is_answers(kind):
        return answer_lists(table, name), None
    if role.kind == "messages" and is_conversations(kind):
        return conversation_texts(table.column(name), role, name, where)
    if role.kind == "text" and role.missing_is_none:
        column, problem = _cast(table.column(name), role, name, where)
        return (column, problem) if problem else (pc.fill_null(column, ""), None)
    return _cast(table.column(name), role, name, where)


def _cast(column: pa.ChunkedArray, role: Role, name: str, where: str) -> tuple[pa.ChunkedArray, Problem | None]:
    """The column in the type of its role, or as it is and a problem."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if role.kind == "labels":
        column = label_lists(column, role)
        kind = column.type
    wanted = _wanted(role, kind)
    if wanted is None:
        what = {
            "text": "texts",
            "words": "lists of words",
            "labels": "lists of labels",
            "tags": "lists of tags",
            "number": "numbers",
            "answers": "answers with text and answer_start",
            "messages": "texts or messages",
        }
        hint = f"data.columns.{role.name} names another one."
        said = Problem(
            f"column {name} holds {kind}{where}; {what.get(role.kind, 'labels')} are needed for {role.name}.",
            f"data.columns.{role.name}",
            hint=hint,
        )
        return column, said
    return (column if wanted == kind else column.cast(wanted)), None


def _wanted(role: Role, kind: pa.DataType) -> pa.DataType | None:
    import pyarrow as pa

    types = pa.types
    is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    is_list = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    if role.kind in ("text", "messages"):
        fine = is_text or types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)
        return pa.string() if fine else None
    if role.kind == "label":
        return pa.string() if is_text else pa.int64() if types.is_integer(kind) else kind if not is_list else None
    if role.kind == "number":
        one = kind.value_type if is_list else kind
        if not (types.is_floating(one) or types.is_integer(one)):
            return None
        return pa.list_(pa.float64()) if is_list else pa.float64()
    if not is_list:
        return None
    inner = kind.value_type
    if types.is_string(inner) or types.is_large_string(inner):
        return pa.list_(pa.string())
    if role.kind in ("tags", "labels") and types.is_integer(inner):
        return pa.list_(pa.int64())
    return None


def label_lists(column: pa.ChunkedArray, role: Role) -> pa.ChunkedArray:
    """Lists of labels, of texts with the role's separator between them; whole numbers where all of them are.

    A single label is a list of one, an empty text a list of none; what is missing stays so, or is none where the role says.
    """
    import pyarrow as pa

    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        column = _parted(column, role.separator)
    elif pa.types.is_integer(kind):
        column = pa.chunked_array([pa.array([None if v is None else [v] for v in column.to_pylist()], pa.list_(kind))])
    elif pa.types.is_null(kind) and role.missing_is_none:
        column = column.cast(pa.list_(pa.string()))
    if role.missing_is_none and column.null_count and pa.types.is_list(column.type):
        column = pa.chunked_array([pa.array([row or [] for row in column.to_pylist()], column.type)])
    return column


def _parted(column: pa.ChunkedArray, separator: str) -> pa.ChunkedArray:
    import pyarrow as pa

    rows = [
        None if text is None else [part.strip() for part in text.split(separator) if part.strip()]
        for text in column.to_pylist()
    ]
    parts = {part for row in rows for part in row or ()}
    if parts and all(part.isascii() and part.isdigit() and str(int(part)) == part for part in parts):
        numbers = [None if row is None else [int(part) for part in row] for row in rows]
        return pa.chunked_array([pa.array(numbers, pa.list_(pa.int64()))])
    return pa.chunked_array([pa.array(rows, pa.list_(pa.string()))])


def labels_alike(table: pa.Table, first: pa.Table, gold: str) -> pa.Table:
    """Whole numbers as texts, where the first split has texts: a `1` of one file is the `1` of another."""
    import pyarrow as pa

    if gold not in table.column_names:
        return table
    wanted, kind = first.schema.field(gold).type, table.schema.field(gold).type
    texts, numbers = (pa.string(), pa.list_(pa.string())), (pa.int64(), pa.list_(pa.int64()))
    if wanted in texts and kind in numbers:
        return table.set_column(table.column_names.index(gold), gold, table.column(gold).cast(wanted))
    return table


def _unlabelled(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(column) == column.null_count:
        return True
    return bool(pa.types.is_integer(column.type) and pc.all(pc.equal(column, UNLABELLED)).as_py())


def _without_nulls(table: pa.Table, columns: Mapping[str, str], drop: bool | None) -> tuple[pa.Table, list[Problem]]:
    """The rows that have everything, where the rest is to be dropped; else the rest is named."""
    import pyarrow.compute as pc

    problems = []
    kept = None
    for role, column in columns.items():
        missing = _missing(table.column(role))
        count = pc.sum(missing).as_py() or 0
        if not count:
            continue
        kept = pc.invert(missing) if kept is None else pc.and_(kept, pc.invert(missing))
        ids = table.column(ROW_ID).filter(missing).slice(0, 5).to_pylist()
        hint = "Fill it in, or leave such rows out" + (DROP_HINT if drop is not None else ".")
        rows = "1 row has" if count == 1 else f"{count:,} rows have"
        more = "" if count <= len(ids) else f" and {count - len(ids):,} more"
        problems.append(Problem(f"{rows} no {column}: {', '.join(ids)}{more}.", f"data.columns.{role}", hint=hint))
    if kept is None or not drop:
        return table, problems
    return table.filter(kept), []


def _missing(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """True where there is nothing, or a list with nothing somewhere in it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = column.is_null()
    if pa.types.is_list(column.type) and pc.list_flatten(column).null_count:
        parents = pc.list_parent_indices(column)
        holes = set(parents.filter(pc.list_flatten(column).is_null()).to_pylist())
        inside = pa.chunked_array([pa.array([index in holes for index in range(len(column))])])
        missing = pc.or_(missing.combine_chunks(), inside.combine_chunks())
    return missing


def _blank(table: pa.Table, task: Task, columns: Mapping[str, str]) -> list[str]:
    """A warning about texts that are there and empty."""
    import pyarrow.compute as pc

    found = []
    for role in task.roles:
        may_be_empty = role.missing_is_none or (role.kind == "messages" and not role.required)
        if role.name not in columns or may_be_empty or role.kind not in ("text", "words", "messages"):
            continue
        column = table.column(role.name)
        empty = (
            pc.equal(pc.utf8_trim_whitespace(column), "")
            if role.kind != "words"
            else pc.equal(pc.list_value_length(column), 0)
        )
        count = pc.sum(empty).as_py() or 0
        if count:
            ids = table.column(ROW_ID).filter(empty).slice(0, 3).to_pylist()
            found.append(f"{count:,} rows have an empty {role.name}: {listed(ids)}{' …' if count > len(ids) else ''}")
    return found
