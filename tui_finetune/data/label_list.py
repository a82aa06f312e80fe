"""Lists of labels that lie beside the data: `labels.txt`, a name a line; `mapping.txt`, a number and its name; JSON of either."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.file_names import is_label_list
from tui_finetune.data.textfile import text_of
from tui_finetune.errors import UserError
from tui_finetune.plugin_api import InputFile

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 1
"""Change it when what a list makes of tables changes."""
Tables = dict[str, "list[pa.Table]"]
"""Tables by split, one a file."""
_NUMBERS = r"^\d+(,\d+)*$"
_UNNAMED = re.compile(r"column\d+$")
_LABELISH = re.compile(r"label|class|categor|tag|intent|emotion|target|sentiment", re.I)
ENOUGH = 0.8
"""Share of the labels that a column has to hold to be theirs."""
FEWEST_WORDS = 3


@dataclass(frozen=True)
class LabelList:
    """A list of labels."""

    names: tuple[str, ...]
    input: InputFile


@dataclass
class Labelled:
    """Tables whose numbers have got names."""

    tables: Tables
    class_names: dict[str, tuple[str, ...]]
    notes: list[str]


def list_beside(files: Sequence[Path]) -> LabelList | None:
    """The list that lies in the folder of the files, if there is a readable one."""
    if not files:
        return None
    folder = files[0].parent
    try:
        there = sorted(path for path in folder.iterdir() if path.is_file() and path not in files)
    except OSError:
        return None
    for path in there:
        if is_label_list(path):
            try:
                text, file = text_of(path)
            except UserError:
                continue  # what is no text is no list
            names = names_in(text, path.suffix.lower() == ".json")
            if len(names) > 1:
                return LabelList(names, file.input)
    return None


def names_in(text: str, is_json: bool) -> tuple[str, ...]:
    """The names in the order of their numbers; none where it is no list of labels."""
    if is_json:
        try:
            return _of_json(json.loads(text))
        except (ValueError, RecursionError):
            return ()
    lines = [line.split("\t") for line in text.split("\n") if line.strip()]
    if all(len(line) > 1 for line in lines):
        return _by_number([(line[0].strip(), line[1]) for line in lines])
    plain = tuple(line[0].strip() for line in lines)
    return plain if all(len(line) == 1 for line in lines) and len(set(plain)) == len(plain) else ()


def _of_json(found: Any) -> tuple[str, ...]:
    if isinstance(found, list):
        return tuple(found) if all(isinstance(name, str) for name in found) and len(set(found)) == len(found) else ()
    if not isinstance(found, Mapping):
        return ()
    if all(isinstance(value, int) for value in found.values()):
        return _by_number([(str(value), str(name)) for name, value in found.items()])
    return _by_number([(str(number), str(name)) for number, name in found.items()])


def _by_number(pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    numbered = {int(number): name for number, name in pairs if number.isdecimal()}
    whole = len(numbered) == len(pairs) and sorted(numbered) == list(range(len(pairs)))
    return tuple(numbered[i] for i in range(len(pairs))) if whole else ()


def labelled(tables: Tables, beside: LabelList) -> Labelled:
    """The tables with the list's names for the column that holds its numbers, one a row or several by commas."""
    found = Labelled(tables, {}, [])
    first = next((table for group in tables.values() for table in group), None)
    if first is None:
        return found
    column = next((name for name in first.column_names if _is_many(tables, name, len(beside.names))), None)
    if column is not None:
        found.tables = {s: [_split_up(table, column) for table in group] for s, group in tables.items()}
        if all(map(_UNNAMED.match, first.column_names)):
            column = _called_by_content(found, column)
        what = "the labels, several a row, "
    else:
        single = [name for name in first.column_names if _is_one(tables, name, len(beside.names))]
        column = next((name for name in single if _LABELISH.search(name)), next(iter(single), None))
        what = "the labels "
    if column is None:
        column = next((name for name in first.column_names if _lacks_some(tables, name, beside.names)), None)
        what = "labels that the rows lack too, "
    if column is not None:
        found.class_names[column] = beside.names
        found.notes.append(f"{beside.input.path.name} names {what}of column {column}: {len(beside.names)}.")
    return found


def _lacks_some(tables: Tables, name: str, names: Sequence[str]) -> bool:
    """True for texts, or lists of them, that are all of the list, where the first split has not all of it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    seen: list[set[str]] = []
    for column in _columns(tables, name):
        flat = pc.list_flatten(column) if pa.types.is_list(column.type) else column
        if not pa.types.is_string(flat.type) or not set(pc.unique(flat.slice(0, 1_000)).to_pylist()) <= {*names, None}:
            return False
        seen.append(set(pc.unique(flat).to_pylist()))
    every = set().union(*seen) - {None}
    return len(every) > 1 and every <= set(names) and not set(names) <= seen[0]


def _columns(tables: Tables, name: str) -> list[pa.ChunkedArray]:
    return [t.column(name) for group in tables.values() for t in group if name in t.column_names]


def _is_many(tables: Tables, name: str, count: int) -> bool:
    """True for texts that are numbers by commas, all of the list, and somewhere more than one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    several = False
    for column in _columns(tables, name):
        if not pa.types.is_string(column.type):
            return False
        if not pc.all(pc.match_substring_regex(column, _NUMBERS)).as_py():
            return False
        several = several or bool(pc.any(pc.match_substring(column, ",")).as_py())
    return several and all(
        pc.max(pc.cast(pc.list_flatten(pc.split_pattern(column, ",")), pa.int64())).as_py() < count
        for column in _columns(tables, name)
    )


def _is_one(tables: Tables, name: str, count: int) -> bool:
    """True for whole numbers of the list, most of which are there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values: set[int] = set()
    for column in _columns(tables, name):
        if not pa.types.is_integer(column.type) or len(column) == 0:
            return False
        values |= {value for value in pc.unique(column).to_pylist() if value is not None}
        if not values or min(values) < 0 or max(values) >= count:
            return False
    return len(values) >= ENOUGH * count


def _split_up(table: pa.Table, name: str) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    at = table.column_names.index(name)
    lists = pc.split_pattern(table.column(name), ",")
    return table.set_column(at, name, pc.cast(lists, pa.list_(pa.int64())))


def _called_by_content(found: Labelled, column: str) -> str:
    """Gives columns without names the ones that they are known by: text, labels, id. Returns that of the labels."""
    import pyarrow as pa
    import pyarrow.compute as pc

    first = next(table for group in found.tables.values() for table in group)
    texts = [name for name in first.column_names if pa.types.is_string(first.schema.field(name).type)]
    words = {name: (pc.mean(pc.count_substring(first.column(name), " ")).as_py() or 0.0) + 1 for name in texts}
    text = max(texts, key=lambda name: words[name], default=None)
    ids = [name for name in texts if words[name] == 1 and name != text]
    names = {column: "labels"}
    if text is not None and words[text] >= FEWEST_WORDS:
        names[text] = "text"
    if len(ids) == 1 and pc.count_distinct(first.column(ids[0])).as_py() * 10 > 9 * len(first):
        names[ids[0]] = "id"
    for split, group in found.tables.items():
        found.tables[split] = [t.rename_columns([names.get(name, name) for name in t.column_names]) for t in group]
    called = ", ".join(f"{old} {new}" for old, new in sorted(names.items()))
    found.notes.append(f"Columns are called by what they hold: {called}. data.options.names names them otherwise.")
    return "labels"
