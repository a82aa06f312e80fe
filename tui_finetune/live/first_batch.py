"""The first batch of a training in words: its rows with their padding, its tensors, and what other ways of batching waste."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui_finetune.live import words

LABELS_SHOWN = 3


def summary(found: Mapping[str, Any]) -> str:
    """`16 rows of up to 48 tokens: 12 % padding`."""
    shape = found["tensors"]["input_ids"]["shape"]
    padded, cells = sum(int(row["padded"]) for row in found["rows"]), 1
    for size in shape:
        cells *= int(size)
    count = f"{shape[0]} row{'' if shape[0] == 1 else 's'}"
    middle = "".join(f" × {size}" for size in shape[1:-1])
    return f"{count}{middle} of up to {shape[-1]:,} tokens: {words.share(padded, cells)} padding"


def row_cells(found: Mapping[str, Any], names: Sequence[str]) -> list[list[str]]:
    """Of each row its id, tokens, padding, label and the tokens themselves. names: of labels, by their id."""
    return [
        [
            str(row.get("row_id") or "–"),
            f"{_count(row['input_ids']) - int(row['padded']):,}",
            f"{int(row['padded']):,}",
            label_words(row.get("labels"), names),
            " ".join(_flat(row["tokens"])),
        ]
        for row in found["rows"]
    ]


def label_words(value: Any, names: Sequence[str]) -> str:
    """A label by its name; of a list how many there are, those that no loss counts (-100) apart."""
    if value is None:
        return "–"
    if isinstance(value, list):
        if len(value) == len(names) and all(isinstance(one, float) for one in value):
            given = [name for name, one in zip(names, value, strict=True) if one]
            return ", ".join(given[:LABELS_SHOWN]) + (" …" if len(given) > LABELS_SHOWN else "") if given else "none"
        flat = _flat(value)
        ignored = sum(1 for one in flat if one == -100)
        return f"{len(flat) - ignored:,}" + (f", {ignored:,} ignored" if ignored else "")
    return names[value] if isinstance(value, int) and 0 <= value < len(names) else f"{value:g}"


def tensor_words(found: Mapping[str, Any]) -> str:
    """`input_ids int64 16×48, labels int64 16`."""
    told = (
        f"{name} {one['dtype']} {'×'.join(str(size) for size in one['shape'])}"
        for name, one in found["tensors"].items()
    )
    return ", ".join(told)


def choice_cells(found: Mapping[str, Any]) -> list[list[str]]:
    """Of each way of batching: what it is, how much of an epoch is padding, how many tokens that is, how long it takes."""
    return [
        [
            "▸" if one["chosen"] else "",
            f"{one['order']} order, to the longest"
            if one["padding"] == "longest"
            else f"all to {found['max_length']:,} tokens",
            f"{100 * float(one['waste']):.1f} %",
            words.short_count(float(one["tokens"])),
            "–" if one["seconds"] is None else words.coarse(float(one["seconds"])),
        ]
        for one in found["choices"]
    ]


def _count(ids: Any) -> int:
    return len(_flat(ids))


def _flat(values: Any) -> list[Any]:
    return [one for row in values for one in _flat(row)] if isinstance(values, list) else [values]
