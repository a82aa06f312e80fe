"""`data split`: which rows a run would train on, which it would be measured on, and how labels and groups fall."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import ProgressLine, say
from tui_finetune.cli.options import Call, verb
from tui_finetune.errors import DataError, UserError, cannot_write
from tui_finetune.text import Shown, cut_end, cut_middle, shown

if TYPE_CHECKING:
    import pyarrow as pa

    from tui_finetune.data.look import Look
    from tui_finetune.data.prepare import Prepared

LABELS_SHOWN = 20
NAME = 30
FROM = 48


@click.command()
@click.argument("path")
@click.option("--validation", help="A share of train (0.1), a split's name, or a file.")
@click.option("--test", help="The same.")
@click.option("--groups", help="Column whose rows of one value stay together: no author in two splits.")
@click.option("--near-together", is_flag=True, help="Rows that are nearly the same stay together.")
@click.option("--folds", type=int, help="Divide train into so many parts, each of which a run can hold out.")
@click.option("--fold", type=int, help="The splits of the run that holds this one out; else all folds are told.")
@click.option("--time", "time_", help="Column by which the newest rows are taken.")
@click.option("--seed", type=int, help="Of what is drawn; else the recipe's, or 42.")
@click.option("--set", "--subset", "subset", help="Which one, where the folder or data set holds several.")
@click.option("--task", help="What the model is to do; else as the columns look.")
@click.option(
    "--output", "-o", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write a CSV: row_id, split."
)
@verb
def split(
    call: Call,
    path: str,
    validation: str | None,
    test: str | None,
    groups: str | None,
    near_together: bool,
    folds: int | None,
    fold: int | None,
    time_: str | None,
    seed: int | None,
    subset: str | None,
    task: str | None,
    target: Path | None,
) -> None:
    """The splits that a run would have of PATH, data or a recipe: rows, labels, and a hash that tells them from others."""
    chosen: dict[str, Any] = {"validation": _share(validation), "test": _share(test), "groups": groups, "time": time_}
    chosen |= {"near_together": near_together or None, "folds": folds, "fold": fold}
    if subset is not None and path.endswith(".toml"):
        raise UserError("--set: the recipe says that.")
    look = _looked(call, path, {key: value for key, value in chosen.items() if value is not None}, seed, task, subset)
    if look.problems or look.prepared is None:
        raise DataError(look.problems or [one for one in (look.no_task,) if one is not None])
    prepared = look.prepared
    tables, column = dict(prepared.splits), "split"
    if folds is not None and fold is None and prepared.folds is not None:
        held: dict[str, pa.Table] = {"test": tables["test"]} if "test" in tables else {}
        tables, column = {str(n): prepared.folds.table(n) for n in range(1, folds + 1)} | held, "fold"
    if target is not None:
        _write(target, tables, column)
    from tui_finetune.plugin_api.tasks import UNLABELLED

    role = look.task.gold_role if look.task is not None else None
    gold = role.name if role is not None and role.kind not in UNLABELLED else None
    told = {name: _told(name, table, prepared, gold) for name, table in tables.items()}
    if call.json:
        output.print_json(
            {"path": path, "seed": look.recipe.run.seed, f"{column}s": told, "notes": list(prepared.notes)}
        )
        return
    output.print_lines(_lines(told, column, words=role is not None and role.kind == "tags"))
    for warning in look.warnings:
        output.print_line(shown(f"! {warning}"))
    if target is not None:
        say(shown(f"{sum(one['rows'] for one in told.values()):,} rows written to {target}."))


def _share(text: str | None) -> float | str | None:
    """`0.1` is a share, everything else a name."""
    try:
        return float(text) if text is not None else None
    except ValueError:
        return text


def _looked(
    call: Call, path: str, chosen: dict[str, Any], seed: int | None, task: str | None, subset: str | None
) -> Look:
    from tui_finetune.cli.verbs import data
    from tui_finetune.config.load import load_recipe
    from tui_finetune.config.schema import DataTable
    from tui_finetune.data.inspect import look_at_path, look_at_recipe

    progress = ProgressLine()
    try:
        if not path.endswith(".toml"):
            _judge({"path": path, **chosen})
            place = data.place(call, path)
            return look_at_path(
                place,
                call.catalog,
                call.home.cache,
                task=task,
                subset=subset,
                chosen=chosen,
                seed=seed,
                progress=progress,
            )
        recipe = load_recipe(Path(path), catalog=call.catalog, cache=call.home.cache).recipe
        table = {**recipe.data.model_dump(), **chosen}
        _judge(table)
        run = recipe.run if seed is None else recipe.run.model_copy(update={"seed": seed})
        recipe = recipe.model_copy(update={"data": DataTable.model_validate(table), "run": run})
        return look_at_recipe(recipe, call.catalog, call.home.cache, progress=progress)
    finally:
        progress.clear()


def _judge(table: dict[str, Any]) -> None:
    """What the keys of `[data]` say about each other. Raises UserError."""
    from tui_finetune.config import checks

    if problems := checks.data(table, None):
        raise UserError(problems)


def _told(name: str, table: pa.Table, prepared: Prepared, gold: str | None) -> dict[str, Any]:
    """Rows, origin, hash and labels of a split."""
    from tui_finetune.data.identity import digest
    from tui_finetune.data.inspect import label_counts

    labels: dict[str, int] = {}
    if prepared.labels is not None and gold is not None and gold in table.column_names:
        labels = dict(zip(prepared.labels.names, label_counts(table.column(gold), prepared.labels), strict=True))
    return {
        "rows": table.num_rows,
        "from": (prepared.split_origin or {}).get(name),
        "sha256": digest(table),
        "labels": labels,
    }


def _lines(told: dict[str, dict[str, Any]], column: str, *, words: bool) -> list[Shown]:
    """words: labels are of words, so that their shares are of all of them and not of the rows."""
    rows = sum(one["rows"] for one in told.values())
    cells = [
        [shown(name), shown(f"{one['rows']:,}"), shown(f"{100 * one['rows'] / max(1, rows):.1f} %"),
         shown(one["sha256"][:12]), cut_end(str(one["from"] or ""), FROM)]
        for name, one in told.items()
    ]  # fmt: skip
    lines = output.table([column, "rows", "share", "hash", "from"], cells, right=(1, 2))
    names = list(dict.fromkeys(label for one in told.values() for label in one["labels"]))
    if not names:
        return lines
    ordered = sorted(names, key=lambda label: -sum(one["labels"].get(label, 0) for one in told.values()))
    wholes = [sum(one["labels"].values()) if words else one["rows"] for one in told.values()]
    shares = [
        [
            cut_middle(label, NAME),
            *(_part(one["labels"].get(label, 0), whole) for one, whole in zip(told.values(), wholes, strict=True)),
        ]
        for label in ordered[:LABELS_SHOWN]
    ]
    table = output.table([f"{len(names)} labels", *told], shares, right=range(1, len(told) + 1))
    rest = len(names) - LABELS_SHOWN
    return [*lines, shown(""), *table, *([shown(f"and {rest:,} more; --json has them all")] if rest > 0 else [])]


def _part(count: int, rows: int) -> Shown:
    return shown(f"{count:,}  {100 * count / max(1, rows):4.1f} %")


def _write(target: Path, tables: dict[str, pa.Table], column: str) -> None:
    from tui_finetune.plugin_api import ROW_ID
    from tui_finetune.runs import atomic

    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([ROW_ID, column])
    for name, table in tables.items():
        writer.writerows([row, name] for row in table.column(ROW_ID).to_pylist())
    try:
        atomic.write_bytes(target.absolute(), written.getvalue().encode())
    except OSError as error:
        raise UserError(cannot_write(target, error)) from error


VERBS = (split,)
