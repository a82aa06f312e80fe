"""What each step of a chain does to all rows: how many it changes, leaves out and makes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import UserError
from tui_finetune.plugin_api import ROW_HASH, ROW_ID, Column, Opened, Progress, SplitTable
from tui_finetune.plugin_api.manager import Catalog

if TYPE_CHECKING:
    import pyarrow as pa


def chain(request: Mapping[str, Any], catalog: Catalog, cache: Path, progress: Progress) -> dict[str, Any]:
    """`steps`: by step `changed`, `out`, `made`, of all splits together; of the one that fails `failed`, and none after it.

    What the steps make is kept as for a run.
    """
    from tui_finetune.data.preprocessing import preprocessed

    splits = {name: SplitTable(name, Path(arrow), rows) for name, arrow, rows in request["splits"]}
    columns = tuple(Column(name, kind, tuple(names) if names else None) for name, kind, names in request["columns"])
    now = Opened("", "", splits, columns)
    told: list[dict[str, Any]] = []
    for name, options in request["steps"]:
        try:
            after = preprocessed(now, [(catalog.require("preprocessors", name), options)], catalog, cache, progress)
        except UserError as error:
            return {"steps": [*told, {"failed": str(error.problems[0])}]}
        counts = [difference(now.splits[one].table(), split.table()) for one, split in after.splits.items()]
        told.append({key: sum(count[key] for count in counts) for key in ("changed", "out", "made")})
        now = after
    return {"steps": told}


def difference(before: pa.Table, after: pa.Table) -> dict[str, int]:
    """Rows that are there and otherwise, that are gone, and that were made of others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    old, new = before.column(ROW_ID).combine_chunks(), after.column(ROW_ID).combine_chunks()
    place = pc.index_in(new, value_set=old)
    stays = pc.is_valid(place)
    kept = after.filter(stays)
    same_rows = before.take(place.filter(stays))
    changed = pa.chunked_array([pa.array([False] * kept.num_rows, pa.bool_())])
    for name in dict.fromkeys([*before.column_names, *after.column_names]):
        if name not in (ROW_ID, ROW_HASH):
            changed = pc.or_(changed, _differs(same_rows, kept, name))
    origins = pc.if_else(stays, new, pc.replace_substring_regex(new, r"#\d+$", ""))
    gone = pc.invert(pc.is_in(old, value_set=origins))
    return {
        "changed": int(pc.sum(changed).as_py() or 0),
        "out": int(pc.sum(gone).as_py() or 0),
        "made": after.num_rows - kept.num_rows,
    }


def _differs(before: pa.Table, after: pa.Table, name: str) -> Any:
    """Of each row whether a column is otherwise, or new, or gone."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if name not in before.column_names or name not in after.column_names:
        return pa.chunked_array([pa.array([True] * after.num_rows, pa.bool_())])
    old, new = before.column(name), after.column(name)
    if old.type != new.type or pa.types.is_nested(old.type):
        pairs = zip(old.to_pylist(), new.to_pylist(), strict=True)
        return pa.chunked_array([pa.array([a != b for a, b in pairs], pa.bool_())])
    missing = pc.not_equal(pc.is_null(old), pc.is_null(new))
    return pc.or_(missing, pc.fill_null(pc.not_equal(old, new), False))
