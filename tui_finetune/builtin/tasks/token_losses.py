"""What tasks of the shape `tokens` have in common: which tokens are foretold, how well, and how that is stored and shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tui_finetune.plugin_api import ROW_INDEX, Decoded, LabelSet, Shape, Task
from tui_finetune.plugin_api.windows import features_of_rows

if TYPE_CHECKING:
    import pyarrow as pa

IGNORED = -100
"""Label of a token that is not to be foretold, as transformers has it."""
OUTPUTS = 2
"""Numbers a token of the raw output: its loss in nats, and 1 where it was the likeliest. nan where nothing was foretold."""
PARTS = 4
"""Of the rows, by their number of tokens, that a report tells apart."""
SURPRISES = 5
"""Tokens that are named, those with the largest loss."""


class TokenTask(Task):
    """What all tasks of the shape `tokens` store of their rows, and sum up."""

    shape: ClassVar[Shape] = "tokens"

    def prediction_schema(self, labels: LabelSet) -> pa.Schema:
        return token_schema()

    def prediction_columns(self, decoded: Decoded) -> dict[str, list[Any]]:
        return token_columns(decoded)

    def report(self, decoded: Decoded) -> dict[str, Any]:
        return token_report(decoded)


@dataclass(frozen=True)
class Foretold:
    """The tokens of a row that were to be foretold, in their order."""

    losses: np.ndarray
    right: np.ndarray
    starts: np.ndarray
    """Characters of the row's text."""
    ends: np.ndarray
    said: Mapping[str, Any]
    """What else the model said of the row, of a prediction alone."""


def token_decoded(
    logits: Sequence[np.ndarray],
    rows: Mapping[str, Sequence[Any]],
    labels: LabelSet,
    said: Sequence[str] = (),
) -> Decoded:
    """`logits[i]` is [tokens, OUTPUTS] of a feature, `rows` has its `token_starts`, `token_ends` and, where they are known
    before, `labels` and `foretold_bytes`; else what is not nan was to be foretold, and its own letters count.

    said: further columns, of which the last feature of a row has the row's.
    """
    places = features_of_rows(rows[ROW_INDEX]) if ROW_INDEX in rows else [[place] for place in range(len(logits))]
    found = [_foretold(logits, rows, of_row, said) for of_row in places]
    return Decoded(
        labels,
        [int(row.right.sum()) for row in found],
        [len(row.losses) for row in found],
        found,
        np.array([float(row.losses.mean()) if len(row.losses) else 0.0 for row in found]),
        _sizes(found, rows, places),
    )


def _sizes(found: Sequence[Foretold], rows: Mapping[str, Sequence[Any]], places: Sequence[Sequence[int]]) -> np.ndarray:
    if "foretold_bytes" in rows:
        return np.array([sum(rows["foretold_bytes"][place] for place in of_row) for of_row in places], dtype=np.int64)
    pieces = [
        (text or "", zip(row.starts, row.ends, strict=True)) for text, row in zip(rows["text"], found, strict=True)
    ]
    return np.array(
        [sum(len(text[a:b].encode("utf-8", "replace")) for a, b in each) for text, each in pieces], dtype=np.int64
    )


def _foretold(
    logits: Sequence[np.ndarray], rows: Mapping[str, Sequence[Any]], places: Sequence[int], said: Sequence[str]
) -> Foretold:
    parts = []
    for place in places:
        asked = ~np.isnan(logits[place][:, 0])
        if "labels" in rows:
            asked = np.asarray(rows["labels"][place], dtype=np.int64)[: len(logits[place])] != IGNORED
        ends = [np.asarray(rows[name][place], dtype=np.int32)[asked] for name in ("token_starts", "token_ends")]
        parts.append((*logits[place][asked].astype(np.float64).T, *ends))
    losses, right, starts, ends_ = (np.concatenate(column) for column in zip(*parts, strict=True))
    more = {name: rows[name][places[-1]] for name in said if name in rows}
    return Foretold(losses, right > 0, starts, ends_, more)


def token_schema() -> pa.Schema:
    """gold: tokens that were to be foretold, predicted: those of them that were; perplexity; and of each its loss and place."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("gold", pa.int32()),
            pa.field("predicted", pa.int32()),
            pa.field("perplexity", pa.float64()),
            pa.field("token_losses", pa.list_(pa.float16())),
            pa.field("token_starts", pa.list_(pa.int32())),
            pa.field("token_ends", pa.list_(pa.int32())),
        ]
    )


def token_columns(decoded: Decoded) -> dict[str, list[Any]]:
    """The columns of `token_schema`."""
    found: Sequence[Foretold] = decoded.scores or ()
    assert decoded.gold is not None
    return {
        "gold": list(decoded.gold),
        "predicted": list(decoded.predicted),
        "perplexity": [perplexity_of(row.losses) for row in found],
        "token_losses": [np.minimum(row.losses, np.finfo(np.float16).max).astype(np.float16) for row in found],
        "token_starts": [row.starts for row in found],
        "token_ends": [row.ends for row in found],
    }


def token_answer(row: Foretold, text: str) -> dict[str, Any]:
    """loss and perplexity (null where nothing was to be foretold), and `tokens`: text, start, end and loss of each."""
    perplexity = perplexity_of(row.losses)
    return {
        "loss": float(row.losses.mean()) if len(row.losses) else None,
        "perplexity": perplexity if perplexity is not None and math.isfinite(perplexity) else None,
        "tokens": [
            {"text": text[start:end], "start": int(start), "end": int(end), "loss": round(float(loss), 4)}
            for start, end, loss in zip(row.starts, row.ends, row.losses, strict=True)
        ],
    }


def shown_losses(answer: Mapping[str, Any]) -> list[str]:
    """`loss 3.214 a token, perplexity 24.9`, and the tokens that surprised most."""
    tokens = answer["tokens"]
    if not tokens:
        return ["nothing to foretell: the text is of one token"]
    shown = "" if answer["perplexity"] is None else f", perplexity {answer['perplexity']:,.1f}"
    worst = sorted(tokens, key=lambda one: -one["loss"])[:SURPRISES]
    return [
        f"loss {answer['loss']:.3f} a token over {len(tokens):,}{shown}",
        "least expected  "
        + ", ".join(f"{one['text'].strip() or repr(one['text'])} {one['loss']:.1f}" for one in worst),
    ]


def foretold_words(row: Mapping[str, Any]) -> str:
    """Of a stored row: `12 of 40 tokens foretold, perplexity 24.9`."""
    perplexity = "" if row.get("perplexity") is None else f", perplexity {row['perplexity']:,.1f}"
    return f"{row['predicted']:,} of {row['gold']:,} tokens foretold{perplexity}"


def perplexity_of(losses: np.ndarray) -> float | None:
    """e to their mean; None where there are none."""
    if not len(losses):
        return None
    with np.errstate(over="ignore"):
        return float(np.exp(losses.mean()))


def token_report(decoded: Decoded) -> dict[str, Any]:
    """`tokens`: how many were to be foretold, how many of them were, their bytes; and `parts`: rows by their number of tokens."""
    if decoded.gold is None or decoded.sizes is None:
        return {}
    counts = {"foretold": int(np.sum(decoded.gold)), "right": int(np.sum(decoded.predicted))}
    return {"tokens": {**counts, "bytes": int(decoded.sizes.sum()), "parts": _parts(decoded)}}


def _parts(decoded: Decoded) -> list[dict[str, Any]]:
    """Fourths of the rows by their number of tokens, those without any left out: their figures."""
    tokens, right = np.asarray(decoded.gold), np.asarray(decoded.predicted)
    assert decoded.losses is not None
    order = np.argsort(tokens, kind="stable")
    order = order[tokens[order] > 0]
    found = []
    for part in np.array_split(order, min(PARTS, len(order))) if len(order) else []:
        nats = float(decoded.losses[part] @ tokens[part] / tokens[part].sum())
        with np.errstate(over="ignore"):
            perplexity = float(np.exp(nats))
        found.append(
            {
                "from": int(tokens[part].min()),
                "to": int(tokens[part].max()),
                "rows": len(part),
                "loss": nats,
                "perplexity": perplexity,
                "right": float(right[part].sum() / tokens[part].sum()),
            }
        )
    return found


def foretold_bytes(text: str, ends: Sequence[Sequence[int]], asked: Sequence[Sequence[bool]]) -> list[int]:
    """Of each window of a text the bytes that are foretold in it: from where the window before ended to its own end.

    ends: the character at which each token ends; asked: whether the token is to be foretold.
    """
    found, done = [], 0
    for number, (places, flags) in enumerate(zip(ends, asked, strict=True)):
        last = number + 1 == len(ends)
        wanted = [place for place, flag in zip(places, flags, strict=True) if flag]
        if number == 0 and places and not flags[0]:
            done = places[0]  # nothing stands before a text's first token; of a special one this is 0
        end = (len(text) if last else wanted[-1]) if wanted else done
        found.append(len(text[done:end].encode("utf-8", "replace")))
        done = max(done, end)
    return found
