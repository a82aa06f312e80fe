"""A row as the model sees it: what the task's own encoding makes of it, token by token. Light."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tui_finetune.live.data_row import Piece, TokenView
from tui_finetune.plugin_api.conversations import raw_text
from tui_finetune.plugin_api.windows import row_values

if TYPE_CHECKING:
    from tui_finetune.inference.encoders import BackendEncoder
    from tui_finetune.plugin_api import LabelSet, Task

IGNORED = -100
"""Label of a token on which nothing is learnt."""
LEARNT = "learnt"
"""Shown at a token that a model learns to say."""


def token_view(
    task: Task, row: Mapping[str, Any], encoder: BackendEncoder, labels: LabelSet | None, model: str
) -> TokenView:
    """row: by role, as it was read. What is missing is an empty text; gold that is no label is left out."""
    inputs = {
        role.name: _given(row.get(role.name), role.kind) for role in task.roles if role.name in row and not role.gold
    }
    batch: dict[str, list[Any]] = {name: [value] for name, value in inputs.items()}
    gold = task.gold_role
    known = gold is not None and labels is not None and gold.name in row and _is_labelled(row[gold.name], labels)
    if known and gold is not None:
        batch[gold.name] = [row[gold.name]]
    encoded = task.encode(batch, encoder, labels or _no_labels())
    ids = list(encoded["input_ids"][0])
    types = encoded.get("token_type_ids")
    words = next((inputs[role.name] for role in task.roles if role.kind == "words" and role.name in inputs), ())
    word_ids = encoder.words([words])[0].word_ids if words else [None] * len(ids)
    learnt = _learnt(task, encoded, len(ids), labels)
    special = encoder.special_ids()
    pieces = [
        Piece(text, one, word, one in special, label, type_id)
        for text, one, word, label, type_id in zip(
            encoder.pieces(ids), ids, word_ids, learnt, types[0] if types else [None] * len(ids), strict=True
        )
    ]
    windows = len(encoded["input_ids"])
    tags = [_name(tag, labels) for tag in row[gold.name]] if words and known and gold is not None else []
    return TokenView(
        model, tuple(pieces), int(encoded["length"][0]), encoder.max_length, tuple(words), tuple(tags), windows
    )


def _learnt(task: Task, encoded: Mapping[str, Sequence[Any]], count: int, labels: LabelSet | None) -> list[str | None]:
    """What is learnt of each token of a row: its label, or that it is learnt at all."""
    if "prompt_tokens" in encoded:
        prompt = int(encoded["prompt_tokens"][0])
        return [None] * prompt + [LEARNT] * (count - prompt)
    on_tokens = encoded.get("labels", [None])[0]
    if not isinstance(on_tokens, list):
        return [None] * count
    if task.shape == "tokens":
        return [None if token == IGNORED else LEARNT for token in on_tokens]
    return [_label(label, labels) for label in on_tokens]


def token_lengths(task: Task, rows: Mapping[str, Sequence[Any]], encoder: BackendEncoder) -> list[int]:
    """Tokens of each row before anything is cut. rows: the inputs by role."""
    batch = {
        role.name: [_given(value, role.kind) for value in rows[role.name]] for role in task.roles if role.name in rows
    }
    return [int(length) for length in row_values(task.encode(batch, encoder, _no_labels()), "length")]


def _given(value: Any, kind: str) -> Any:
    if kind == "words":
        return [str(word or "") for word in value or ()]
    if kind == "text":
        return "" if value is None else str(value)
    if kind == "messages":
        return raw_text(value) or ""
    return value


def _is_labelled(value: Any, labels: LabelSet) -> bool:
    every = value if isinstance(value, list) else [value]
    return all(labels.id_of(one) is not None for one in every)


def _label(found: Any, labels: LabelSet | None) -> str | None:
    if found is None or labels is None or not 0 <= found < len(labels):
        return None
    return str(labels.names[found])


def _name(tag: Any, labels: LabelSet | None) -> str:
    place = labels.id_of(tag) if labels is not None else None
    return labels.names[place] if place is not None and labels is not None else str(tag)


def _no_labels() -> LabelSet:
    from tui_finetune.plugin_api import LabelSet

    return LabelSet.of(())
