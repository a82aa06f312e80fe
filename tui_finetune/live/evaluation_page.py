"""What the Evaluate screen says of one evaluation: figures beside their baselines, labels, what was taken for what."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.answers import several
from tui_finetune.live.columns import Column, fit, head_line, row_line
from tui_finetune.live.confusion import Confusion, confusion_of
from tui_finetune.live.label_figures import LabelFigures, figures_of
from tui_finetune.live.spans import Line, blanks, clip, ends, line, muted, span, width_of
from tui_finetune.plugin_api.tasks import READ
from tui_finetune.runs.tail import number
from tui_finetune.text import cut_end, cut_middle

LOSS = "loss"


@dataclass(frozen=True)
class Measured:
    """One evaluation as its files say it."""

    key: str
    run_id: str
    """The run whose directory it is in."""
    about: str
    """Id of the run whose model was measured."""
    name: str
    """Of that run."""
    short: str
    split: str
    t: float
    report: Mapping[str, Any]
    baselines: Mapping[str, Any]
    step: int | None = None
    folder: str = ""

    @property
    def rows(self) -> int:
        found = self.report.get("rows")
        return found if isinstance(found, int) else 0

    @property
    def task(self) -> str:
        return str(self.report.get("task", ""))

    @property
    def metrics(self) -> dict[str, float | None]:
        found = {str(name): number(value) for name, value in self.report["metrics"].items()}
        return {**found, **self._levels()}

    def _levels(self) -> dict[str, float | None]:
        """Of names with levels: right as far as each but the last, which is what accuracy is."""
        levels = self.report.get("levels")
        if not isinstance(levels, Sequence) or not levels:
            return {}
        told = {f"accuracy, level {one['level']}": number(one["accuracy"]) for one in levels[:-1]}
        return {**told, "hierarchical F1": number(self.report.get("hierarchical_f1"))}

    @cached_property
    def labels(self) -> list[LabelFigures]:
        """Figures of each label."""
        return figures_of(self.report.get("per_class"))

    @cached_property
    def entities(self) -> list[LabelFigures]:
        """Figures of each type of entity; empty where the labels mark none."""
        found = self.report.get("entities")
        return figures_of(found.get("types")) if isinstance(found, Mapping) else []

    @property
    def targets(self) -> Sequence[Mapping[str, Any]]:
        """Of numbers the figures of each target; empty where labels are predicted."""
        found = self.report.get("targets")
        return [one for one in found if isinstance(one, Mapping)] if isinstance(found, Sequence) else []

    @property
    def token_parts(self) -> Sequence[Mapping[str, Any]]:
        """Of tokens the figures of rows by their number of tokens; empty where something else is predicted."""
        found = self.report.get("tokens")
        parts = found.get("parts") if isinstance(found, Mapping) else None
        return [one for one in parts if isinstance(one, Mapping)] if isinstance(parts, Sequence) else []

    @property
    def ranks(self) -> Mapping[str, Any]:
        """Of searches: rows by the place of what belongs to their text; empty where something else is predicted."""
        found = self.report.get("ranks")
        return found if isinstance(found, Mapping) else {}

    @property
    def margins(self) -> Mapping[str, Any]:
        """Of pairs of answers: how far ahead the preferred ones are; empty where something else is predicted."""
        found = self.report.get("margins")
        return found if isinstance(found, Mapping) else {}

    @property
    def parted(self) -> bool:
        """Rows have parts with figures in place of labels."""
        return self.graded or bool(self.ranks) or bool(self.margins)

    @property
    def graded(self) -> bool:
        """No row is simply right or wrong: how far off it is counts."""
        return bool(self.targets) or "tokens" in self.report

    @property
    def unit(self) -> str:
        """What the labels are counted in."""
        return "entities" if self.entities else "words" if "words" in self.report else "rows"

    @cached_property
    def confusion(self) -> Confusion | None:
        return confusion_of(self.report)

    @property
    def smaller_is_better(self) -> frozenset[str]:
        """Names of the figures of which less is better."""
        return frozenset({LOSS, *self.report.get("smaller_is_better", ())})

    @property
    def label_names(self) -> list[str]:
        return [str(label) for label in self.report.get("labels", ())]


def thing_line(found: Measured | None, width: int, now: float) -> Line:
    """` banking77-minilm b2m7, step 1,410        on test, 3,080 rows · evaluated 08:44`."""
    if found is None:
        return line(" ", muted("no evaluation open"))
    step = f", step {found.step:,}" if found.step else ""
    left = line(" ", span(cut_middle(found.name, 32)), " ", muted(f"{found.short}{step}"))
    at = words.clock(found.t, now)
    right = f"on {found.split}, {found.rows:,} {'row' if found.rows == 1 else 'rows'} · evaluated {at}"
    return ends(left, (*clip(line(muted(right)), max(0, width - width_of(left) - 3)), blanks(1)), width, gap=2)


# Figures


def metric_table(found: Measured) -> tuple[list[str], list[list[Any]]]:
    """Head and rows: metric, score, a column for each baseline."""
    names = list(found.baselines)
    head = ["metric", "score", *names]
    rows: list[list[Any]] = []
    for metric, value in found.metrics.items():
        beside = [number((found.baselines[name].get("metrics") or {}).get(metric)) for name in names]
        rows.append([metric, value, *beside])
    return head, rows


def metric_lines(found: Measured, width: int, room: int) -> list[Line]:
    """The figures; a score that a baseline reaches is marked. room: lines that there are."""
    head, rows = metric_table(found)
    names = head[2:]
    columns = (
        Column("metric", "metric", 20, stretch=24),
        Column("score", "score", 7, right=True),
        *(Column(name, name, max(9, min(14, len(name))), right=True) for name in names),
    )
    kept = fit(columns, width)
    lines = [head_line(kept)]
    for metric, value, *beside in rows[: max(1, room - 1)]:
        smaller = metric in found.smaller_is_better
        best = _best([one for one in beside if one is not None], smaller=smaller)
        lost = value is not None and best is not None and not _better(value, best, smaller=smaller)
        cells = {
            "metric": span(metric),
            "score": span(words.score(value), "warn" if lost else "text", bold=not lines[1:]),
        }
        cells |= {name: muted(words.score(one)) for name, one in zip(names, beside, strict=True)}
        lines.append((blanks(3), *row_line(kept, cells)))
    if len(rows) > room - 1:
        lines[-1] = line("   ", muted(f"+ {len(rows) - room + 2} more"))
    return lines


def _best(values: Sequence[float], *, smaller: bool) -> float | None:
    finite = [value for value in values if math.isfinite(value)]
    return (min if smaller else max)(finite, default=None)


def _better(value: float, than: float, *, smaller: bool) -> bool:
    return value < than if smaller else value > than


def beaten_words(found: Measured) -> str:
    """Said where a trivial method does as well."""
    _, rows = metric_table(found)
    names = list(found.baselines)
    for metric, value, *beside in rows[:1]:
        for name, one in zip(names, beside, strict=True):
            smaller = metric in found.smaller_is_better
            if (
                value is not None
                and one is not None
                and math.isfinite(one)
                and not _better(value, one, smaller=smaller)
            ):
                return f"! {name} reaches {words.score(one)} {metric}: the model is not better than that"
    return ""


def confusion_table(confusion: Confusion) -> tuple[list[str], list[list[Any]]]:
    """The pairs, for a file."""
    names = confusion.labels
    rows = [[names[one.gold], names[one.predicted], one.rows, one.share] for one in confusion.pairs]
    return ["gold", "predicted", "rows", "share of gold"], rows


# Rows

ROWS = (
    Column("row", "row", 7, right=True),
    Column("loss", "loss", 6, right=True),
    Column("score", "score", 5, right=True),
    Column("gold", "gold", 14, stretch=30),
    Column("predicted", "predicted", 14, stretch=30),
    Column("text", "text", 22, stretch=300, free=True),
)
TAG_ROWS = (*(one for one in ROWS if one.name not in ("gold", "predicted")), Column("wrong", "wrong", 6, right=True))
"""Of tags the labels of a row are too many for a column: how many words have another one than gold."""
TOKEN_ROWS = (Column("perplexity", "perplexity", 10, right=True), Column("right", "right", 5, right=True))
"""Of tokens: e to the row's loss, and the share of its tokens that were foretold."""


def row_columns(width: int, *, tagged: bool, same: Collection[str] = (), tokens: bool = False) -> tuple[Column, ...]:
    """same: columns that have one value in all rows that are shown: their room is the text's. tokens: rows are foretold token
    by token."""
    order = ("row", "loss", "score", "wrong", "text") if tagged else tuple(one.name for one in ROWS)
    if tokens:
        order = ("row", "loss", "perplexity", "right", "text")
    known = {one.name: one for one in (*ROWS, *TAG_ROWS, *TOKEN_ROWS)}
    return fit([known[name] for name in order if name not in same], width)


def rows_head(columns: Sequence[Column], sort: str, reverse: bool) -> Line:
    return head_line(columns, sort=sort, reverse=reverse)


def text_of(row: Mapping[str, Any]) -> str:
    """What was read: the text, its pair after a bar, or the words."""
    if texts := [str(row[name]) for name in READ if row.get(name) is not None]:
        return " | ".join(text for place, text in enumerate(texts) if text or place == 0)
    tokens = row.get("tokens")
    return " ".join(str(token) for token in tokens) if isinstance(tokens, Sequence) else words.NOTHING


def predicted_line(place: int, row: Mapping[str, Any] | None, columns: Sequence[Column]) -> Line:
    """A row of the list; `–` while it is being read."""
    if row is None:
        return row_line(columns, {"row": span(f"{place:,}"), "text": muted(words.NOTHING)})
    gold, said = row.get("gold"), row.get("predicted")
    return row_line(
        columns,
        {
            "row": span(f"{place:,}"),
            "loss": span(words.score(row.get("loss"))),
            "score": span(words.score(row.get("score"))),
            "gold": span(plain_value(gold)),
            "predicted": span(plain_value(said), "text" if gold != said else "muted"),
            "wrong": span(f"{_wrong_words(gold, said)}"),
            "perplexity": span(words.score(row.get("perplexity"))),
            "right": muted(words.score(said / gold if isinstance(gold, int) and gold and said is not None else None)),
            "text": span(cut_end(text_of(row), 400)),
        },
    )


def plain_value(value: Any) -> str:
    """A label, a number, several labels."""
    if value is None:
        return words.NOTHING
    if isinstance(value, float):
        return words.score(value)
    return several(value) if isinstance(value, list | tuple) else str(value)


def _wrong_words(gold: Any, said: Any) -> int:
    if not isinstance(gold, Sequence) or not isinstance(said, Sequence) or isinstance(gold, str):
        return int(gold != said)
    return sum(1 for a, b in zip(gold, said, strict=False) if a != b)


# Choosing


@dataclass(frozen=True)
class Choosable:
    """An evaluation in the list of all."""

    key: str
    title: str
    """`banking77-minilm b2m7 on test`."""
    about: str
    split: str
    t: float
    result: str = ""
    task: str = ""
    data: str = ""
    """What was measured on."""

    def may_stand_beside(self, other: Choosable) -> bool:
        """True for another evaluation of the same task, data and split: its rows may be the same."""
        same = (self.task, self.data, self.split) == (other.task, other.data, other.split)
        return same and self.key != other.key


def choosable_line(one: Choosable, width: int, now: float) -> Line:
    right = line(muted(f"{one.result}  {words.clock(one.t, now).rjust(12)}"))
    return ends(line(span(one.title)), (*right, blanks(1)), width, gap=2)


def having(found: Sequence[Choosable], typed: str) -> list[Choosable]:
    """Those that have every word that was typed."""
    wanted = typed.lower().split()
    return [one for one in found if all(word in one.title.lower() for word in wanted)]


def details(found: Measured) -> list[tuple[str, str]]:
    """Everything that is known of an evaluation, as plain lines."""
    facts = [("model of", f"{found.name} ({found.short})"), ("split", found.split), ("rows", f"{found.rows:,}")]
    facts += [("task", found.task), ("folder", found.folder)]
    facts += [(name, words.score(value)) for name, value in found.metrics.items()]
    for name, baseline in found.baselines.items():
        facts.append((f"baseline {name}", str(baseline.get("help") or "")))
    known = {"v", "task", "split", "rows", "labels", "metrics", "baselines", "per_class", "confusion", "entities"}
    facts += [(str(key), plain_value(value)) for key, value in found.report.items()
              if key not in known and not isinstance(value, Mapping | list)]  # fmt: skip
    return facts
