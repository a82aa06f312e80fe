"""What is wrong or odd about splits taken together: unknown labels, rows in two splits, labels that nothing trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_finetune.data.identity import row_hashes
from tui_finetune.data.problems import listed
from tui_finetune.errors import Problem
from tui_finetune.plugin_api import ROW_HASH, ROW_ID, LabelSet, Task
from tui_finetune.plugin_api.tasks import UNLABELLED

if TYPE_CHECKING:
    import pyarrow as pa

UNKNOWN_TOLD = 8


def unknown_labels(
    tables: Mapping[str, pa.Table], labels: LabelSet | None, task: Task, explicit: bool
) -> list[Problem]:
    """A problem a split whose labels are not all known, with counts and first rows. Numbers are no labels."""
    gold = task.gold_role
    if gold is None or gold.kind in UNLABELLED or labels is None:
        return []
    problems = []
    for name, table in tables.items():
        if gold.name not in table.column_names:
            continue
        unknown = [value for value in _distinct(table.column(gold.name)) if labels.id_of(value) is None]
        if not unknown:
            continue
        told = [_told(table, gold.name, value) for value in unknown[:UNKNOWN_TOLD]]
        more = f"; and {len(unknown) - UNKNOWN_TOLD:,} more labels" if len(unknown) > UNKNOWN_TOLD else ""
        than = "data.labels lacks" if explicit else "train lacks"
        hint = f"The labels are {listed(labels.names, 12)}. Mend the rows, or name all in data.labels."
        word = "a label" if len(unknown) == 1 else f"{len(unknown):,} labels"
        problems.append(Problem(f"{name} has {word} that {than}: {'; '.join(told)}{more}.", "data.labels", hint=hint))
    return problems


def _distinct(column: pa.ChunkedArray) -> list[object]:
    import pyarrow as pa
    import pyarrow.compute as pc

    flat = pc.list_flatten(column) if pa.types.is_nested(column.type) else column
    found: list[object] = flat.unique().drop_null().to_pylist()
    return sorted(found, key=lambda value: (str(type(value)), value))


def _told(table: pa.Table, role: str, value: object) -> str:
    """`'spam' (3 rows, first test.csv:41)`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = table.column(role)
    if pa.types.is_nested(column.type):
        rows = sorted({row for row, tags in enumerate(column.to_pylist()) if value in tags})
        ids = [table.column(ROW_ID)[row].as_py() for row in rows[:1]]
        count = len(rows)
    else:
        found = table.column(ROW_ID).filter(pc.equal(column, pa.scalar(value, column.type)))
        ids, count = found.slice(0, 1).to_pylist(), len(found)
    rows_word = f"{count:,} rows, first" if count > 1 else "row"
    return f"{value!r} ({rows_word} {ids[0]})"


def words_and_tags(tables: Mapping[str, pa.Table], task: Task) -> list[Problem]:
    """Rows with another number of tags than words."""
    import pyarrow.compute as pc

    words = next((role.name for role in task.roles if role.kind == "words"), None)
    tags = next((role.name for role in task.roles if role.kind == "tags"), None)
    problems: list[Problem] = []
    for name, table in tables.items():
        if words is None or tags is None or not {words, tags} <= set(table.column_names):
            continue
        odd = pc.not_equal(pc.list_value_length(table.column(words)), pc.list_value_length(table.column(tags)))
        found = table.filter(odd)
        if found.num_rows:
            row = found.slice(0, 1).to_pylist()[0]
            first = f"{row[ROW_ID]} has {len(row[words])} words and {len(row[tags])} tags"
            more = f", and {found.num_rows - 1:,} more such rows" if found.num_rows > 1 else ""
            problems.append(Problem(f"{name}: {first}{more}.", "data.columns", hint="Every word needs one tag."))
    return problems


def shared_rows(tables: Mapping[str, pa.Table], task: Task) -> list[str]:
    """A warning for each of validation and test that has rows of train."""
    train = tables.get("train")
    found = []
    for name in ("validation", "test"):
        if train is None or name not in tables:
            continue
        ids = _ids_also_in(tables[name], train, task)
        if ids:
            rows = "1 row is" if len(ids) == 1 else f"{len(ids):,} of {tables[name].num_rows:,} rows are"
            found.append(f"{name}: {rows} in train too, word for word: {listed(ids, 3)}.")
    return found


def _ids_also_in(table: pa.Table, train: pa.Table, task: Task) -> list[str]:
    """Ids of the rows of `table` whose role columns are a row's of train."""
    first = next(role.name for role in task.roles if role.name in table.column_names)
    near = _rows_like(table, train, first)
    ids: list[str] = near.column(ROW_ID).to_pylist()
    if not ids:
        return []
    roles = [name for name in table.column_names if name not in (ROW_ID, ROW_HASH) and name in train.column_names]
    known = set(row_hashes(_rows_like(train, near, first).select(roles)))
    hashes = row_hashes(near.select(roles))
    return [row for row, digest in zip(ids, hashes, strict=True) if digest in known]


def _rows_like(table: pa.Table, other: pa.Table, column: str) -> pa.Table:
    """Rows of `table` whose `column` occurs in `other`: a quick look before rows are hashed."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_nested(table.column(column).type):
        return table
    return table.filter(pc.is_in(table.column(column), value_set=other.column(column).combine_chunks()))


def told_by_task(tables: Mapping[str, pa.Table], labels: LabelSet, task: Task) -> list[Problem]:
    """What the task finds wrong with the rows of each split."""
    if type(task).row_problems is Task.row_problems:
        return []
    return [
        replace(problem, message=f"{name}: {problem.message}")
        for name, table in tables.items()
        for problem in task.row_problems(table.to_pydict(), labels)
    ]


def untrained_labels(tables: Mapping[str, pa.Table], labels: LabelSet | None, task: Task) -> list[str]:
    """A warning about labels without a row in train: of a given list, or after a sample was taken."""
    gold, train = task.gold_role, tables.get("train")
    if gold is None or gold.kind in UNLABELLED or labels is None or train is None:
        return []
    there = {labels.id_of(value) for value in _distinct(train.column(gold.name))}
    absent = [name for index, name in enumerate(labels.names) if index not in there]
    if not absent:
        return []
    if len(absent) == 1:
        return [f"Label {absent[0]} has no row in train."]
    return [f"{len(absent):,} labels have no row in train: {listed(absent)}."]


def alone_note(labels: Sequence[str]) -> str:
    """Labels with one row, which stays in train."""
    if len(labels) == 1:
        return f"Label {labels[0]} has one row only; it is in train."
    return f"{len(labels):,} labels have one row only, which is in train: {listed(labels)}."
