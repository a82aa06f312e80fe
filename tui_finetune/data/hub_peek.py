"""The first rows of a Hub data set before it is fetched: by streaming, so that only what is read comes over the line."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from tui_finetune.data.hub import load, resolve
from tui_finetune.errors import DataError, Problem, first_line


def peek(
    name: str, revision: str | None, subset: str | None, rows: int
) -> tuple[str | None, dict[str, list[dict[str, Any]]]]:
    """The commit, and of every split its first `rows` rows as plain values. Raises DataError."""
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils import httpx

    place = resolve(name, revision)
    splits = load(place, subset, None, streaming=True)
    try:
        return place.commit, {split: [dict(row) for row in islice(iter(one), rows)] for split, one in splits.items()}
    except (HfHubHTTPError, httpx.TransportError, OSError, ValueError, RuntimeError) as error:
        raise DataError(Problem(f"{name} cannot be read by streaming: {first_line(error)}.", "NAME")) from error


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row for JSON: what is none of its values is told by its type."""

    def value(one: Any) -> Any:
        if one is None or isinstance(one, str | int | float | bool):
            return one
        if isinstance(one, Mapping):
            return {str(key): value(part) for key, part in one.items()}
        if isinstance(one, list | tuple):
            return [value(part) for part in one]
        return f"<{type(one).__name__}>"

    return {name: value(one) for name, one in row.items()}
