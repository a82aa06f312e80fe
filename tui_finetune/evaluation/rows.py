"""Rows of a stored predictions.parquet: which match, in which order, and those few that are looked at. duckdb reads them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import UserError
from tui_finetune.live.row_filter import Bound, RowFilter, RowOrder, Which, matching_labels
from tui_finetune.plugin_api.tasks import READ

if TYPE_CHECKING:
    import duckdb

MEMORY = "200MB"
BRIEF = (
    "row_id",
    *READ,
    "tokens",
    "gold",
    "predicted",
    "score",
    "gold_score",
    "error",
    "loss",
    "perplexity",
    "length",
    "truncated",
)
"""Columns that a line of the list is made of; not those with all scores."""


class StoredRows:
    """One file. Any thread may ask; each question has a cursor of its own. What cannot be read raises UserError."""

    def __init__(self, path: Path) -> None:
        import duckdb
        import pyarrow.parquet as pq

        self.path = path
        try:
            with pq.ParquetFile(path) as file:
                schema = file.schema_arrow
                self.total: int = file.metadata.num_rows
            self.columns: tuple[str, ...] = tuple(schema.names)
            labels = json.loads((schema.metadata or {}).get(b"labels", b"[]"))
        except (OSError, ValueError) as error:
            raise UserError(f"{path} cannot be read: {_first_line(error)}") from error
        self.labels: tuple[str, ...] = tuple(map(str, labels))
        """In the order of their ids; of numbers the names of the targets."""
        self.judged = {"gold", "predicted"} <= set(self.columns)
        """True where rows have what they are and what was said."""
        self.tagged = self.judged and "tokens" in self.columns and str(schema.field("gold").type).startswith("list")
        """True where a row has a label for every word."""
        self.listed = self.judged and not self.tagged and str(schema.field("gold").type).startswith("list<")
        """True where a row has any number of labels."""
        self.numeric = self.judged and any(kind in str(schema.field("gold").type) for kind in ("double", "int"))
        """True where a row has numbers, and no label to be asked by."""
        self._connection = duckdb.connect(config={"memory_limit": MEMORY, "threads": 2})

    def close(self) -> None:
        self._connection.close()

    def matching(self, wanted: RowFilter, order: RowOrder, among: Sequence[int] | None = None) -> list[int]:
        """Places of the rows that match, in their order. among: only these."""
        parts, values = self._where(wanted)
        if among is not None:
            parts.append("file_row_number in (select unnest(?))")
            values.append(list(among))
        where = f" where {' and '.join(parts)}" if parts else ""
        found = self._ask(f"select file_row_number as n from {_table(self.path)}{where} {self._ordered(order)}", values)
        numbers: list[int] = found.fetchnumpy()["n"].tolist()
        return numbers

    def count(self, wanted: RowFilter) -> int:
        """How many rows match."""
        parts, values = self._where(wanted)
        where = f" where {' and '.join(parts)}" if parts else ""
        found = self._ask(f"select count(*) from {_table(self.path)}{where}", values).fetchone()
        return int(found[0]) if found is not None else 0

    def brief(self, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The rows at these places, with what a line of the list shows."""
        return self._rows(numbers, [name for name in BRIEF if name in self.columns])

    def whole(self, number: int) -> dict[str, Any]:
        """One row with everything that is stored of it."""
        return self._rows([number], list(self.columns))[number]

    def beside(self, other: Path) -> dict[str, Any]:
        """The rows that another file has too: place here `n`, there `m`, right here `a`, there `b`, whether they `differ`. Of
        numbers, which are seldom right, the one with the smaller loss counts as right; with the same, both."""
        told = (
            "a.gold is not distinct from a.predicted as a, b.gold is not distinct from b.predicted as b,"
            " a.predicted is distinct from b.predicted as differ"
        )
        if self.numeric:
            told = (
                "coalesce(a.loss <= b.loss, false) as a, coalesce(b.loss <= a.loss, false) as b,"
                " a.loss is distinct from b.loss as differ"
            )
        found: dict[str, Any] = self._ask(
            f"select a.file_row_number as n, b.file_row_number as m, {told}"
            f" from {_table(self.path)} a join {_table(other)} b on a.row_id = b.row_id and a.row_hash = b.row_hash"
            " order by abs(a.loss - b.loss) desc nulls last, n",
            [],
        ).fetchnumpy()
        return found

    def _rows(self, numbers: Sequence[int], columns: Sequence[str]) -> dict[int, dict[str, Any]]:
        if not numbers:
            return {}
        listed = ", ".join(str(n) for n in numbers)
        names = ", ".join(_name(column) for column in columns)
        found = self._ask(
            f"select file_row_number, {names} from {_table(self.path)} where file_row_number in ({listed})", []
        ).fetchall()
        return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in found}

    def _ask(self, query: str, values: Sequence[Any]) -> duckdb.DuckDBPyConnection:
        import duckdb

        try:
            return self._connection.cursor().execute(query, list(values))
        except duckdb.Error as error:
            raise UserError(f"{self.path} cannot be read: {_first_line(error)}") from error

    def _ordered(self, order: RowOrder) -> str:
        if order.by == "row" or order.by not in self.columns:
            return f"order by file_row_number {'desc' if order.reverse else 'asc'}"
        way = "desc" if order.descending else "asc"
        return f"order by {_name(order.by)} {way} nulls last, file_row_number"

    # Conditions

    def _where(self, wanted: RowFilter) -> tuple[list[str], list[Any]]:
        """Conditions and the values that stand in them."""
        parts: list[str] = []
        values: list[Any] = []
        for word in wanted.words:
            parts.append(f"contains(lower({self._text()}), lower(?))")
            values.append(word)
        for bound in wanted.bounds:
            if bound.field in self.columns:
                parts.append(_bound(bound))
        if wanted.cut and "truncated" in self.columns:
            parts.append("truncated")
        for which, label in wanted.labels:
            asked = self.judged and not self.numeric
            part, more = self._label(which, label, wanted.wrong) if asked else ("false", [])
            parts.append(part)
            values += more
        if self.tagged and (pair := _pair(wanted)) is not None:
            part, more = self._pair(*pair)
            parts.append(part)
            values += more
        by_label = (self.tagged or self.listed) and any(which == "label" for which, _ in wanted.labels)
        if wanted.wrong is not None and not by_label:
            same = f"gold is {'' if wanted.wrong else 'not '}distinct from predicted"
            parts.append(f"gold is not null and {same}" if self.judged else "false")
        return parts, values

    def _text(self) -> str:
        """What words are looked for in."""
        texts = [f"coalesce({name}, '')" for name in READ if name in self.columns]
        texts += ["array_to_string(tokens, ' ')"] if "tokens" in self.columns and "text" not in self.columns else []
        return " || ' ' || ".join(texts) or "''"

    def _label(self, which: Which, label: str, wrong: bool | None) -> tuple[str, list[Any]]:
        names = matching_labels(label, self.labels)
        if not self.tagged and not self.listed:
            parts = {"gold": "list_contains(?, gold)", "predicted": "list_contains(?, predicted)"}
            if which == "label":
                return f"({parts['gold']} or {parts['predicted']})", [names, names]
            return parts[which], [names]
        has = {column: f"coalesce(list_has_any({column}, ?), false)" for column in ("gold", "predicted")}
        if which != "label":
            return has[which], [names]
        if wrong is None:
            return f"({has['gold']} or {has['predicted']})", [names, names]
        if self.listed:  # the row's other labels may be wrong or right
            return f"{has['gold']} {'<>' if wrong else 'and'} {has['predicted']}", [names, names]
        # Of a row's words only those count that carry the label or were given it.
        marks = [f"list_transform({column}, lambda t: list_contains(?, t))" for column in ("gold", "predicted")]
        alike = f"{marks[0]} is {'' if wrong else 'not '}distinct from {marks[1]}"
        return (alike, [names, names]) if wrong else (f"({has['gold']} and {alike})", [names, names, names])

    def _pair(self, gold: str, predicted: str) -> tuple[str, list[Any]]:
        """Of tags: one word that carries the one and was given the other."""
        names = [matching_labels(label, self.labels) for label in (gold, predicted)]
        both = "list_contains(?, x[1]) and list_contains(?, x[2])"
        return f"len(list_filter(list_zip(gold, predicted), lambda x: {both})) > 0", list(names)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _table(path: Path) -> str:
    quoted = str(path).replace("'", "''")
    return f"read_parquet('{quoted}', file_row_number=true)"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _bound(bound: Bound) -> str:
    return f"{_name(bound.field)} {bound.sign} {bound.value!r}"


def _pair(wanted: RowFilter) -> tuple[str, str] | None:
    """A gold and a predicted label that are asked for together."""
    gold = [label for which, label in wanted.labels if which == "gold"]
    predicted = [label for which, label in wanted.labels if which == "predicted"]
    return (gold[0], predicted[0]) if len(gold) == len(predicted) == 1 else None
