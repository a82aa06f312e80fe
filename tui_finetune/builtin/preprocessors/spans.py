"""Character spans of a text as words and tags, which token-classification learns."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tui_finetune.builtin.preprocessors.named import check
from tui_finetune.builtin.tasks.words import split_words
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import Preprocessor

if TYPE_CHECKING:
    from pydantic import BaseModel

Span = tuple[int, int, str]
"""First character, the one after the last, type."""
STARTS, ENDS, TYPES = (
    ("start", "begin", "start_offset"),
    ("end", "stop", "end_offset"),
    ("label", "type", "entity", "tag"),
)


class SpansToTags(Preprocessor):
    name = "spans-to-tags"
    help = "Words and tags of a text whose entities are given by characters."

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.preprocessors.options import SpansOptions

        return SpansOptions

    def apply(self, row: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        text_column, spans_column = options["text"], options["spans"]
        check(self.name, "text", [text_column], row)
        check(self.name, "spans", [spans_column], row)
        if row[text_column] is None or row[spans_column] is None:
            return {**row, "tokens": None, "tags": None}
        text = str(row[text_column])
        words, places = _cut_at(text, spans := _spans(text, row[spans_column]))
        return {**row, "tokens": words, "tags": _tags(places, spans, options["scheme"])}


def _spans(text: str, given: Any) -> list[Span]:
    """In their order. Raises DataError for those that are nested, overlap, or are no span of the text."""
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise DataError(_wrong(f"the spans are {type(given).__name__}; a list is expected", text))
    found = sorted(_span(text, one) for one in given)
    for before, after in itertools.pairwise(found):
        if after[0] < before[1]:
            how = "lies within" if after[1] <= before[1] else "overlaps"
            names = f"{after[2]} {text[after[0] : after[1]]!r} {how} {before[2]} {text[before[0] : before[1]]!r}"
            raise DataError(_wrong(f"{names}: a word has one tag, so that spans cannot be nested", text))
    return found


def _span(text: str, given: Any) -> Span:
    """An object of start, end and label, or these three as a list."""
    if isinstance(given, Mapping):
        first, last, kind = (next((given[n] for n in names if n in given), None) for names in (STARTS, ENDS, TYPES))
    elif isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 3:
        first, last, kind = given
    else:
        first = last = kind = None
    try:
        start, end = int(first), int(last)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise DataError(_wrong(f"{given!r} is no span: start, end and label are expected", text)) from None
    if kind is None or not 0 <= start < end <= len(text):
        raise DataError(_wrong(f"{kind} {start}-{end} is no span of a text of {len(text)} characters", text))
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start == end:
        raise DataError(_wrong(f"{kind} {first}-{last} holds nothing but blanks", text))
    return start, end, str(kind)


def _wrong(what: str, text: str) -> Problem:
    shown = text if len(text) <= 40 else f"{text[:37]}..."
    return Problem(f"spans-to-tags: {what}, in {shown!r}.", "preprocess", hint="Mend the row, or take it out.")


def _cut_at(text: str, spans: Sequence[Span]) -> tuple[list[str], list[tuple[int, int]]]:
    """Words of the text as typed texts are split, and cut where a span begins or ends within one."""
    edges = sorted({edge for start, end, _ in spans for edge in (start, end)})
    places: list[tuple[int, int]] = []
    for start, end in split_words(text)[1]:
        cuts = [start, *(edge for edge in edges if start < edge < end), end]
        places += itertools.pairwise(cuts)
    return [text[start:end] for start, end in places], places


def _tags(places: Sequence[tuple[int, int]], spans: Sequence[Span], scheme: str) -> list[str]:
    tags = ["O"] * len(places)
    for first, last, kind in spans:
        inside = [index for index, (start, end) in enumerate(places) if start >= first and end <= last]
        for index in inside:
            tags[index] = f"{_prefix(index == inside[0], index == inside[-1], scheme)}-{kind}"
    return tags


def _prefix(first: bool, last: bool, scheme: str) -> str:
    if scheme == "io":
        return "I"
    if scheme == "bioes" and last:
        return "S" if first else "E"
    return "B" if first else "I"
