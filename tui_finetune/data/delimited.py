"""CSV and TSV, strictly: rows with line numbers; a row of another width is refused, or kept and told of."""

from __future__ import annotations

import csv
import re
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

from tui_finetune.data.problems import PLACES_TOLD, listed, problem, refused, told
from tui_finetune.data.textfile import TextFile, head_text
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import Progress

if TYPE_CHECKING:
    import pyarrow as pa

DELIMITERS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar", " ": "blank"}
ONE_COLUMN = "\x1f"
"""Delimiter of files without one: a sign that no text has."""
BATCH = 50_000
LONGEST_NAME = 6
"""Words; a first row with a longer cell is no header."""
LONG_QUOTE = 50
"""A quoted cell over more lines than this is told as a quote that was not meant as one."""
_Rows = tuple["pa.Table", Sequence[int]]
"""Rows and the lines they begin on."""
_NUMBER = re.compile(r"-?\d+(\.\d+)?$")


@dataclass(frozen=True)
class Dialect:
    """How a file is cut into cells."""

    delimiter: str
    quoted: bool
    header: bool = True

    @property
    def words(self) -> str:
        if self.delimiter == ONE_COLUMN:
            return "one column"
        return DELIMITERS.get(self.delimiter, repr(self.delimiter)) + ("" if self.quoted else ", no quoting")


@dataclass(frozen=True)
class Cut:
    """A file cut into cells."""

    table: pa.Table
    lines: Sequence[int]
    """The line that each row begins on."""
    dialect: Dialect
    notes: Sequence[str]
    """What was guessed, in words."""


class Ragged(DataError):
    """Rows of another width than the header, or quotes that do not close."""


def guess_delimiter(path: Path, *, quoted: bool | None = None) -> tuple[str, float] | None:
    """The delimiter, and the share of the first rows that it cuts alike; None where none cuts anything."""
    text = head_text(path)
    usual = "\t" if path.suffix.lower() in (".tsv", ".tab") else ","
    best: tuple[float, str] | None = None
    for delimiter in (",", "\t", ";", "|"):
        for with_quotes in (True, False) if quoted is None else (quoted,):
            share = _alike(text, delimiter, with_quotes)
            if share is None:
                continue
            rank = share + (0.2 if delimiter == usual else 0.0) + (0.05 if delimiter == "\t" else 0.0)
            if best is None or rank > best[0]:
                best = rank, delimiter
    if best is None:
        return None
    shares = [share for q in (True, False) if (share := _alike(text, best[1], q)) is not None]
    return best[1], max(shares)


def first_cells(path: Path) -> tuple[str, ...]:
    """The names in the header, sorted; where the first row is none, as many blanks as it has cells."""
    found = guess_delimiter(path)
    delimiter = found[0] if found else ONE_COLUMN
    lines = [f"{line}\n" for line in head_text(path).split("\n")[:LONG_QUOTE]]
    try:
        first = next((row for row in csv.reader(lines, delimiter=delimiter) if row), [])
    except csv.Error:
        return ()
    is_row = any(_NUMBER.match(cell.strip()) or len(cell.split()) > LONGEST_NAME for cell in first)
    return tuple("" for _ in first) if is_row else tuple(sorted(cell.strip() for cell in first))


def _alike(text: str, delimiter: str, quoted: bool) -> float | None:
    """Share of the first rows with as many cells as the first, None where that has one."""
    lines = [f"{line}\n" for line in text.split("\n")[:200]]
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter, quoting=quoting) if row]
    except csv.Error:
        return None
    if not rows or len(rows[0]) < 2:
        return None
    rows = rows[:-1] if len(rows) > 2 else rows  # the last one may be cut
    return sum(len(row) == len(rows[0]) for row in rows) / len(rows)


def read_delimited(
    text: TextFile,
    *,
    delimiter: str | None,
    quoting: bool | None,
    header: bool | None,
    names: Sequence[str] | None,
    ragged: str | None = None,
    progress: Progress,
) -> Cut:
    """The file as a table of texts, empty cells null. Raises DataError with all problems."""
    top = top_of(text, delimiter=delimiter, quoting=quoting, header=header, names=names)
    delimiter, has_header, columns, notes = top.delimiter, top.header, top.columns, top.notes
    width = len(columns)
    if ragged == "keep" or (ragged is None and not has_header and names is None):
        columns = _wider(text, delimiter, quoting, columns, ragged == "keep", notes)
    padded = len(columns) > width or ragged == "keep"
    (table, lines), quoted = _read(text, delimiter, quoting, columns, has_header, padded, notes, progress)
    if table.num_rows == 0:
        raise refused(f"has a header ({listed(columns)}) and no rows.", text.path)
    return Cut(table, lines, Dialect(delimiter, quoted, has_header), notes)


@dataclass(frozen=True)
class Top:
    """What the beginning of a file says of it."""

    delimiter: str
    columns: list[str]
    header: bool
    notes: list[str]
    first: Sequence[str]
    """The cells of the first row."""


def top_of(
    text: TextFile,
    *,
    delimiter: str | None = None,
    quoting: bool | None = None,
    header: bool | None = None,
    names: Sequence[str] | None = None,
) -> Top:
    """The delimiter and the columns, as given or as the first rows look. Raises DataError."""
    notes: list[str] = []
    if delimiter is None:
        found = guess_delimiter(text.path, quoted=quoting)
        delimiter = found[0] if found else ONE_COLUMN
    first = _first_row(text, delimiter, quoting is not False)
    has_header = header if header is not None else (names is None and _is_header(text, delimiter, first, notes))
    return Top(delimiter, _names(text, first, names, has_header), has_header, notes, first)


def _wider(
    text: TextFile, delimiter: str, quoting: bool | None, columns: list[str], every: bool, notes: list[str]
) -> list[str]:
    """The columns with those that only some rows have. Unless `every`: where all odd rows are of one greater width."""
    quoted = quoting if quoting is not None else delimiter != "\t"
    try:
        widths = Counter(len(row) for _, row in _cells(text, delimiter, quoted, None) if row)
    except Ragged:
        return columns
    odd = {width: count for width, count in widths.items() if width != len(columns)}
    if not odd or not (every or (len(odd) == 1 and min(odd) > len(columns) and 2 * sum(odd.values()) < widths.total())):
        return columns
    more = [f"column{index + 1}" for index in range(len(columns), max(widths))]
    told = (
        f"{sum(odd.values()):,} rows of {text.path.name} have {listed(sorted(odd))} fields, the others {len(columns)}"
    )
    where = f": the further ones are in {listed(more)}" if more else ": what is absent is empty"
    notes.append(f'{told}{where}. data.options.ragged = "refuse" refuses them.')
    return [*columns, *more]


def _first_row(text: TextFile, delimiter: str, quoted: bool) -> list[str]:
    for _, row in _cells(text, delimiter, quoted, None):
        if row:
            return row
    raise refused("holds no row.", text.path)


def _is_header(text: TextFile, delimiter: str, first: Sequence[str], notes: list[str]) -> bool:
    """False where the first row has a number in a column of them, or a text: then it is a row like the others."""
    rows = []
    try:
        for _, row in _cells(text, delimiter, True, None):
            if len(row) == len(first):
                rows.append(row)
            if len(rows) > 50:
                break
    except Ragged:
        pass  # reading the whole will tell
    others = rows[1:]
    numbers = any(
        _NUMBER.match(cell.strip()) and 2 * sum(bool(_NUMBER.match(row[i].strip())) for row in others) > len(others)
        for i, cell in enumerate(first)
    )
    if (numbers and others) or any(len(cell.split()) > LONGEST_NAME or len(cell) > 200 for cell in first):
        notes.append(
            f"{text.path.name} has no header, by its first row; its columns are called column1, column2 … "
            "data.options.names names them."
        )
        return False
    return True


def _names(text: TextFile, first: Sequence[str], names: Sequence[str] | None, header: bool) -> list[str]:
    """Names of the columns. Raises DataError where one is twice or the number does not fit."""
    if names is not None:
        if len(names) != len(first):
            hint = "data.options.names gives one name a column."
            raise refused(f"{len(first)} fields in the first row, {len(names)} names.", text.path, 1, hint)
        return list(names)
    if not header:
        return [f"column{index + 1}" for index in range(len(first))]
    found = [name.strip() or f"column{index + 1}" for index, name in enumerate(first)]
    double = sorted(name for name, count in Counter(found).items() if count > 1)
    if double:
        hint = "Rename them in the first line, or give data.options.names and header = true."
        raise refused(f"the header names {listed(double)} more than once.", text.path, 1, hint)
    if reserved := [name for name in found if name in ("row_id", "row_hash")]:
        raise refused(f"the header names {listed(reserved)}, which are names of ours.", text.path, 1, "Rename them.")
    return found


def _read(
    text: TextFile,
    delimiter: str,
    quoting: bool | None,
    columns: Sequence[str],
    header: bool,
    padded: bool,
    notes: list[str],
    progress: Progress,
) -> tuple[_Rows, bool]:
    """The rows, and whether quotes are quotes. Where nobody said: with tabs only if they are well used, else if that works."""

    def attempt(quoted: bool) -> _Rows:
        return _table(text, delimiter, quoted, columns, header, padded, progress)

    if quoting is not None:
        return attempt(quoting), quoting
    if not _has_quotes(text):
        return attempt(False), delimiter != "\t"
    try:
        if delimiter == "\t":
            plain = attempt(False)
            if not well_quoted(plain[0].columns):
                notes.append(f"Quotes in {text.path.name} are taken as characters of the texts.")
                return plain, False
        return attempt(True), True
    except Ragged as error:
        try:
            plain = attempt(delimiter == "\t")
        except Ragged:
            raise error from None
        if delimiter != "\t":
            notes.append(
                f"Quotes in {text.path.name} are taken as characters of the texts: as quotes they do not close."
            )
        return plain, delimiter == "\t"


def _has_quotes(text: TextFile) -> bool:
    with text.path.open("rb") as file:
        while block := file.read(1 << 20):
            if b'"' in block:
                return True
    return False


def well_quoted(plain: Sequence[pa.ChunkedArray]) -> bool:
    """True where cells read without quoting show that quotes were meant: doubled ones within, and none at odds with it."""
    at_odds, evidence = quote_signs(plain)
    return evidence and not at_odds


def quote_signs(plain: Sequence[pa.ChunkedArray]) -> tuple[bool, bool]:
    """Whether quotes of cells read without quoting are at odds with quoting, and whether doubled ones tell that it was meant."""
    import pyarrow.compute as pc

    proper, doubled = r'^"([^"]|"")*"$', r'^".*"".*"$'
    evidence = False
    for column in plain:
        quoted = pc.starts_with(column, '"')
        if not pc.any(quoted).as_py():
            continue
        cells = column.filter(quoted)
        if not pc.all(pc.match_substring_regex(cells, proper)).as_py():
            return True, evidence
        evidence = evidence or bool(pc.any(pc.match_substring_regex(cells, doubled)).as_py())
    return False, evidence


def _table(
    text: TextFile,
    delimiter: str,
    quoted: bool,
    columns: Sequence[str],
    header: bool,
    padded: bool,
    progress: Progress,
) -> _Rows:
    import pyarrow as pa

    schema = pa.schema([pa.field(name, pa.string()) for name in columns])
    width = len(columns)
    batches: list[pa.RecordBatch] = []
    rows: list[list[str]] = []
    bad: list[Problem] = []
    lines, odd = array("q"), 0

    def flush() -> None:
        arrays = [pa.array([cell or None for cell in cells], pa.string()) for cells in zip(*rows, strict=True)]
        batches.append(pa.record_batch(arrays, schema=schema))
        rows.clear()
        progress(f"reading {text.path.name}", len(lines), None)

    skip = header
    for line, row in _cells(text, delimiter, quoted, width if delimiter == " " else None):
        if padded and row and len(row) < width:
            row = [*row, *[""] * (width - len(row))]
        if len(row) != width:
            if row:
                odd += 1
                if len(bad) < PLACES_TOLD:
                    bad.append(_ragged(text, line, row, columns))
            continue
        if skip:
            skip = False
            continue
        rows.append(row)
        lines.append(line)
        if len(rows) == BATCH:
            flush()
    if odd:
        raise Ragged(told(bad, more=odd - len(bad), kind="lines"))
    if rows:
        flush()
    return pa.Table.from_batches(batches, schema), lines


def _ragged(text: TextFile, line: int, row: Sequence[str], columns: Sequence[str]) -> Problem:
    fields = "1 field" if len(row) == 1 else f"{len(row)} fields"
    names = "" if columns[0] == "column1" else f" ({listed(columns)})"
    return problem(f"{fields}, expected {len(columns)}{names}.", text.path, line)


def _cells(text: TextFile, delimiter: str, quoted: bool, width: int | None) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row; blank lines as rows without cells. Raises Ragged for quotes that do not close."""
    if not quoted:
        cut = -1 if width is None else width - 1
        with text.lines() as file:
            for number, text_line in enumerate(file, 1):
                bare = text_line.rstrip("\r\n")
                yield number, bare.split(delimiter, cut) if bare else []
        return
    csv.field_size_limit(1 << 30)
    with text.open() as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        line = 1
        try:
            for row in reader:
                if reader.line_num - line > LONG_QUOTE:
                    _never_closed(text, line)
                yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                _never_closed(text, line)
            raise Ragged(problem(_in_words(error), text.path, line, _QUOTING_HINT)) from error


_QUOTING_HINT = (
    'A quote within a quoted text is written twice (""); [data] options = { quoting = false } takes quotes as they are.'
)


def _never_closed(text: TextFile, line: int) -> NoReturn:
    raise Ragged(problem('a text begins with " here and its end does not come.', text.path, line, _QUOTING_HINT))


def _in_words(error: csv.Error) -> str:
    if "expected after" in str(error):
        return "something follows a closing quote."
    if "new-line character" in str(error):
        return "a carriage return stands within a text that has no quotes."
    return f"{error}."
