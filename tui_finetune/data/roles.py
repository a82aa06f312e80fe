"""Which column plays which part: as the recipe says, else by the names that a task knows, else by what the columns hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from tui_finetune.data.answer_lists import is_answers, is_placed
from tui_finetune.data.conversations import is_conversations, is_messages, says_who
from tui_finetune.data.problems import listed
from tui_finetune.errors import DataError, Problem, nearest
from tui_finetune.plugin_api import ROW_HASH, ROW_ID, Column, Role, Task

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE = 5_000
"""Rows looked at for a guess."""
MANY_LABELS = 1_000


_WANTED = {
    "text": "texts",
    "label": "texts, whole numbers or true/false that repeat",
    "labels": "lists of labels, or texts of them with a separator between",
    "words": "lists of words",
    "tags": "lists of tags",
    "answers": "answers with text and answer_start",
    "number": "numbers, or lists of numbers",
    "messages": "texts, or messages with role and content",
}


def columns_for_roles(
    task: Task,
    given: Mapping[str, str],
    table: pa.Table,
    *,
    gold: bool = True,
    by_content: bool = True,
    where: str = "",
) -> tuple[dict[str, str], list[str]]:
    """Role to column, and the guesses in words. Raises DataError naming every role without a column.

    gold: whether what is to be predicted has to be there. by_content: whether a look at the values may choose, not only names.
    where: the split, for messages.
    """
    names = [name for name in table.column_names if name not in (ROW_ID, ROW_HASH)]
    found: dict[str, str] = {}
    notes: list[str] = []
    problems: list[Problem] = []
    for role in task.roles:
        if role.name in given:
            if given[role.name] in names:
                found[role.name] = given[role.name]
            else:
                problems.append(_absent(role, given[role.name], names, where))
    guesser = _Guesser(table, [name for name in names if name not in given.values()])
    open_roles = [role for role in task.roles if role.name not in given]
    guesser.reserve(role for role in open_roles)
    for role in open_roles:
        guess = guesser.guess(role, found) if by_content else guesser.by_name.get(role.name)
        if guess is not None:
            found[role.name] = guess
            if guess != role.name:
                notes.append(f"Column {guess} is taken as {role.name}.")
        elif role.required and (gold or not role.gold):
            problems.append(guesser.unfit(role, where) or _without(role, names, where))
    if problems:
        raise DataError(problems)
    return {role.name: found[role.name] for role in task.roles if role.name in found}, notes


def columns_alike(
    task: Task, known: Mapping[str, str], table: pa.Table, *, gold: bool, where: str
) -> tuple[dict[str, str], list[str]]:
    """The columns of a further split for the roles of the first: of the same name, else of a usual one.

    gold: whether what is to be predicted has to be there.
    """
    same = {role: column for role, column in known.items() if column in table.column_names}
    found, notes = columns_for_roles(task, same, table, gold=gold, by_content=False, where=where)
    optional = [role for role in task.roles if role.name in known and not role.required and role.name not in found]
    if optional:
        names = [name for name in table.column_names if name not in (ROW_ID, ROW_HASH)]
        raise DataError([_absent(role, known[role.name], names, where) for role in optional])
    return {role: column for role, column in found.items() if role in known}, notes


def _absent(role: Role, column: str, names: Sequence[str], where: str) -> Problem:
    near = nearest(column, names)
    hint = f"Did you mean {near}?" if near else f"It has: {listed(names, 12)}."
    return Problem(f"no column '{column}'{where}.", f"data.columns.{role.name}", hint=hint)


def _without(role: Role, names: Sequence[str], where: str) -> Problem:
    hint = f'It has: {listed(names, 12)}. Name it: [data] columns = {{ {role.name} = "…" }}.'
    hint = f"{hint} {role.otherwise}".rstrip()
    return Problem(f"no column for {role.name} ({_WANTED[role.kind]}) was found{where}.", "data.columns", hint=hint)


class _Guesser:
    """Guesses at a table's columns; each column is given once."""

    def __init__(self, table: pa.Table, names: Sequence[str]) -> None:
        self.sample = table.slice(0, SAMPLE)
        self.free = list(names)
        self.by_name: dict[str, str] = {}

    def reserve(self, roles: Iterable[Role]) -> None:
        """Gives columns by their usual names first, so that no role takes by content what is another's by name."""
        for role in roles:
            usual = [_plain(name) for name in (role.name, *role.usual_names)]
            match = self._named(role, usual, lambda column: [_plain(column)]) or self._named(role, usual, _parts)
            if match is not None:
                self.by_name[role.name] = match
                self.free.remove(match)

    def _named(self, role: Role, usual: Sequence[str], names_of: Callable[[str], Sequence[str]]) -> str | None:
        """The first column that fits and has the most usual of the names."""
        fitting = [column for column in self.free if self.fits(role, column)]
        return next((column for name in usual for column in fitting if name in names_of(column)), None)

    def guess(self, role: Role, found: Mapping[str, str]) -> str | None:
        if role.name in self.by_name or role.by_name:
            return self.by_name.get(role.name)
        candidates = [name for name in self.free if self.fits(role, name)]
        if not role.required:
            candidates = [n for n in candidates if n in {_twin(text) for text in found.values()}]
        best = self.best(role, candidates)
        if best is not None:
            self.free.remove(best)
        return best

    def unfit(self, role: Role, where: str) -> Problem | None:
        """A column that is called as the role's are, and holds something else."""
        usual = {_plain(name) for name in (role.name, *role.usual_names)}
        named = next((name for name in self.free if _plain(name) in usual and not self.fits(role, name)), None)
        if named is None:
            return None
        hint = f"It should be {_WANTED[role.kind]}; or name another column: data.columns.{role.name}."
        return Problem(
            f"column {named} holds {self.sample.schema.field(named).type}{where}.", "data.columns", hint=hint
        )

    def fits(self, role: Role, name: str) -> bool:
        """True where the column's type can be of this role."""
        import pyarrow as pa

        kind = self.sample.schema.field(name).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        whole = pa.types.is_integer(kind) or pa.types.is_boolean(kind)
        if role.kind == "labels" and not _is_list(kind):
            return bool(text or pa.types.is_integer(kind))
        if role.kind in ("words", "tags", "labels"):
            return _is_list(kind) and _fits_inside(role, kind.value_type)
        if role.kind == "answers":
            return is_answers(kind)
        if role.kind == "messages":
            return is_conversations(kind) and not says_who(name)
        if role.kind == "number":
            one = kind.value_type if _is_list(kind) else kind
            return bool(pa.types.is_floating(one) or pa.types.is_integer(one))
        return bool(text or (whole and role.kind == "label"))

    def best(self, role: Role, names: Sequence[str]) -> str | None:
        if role.kind == "label":
            labels = [(count, -i, n) for i, n in enumerate(names) if (count := self.labels(n)) is not None]
            return min(labels)[2] if labels else None
        if role.kind == "text":
            texts = [(length, -i, n) for i, n in enumerate(names) if (length := self.length(n)) > 0]
            return max(texts)[2] if texts else None
        if role.kind == "labels":  # texts are taken by name only: any text may have commas
            names = [name for name in names if _is_list(self.sample.schema.field(name).type)]
        if role.kind == "answers":  # texts are taken by name only
            names = [name for name in names if is_placed(self.sample.schema.field(name).type)]
        if role.kind == "messages":  # texts are taken by name only
            names = [name for name in names if is_messages(self.sample.schema.field(name).type)]
        if role.kind == "number":  # whole numbers may be anything; of two columns with a point either may be meant
            names = [name for name in names if self._is_fraction(name)]
            return names[0] if len(names) == 1 else None
        return names[0] if names else None

    def _is_fraction(self, name: str) -> bool:
        import pyarrow as pa

        kind = self.sample.schema.field(name).type
        return bool(pa.types.is_floating(kind.value_type if _is_list(kind) else kind))

    def labels(self, name: str) -> int | None:
        """The number of distinct values, where they repeat as labels do."""
        import pyarrow.compute as pc

        column = self.sample.column(name)
        count = int(pc.count_distinct(column).as_py())
        return count if 2 <= count <= min(MANY_LABELS, max(2, len(column) // 2)) else None

    def length(self, name: str) -> float:
        """Mean length of the texts; a pair's first text comes before its second."""
        import pyarrow.compute as pc

        mean = pc.mean(pc.utf8_length(self.sample.column(name))).as_py() or 0.0
        twin = _twin(name, back=True)
        if twin in self.free and self.length_of(twin) > mean / 2:
            return 0.0
        return float(mean)

    def length_of(self, name: str) -> float:
        import pyarrow as pa
        import pyarrow.compute as pc

        column = self.sample.column(name)
        return float(pc.mean(pc.utf8_length(column)).as_py() or 0) if pa.types.is_string(column.type) else 0.0


def _parts(column: str) -> list[str]:
    """The names within `ticket.body`: of a column that was part of an object."""
    return [_plain(part) for part in column.split(".")] if "." in column else []


def _plain(name: str) -> str:
    return re.sub(r"[^\w]|_", "", name.casefold())


def _twin(name: str, *, back: bool = False) -> str:
    """`#2 String` of `#1 String`; `back`: the other way."""
    old, new = ("2", "1") if back else ("1", "2")
    return name.replace(old, new, 1) if old in name else ""


def _fits_inside(role: Role, kind: pa.DataType) -> bool:
    """True where a list of such values can be of the role."""
    import pyarrow as pa

    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if role.kind == "labels":
        return bool(text or pa.types.is_integer(kind))
    return role.kind == "tags" or not pa.types.is_integer(kind)


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def class_names(columns: Sequence[Column], name: str | None) -> tuple[str, ...] | None:
    """Names of an integer label column, where the source knows them."""
    return next((column.class_names for column in columns if column.name == name), None)
