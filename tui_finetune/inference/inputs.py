"""What is to be predicted, as rows by role in blocks: typed texts, lines of a stream, files of any format."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import DataError, Problem, UserError
from tui_finetune.inference.predictor import Row
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.plugin_api import ROW_HASH, ROW_ID, Role, Task
from tui_finetune.plugin_api.conversations import raw_text

if TYPE_CHECKING:
    import pyarrow as pa

    from tui_finetune.paths import Home
    from tui_finetune.plugin_api import Progress
    from tui_finetune.plugin_api.manager import Catalog

BLOCK_ROWS = 1024
"""Rows asked at once: enough to sort by length, little to hold."""
COLUMN_HINT = "--column ROLE=NAME names the column of a role."
LINES = (".txt", ".text")
"""Endings of files that are read line by line: every line is a text."""
TEXT = "text"
"""The source that takes such files for lines."""


@dataclass(frozen=True)
class Item:
    """One thing to predict."""

    row: Row | None
    """By role; None where there is nothing to predict: its answer is empty, so that answers stay beside their rows."""
    rest: Mapping[str, Any] = field(default_factory=dict)
    """The file's other columns, which go into the output as they are."""


@dataclass(frozen=True)
class Input:
    """Rows to predict, read as they are asked for."""

    blocks: Iterator[list[Item]]
    total: int | None = None
    rest_types: Mapping[str, Any] = field(default_factory=dict)
    """Arrow types of the other columns."""
    notes: tuple[str, ...] = ()


def from_texts(task: Task, texts: Sequence[str], pairs: Sequence[str] = ()) -> Input:
    """Typed texts, with as many pairs, or one pair for all. Raises UserError with every text that is empty or no text."""
    if len(pairs) not in (0, 1, len(texts)):
        raise UserError(f"{len(texts)} texts but {len(pairs)} pairs. Give one --pair for each text, or one for all.")
    problems = [p for name, given in (("text", texts), ("pair", pairs)) for p in _text_problems(name, given)]
    if problems:
        raise UserError(problems)
    one_for_all = [*pairs] * len(texts) if len(pairs) == 1 else [*pairs]
    seconds: Sequence[str | None] = one_for_all or [None] * len(texts)
    items = [Item(task.input_row(text, pair)) for text, pair in zip(texts, seconds, strict=True)]
    return Input(iter([items]), len(items))


def _text_problems(what: str, texts: Sequence[str]) -> list[Problem]:
    problems = []
    for number, text in enumerate(texts, 1):
        name = f"{what} {number}" if len(texts) > 1 else f"the {what}"
        if not text.strip():
            problems.append(Problem(f"{name} is empty."))
        elif any("\ud800" <= char <= "\udfff" for char in text):
            problems.append(Problem(f"{name} is not valid UTF-8.", hint="Check the terminal's encoding."))
    return problems


def from_stream(task: Task, descriptor: int, name: str = "standard input") -> Input:
    """Lines as they come, each a text; what has come so far is one block, so that a slow writer is answered at once."""
    notes: list[str] = []
    return Input(_stream_blocks(task, descriptor, name, notes))


def _stream_blocks(task: Task, descriptor: int, name: str, notes: list[str]) -> Iterator[list[Item]]:
    number, rest, any_text = 0, b"", False
    while True:
        chunk = os.read(descriptor, 1 << 16)
        *lines, rest = (rest + chunk).split(b"\n") if chunk else [rest, b""]
        items = []
        for line in lines:
            number += 1
            text = _decoded(line, name, number)
            if text.strip():
                items.append(Item(task.input_row(text)))
        any_text = any_text or bool(items)
        for start in range(0, len(items), BLOCK_ROWS):
            yield items[start : start + BLOCK_ROWS]
        if not chunk:
            break
    if not any_text:
        raise UserError(f"{name} is empty: a text on each line is expected.")


def _decoded(line: bytes, name: str, number: int) -> str:
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        odd = line[error.start]
        raise UserError(Problem(f"byte 0x{odd:02x} is not UTF-8.", file=name, line=number)) from error
    return text.removesuffix("\r")


def from_file(
    path: Path,
    task: Task,
    card: TaskCard,
    *,
    columns: Mapping[str, str],
    catalog: Catalog,
    home: Home,
    progress: Progress,
) -> Input:
    """A file of any format that a source reads; the columns by role, as named, else as in training, else guessed."""
    if not path.exists():
        raise DataError(Problem(f"{path}: no such file.", hint=_beside(path)))
    if path.suffix.lower() in LINES and _is_lines(path, catalog):
        return _from_lines(path, task)
    table, notes = _opened(path, catalog, home, progress)
    if table.num_rows == 0:
        raise DataError(f"{path} has no rows.")
    roles, guesses = _roles(table, task, card, columns, path)
    others = [name for name in table.column_names if name not in roles.values() and name not in (ROW_ID, ROW_HASH)]
    types = {name: table.schema.field(name).type for name in others}
    return Input(_table_blocks(table, task, roles, others), table.num_rows, types, (*notes, *guesses))


def _beside(path: Path) -> str | None:
    from tui_finetune.errors import did_you_mean

    try:
        return did_you_mean(path.name, [p.name for p in path.absolute().parent.iterdir()]) or None
    except OSError:
        return None


def _is_lines(path: Path, catalog: Catalog) -> bool:
    """False for a table or CoNLL that is called .txt."""
    from tui_finetune.data.opening import Wanted, source_of

    return source_of(Wanted(source=None, path=str(path.absolute())), catalog).name == TEXT


def _from_lines(path: Path, task: Task) -> Input:
    from tui_finetune.data.textfile import look_at

    text = look_at(path)

    def blocks() -> Iterator[list[Item]]:
        with text.lines() as file:
            block: list[Item] = []
            for line in file:
                line = line.rstrip("\r\n")
                block.append(Item(task.input_row(line) if line.strip() else None))
                if len(block) == BLOCK_ROWS:
                    yield block
                    block = []
            if block:
                yield block

    return Input(blocks(), None, notes=text.notes)


def _opened(path: Path, catalog: Catalog, home: Home, progress: Progress) -> tuple[pa.Table, tuple[str, ...]]:
    """The rows of a file, memory-mapped; of a folder those of all its splits."""
    from tui_finetune.data.opening import Wanted, open_data

    wanted = Wanted(source=None, path=str(path.absolute()))
    opened = open_data(wanted, catalog, home.cache, heavy=False, progress=progress)
    tables = [split.table() for split in opened.splits.values()]
    if len(tables) == 1:
        return tables[0], opened.notes
    import pyarrow as pa

    return pa.concat_tables(tables, promote_options="default"), opened.notes


def _roles(
    table: pa.Table, task: Task, card: TaskCard, given: Mapping[str, str], path: Path
) -> tuple[dict[str, str], list[str]]:
    """Role to column, for what is read and not for what is predicted. Raises DataError with all problems."""
    from tui_finetune.data.roles import columns_for_roles

    wanted = [role for role in task.roles if not role.gold]
    unknown = [name for name in given if name not in {role.name for role in wanted}]
    if unknown:
        hint = f"It reads: {', '.join(role.name for role in wanted)}."
        raise DataError([Problem(f"{task.name} reads no '{name}'.", hint=hint) for name in unknown])
    as_trained = {role.name: card.columns[role.name] for role in wanted if role.name in card.columns}
    known = {name: column for name, column in as_trained.items() if column in table.column_names}
    named = {**known, **given}
    try:
        found, notes = columns_for_roles(task, named, table, gold=False, where=f" in {path.name}")
    except DataError as error:
        if (text := _text_column(table, task, named)) is not None:
            return {_typed_role(task): text}, [f"Column {text} holds the texts."]
        told = [Problem(p.message, hint=(p.hint or "").partition(" Name it:")[0] or None) for p in error.problems]
        raise DataError([*told, Problem(COLUMN_HINT)]) from error
    kept = {role.name: found[role.name] for role in wanted if role.name in found}
    problems = [p for role in wanted if role.name in kept and (p := _unfit(table, role, kept[role.name]))]
    if problems:
        raise DataError(problems)
    return kept, [note for note in notes if any(f" {column} " in note for column in kept.values())]


def _unfit(table: pa.Table, role: Role, column: str) -> Problem | None:
    """Why a column cannot be read as the role: words come as lists or as a text, texts as anything that is written in one."""
    import pyarrow as pa

    from tui_finetune.data.conversations import is_conversations

    kind = table.schema.field(column).type
    if role.kind == "messages" and is_conversations(kind):
        return None
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    nested = pa.types.is_nested(kind)
    listed = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    if (text or listed) if role.kind == "words" else not nested:
        return None
    wanted = "lists of words or texts" if role.kind == "words" else "texts"
    return Problem(f"column {column} holds {kind}; {wanted} are needed for {role.name}.", hint=COLUMN_HINT)


def _typed_role(task: Task) -> str:
    """The required role that a typed text is for."""
    return next(role.name for role in task.roles if role.required and not role.gold)


def _text_column(table: pa.Table, task: Task, named: Mapping[str, str]) -> str | None:
    """Texts for a task that reads words: one column of texts will do, split as a typed text is."""
    import pyarrow as pa

    role = next((role for role in task.roles if role.required and not role.gold), None)
    if role is None or role.kind != "words":
        return None
    texts = [f.name for f in table.schema if pa.types.is_string(f.type) and f.name not in (ROW_ID, ROW_HASH)]
    if role.name in named:
        return named[role.name] if named[role.name] in texts else None
    usual = [name for name in texts if name.lower() in ("text", "sentence", "content")]
    return (usual or texts or [None])[0] if len(texts) == 1 or usual else None


def _table_blocks(table: pa.Table, task: Task, roles: Mapping[str, str], others: Sequence[str]) -> Iterator[list[Item]]:
    kinds = {role.name: role for role in task.roles}
    for batch in table.select([*dict.fromkeys([*roles.values(), *others])]).to_batches(max_chunksize=BLOCK_ROWS):
        items = []
        for record in batch.to_pylist():
            row = _row({role: record[column] for role, column in roles.items()}, task, kinds)
            items.append(Item(row, {name: record[name] for name in others}))
        yield items


def _row(values: Mapping[str, Any], task: Task, kinds: Mapping[str, Any]) -> Row | None:
    """A row by role; None where a required one is missing or blank."""
    row: dict[str, Any] = {}
    for name, value in values.items():
        role = kinds[name]
        if role.kind == "words" and isinstance(value, str):
            return task.input_row(value) if value.strip() else None
        if role.kind == "text" and value is not None:
            value = str(value)
        if role.kind == "messages":
            value = _said(value, name)
        if role.required and (value is None or not (value.strip() if isinstance(value, str) else value)):
            return None
        if role.kind == "words":
            value = ["" if word is None else str(word) for word in value]
        row[name] = value
    return row


def _said(value: Any, name: str) -> str | None:
    try:
        return raw_text(value)
    except ValueError as error:
        raise DataError(
            Problem(f"{name}: {error}.", hint="A message has role and content, or from and value.")
        ) from error


def empty_answer(task: Task, answers: Iterable[str]) -> dict[str, Any]:
    """The answer of a row with nothing to predict: the same keys as other answers have."""
    blank: dict[str, Any] = {
        "scores": {},
        "entities": [],
        "labels": [],
        "values": {},
        "answers": [],
        "text": "",
        "generated": "",
    }
    return {name: blank.get(name) for name in answers}
