"""What a model answered, as lines: its label and all scores as bars, entities under their words, one answer against another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.spans import EMPTY, Line, Span, blanks, clip, ends, line, muted, span, width_of, wrap
from tui_finetune.text import Shown, cell_width, cut_middle

Answer = Mapping[str, Any]
"""As a task gives it: `label`, `score`, `scores`; or `entities`; or something of its own."""

LABEL_CELLS = 32
SCORE_CELLS = 5
BAR_CELLS = 10
"""Of a bar at least, before names are cut."""
_EIGHTHS = " ▏▎▍▌▋▊▉"
NOTHING_FOUND = "nothing found"
NO_ANSWER = "no answer"
NO_LABEL = "no label"
"""Said where a text may have any number of labels and has none."""


def bar(share: float, cells: int) -> str:
    """A share as blocks, in eighths of a cell; nothing for one that is not finite."""
    if not math.isfinite(share):
        return ""
    eighths = round(max(0.0, min(1.0, share)) * cells * 8)
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def scored(answer: Answer) -> list[tuple[str, float]]:
    """Labels with their scores, the likeliest first; empty for an answer that is no choice of labels."""
    scores = answer.get("scores")
    if isinstance(scores, Mapping):
        return [(str(label), float(score)) for label, score in scores.items()]
    return []


def brief(answer: Answer, said: Sequence[str] = ()) -> str:
    """An answer in a few words: `card_arrival`, `location Narita, person Ada`. said: what its task says of it."""
    if "label" in answer:
        return str(answer["label"])
    if "labels" in answer:
        return several(answer["labels"])
    if "answers" in answer:
        return str(answer["answer"]) or NO_ANSWER
    if "fills" in answer:
        return str(answer["filled"])
    if "continuation" in answer:
        return str(answer["continuation"]).strip() or words.NOTHING
    entities = answer.get("entities")
    if entities is not None:
        return ", ".join(f"{one['label']} {one['text']}" for one in entities) or NOTHING_FOUND
    return said[0] if said else words.NOTHING


def several(labels: Sequence[Any]) -> str:
    """`joy, love`."""
    return ", ".join(str(label) for label in labels) or NO_LABEL


def score_of(answer: Answer) -> float | None:
    """The score of the label that was chosen."""
    score = answer.get("score")
    return float(score) if isinstance(score, int | float) else None


def answer_lines(answer: Answer, said: Sequence[str], width: int, room: int) -> list[Line]:
    """The whole answer. room: lines that are in sight at first, for which the number of those below is told."""
    if "labels" in answer:
        given = wrap(several(answer["labels"]), width - 2)
        return [
            *(line(" ", *(one._replace(bold=True) for one in part)) for part in given),
            *bars(scored(answer), width),
        ]
    if (rows := scored(answer)) or "label" in answer:
        return [*_headline(answer, width), *bars(rows, width)]
    if "entities" in answer:
        from tui_finetune.live.marked import entity_lines, marked_text

        entities = answer["entities"]
        marked = marked_text(str(answer.get("text", "")), entities, width - 2)
        return [*(line(" ", *one) for one in marked), EMPTY, *entity_lines(entities, width)]
    if "answers" in answer:
        return _answer_lines(answer, width)
    if "continuation" in answer or "fills" in answer:
        from tui_finetune.live.token_page import continued_lines, filled_lines

        return filled_lines(answer, width) if "fills" in answer else continued_lines(answer, width)
    return [line(" ", span(one)) for one in said]


def _answer_lines(answer: Answer, width: int) -> list[Line]:
    """The answer and its score, what else was likely, and the context with the answer marked."""
    from tui_finetune.live.marked import marked_answer, marked_text

    found = {"label": answer["answer"] or NO_ANSWER, "score": answer["score"]}
    rows = [(str(one["text"]), float(one["score"])) for one in answer["answers"]]
    if answer.get("no_answer") is not None:
        rows = sorted([*rows, (NO_ANSWER, float(answer["no_answer"]))], key=lambda one: -one[1])
    context = (line(" ", *one) for one in marked_text(str(answer["context"]), marked_answer(answer), width - 2))
    return [*_headline(found, width), EMPTY, *bars(rows, width), EMPTY, *context]


def _headline(answer: Answer, width: int) -> list[Line]:
    label, score = str(answer.get("label", words.NOTHING)), score_of(answer)
    shown_score = span(words.score(score), bold=True)
    name = Span(cut_middle(label, max(8, width - 12)), bold=True)
    gap = max(2, min(width - SCORE_CELLS - 2, 58) - width_of((name,)))
    return [line(" ", name, blanks(gap), shown_score)]


def bars(rows: Sequence[tuple[str, float]], width: int, *, indent: int = 3) -> list[Line]:
    """A line for each label: name, bar, score; the names in one column, the scores in another."""
    if not rows:
        return []
    longest = max(cell_width(cut_middle(label, LABEL_CELLS)) for label, _ in rows)
    room = width - indent - 2 - 2 - SCORE_CELLS - 1
    names = min(longest, max(8, room - BAR_CELLS, (room - SCORE_CELLS) // 2))
    cells = min(40, max(0, room - names))
    return [_bar_line(label, score, names, cells, indent) for label, score in rows]


def _bar_line(label: str, score: float, names: int, cells: int, indent: int) -> Line:
    name, drawn = cut_middle(label, names), bar(score, cells)
    return line(
        blanks(indent),
        Span(name),
        blanks(names - cell_width(name) + 2),
        Span(Shown(drawn), "series-1"),
        blanks(cells - len(drawn) + 2),
        span(words.score(score)),
    )


def more_line(rows: Sequence[tuple[str, float]], width: int) -> Line:
    """`+ 72 more  0.006`: labels that are not in sight, and what they have together."""
    rest = sum(score for _, score in rows if math.isfinite(score))
    return line("   ", muted(f"+ {len(rows):,} more, {words.score(rest)} together"))


def beside(left: Sequence[Line], right: Sequence[Line], width: int, height: int) -> list[Line]:
    """Two columns of lines."""
    half = width // 2
    out = []
    for index in range(min(height, max(len(left), len(right)))):
        a = left[index] if index < len(left) else EMPTY
        b = right[index] if index < len(right) else EMPTY
        a, b = clip(a, half - 1), clip(b, width - half)
        out.append((*a, blanks(half - width_of(a)), *b))
    return out


def agreement(
    one: Answer, other: Answer, names: tuple[str, str], said: tuple[Sequence[str], Sequence[str]], width: int
) -> Line:
    """`differ: b2m7 card_arrival 0.962, n4v8 card_linking 0.412`; of entities those that only one found."""
    if "entities" in one and "entities" in other:
        return clip(_entity_agreement(one, other, names), width)
    room = max(8, (width - len("differ: ") - sum(map(len, names)) - 2 * (2 + SCORE_CELLS) - 2) // 2)
    briefs = cut_middle(brief(one, said[0]), room), cut_middle(brief(other, said[1]), room)
    scores = [words.score(score_of(answer)) if score_of(answer) is not None else "" for answer in (one, other)]
    if briefs[0] == briefs[1]:
        both = " and ".join(score for score in scores if score)
        return line(span("agree: ", "good"), span(briefs[0], bold=True), muted(f", {both}" if both else ""))
    parts = [" ".join(part for part in (n, b, s) if part) for n, b, s in zip(names, briefs, scores, strict=True)]
    return line(span("differ: ", "warn"), span(", ".join(parts), bold=True))


def _entity_agreement(one: Answer, other: Answer, names: tuple[str, str]) -> Line:
    found = [
        {(e["label"], e["start"], e["end"]): f"{e['label']} {e['text']}" for e in answer["entities"]}
        for answer in (one, other)
    ]
    both = [key for key in found[0] if key in found[1]]
    only = [
        f"only {name}: {', '.join(text for key, text in mine.items() if key not in theirs)}"
        for name, mine, theirs in zip(names, found, reversed(found), strict=True)
        if any(key not in theirs for key in mine)
    ]
    count = f"{len(both)} {'entity' if len(both) == 1 else 'entities'} alike"
    if not only:
        return line(span("agree: ", "good"), span(count if both else NOTHING_FOUND, bold=True))
    return line(span("differ: ", "warn"), span("; ".join([count, *only]), bold=True))


def tokens_words(tokens: int, max_length: int) -> Line:
    """`9 tokens of 128`; more than the model reads is said."""
    text = f"{tokens:,} tokens of {max_length:,}"
    if tokens > max_length:
        return line(span(f"! {text}: what stands behind is not seen", "warn"))
    return line(muted(text))


def latency(seconds: float | None) -> str:
    """`4.1 ms`, `212 ms`, `1.3 s`."""
    if seconds is None:
        return words.NOTHING
    if seconds < 0.0995:
        return f"{1000 * seconds:.1f} ms"
    return f"{1000 * seconds:.0f} ms" if seconds < 0.9995 else words.duration(seconds)


def faded(lines: Sequence[Line]) -> list[Line]:
    """The same lines as what is no longer of now."""
    return [tuple(one._replace(token="muted", bold=False) for one in each) for each in lines]


def headed(left: object, right: Line, width: int) -> Line:
    """A pane's heading with what stands at its right."""
    return ends(line(" ", muted(left)), (*right, blanks(1)), width)
