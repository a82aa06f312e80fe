"""A column of conversations as texts, however it is written: texts, messages, lists of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_finetune.errors import Problem
from tui_finetune.plugin_api.conversations import raw_text

if TYPE_CHECKING:
    import pyarrow as pa

    from tui_finetune.plugin_api import Role

NAMES = ("role", "from")
"""Fields of a message that say who speaks."""


def is_conversations(kind: pa.DataType) -> bool:
    """Texts, or messages: structs that say who speaks, alone or in lists."""
    import pyarrow as pa

    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return True
    return is_messages(kind)


def is_messages(kind: pa.DataType) -> bool:
    import pyarrow as pa

    one = kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else kind
    return bool(pa.types.is_struct(one)) and any(field.name in NAMES for field in one)


def says_who(column: str) -> bool:
    """True for `chosen.from`: of a message that was an object, what tells who speaks and not what is said."""
    return column.rpartition(".")[2] in NAMES and "." in column


def conversation_texts(
    column: pa.ChunkedArray, role: Role, name: str, where: str
) -> tuple[pa.ChunkedArray, Problem | None]:
    """The column as texts; what is missing stays so, or is empty where the role may be. With a problem that names a row."""
    import pyarrow as pa

    blank = None if role.required or role.gold else ""
    found: list[str | None] = []
    for place, value in enumerate(column.to_pylist()):
        try:
            text = raw_text(value)
        except ValueError as error:
            hint = "A message has role and content, or from and value; data.columns names another column."
            said = Problem(f"column {name}{where}, row {place:,}: {error}.", f"data.columns.{role.name}", hint=hint)
            return column, said
        found.append(blank if text is None else text)
    return pa.chunked_array([pa.array(found, pa.string())]), None
