"""How well the tokens of texts are foretold: a text by the loss of each of its tokens, those least expected, parts by length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.columns import Column, fit, head_line, row_line
from tui_finetune.live.marked import wrapped_signs
from tui_finetune.live.spans import EMPTY, Line, Span, blanks, line, muted, span, wrap
from tui_finetune.text import Shown, cut_middle, shown

SURE, LOST = 2.0, 5.0
"""Nats: below the first a token was among a handful that were likely, above the second it was one of a hundred and more."""
NAMED = 8
"""Tokens that are listed, those with the largest loss."""
BEFORE = 32
"""Characters of the text shown before such a token."""
PARTS = (
    Column("tokens", "tokens of a row", 16, stretch=24),
    Column("rows", "rows", 7, right=True),
    Column("loss", "loss", 7, right=True),
    Column("perplexity", "perplexity", 11, right=True),
    Column("right", "right", 6, right=True),
)


@dataclass(frozen=True)
class Token:
    """A token that was to be foretold, by its characters in the text."""

    start: int
    end: int
    loss: float


def stored_tokens(row: Mapping[str, Any]) -> list[Token]:
    """Of a row of predictions.parquet."""
    parts = zip(row.get("token_starts") or (), row.get("token_ends") or (), row.get("token_losses") or (), strict=False)
    return [Token(int(start), int(end), float(loss)) for start, end, loss in parts]


def answered_tokens(answer: Mapping[str, Any]) -> list[Token]:
    """Of an answer of causal-lm."""
    return [Token(one["start"], one["end"], one["loss"]) for one in answer.get("tokens") or ()]


def stored_lines(row: Mapping[str, Any], width: int, other: tuple[str, Mapping[str, Any]] | None = None) -> list[Line]:
    """A row whole: its figures, another model's, its text token by token, and what was least expected."""
    text, tokens = str(row.get("text") or row.get("rendered") or ""), stored_tokens(row)
    lines = [_figures("", row)]
    if other is not None:
        lines.append(_figures(f"{other[0]}  ", other[1]))
    return [*lines, EMPTY, *coloured(text, tokens, width), EMPTY, *least_expected(text, tokens, width)]


def _figures(name: str, row: Mapping[str, Any]) -> Line:
    right, asked, perplexity = row.get("predicted"), row.get("gold"), row.get("perplexity")
    told = f"loss {words.score(row.get('loss'))}, perplexity {words.score(perplexity)}"
    return line(" ", span(name, "accent"), span(told), muted(f", {right} of {asked} tokens foretold"))


def continued_lines(answer: Mapping[str, Any], width: int) -> list[Line]:
    """What was written on, then the text itself token by token."""
    text = str(answer.get("text") or answer.get("rendered") or "")
    tokens = answered_tokens(answer) if "tokens" in answer else []
    written = str(answer["continuation"])
    lines = (
        [line(" ", *(one._replace(bold=True) for one in part)) for part in wrap(written, width - 2)] if written else []
    )
    head = lines or [line(" ", muted("nothing more was written"))]
    if not tokens:
        # Of an answer to a prompt there is no text that was to be foretold.
        return [*head, EMPTY, line(" ", muted("one token alone: nothing to foretell"))] if "text" in answer else head
    told = (
        f"the text itself: loss {words.score(answer['loss'])} a token, perplexity {words.score(answer['perplexity'])}"
    )
    return [
        *head,
        EMPTY,
        line(" ", muted(told)),
        *coloured(text, tokens, width),
        EMPTY,
        *least_expected(text, tokens, width),
    ]


def filled_lines(answer: Mapping[str, Any], width: int) -> list[Line]:
    """The text with its masks filled, and the likeliest tokens for each."""
    from tui_finetune.live.answers import bars

    fills = answer["fills"]
    if not fills:
        return [line(" ", muted("no [MASK] in the text: put it where a word is to be found"))]
    lines = [line(" ", *(one._replace(bold=True) for one in part)) for part in wrap(answer["filled"], width - 2)]
    for place, candidates in enumerate(fills, start=1):
        head = [line(" ", muted(f"mask {place}"))] if len(fills) > 1 else []
        rows = [(str(one["text"]).strip() or repr(one["text"]), float(one["score"])) for one in candidates]
        lines += [EMPTY, *head, *bars(rows, width)]
    return lines


def coloured(text: str, tokens: Sequence[Token], width: int) -> list[Line]:
    """The text in lines, each token by its loss; what was not to be foretold stays faint."""
    marks = ["muted"] * len(text)
    for token in tokens:
        colour = "text" if token.loss < SURE else "warn" if token.loss < LOST else "bad"
        marks[token.start : token.end] = [colour] * (min(token.end, len(text)) - token.start)
    lines = []
    for signs in wrapped_signs(text, max(8, width - 2)):
        spans: list[Span] = [blanks(1)]
        for sign in signs:
            if spans[-1].token == marks[sign.place]:
                spans[-1] = spans[-1]._replace(text=Shown(spans[-1].text + sign.text))
            else:
                spans.append(Span(sign.text, marks[sign.place]))
        lines.append(tuple(spans))
    return lines


def least_expected(text: str, tokens: Sequence[Token], width: int) -> list[Line]:
    """The tokens with the largest loss, with what stands before them."""
    worst = sorted(tokens, key=lambda one: -one.loss)[:NAMED]
    lines = [line(" ", muted("  loss  least expected"))] if worst else []
    for token in worst:
        colour = "bad" if token.loss >= LOST else "warn" if token.loss >= SURE else "text"
        before = shown(text[max(0, token.start - BEFORE) : token.start])
        said = cut_middle(text[token.start : token.end], 24)
        room = max(8, width - 12 - len(said))
        lines.append(
            line(" ", span(f"{token.loss:>6.2f}  ", colour), muted(before[-room:]), Span(said, colour, bold=True))
        )
    return lines


def part_lines(parts: Sequence[Mapping[str, Any]], width: int) -> list[Line]:
    """Rows by how many tokens they have: a table."""
    columns = fit(PARTS, width - 3)
    lines = [head_line(columns)] if parts else []
    for part in parts:
        cells = {
            "tokens": span(f"{part['from']:,} to {part['to']:,}"),
            "rows": span(f"{part['rows']:,}"),
            "loss": span(words.score(part["loss"])),
            "perplexity": span(words.score(part["perplexity"])),
            "right": muted(words.score(part["right"])),
        }
        lines.append((blanks(3), *row_line(columns, cells)))
    return lines
