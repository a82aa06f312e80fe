"""Objects of JSON files as tables: an object a line, a list of objects, or an object that holds such a list."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.problems import PLACES_TOLD, listed, problem, refused, told
from tui_finetune.data.squad import is_nested, questions
from tui_finetune.data.textfile import TextFile, head_text
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import Progress

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
HEAD = 1 << 19
"""Bytes of a file that a look at its first object reads."""
_KINDS = {str: "text", bool: "true/false", int: "whole number", float: "number", list: "list", dict: "object"}


def looks_like_rows(path: Path, *, strict: bool = False) -> bool:
    """True where the file begins like a list of objects or an object a line; `strict`: the first line must be an object."""
    text = head_text(path).lstrip()
    if not strict:
        return text.startswith("{") or (text[:1] == "[" and text[1:].lstrip()[:1] in ("{", "]"))
    line = text.partition("\n")[0]
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def first_keys(path: Path) -> tuple[str, ...]:
    """The keys of the first object of a file; nothing where its beginning does not show it whole."""
    text = head_text(path, HEAD).lstrip().removeprefix("[").lstrip()
    try:
        found, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return _outer_keys(text)
    return tuple(sorted(found)) if isinstance(found, dict) else ()


def _outer_keys(text: str) -> tuple[str, ...]:
    """The first key of an object that goes on beyond what was read: of `{"data": [...` it is `data`."""
    match = re.match(r'\{\s*"((?:[^"\\]|\\.)*)"\s*:', text)
    return (match.group(1),) if match else ()


def read_rows(text: TextFile, progress: Progress) -> tuple[pa.Table, Sequence[int] | None, str]:
    """The rows as a table, their lines where they have some, and the file's form in words. Raises DataError with all problems."""
    lines = _by_line(text)
    if lines:
        rows, form = _rows_of_lines(text, progress), "json, an object a line"
    else:
        rows, form = _rows_of_document(text)
    if not rows:
        raise refused("holds no row.", text.path)
    places = [line for line, _ in rows]
    return rows_table(text, places, [row for _, row in rows]), places if lines else None, form


def _by_line(text: TextFile) -> bool:
    """True where the first line that is not blank is a whole object."""
    with text.lines() as file:
        for line in file:
            if not line.strip():
                continue
            if not line.lstrip().startswith("{"):
                return False
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                return text.path.suffix.lower() in (".jsonl", ".ndjson")
            # One line only: it may be an object that holds the list of rows, or columns.
            more = any(rest.strip() for rest in file)
            columns = _columns_in(found) and text.path.suffix.lower() == ".json"
            return more or not (_lists_in(found) or columns)
    return False


def _rows_of_lines(text: TextFile, progress: Progress) -> list[tuple[int, Row]]:
    rows: list[tuple[int, Row]] = []
    bad: list[Problem] = []
    odd = 0
    with text.lines() as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                what = f"not JSON: {_in_words(error)}."
            else:
                if isinstance(row, dict):
                    rows.append((number, row))
                    if len(rows) % 50_000 == 0:
                        progress(f"reading {text.path.name}", len(rows), None)
                    continue
                what = f"a {_kind(row)}; an object is expected."
            odd += 1
            if len(bad) < PLACES_TOLD:
                bad.append(problem(what, text.path, number))
    if odd:
        raise DataError(told(bad, more=odd - len(bad)))
    return rows


def _rows_of_document(text: TextFile) -> tuple[list[tuple[int, Row]], str]:
    """Rows of one document; in place of lines their numbers."""
    with text.open(None) as file:
        try:
            found = json.load(file)
        except json.JSONDecodeError as error:
            raise refused(f"not JSON: {error.msg}.", text.path, error.lineno) from error
        except RecursionError as error:
            raise refused("is nested too deeply.", text.path) from error
        except ValueError as error:
            raise refused(f"holds {_in_words(error)}.", text.path) from error
    if isinstance(found, list):
        return _maybe_squad(_objects(text, found, ""), "json, a list of objects")
    if isinstance(found, dict):
        lists = _lists_in(found)
        if len(lists) == 1 or "data" in lists:
            name = "data" if "data" in lists else lists[0]
            return _maybe_squad(_objects(text, found[name], f" of {name}"), f"json, the list {name}")
        if lists:
            raise refused(f"holds several lists of objects: {listed(lists)}.", text.path, hint="Give each a file.")
        if columns := _columns_in(found):
            values = zip(*(found[name] for name in columns), strict=True)
            return [(i, dict(zip(columns, row, strict=True))) for i, row in enumerate(values)], "json, columns"
    hint = "An object a line, or a list of objects, is expected."
    kind = _kind(found)
    raise refused(f"holds {'an' if kind == 'object' else 'a'} {kind} without rows.", text.path, hint=hint)


def _maybe_squad(rows: list[tuple[int, Row]], form: str) -> tuple[list[tuple[int, Row]], str]:
    """Articles with questions in them as a row a question."""
    articles = [row for _, row in rows]
    if not is_nested(articles):
        return rows, form
    return list(enumerate(questions(articles))), f"{form}, SQuAD's, a row a question"


def _lists_in(found: Any) -> list[str]:
    """Keys whose value is a list of objects."""
    if not isinstance(found, dict):
        return []
    return [key for key, value in found.items() if isinstance(value, list) and value and isinstance(value[0], dict)]


def _columns_in(found: Mapping[str, Any]) -> list[str]:
    """The keys, where each holds a list and all are of one length."""
    columns = [name for name, value in found.items() if isinstance(value, list)]
    alike = len(columns) == len(found) and len({len(found[name]) for name in columns}) == 1
    return columns if alike else []


def _objects(text: TextFile, found: Sequence[Any], where: str) -> list[tuple[int, Row]]:
    bad = [(index, row) for index, row in enumerate(found) if not isinstance(row, dict)]
    if bad:
        words = [
            problem(f"row {index:,}{where} is a {_kind(row)}; an object is expected.", text.path) for index, row in bad
        ]
        raise DataError(told(words, kind="rows"))
    return list(enumerate(found))


def rows_table(text: TextFile, places: Sequence[int], rows: Sequence[Row]) -> pa.Table:
    """The rows by column, absent keys null. Raises DataError for columns that mix kinds, with the first line of each."""
    import pyarrow as pa

    names = dict.fromkeys(name for row in rows for name in row)
    if reserved := [name for name in names if name in ("row_id", "row_hash")]:
        raise refused(f"has {listed(reserved)}, which are names of ours.", text.path, hint="Rename them.")
    if not names:
        raise refused("holds objects without a key.", text.path)
    if any(map(_is_torn, names)):
        raise refused("has a key with half of a character in it (\\ud800 to \\udfff).", text.path, hint="Rename it.")
    columns, problems = {}, []
    for name in names:
        values = [row.get(name) for row in rows]
        try:
            columns[name] = _array(values)
        except UnicodeEncodeError:
            problems.append(_half_a_character(text, name, values, places))
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as error:
            problems.append(_mixed(text, name, values, places, error))
    if problems:
        raise DataError(problems)
    return pa.table(columns)


def _array(values: Sequence[Any]) -> pa.Array:
    """Strictly of one kind: pyarrow alone would take true among integers."""
    import pyarrow as pa

    kinds = {type(value) for value in values} - {type(None)}
    if bool in kinds and len(kinds) > 1:
        raise pa.ArrowInvalid("mixed")
    if kinds == {int, float}:
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    if kinds == {str}:
        return pa.array(values, pa.string())
    found = pa.array(values)
    return found.cast(pa.string()) if pa.types.is_null(found.type) else found


def _half_a_character(text: TextFile, name: str, values: Sequence[Any], places: Sequence[int]) -> Problem:
    """JSON can write half of a surrogate pair, which no text encodes."""
    lone = (
        place for place, value in zip(places, values, strict=True) if "\\ud" in json.dumps(value) and _is_torn(value)
    )
    hint = "Write the whole character, or leave it out."
    return problem(f"{name} holds half of a character (\\ud800 to \\udfff).", text.path, next(lone, None), hint)


def _is_torn(value: Any) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in json.dumps(value, ensure_ascii=False))


def _mixed(text: TextFile, name: str, values: Sequence[Any], places: Sequence[int], error: Exception) -> Problem:
    firsts: dict[str, int] = {}
    for place, value in zip(places, values, strict=True):
        if value is not None:
            firsts.setdefault(_kind(value), place)
    if len(firsts) < 2:
        return problem(f"{name}: {error}.", text.path)
    (_, _), (other, line) = list(firsts.items())[:2]
    kinds = " and ".join(firsts)
    return problem(f"{name} holds {kinds}; here the first {other}.", text.path, line, "Write all of them alike.")


def _kind(value: Any) -> str:
    return "null" if value is None else _KINDS.get(type(value), type(value).__name__)


def _in_words(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, at character {error.colno}"
    return "nested too deeply" if isinstance(error, RecursionError) else "a whole number of thousands of digits"
