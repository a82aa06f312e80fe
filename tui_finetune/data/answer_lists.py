"""A column of answers as one type, however it is written: a list of structs of `text` and `answer_start`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

TEXT, START = "text", "answer_start"


def is_answers(kind: pa.DataType) -> bool:
    """SQuAD's ways: a struct of lists, as the Hub has it; a list of structs, as the JSON files do; texts alone, or one text."""
    import pyarrow as pa

    if is_placed(kind):
        return True
    inner = kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else kind
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner))


def is_placed(kind: pa.DataType) -> bool:
    """True for structs, which are nothing but answers: texts alone may be anything."""
    import pyarrow as pa

    listed = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    one = kind.value_type if listed else kind
    return bool(pa.types.is_struct(one)) and any(field.name == TEXT for field in one)


def answer_lists(table: pa.Table, name: str) -> pa.ChunkedArray:
    """The column as lists of structs; what is missing stays so. Takes what `is_answers` takes.

    Of `answers.text`, the places come from `answers.answer_start`: so an object's parts are called once they are columns.
    """
    import pyarrow as pa

    wanted = pa.list_(pa.struct([(TEXT, pa.string()), (START, pa.int64())]))
    beside = name.removesuffix(TEXT) + START
    values = table.column(name).to_pylist()
    starts = table.column(beside).to_pylist() if name.endswith(f".{TEXT}") and beside in table.column_names else []
    if starts:
        values = [None if texts is None else {TEXT: texts, START: at} for texts, at in zip(values, starts, strict=True)]
    return pa.chunked_array([pa.array([_listed(value) for value in values], wanted)])


def _listed(value: Any) -> list[dict[str, Any]] | None:
    if value is None:
        return None
    texts, starts = _parts(value)
    pairs = zip(texts, [*starts, *[None] * (len(texts) - len(starts))], strict=False)
    return [{TEXT: text, START: start} for text, start in pairs if text]


def _parts(value: Any) -> tuple[Sequence[Any], Sequence[Any]]:
    if isinstance(value, str):
        return [value], []
    if isinstance(value, dict):
        texts, starts = value.get(TEXT) or [], value.get(START)
        return ([texts], [starts]) if isinstance(texts, str) else (texts, starts or [])
    if all(isinstance(one, str) for one in value):
        return value, []
    told = [one for one in value if one is not None]
    return [one.get(TEXT) for one in told], [one.get(START) for one in told]
