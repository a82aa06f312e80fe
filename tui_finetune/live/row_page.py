"""One predicted row, whole: what was read, what was there, what was said, how sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.answers import bars
from tui_finetune.live.choice_page import choice_lines
from tui_finetune.live.evaluation_page import plain_value, text_of
from tui_finetune.live.margin_page import pair_lines
from tui_finetune.live.marked import marked_answer, marked_text
from tui_finetune.live.rank_page import rank_lines
from tui_finetune.live.spans import EMPTY, Line, blanks, ends, line, muted, span, wrap
from tui_finetune.live.token_page import stored_lines
from tui_finetune.plugin_api.tasks import READ
from tui_finetune.text import cell_width, cut_middle, shown

TOP = 20
"""Labels whose scores are shown."""
WORD_CELLS = 24

Other = tuple[str, Mapping[str, Any]]
"""The name of another model, and its row of the same text."""


def head(row: Mapping[str, Any], place: int, split: str, width: int) -> Line:
    """` test row 1,322     11 tokens, none cut            data.csv:1322`."""
    length, cut = row.get("length"), row.get("truncated")
    tokens = f"{length:,} tokens, {'the rest was cut' if cut else 'none cut'}" if isinstance(length, int) else ""
    left = line(" ", span(f"{split} row {place:,}"), "     ", span(tokens, "warn" if cut else "muted"))
    return ends(left, (muted(cut_middle(str(row.get("row_id", "")), max(10, width // 2))), blanks(1)), width)


def row_lines(
    row: Mapping[str, Any],
    place: int,
    split: str,
    labels: Sequence[str],
    width: int,
    other: Other | None = None,
) -> list[Line]:
    """Everything that is stored of a row, and what another model said of it."""
    lines = [head(row, place, split, width)]
    if "token_losses" in row:
        return [*lines, *stored_lines(row, width, other)]
    if "chosen_rating" in row:
        return [*lines, *pair_lines(row, width, other)]
    if "rank" in row:
        return [*lines, *rank_lines(row, width, other)]
    if isinstance(row.get("gold"), list) and "tokens" in row:
        return [*lines, *_tag_lines(row, width, other)]
    if "context" in row:
        lines += _answer_lines(row, width)
    for name in ("text", "text_pair"):
        if row.get(name):
            lines += [line(" ", *part) for part in wrap(row[name], width - 2)]
    lines += choice_lines(row, width)
    if not any(name in row for name in READ):
        lines += [line(" ", *part) for part in wrap(text_of(row), width - 2)]
    lines += _verdict_lines(row, width, other)
    scores = _scores(row, labels)
    return [*lines, EMPTY, *bars(scores[:TOP], width)] if scores else lines


def _verdict_lines(row: Mapping[str, Any], width: int, other: Other | None) -> list[Line]:
    gold, said = row.get("gold"), row.get("predicted")
    right = gold == said
    told: list[tuple[str, Any, float | None, str]] = [
        ("predicted", said, row.get("score"), "good" if right else "bad"),
        ("gold", gold, row.get("gold_score"), "text"),
    ]
    if other is not None:
        name, row_of = other
        told.append(
            (name, row_of.get("predicted"), row_of.get("score"), "good" if row_of.get("predicted") == gold else "bad")
        )
    wide = max(len(name) for name, *_ in told) + 2
    lines = []
    for name, value, score, token in told:
        left = line(" ", muted(shown(name).ljust(wide)), span(cut_middle(plain_value(value), width - wide - 14), token))
        lines.append(ends(left, (span(words.score(score) if score is not None else ""), blanks(1)), min(width, 72)))
    return lines


def _answer_lines(row: Mapping[str, Any], width: int) -> list[Line]:
    """The question, and the context with what was said marked in it; then other answers that are right."""
    lines = [line(" ", *part) for part in wrap(row.get("question") or "", width - 2)]
    lines += [
        EMPTY,
        *(line(" ", *one) for one in marked_text(row["context"] or "", marked_answer(row), width - 2)),
        EMPTY,
    ]
    others = [text for text in row.get("golds") or () if text != row.get("gold")]
    return [*lines, line(" ", muted("also right  "), span(", ".join(others)))] if others else lines


def _scores(row: Mapping[str, Any], labels: Sequence[str]) -> list[tuple[str, float]]:
    """Labels with their scores, the likeliest first; of many labels only those that were stored."""
    scores, ids = row.get("scores"), row.get("score_ids")
    if not isinstance(scores, list) or not scores or not all(isinstance(score, int | float) for score in scores):
        return []
    names = [labels[i] for i in ids] if isinstance(ids, list) else list(labels)
    if len(names) != len(scores):
        return []
    return sorted(zip(names, map(float, scores), strict=True), key=lambda one: -one[1])


# Tags


def _tag_lines(row: Mapping[str, Any], width: int, other: Other | None) -> list[Line]:
    """The sentence with what was there below its words, then with what was said, then the words that differ."""
    tokens = [str(token) for token in row.get("tokens") or ()]
    readings = [("gold", row.get("gold")), ("predicted", row.get("predicted"))]
    if other is not None:
        readings.append((other[0], other[1].get("predicted")))
    lines: list[Line] = []
    for name, tags in readings:
        lines.append(line(" ", span(name, "accent")))
        lines += [line(" ", *one) for one in marked_text(" ".join(tokens), entities_of(tokens, tags or ()), width - 2)]
    return [*lines, EMPTY, *_word_lines(row, tokens, width)]


def _word_lines(row: Mapping[str, Any], tokens: Sequence[str], width: int) -> list[Line]:
    gold, said = row.get("gold") or [], row.get("predicted") or []
    lines = []
    for place, (token, a, b) in enumerate(zip(tokens, gold, said, strict=False)):
        if a == b:
            continue
        word = cut_middle(token, WORD_CELLS)
        was = f"{b}" if b is not None else "not seen: cut off"
        lines.append(line(" ", muted(f"{place:>5}  "), word, blanks(WORD_CELLS - cell_width(word) + 2),
                          span(str(a)), muted(" → "), span(was, "bad")))  # fmt: skip
    if not lines:
        return [line(" ", span("every word has its tag", "good"))]
    return [line(" ", muted(" word"), " " * (WORD_CELLS + 4), muted("gold → predicted")), *lines]


def entities_of(tokens: Sequence[str], tags: Sequence[Any]) -> list[dict[str, Any]]:
    """Entities of BIO tags with their places in the words joined by blanks; other tags mark each word that has one."""
    starts, at = [], 0
    for token in tokens:
        starts.append(at)
        at += len(token) + 1
    found: list[dict[str, Any]] = []
    marked = any(str(tag)[1:2] == "-" for tag in tags if tag)
    for place, (token, tag) in enumerate(zip(tokens, tags, strict=False)):
        if not tag or tag == "O":
            continue
        kind = str(tag)[2:] if marked and str(tag)[1:2] == "-" else str(tag)
        end = starts[place] + len(token)
        goes_on = marked and str(tag)[:2] in ("I-", "E-") and found and found[-1]["label"] == kind
        if goes_on and found[-1]["end"] == starts[place] - 1:
            found[-1]["end"] = end
            continue
        found.append({"label": kind, "start": starts[place], "end": end, "text": token, "score": 0.0})
    return found
