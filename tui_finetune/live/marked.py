"""Entities in a text: the text in lines, under each the labels of what was found in it, below their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.spans import Line, Span, at, blanks, line, muted, span
from tui_finetune.text import Shown, cell_width, cut_middle, shown

Entity = Mapping[str, Any]
"""`label`, `start` and `end` in characters of the text, `text`, `score`."""
COLOURS = ("series-1", "series-2", "series-3", "series-4")
NAME_CELLS = 20


@dataclass(frozen=True)
class Sign:
    """A character as it is shown."""

    text: Shown
    cells: int
    place: int
    """Its place in the raw text."""


def marked_answer(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The answer that was given as what `marked_text` marks: `start` and `end` in its context, where it has a place."""
    start, end = row.get("start"), row.get("end")
    if not isinstance(start, int) or not isinstance(end, int) or end <= start:
        return []
    return [{"label": "answer", "start": start, "end": end, "text": "", "score": row.get("score") or 0.0}]


def marked_text(text: str, entities: Sequence[Entity], width: int) -> list[Line]:
    """The text, wrapped, with lines of labels between; line ends inside it show as signs, so that places stay right."""
    colours = colours_of(entities)
    out: list[Line] = []
    for signs in wrapped_signs(text, max(8, width)):
        inside = [one for one in entities if any(one["start"] <= sign.place < one["end"] for sign in signs)]
        out.append(_text_line(signs, inside, colours))
        out += _label_lines(signs, inside, colours, width)
    return out


def colours_of(entities: Sequence[Entity]) -> dict[str, str]:
    """Label to colour, in the order of the labels' names: the same one in every text that has the same labels."""
    return {label: COLOURS[i % len(COLOURS)] for i, label in enumerate(sorted({str(e["label"]) for e in entities}))}


def wrapped_signs(text: str, width: int) -> list[list[Sign]]:
    """The signs of the text in lines, broken at blanks."""
    lines: list[list[Sign]] = [[]]
    taken = 0
    for word in _words(text):
        cells = sum(sign.cells for sign in word)
        if taken and taken + cells > width and word[0].text != " ":
            lines.append([])
            taken = 0
        for sign in word:
            if taken + sign.cells > width:
                lines.append([])
                taken = 0
            lines[-1].append(sign)
            taken += sign.cells
    return lines


def _words(text: str) -> list[list[Sign]]:
    """Words and the blanks between them."""
    found: list[list[Sign]] = []
    for place, char in enumerate(text):
        sign = shown(char)
        one = Sign(sign, cell_width(sign), place)
        if found and (sign == " ") == (found[-1][-1].text == " "):
            found[-1].append(one)
        else:
            found.append([one])
    return found


def _text_line(signs: Sequence[Sign], inside: Sequence[Entity], colours: Mapping[str, str]) -> Line:
    spans: list[Span] = []
    for sign in signs:
        entity = next((one for one in inside if one["start"] <= sign.place < one["end"]), None)
        token = "text" if entity is None else colours[str(entity["label"])]
        if spans and spans[-1].token == token:
            spans[-1] = spans[-1]._replace(text=Shown(spans[-1].text + sign.text))
        else:
            spans.append(Span(sign.text, token))
    return tuple(spans)


def _label_lines(signs: Sequence[Sign], inside: Sequence[Entity], colours: Mapping[str, str], width: int) -> list[Line]:
    """Each label below the first sign of its entity in this line; where two would touch, the second one goes lower."""
    rows: list[list[tuple[int, Line]]] = []
    ends: list[int] = []
    for entity in sorted(inside, key=lambda one: int(one["start"])):
        start = 0
        for sign in signs:
            if entity["start"] <= sign.place < entity["end"]:
                break
            start += sign.cells
        label = Span(cut_middle(str(entity["label"]), width), colours[str(entity["label"])])
        cells = cell_width(label.text)
        start = max(0, min(start, width - cells))
        row = next((index for index, end in enumerate(ends) if start > end), len(ends))
        if row == len(ends):
            rows.append([])
            ends.append(0)
        rows[row].append((start, (label,)))
        ends[row] = start + cells
    return [at(row, width) for row in rows]


def entity_lines(entities: Sequence[Entity], width: int) -> list[Line]:
    """A line for each entity: its label, its text, a bar, its score, its place."""
    from tui_finetune.live.answers import NOTHING_FOUND, bar

    if not entities:
        return [line(" ", span(NOTHING_FOUND, bold=True))]
    colours = colours_of(entities)
    labels = min(NAME_CELLS, max(cell_width(shown(e["label"])) for e in entities))
    places = [f"{e['start']}-{e['end']}" for e in entities]
    wide = max(len(place) for place in places)
    texts = min(max(cell_width(shown(e["text"])) for e in entities), max(10, width - labels - wide - 32))
    out = []
    for entity, place in zip(entities, places, strict=True):
        name, text = cut_middle(str(entity["label"]), labels), cut_middle(str(entity["text"]), texts)
        cells = max(0, min(16, width - labels - texts - wide - 16))
        drawn = bar(float(entity["score"]), cells)
        out.append(
            line(
                "   ", Span(name, colours[str(entity["label"])]), blanks(labels - cell_width(name) + 2),
                Span(text), blanks(texts - cell_width(text) + 2),
                Span(Shown(drawn), "series-1"), blanks(cells - len(drawn) + 2), span(words.score(entity["score"])),
                "  ", muted(place.rjust(wide)),
            )
        )  # fmt: skip
    return out
