"""Label sets from the values of a column: what our tasks share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import LabelSet

if TYPE_CHECKING:
    import pyarrow as pa

FEW = 50
"""Up to this many distinct texts are labels whatever the number of rows."""


def label_values(values: pa.ChunkedArray, what: str) -> pa.Array:
    """The distinct values, nulls left out. Raises DataError where their type cannot be a label (`what`: the role)."""
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    kind = values.type
    if pa.types.is_null(kind) or not (_is_text(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
        hint = "Labels are texts, integers or booleans."
        if pa.types.is_floating(kind):
            hint = "Numbers with a point are no labels; if they stand for classes, write them as integers."
        raise _refused(f"the {what} column holds {kind}.", hint)
    return values.unique().drop_null()


def label_set(values: pa.ChunkedArray, class_names: Sequence[str] | None, what: str = "label") -> LabelSet:
    """Texts sorted, integers by number, false before true; with `class_names` the integers 0, 1 … in their order, and
    texts that the rows lack.

    Raises DataError for types that are no labels, one label only, and texts that hardly repeat.
    """
    import pyarrow as pa

    distinct = label_values(values, what)
    found = distinct.to_pylist()
    if class_names and pa.types.is_integer(distinct.type):
        return _named(found, class_names, what)
    if len(found) < 2:
        there = f"only {found[0]!r}" if found else "nothing"
        raise _refused(f"the {what} column holds {there}.", "At least two labels are needed.")
    if _is_text(distinct.type) and len(found) > FEW and 2 * len(found) > len(values):
        raise _refused(
            f"the {what} column holds {len(found):,} different texts in {len(values):,} rows.",
            "That looks like free text, not labels; data.columns chooses another column.",
        )
    listed = set(class_names or ())
    return LabelSet.of(sorted(listed if listed >= set(found) else found))


def _named(found: Sequence[int], class_names: Sequence[str], what: str) -> LabelSet:
    outside = sorted(value for value in found if not 0 <= value < len(class_names))
    if outside:
        shown = ", ".join(str(value) for value in outside[:5])
        hint = "A label of -1 usually means that the split has no labels." if -1 in outside else None
        raise _refused(f"the {what} column holds {shown}, but the {len(class_names)} names stand for 0 and up.", hint)
    return LabelSet.of(range(len(class_names)), class_names)


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _refused(message: str, hint: str | None) -> DataError:
    return DataError(Problem(message, key="data.columns", hint=hint))


def ids_of(values: Sequence[Any], labels: LabelSet, what: str = "label") -> list[int]:
    """Label ids of raw values or names. Raises DataError naming every value that is no label."""
    known = labels.ids()
    found = [known.get(value) if isinstance(value, str | int) else None for value in values]
    if any(one is None for one in found):
        found = [labels.id_of(value) if one is None else one for one, value in zip(found, values, strict=True)]
    unknown = sorted({repr(value) for one, value in zip(found, values, strict=True) if one is None})
    if unknown:
        shown = ", ".join(unknown[:5]) + (" …" if len(unknown) > 5 else "")
        raise _refused(f"{what} {shown}: not among the labels.", f"The labels are {', '.join(labels.names[:20])}.")
    return [one for one in found if one is not None]
