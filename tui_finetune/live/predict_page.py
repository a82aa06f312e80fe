"""What the Predict screen says: the models that answer, how they stand, one answer, two beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tui_finetune.live import words
from tui_finetune.live.answers import Answer, agreement, answer_lines, beside, faded, latency, tokens_words
from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.live.spans import EMPTY, Line, blanks, clip, ends, line, muted, span, width_of, wrap
from tui_finetune.text import cell_width, cut_front, cut_middle, shown

State = Literal["none", "loading", "ready", "failed", "free"]


@dataclass(frozen=True)
class ModelFacts:
    """A model that is loaded, as its helper says."""

    title: str
    """`banking77-minilm`, or the folder."""
    short: str
    """`b2m7`, or the folder's name: how it is called beside another one."""
    folder: str
    task: str
    labels: tuple[str, ...]
    max_length: int
    device: str
    run_id: str | None = None
    step: int | None = None
    """The optimizer step of its weights."""
    made: float = 0.0
    """When its weights were written."""
    pair: Literal["no", "optional", "yes"] = "no"
    """Whether a second text belongs to the first."""


@dataclass(frozen=True)
class Answered:
    """A text and what was said of it."""

    text: str
    pair: str
    answer: Answer
    said: tuple[str, ...]
    """What its task says of the answer, for tasks whose answers are their own."""
    seconds: float
    tokens: Mapping[str, Any] = field(default_factory=dict)
    """As the model sees it: `tokens`, `ids`, `length` before cutting, `truncated`."""

    @property
    def length(self) -> int:
        return int(self.tokens.get("length", 0))


@dataclass
class Side:
    """One of the two models."""

    query: str
    """As it was chosen: a run's id, or a folder."""
    name: str
    """What it is called until it is loaded."""
    state: State = "loading"
    facts: ModelFacts | None = None
    answered: Answered | None = None
    problem: str = ""
    newer: bool = False
    """The run has written other weights since these were loaded."""

    @property
    def short(self) -> str:
        return self.facts.short if self.facts is not None else self.name

    @property
    def seconds(self) -> float | None:
        return self.answered.seconds if self.answered is not None else None


# Line 2


def thing_line(sides: Sequence[Side], width: int) -> Line:
    """` banking77-minilm b2m7, step 1,410             cpu · 4.1 ms · 77 labels`."""
    if not sides:
        return line(" ", muted("no model chosen"))
    left = _names(sides) if len(sides) > 1 else _name(sides[0])
    right = line(muted(" · ".join(_facts(sides))))
    bad = next((side for side in sides if side.state == "failed"), None)
    if bad is not None:
        right = line(span("✗ its helper has ended", "bad"))
    return ends(left, (*clip(right, max(0, width - width_of(left) - 3)), blanks(1)), width, gap=2)


def _name(side: Side) -> Line:
    facts = side.facts
    if facts is None:
        return line(" ", span(side.name))
    name = cut_middle(facts.title, 32) if facts.run_id else cut_front(facts.title, 40)
    step = f", step {facts.step:,}" if facts.step else ""
    return line(" ", span(name), *((" ", muted(facts.short)) if facts.run_id else ()), muted(step))


def _names(sides: Sequence[Side]) -> Line:
    first, second = (side.short if side.facts is None or side.facts.run_id is None else
                     f"{cut_middle(side.facts.title, 20)} {side.short}" for side in sides[:2])  # fmt: skip
    return line(" ", span(first), muted(" beside "), span(second))


def _facts(sides: Sequence[Side]) -> list[str]:
    facts = sides[0].facts
    states = {"loading": "loading …", "free": "not loaded"}
    if facts is None or sides[0].state in states:
        return [states.get(sides[0].state, words.NOTHING)]
    times = [latency(side.seconds) for side in sides if side.seconds is not None]
    return [facts.device, *([" and ".join(times)] if times else []), *_labels(facts.labels)]


# The answer


def one_lines(side: Side, text: str, pair: str, width: int, room: int) -> list[Line]:
    """The answer of one model; one that is of an older text is faded until the new one comes."""
    if side.state == "failed":
        return failed_lines(side, width)
    answered = side.answered
    if answered is None or not (text.strip() or pair.strip()):
        return waiting_lines(side, width)
    lines = answer_lines(answered.answer, answered.said, width, room)
    return lines if (answered.text, answered.pair) == (text, pair) else faded(lines)


def waiting_lines(side: Side, width: int) -> list[Line]:
    """Before there is an answer."""
    if side.state == "loading":
        return [EMPTY, line("   ", muted(f"Loading {side.short} … the text may be typed meanwhile."))]
    if side.state == "free":
        return [EMPTY, line("   ", muted("Not in memory: what is typed next loads it again."))]
    return []


def failed_lines(side: Side, width: int) -> list[Line]:
    """Why there is no answer, and what to press."""
    told = [line(" ", *part) for part in wrap(side.problem, width - 2, token="bad")]
    return [line(" ", span(f"✗ {side.short} gives no answer", "bad", bold=True)), *told, EMPTY,
            line(" R starts it again, m chooses another one; your text is kept.")]  # fmt: skip


def needs_pair(side: Side | None, text: str, pair: str) -> str | None:
    """Why a text is not asked yet; None where it can be."""
    if side is None or side.facts is None or side.facts.pair != "yes":
        return None
    missing = "first" if not text.strip() else "second" if not pair.strip() else None
    return f"The {missing} text is missing: this model reads pairs." if missing else None


def compare_lines(sides: Sequence[Side], text: str, pair: str, width: int, height: int) -> list[Line]:
    """Two answers beside each other and one line of agreement; entities, which need the width, below each other."""
    if len(sides) < 2:
        return [EMPTY, line("   ", muted("= chooses a second model for the same labels."))]
    heads = [_column_head(side) for side in sides]
    if any(side.answered is not None and "entities" in side.answered.answer for side in sides):
        columns = [one_lines(side, text, pair, width, height) for side in sides]
        stacked = [each for head, lines in zip(heads, columns, strict=True) for each in (head, *lines, EMPTY)]
        return [*_agreement(sides, text, pair, width), EMPTY, *stacked]
    half = width // 2
    left, right = ([head, *one_lines(side, text, pair, half - 1, height - 3)]
                   for head, side in zip(heads, sides, strict=True))  # fmt: skip
    return [*_agreement(sides, text, pair, width), EMPTY, *beside(left, right, width, max(len(left), len(right)))]


def _column_head(side: Side) -> Line:
    facts = side.facts
    title = cut_middle(facts.title, 24) if facts is not None and facts.run_id else ""
    return line(" ", span(f"{title} {side.short}".strip(), "accent"), muted(f"  {latency(side.seconds)}"))


def _agreement(sides: Sequence[Side], text: str, pair: str, width: int) -> list[Line]:
    one, other = sides[0].answered, sides[1].answered
    if one is None or other is None or not text.strip():
        return [line(" ", muted("–"))]
    told = agreement(one.answer, other.answer, (sides[0].short, sides[1].short), (one.said, other.said), width - 2)
    now = all((each.text, each.pair) == (text, pair) for each in (one, other))
    return [line(" ", *told)] if now else faded([line(" ", *told)])


def tokens_line(side: Side | None, text: str, width: int) -> Line:
    """`9 tokens of 128`, of the text that was answered last."""
    answered = side.answered if side is not None else None
    if side is None or side.facts is None or answered is None or not text.strip() or not answered.tokens:
        return EMPTY
    told = tokens_words(answered.length, side.facts.max_length)
    return told if answered.text == text else faded([told])[0]


def token_lines(answered: Answered, width: int) -> list[Line]:
    """The pieces of a text with their ids, in columns of the widest one."""
    tokens, ids = answered.tokens.get("tokens", ()), answered.tokens.get("ids", ())
    cells = [f"{shown(token)} {number}" for token, number in zip(tokens, ids, strict=False)]
    if not cells:
        return []
    wide = min(width - 2, max(cell_width(cell) for cell in cells) + 2)
    many = max(1, (width - 1) // wide)
    lines: list[Line] = []
    for start in range(0, len(cells), many):
        parts: list[object] = [" "]
        for token, number in list(zip(tokens, ids, strict=False))[start : start + many]:
            text = shown(token)
            rest = wide - cell_width(text) - len(f" {number}")
            parts += [span(text), muted(f" {number}"), blanks(rest)]
        lines.append(clip(line(*parts), width))
    return lines


# Models to choose from


@dataclass(frozen=True)
class Usable:
    """A model that can be tried."""

    query: str
    name: str
    short: str
    task: str
    labels: tuple[str, ...]
    created: float
    result: str = words.NOTHING
    """Its main figure: `0.912 accuracy test`."""


def _labels(labels: Sequence[str]) -> list[str]:
    """How many there are; nothing of a model without any."""
    return [f"{len(labels):,} labels"] if labels else []


def same_labels(usable: Sequence[Usable], side: Side | None) -> list[Usable]:
    """Models that can stand beside this one: the same task and labels."""
    facts = side.facts if side is not None else None
    if side is None or facts is None:
        return []
    return [one for one in usable if one.query != side.query and one.query != facts.run_id
            and one.task == facts.task and set(one.labels) == set(facts.labels)]  # fmt: skip


def compare_offer(usable: Sequence[Usable] | None, side: Side | None) -> Offer:
    """Whether a second model can be chosen."""
    if side is None or side.facts is None:
        return off("A first model comes first: m chooses it.")
    if usable is not None and not same_labels(usable, side):
        return off("No other model for these labels.")
    return ON


def matching(usable: Sequence[Usable], typed: str) -> list[Usable]:
    """Those that have every word that was typed."""
    wanted = typed.lower().split()
    return [one for one in usable if all(word in f"{one.name} {one.short} {one.task}".lower() for word in wanted)]


def looks_like_folder(typed: str) -> bool:
    """True for what is no word of a run but a place: `./model`, `~/m`, `owner/name`."""
    return "/" in typed or typed.startswith((".", "~"))


def usable_line(one: Usable, warm: Sequence[str], width: int, now: float) -> Line:
    """A line of the list of models."""
    state = "warm" if one.query in warm else words.clock(one.created, now)
    right = line(muted("  ".join([one.result, *_labels(one.labels), state.rjust(12)])))
    return ends(line(span(cut_middle(one.name, 32)), " ", muted(one.short)), (*right, blanks(1)), width, gap=2)


# Details


def details(side: Side) -> list[tuple[str, str]]:
    """Everything that is known of a model, as plain lines."""
    facts = side.facts
    if facts is None:
        return [("model", side.name), ("state", side.state)]
    found = [("model", facts.title), ("folder", facts.folder)]
    found += [("run", facts.run_id)] if facts.run_id else []
    found += [("step", f"{facts.step:,}")] if facts.step else []
    found += [("task", facts.task), ("reads", f"{facts.max_length:,} tokens at most"), ("device", facts.device)]
    return [*found, ("labels", f"{len(facts.labels):,}: {', '.join(facts.labels)}")] if facts.labels else found
