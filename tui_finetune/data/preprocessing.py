"""Preprocessors over whole splits: row-wise or batch-wise, kept under a fingerprint of the plugin, its options and its input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.cache import cached, fingerprint, write_tables
from tui_finetune.data.filesource import columns_in
from tui_finetune.data.problems import failed_plugin
from tui_finetune.data.textfile import sha256_of
from tui_finetune.errors import DataError, Problem, UserError
from tui_finetune.plugin_api import ROW_HASH, ROW_ID, Opened, Preprocessor, Progress, StepCount

if TYPE_CHECKING:
    import pyarrow as pa

    from tui_finetune.config.schema import PreprocessStep
    from tui_finetune.plugin_api.manager import Catalog

BATCH = 1000
Step = tuple[Preprocessor, Mapping[str, Any]]
Row = dict[str, Any]


def thins(step: PreprocessStep, catalog: Catalog) -> bool:
    """Whether a recipe's step waits until the shares have been taken of train."""
    known = catalog.preprocessors.get(step.use)
    return known is not None and known.chooses and known.thins_train and not step.options.get("splits")


def before_shares(steps: Sequence[PreprocessStep], catalog: Catalog) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """Name and options of the steps that are done to what a source gives."""
    return tuple((step.use, step.options) for step in steps if not thins(step, catalog))


def preprocessed(opened: Opened, steps: Sequence[Step], catalog: Catalog, cache: Path, progress: Progress) -> Opened:
    """The splits after every step. Raises DataError where a step fails, naming the plugin and the row."""
    for step, options in steps:
        opened = _after(opened, step, options, catalog, cache, progress)
    return opened


def _after(
    opened: Opened, step: Preprocessor, options: Mapping[str, Any], catalog: Catalog, cache: Path, progress: Progress
) -> Opened:
    from tui_finetune.data.opening import validated

    model = step.options_model()
    options = validated(model, options) if model is not None else dict(options)
    owner = catalog.owner("preprocessors", step.name)
    facts = {
        "preprocessor": step.name,
        "version": step.version,
        "plugin": owner.mark if owner is not None else None,
        "options": options,
        "input": {name: sha256_of(split.arrow).sha256 for name, split in opened.splits.items()},
        "classes": [[column.name, column.class_names] for column in opened.columns],
    }

    def make(folder: Path) -> Opened:
        tables = {name: split.table() for name, split in opened.splits.items()}
        if step.chooses:
            tables = _chosen(tables, step, options, catalog)
        else:
            tables = {name: _applied(table, step, options, catalog, name, progress) for name, table in tables.items()}
        empty = [name for name, table in tables.items() if table.num_rows == 0]
        if empty:
            raise DataError(Problem(f"{step.name} leaves no row of {', '.join(empty)}.", "preprocess"))
        classes = {column.name: column.class_names for column in opened.columns if column.class_names}
        dropped = sum(split.rows for split in opened.splits.values()) - sum(t.num_rows for t in tables.values())
        said = () if dropped == 0 else (f"{step.name} {_change(dropped)}.",)
        return replace(
            opened, splits=write_tables(folder, tables), columns=columns_in(tables, classes), files=(), notes=said
        )

    made = cached(cache, f"step-{fingerprint(facts)}", make)
    count = StepCount(step.name, *({name: split.rows for name, split in one.splits.items()} for one in (opened, made)))
    return replace(
        opened,
        splits=made.splits,
        columns=made.columns,
        notes=(*opened.notes, *made.notes),
        steps=(*opened.steps, count),
    )


def previewed(table: pa.Table, steps: Sequence[Step], catalog: Catalog) -> list[list[list[Row]]]:
    """Of each row what it is after each step: one row, none, or several. Nothing is kept. Raises DataError."""
    from tui_finetune.data.opening import validated

    ids = table.column(ROW_ID).to_pylist()
    now: list[list[Row]] = [[row] for row in table.drop_columns([ROW_ID, ROW_HASH]).to_pylist()]
    after: list[list[list[Row]]] = [[] for _ in ids]
    for step, given in steps:
        model = step.options_model()
        options = validated(model, given) if model is not None else dict(given)
        if step.chooses:  # which rows stay, these few cannot tell
            for place, rows in enumerate(now):
                after[place].append(rows)
            continue
        flat = [(place, row) for place, rows in enumerate(now) for row in rows]
        made = (
            _results(step, [row for _, row in flat], options, [ids[place] for place, _ in flat], catalog)
            if flat
            else []
        )
        now = [[] for _ in ids]
        for (place, _), result in zip(flat, made, strict=True):
            now[place] += [] if result is None else [dict(result)] if isinstance(result, Mapping) else map(dict, result)
        for place, rows in enumerate(now):
            after[place].append(rows)
    return after


def _change(dropped: int) -> str:
    count, noun = abs(dropped), "row" if abs(dropped) == 1 else "rows"
    return f"left {count:,} {noun} out" if dropped > 0 else f"made {count:,} more {noun}"


def _chosen(
    tables: Mapping[str, pa.Table], step: Preprocessor, options: Mapping[str, Any], catalog: Catalog
) -> dict[str, pa.Table]:
    """The splits with the rows that a step chooses."""
    kept = rows_chosen(tables, step, options, catalog)
    return {name: table.take(kept[name]) if name in kept else table for name, table in tables.items()}


def rows_chosen(
    tables: Mapping[str, pa.Table], step: Preprocessor, options: Mapping[str, Any], catalog: Catalog
) -> Mapping[str, Sequence[int]]:
    """Numbers of the rows that a step chooses of each split that is to lose some. Raises DataError."""
    bare = {name: table.drop_columns([ROW_ID, ROW_HASH]) for name, table in tables.items()}
    try:
        return step.choose(bare, options)
    except UserError:
        raise
    except Exception as error:
        raise failed_plugin("preprocessor", step.name, catalog, error) from error


def _applied(
    table: pa.Table, step: Preprocessor, options: Mapping[str, Any], catalog: Catalog, split: str, progress: Progress
) -> pa.Table:
    import pyarrow as pa

    parts = []
    for start in range(0, table.num_rows, BATCH):
        batch = table.slice(start, BATCH)
        ids, hashes = batch.column(ROW_ID).to_pylist(), batch.column(ROW_HASH).to_pylist()
        rows = batch.drop_columns([ROW_ID, ROW_HASH]).to_pylist()
        made = _results(step, rows, options, ids, catalog)
        kept = [
            row for one, identity, digest in zip(made, ids, hashes, strict=True) for row in _rows(one, identity, digest)
        ]
        if kept:
            parts.append(_as_table(kept, table.schema, step))
        progress(f"{step.name}, {split}", min(start + BATCH, table.num_rows), table.num_rows)
    if not parts:
        return table.slice(0, 0)
    try:
        return pa.concat_tables(parts, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise _mixed(step, error) from error


def _results(
    step: Preprocessor, rows: list[Row], options: Mapping[str, Any], ids: Sequence[str], catalog: Catalog
) -> list[Row | Sequence[Row] | None]:
    at = ids[0]
    try:
        if step.batched:
            found = list(step.apply_batch(rows, options))
            if len(found) != len(ids):
                raise ValueError(f"{len(found)} results for {len(ids)} rows")
            return found
        results: list[Row | Sequence[Row] | None] = []
        for identity, row in zip(ids, rows, strict=True):
            at = identity
            results.append(step.apply(row, options))
        return results
    except UserError:
        raise
    except Exception as error:
        failed = failed_plugin("preprocessor", step.name, catalog, error)
        where = f"from row {at}" if step.batched else f"at row {at}"
        raise DataError([replace(p, message=f"{p.message[:-1]}, {where}.") for p in failed.problems]) from error


def _rows(result: Row | Sequence[Row] | None, identity: str, digest: str) -> list[Row]:
    """What became of one row, with its identity; pieces are numbered."""
    if result is None:
        return []
    if isinstance(result, Mapping):
        return [{ROW_ID: identity, ROW_HASH: digest, **result}]
    return [{ROW_ID: f"{identity}#{k}", ROW_HASH: digest, **piece} for k, piece in enumerate(result)]


def _as_table(rows: Sequence[Row], schema: pa.Schema, step: Preprocessor) -> pa.Table:
    """Rows by column; a column that was there keeps its type where its values still fit."""
    import pyarrow as pa

    columns = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name) for row in rows]
        try:
            columns[name] = pa.array(values, schema.field(name).type) if name in schema.names else pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            try:
                columns[name] = pa.array(values)
            except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
                raise _mixed(step, error, name) from error
    return pa.table(columns)


def _mixed(step: Preprocessor, error: Exception, name: str = "its columns") -> DataError:
    return DataError(Problem(f"{step.name} gives {name} values of several kinds: {error}.", "preprocess"))
