"""`data tokens`: a row as the model sees it, and as another model or another length would see it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import click

from tui_finetune.cli import output
from tui_finetune.cli.data_rows import LENGTH, SET, SPLIT, opened, tokenizer
from tui_finetune.cli.diagnostics import say
from tui_finetune.cli.options import Call, verb
from tui_finetune.errors import DataError, UserError
from tui_finetune.text import Shown, shown

if TYPE_CHECKING:
    from tui_finetune.live.data_row import TokenView


@click.command()
@click.argument("path")
@click.argument("row", type=click.IntRange(min=0))
@SET
@SPLIT
@click.option("--model", required=True, help="Model whose tokenizer is used.")
@LENGTH
@click.option(
    "--beside", metavar="MODEL", help="Another model, whose tokens stand beside; the same one where none is named."
)
@click.option("--beside-length", type=click.IntRange(min=2), help="Its maximum length; else the same.")
@verb
def tokens(
    call: Call,
    path: str,
    row: int,
    subset: str | None,
    split: str | None,
    model: str,
    max_length: int,
    beside: str | None,
    beside_length: int | None,
) -> None:
    """Row number ROW of PATH as the model sees it; beside it as another model, or with another length, sees it."""
    from tui_finetune.data.windows import open_reader
    from tui_finetune.inference.encoders import light_encoder
    from tui_finetune.inference.token_view import token_view

    look, one = opened(call, path, split, subset)
    if look.task is None:
        raise DataError(look.problems or look.no_task or "no task takes it.")
    if row >= one.rows:
        raise UserError(f"there is no row {row:,}: {one.name} has {one.rows:,}.")
    whole = open_reader(one.arrow).whole(row)
    by_role = {role: whole.get(name) for role, name in look.roles.items()}
    labels = look.prepared.labels if look.prepared is not None else None
    sides = [(model, max_length)]
    if beside is not None or beside_length is not None:
        sides.append((beside or model, beside_length or max_length))
    views: list[TokenView] = []
    for name, length in sides:
        file = tokenizer(call, name)
        if file is None:
            raise UserError(f"{name} has no tokenizer here. hf download {name} brings a model of the Hub.")
        views.append(token_view(look.task, by_role, light_encoder(file.parent, length), labels, name))
    if call.json:
        first, *other = [_view_json(view) for view in views]
        output.print_json({"row": row, "row_id": whole["row_id"], **first, **({"beside": other[0]} if other else {})})
        return
    output.print_lines(_pieces(views[0]) if len(views) == 1 else _pieces_beside(*views))
    for view in views:
        cut = f"{view.length:,} tokens of {view.max_length:,}, {view.seen}"
        say(shown(cut if len(views) == 1 else f"{view.model}: {cut}"))


def _view_json(view: TokenView) -> dict[str, Any]:
    pieces = [vars(piece) for piece in view.pieces]
    return {"model": view.model, "length": view.length, "cut": view.cut, "tokens": pieces}


def _pieces(view: TokenView) -> list[Shown]:
    cells = [
        [Shown(str(at)), shown(piece.text), Shown(str(piece.id)), shown(piece.label or "–")]
        for at, piece in enumerate(view.pieces)
    ]
    return output.table(["at", "piece", "id", "label"], cells, right=(0, 2))


def _pieces_beside(one: TokenView, other: TokenView) -> list[Shown]:
    """Token by token of both; where they part, a mark between them."""
    cells = []
    for at, (left, right) in enumerate(itertools.zip_longest(one.pieces, other.pieces)):
        mark = "" if left is not None and right is not None and left.text == right.text else "≠"
        pairs = [(shown(p.text), Shown(str(p.id))) if p is not None else (Shown(""), Shown("")) for p in (left, right)]
        cells.append([Shown(str(at)), *pairs[0], Shown(mark), *pairs[1]])
    return output.table(["at", "piece", "id", "", "beside", "id"], cells, right=(0, 2, 5))


VERBS = (tokens,)
