"""`report`: what an evaluation found: figures, labels, confusions, the rows behind them, two beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui_finetune.cli import output
from tui_finetune.cli.options import Call, verb
from tui_finetune.cli.runs_common import find_run, require_readable
from tui_finetune.errors import Problem, UserError
from tui_finetune.text import Shown, cut_end, cut_middle, shown

if TYPE_CHECKING:
    from tui_finetune.evaluation.rows import StoredRows
    from tui_finetune.evaluation.stored import Stored
    from tui_finetune.live.beside import ComparedLook
    from tui_finetune.live.evaluation_page import Measured
    from tui_finetune.runs.info import RunInfo

WEAKEST = 10
CONFUSED = 10
TEXT_CELLS = 60
LABEL_CELLS = 30
PARTS = ("figures", "labels", "confusion", "rows")


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--split", help="Split that was measured; without it test, else validation.")
@click.option(
    "--labels", "part", flag_value="labels", help="Precision, recall and F1 of every label or type of entity."
)
@click.option(
    "--confusion", "part", flag_value="confusion", help="Which label was taken for which, the most rows first."
)
@click.option("--rows", "part", flag_value="rows", help="The rows: errors, the gravest first, or those of --where.")
@click.option("--where", metavar="FILTER", help='gold:x predicted:y label:z wrong right cut score<0.5 loss>1 "a text".')
@click.option("--sort", type=click.Choice(["loss", "score", "length", "row"]), default="loss", show_default=True)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Rows printed; a file gets all.")
@click.option("--against", metavar="RUN", help="Another evaluation of the same rows beside this one.")
@click.option("--output", "-o", "target", type=click.Path(path_type=Path), help="Write it: .csv or .md.")
@verb
def command(
    call: Call,
    run: str,
    split: str | None,
    part: str | None,
    where: str | None,
    sort: str,
    limit: int,
    against: str | None,
    target: Path | None,
) -> None:
    """What an evaluation found: figures, labels, confusions, and the rows behind them.

    RUN is a training, whose own evaluation is shown, or an evaluation.
    """
    if where is not None and part not in (None, "rows"):
        raise UserError("--where goes with --rows.")
    if against is not None and part is not None:
        raise UserError("--against shows both beside each other: no --labels, --confusion or --rows with it.")
    part = "rows" if where is not None else part or "figures"
    known = _known(call)
    stored = _stored(call, run, split, known)
    found = _measured(call, stored, known)
    if against is not None:
        _compare(call, stored, found, _stored(call, against, stored.split, known), known, target)
    elif part == "rows":
        _rows(call, stored, found, "wrong" if where is None else where, sort, limit, target)
    elif target is not None:
        head, rows = _table(found, part)
        _written(call, target, head, rows, _title(found, part))
    elif call.json:
        output.print_json(_json(found))
    else:
        _print(found, part)


def _known(call: Call) -> list[Stored]:
    from tui_finetune.evaluation.stored import all_evaluations
    from tui_finetune.runs.store import RunStore

    return all_evaluations(RunStore(call.home).list())


def _stored(call: Call, query: str, split: str | None, known: Sequence[Stored]) -> Stored:
    """The evaluation that stands for a run. Raises UserError where there is none."""
    from tui_finetune.evaluation.stored import best_for

    info = require_readable(find_run(call, query))
    found = best_for(known, info.id, split)
    if found is not None:
        return found
    there = sorted({one.split for one in known if info.id in (one.info.id, one.about)})
    if there:
        raise UserError(Problem(f"{info.title} is not evaluated on {split}.", hint=f"There is {', '.join(there)}."))
    hint = f"tui-finetune evaluate {info.short} measures it." if info.kind == "train" else None
    raise UserError(Problem(f"{info.title} has no evaluation.", hint=hint))


def _measured(call: Call, stored: Stored, known: Sequence[Stored]) -> Measured:
    from tui_finetune.evaluation.stored import measured_of
    from tui_finetune.runs.store import RunStore

    about: RunInfo | None = RunStore(call.home).get(stored.about)
    return measured_of(stored, known, about, about.status() if about is not None else None)


def _title(found: Measured, part: str) -> str:
    return f"{found.name} {found.short} on {found.split}: {part}"


def _table(found: Measured, part: str) -> tuple[list[str], list[list[Any]]]:
    from tui_finetune.live.beside import shown_labels
    from tui_finetune.live.evaluation_page import confusion_table, metric_table
    from tui_finetune.live.label_figures import arranged_labels, label_table

    if part == "labels":
        return label_table(arranged_labels(shown_labels(found)))
    if part == "confusion":
        return confusion_table(found.confusion) if found.confusion is not None else (["gold", "predicted", "rows"], [])
    return metric_table(found)


def _written(call: Call, target: Path, head: Sequence[str], rows: Any, title: str) -> None:
    from tui_finetune.evaluation.exporting import write_table

    count = write_table(target, head, rows, title)
    if call.json:
        output.print_json({"path": str(target.absolute()), "rows": count})
    else:
        output.print_line(shown(f"{target} written: {count:,} lines."))


def _json(found: Measured) -> dict[str, Any]:
    from tui_finetune.live.beside import shown_labels

    confusion = _table(found, "confusion")[1]
    return {
        "run": found.about,
        "evaluation": found.run_id,
        "split": found.split,
        "rows": found.rows,
        "metrics": found.metrics,
        "baselines": {name: dict(one.get("metrics") or {}) for name, one in found.baselines.items()},
        "labels": [vars(one) for one in shown_labels(found)],
        "confusion": [{"gold": g, "predicted": p, "rows": n} for g, p, n, *_ in confusion],
        "path": found.folder,
    }


def _print(found: Measured, part: str) -> None:
    head = shown(f"{found.name} ({found.short}) on {found.split}: {found.rows:,} rows")
    output.print_line(head)
    parts = ("figures", "labels", "confusion") if part == "figures" else (part,)
    for one in parts:
        names, rows = _table(found, one)
        some = part == "figures" and one != "figures"
        _print_table(names, rows[: WEAKEST if one == "labels" else CONFUSED] if some else rows, len(rows))
    output.print_line()
    output.print_line(shown(f"All of it: {found.folder}"))


def _print_table(head: Sequence[str], rows: Sequence[Sequence[Any]], count: int) -> None:
    if not rows:
        return
    output.print_line()
    right = [place for place, value in enumerate(rows[0]) if not isinstance(value, str)]
    output.print_lines(output.table(list(head), [[_cell(value) for value in row] for row in rows], right=right))
    if count > len(rows):
        output.print_line(Shown(f"+ {count - len(rows):,} more"))


def _cell(value: Any) -> Shown:
    from tui_finetune.live import words
    from tui_finetune.live.evaluation_page import plain_value

    if isinstance(value, float):
        return Shown(words.score(value))
    return Shown(f"{value:,}") if isinstance(value, int) else cut_middle(plain_value(value), LABEL_CELLS)


# Rows


def _rows(call: Call, stored: Stored, found: Measured, where: str, sort: str, limit: int, target: Path | None) -> None:
    from tui_finetune.evaluation.exporting import ROW_HEAD, row_cells
    from tui_finetune.live.row_filter import RowOrder, parse_rows

    rows = _opened(stored, found)
    wanted = parse_rows(where, rows.labels)
    if wanted.problem is not None:
        raise UserError(wanted.problem)
    numbers = rows.matching(wanted, RowOrder(sort))
    if target is not None:
        _written(call, target, ROW_HEAD, row_cells(rows, numbers), _title(found, f"rows {wanted.text}"))
        return
    cells = list(row_cells(rows, numbers[:limit]))
    if call.json:
        output.print_json([dict(zip(ROW_HEAD, row, strict=True)) for row in cells])
        return
    shown_columns = ("row", "loss", "score", "gold", "predicted")
    table = [
        [*(_cell(row[ROW_HEAD.index(name)]) for name in shown_columns), cut_end(str(row[-1]), TEXT_CELLS)]
        for row in cells
    ]
    output.print_line(shown(f"{found.name} ({found.short}) on {found.split}: {len(numbers):,} of {rows.total:,} rows"))
    if table:
        output.print_lines(output.table([*shown_columns, "text"], table, right=(0, 1, 2)))
    if len(numbers) > limit:
        output.print_line(Shown(f"+ {len(numbers) - limit:,} more; --limit shows more, -o FILE.csv writes all"))


def _opened(stored: Stored, found: Measured) -> StoredRows:
    from tui_finetune.evaluation.rows import StoredRows

    if not stored.predictions.is_file():
        raise UserError(f"{found.name} ({found.short}): the predictions of {found.split} are not stored.")
    return StoredRows(stored.predictions)


def _compare(
    call: Call, stored: Stored, found: Measured, other_stored: Stored, known: Sequence[Stored], target: Path | None
) -> None:
    from tui_finetune.evaluation.comparing import compare
    from tui_finetune.live.beside import ComparedLook, compare_table, names_of

    other = _measured(call, other_stored, known)
    if other.key == found.key:
        raise UserError("The same evaluation twice: name different ones.")
    names = f"{found.short} on {found.split}", f"{other.short} on {other.split}"
    compared = compare(_opened(stored, found), _opened(other_stored, other), names)
    groups = {str(group): numbers for group, numbers in compared.groups.items()}
    look = ComparedLook(found, other, groups, compared.differ)
    head, rows = compare_table(look)
    if target is not None:
        _written(call, target, head, rows, " and ".join(names))
    elif call.json:
        counts = {group: len(numbers) for group, numbers in groups.items()}
        metrics = [found.metrics, other.metrics]
        output.print_json(
            {"runs": [found.about, other.about], "split": found.split, "metrics": metrics, "rows": counts}
        )
    else:
        _print_comparison(look, head, rows, names_of(look))


def _print_comparison(
    look: ComparedLook, head: Sequence[str], rows: Sequence[Sequence[Any]], names: tuple[str, str]
) -> None:
    from tui_finetune.live.beside import GROUPS, group_words

    one, other = look.one, look.other
    titles = [f"{each.name} ({each.short}) on {each.split}" for each in (one, other)]
    output.print_line(shown(f"{titles[0]}, {titles[1]}: {one.rows:,} rows"))
    metrics = len(one.metrics)
    _print_table([*head[:-1], ""][: len(head) - 1], [row[:-1] for row in rows[:metrics]], metrics)
    output.print_line()
    for group in GROUPS:
        output.print_line(shown(f"{group_words(look, group).ljust(24)}{len(look.groups[group]):>8,}"))
    _print_table(head, rows[metrics : metrics + WEAKEST], len(rows) - metrics)
