"""What a run would have of the data, line by line, and what can be chosen of it: task, columns, splits, length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui_finetune.live import words
from tui_finetune.live.data_readings import option_words, reading_picks
from tui_finetune.live.data_set import Asked, DataSet
from tui_finetune.live.picks import Pick
from tui_finetune.live.spans import Line, blanks, line, muted, span, wrap
from tui_finetune.text import cell_width, cut_end

HEAD_CELLS = 12
LABELS_TOLD = 12
SHARES = (0.05, 0.1, 0.2)
FALL_CELLS = 19
"""A label's count and share in a split."""
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class RunItem:
    """A line; what `enter` chooses on it, nothing where it is empty."""

    line: Line
    key: str = ""
    """`set`, `task`, `columns.<role>`, `train`, `validation`, `test`, `shares`, `length`, `options`, `guess.<place>`."""


# Lines


def run_items(found: DataSet, width: int) -> list[RunItem]:
    """Problems first, as they keep a run from beginning; then what can be chosen, and what was found out."""
    if not found.looked:
        return [RunItem(line(muted("looking at labels and lengths …")))]
    look = found.look
    items = [*_marked("✗", "bad", [problem_text(one) for one in found.problems], width), *_named_items(found, width)]
    if found.labels:
        names = [str(label["name"]) for label in found.labels]
        more = f" and {len(names) - LABELS_TOLD:,} more" if len(names) > LABELS_TOLD else ""
        items += _named("labels", f"{len(names):,}: {', '.join(names[:LABELS_TOLD])}{more}", width)
    items += _marked("!", "warn", look.get("warnings") or (), width)
    if found.asked.chosen.get("options"):
        items += _named("options", option_words(found), width, "options")
    for place, guess in enumerate(look.get("guesses") or ()):
        key = (
            "set" if len(found.sets) > 1 and "--set NAME" in guess else f"guess.{place}" if reading_picks(guess) else ""
        )
        items += _marked("·", "muted", [guess], width, key)
    return items


def _named_items(found: DataSet, width: int) -> list[RunItem]:
    """The set where there are several; the task, then what it has: columns, splits, length."""
    guessed = muted("  guessed by the columns") if not found.asked.task and found.task else ""
    task = span(found.task) if found.task else span("none fits these columns", "warn")
    items = (
        [RunItem(line(_head("set"), f"{found.set}, one of {len(found.sets)}"), "set")] if len(found.sets) > 1 else []
    )
    items.append(RunItem(line(_head("task"), task, guessed), "task"))
    items += [RunItem(line(_head(role), _column(found, role)), f"columns.{role}") for role in found.kinds]
    if found.task:
        items += _splits(found, width)
        items.append(RunItem(line(_head("max length"), *_length(found)), "length"))
    return items


def _head(name: str) -> Any:
    return muted(f"{name[:HEAD_CELLS].ljust(HEAD_CELLS)} ")


def _column(found: DataSet, role: str) -> Any:
    column = found.roles.get(role)
    return span(f"column {column}") if column is not None else muted("no column")


def _splits(found: DataSet, width: int) -> list[RunItem]:
    run, origin = found.look.get("run") or {}, found.look.get("split_origin") or {}
    items = []
    for name in SPLITS:
        told = f"{f'{run[name]:,} rows'.ljust(14)}{origin.get(name, '')}" if name in run else "none"
        items += _named(name, told, width, name)
    if any("% of train" in text for text in origin.values()):
        items.append(RunItem(line(_head("shares"), share_words(found)), "shares"))
    return items


def share_words(found: DataSet) -> str:
    """How a share of train is taken."""
    chosen = found.asked.chosen
    if chosen.get("groups"):
        return f"whole groups of {chosen['groups']}"
    if chosen.get("near_together"):
        return "by chance, near duplicates together"
    return f"the newest by {chosen['time']}" if chosen.get("time") else "by chance"


def _length(found: DataSet) -> list[Any]:
    lengths = found.look.get("lengths") or {}
    told: list[Any] = [f"{found.max_length:,} tokens"]
    if lengths.get("unit") != "tokens":
        return [*told, muted(f"  not counted: {found.model_short or 'no model'} has no tokenizer; m chooses")]
    about = "about " if lengths.get("sampled") else ""
    if lengths.get("cut"):
        return [*told, span(f"  {about}{lengths['cut']:,} rows are longer: their ends are cut off", "warn")]
    return [*told, muted(f"  no row is longer; the longest has {lengths['max']:,}")]


def _named(name: str, text: str, width: int, key: str = "") -> list[RunItem]:
    parts = wrap(text, width - HEAD_CELLS - 1)
    return [
        RunItem(line(_head(name) if not place else blanks(HEAD_CELLS + 1), *part), key if not place else "")
        for place, part in enumerate(parts)
    ]


def _marked(mark: str, token: str, texts: Sequence[str], width: int, key: str = "") -> list[RunItem]:
    return [
        RunItem(line(span(mark, token) if not place else " ", " ", *part), key)
        for text in texts
        for place, part in enumerate(wrap(text, width - 2))
    ]


def problem_text(problem: Mapping[str, Any]) -> str:
    """A problem as one sentence, its place first."""
    place = f"{problem['file']}: " if problem.get("file") else ""
    line_ = f" (line {problem['line']:,})" if problem.get("line") is not None else ""
    hint = f" {problem['hint']}" if problem.get("hint") else ""
    return f"{place}{problem['message']}{hint}{line_}"


def fall_lines(found: DataSet, width: int) -> list[Line]:
    """How labels fall on the splits of a run: how often each is there, and its share; those that a split lacks are marked."""
    names = [str(label["name"]) for label in found.labels]
    wide = min(max([len(name) for name in names], default=5), max(10, width - 3 - FALL_CELLS * len(found.fall)))
    wholes = {split: sum(counts) for split, counts in found.fall.items()}
    head = [muted("label".ljust(wide)), *(muted(f"{split[: FALL_CELLS - 1]:>{FALL_CELLS}}") for split in found.fall)]
    lines = [line(" ", *head)]
    for place, name in enumerate(names):
        cells = [_fallen(counts[place], wholes[split]) for split, counts in found.fall.items()]
        shown_name = cut_end(name, wide)
        lines.append(line(" ", shown_name, " " * (wide - cell_width(shown_name)), *cells))
    whole = [f"{count:,}".rjust(FALL_CELLS - 7) + " " * 7 for count in wholes.values()]
    return [*lines, line(" ", muted("all".ljust(wide)), *map(muted, whole))]


def _fallen(count: int, whole: int) -> Any:
    share = words.share(count, whole) if count else ""
    return span(f"{count:,}".rjust(FALL_CELLS - 7) + share.rjust(7), "text" if count else "warn")


# What can be chosen


def column_picks(found: DataSet, role: str) -> list[Pick]:
    """The columns that may play a part, and none of them where that is to be found out."""
    chosen: Mapping[str, str] = found.asked.chosen.get("columns") or {}
    others = {name: column for name, column in chosen.items() if name != role}

    def with_it(column: str) -> dict[str, Any]:
        rest = {name: other for name, other in others.items() if other != column}
        return {"columns": {**rest, role: column}}

    picks = [
        Pick(one.name, f"{one.type}{_plays(found, one.name)}", with_it(one.name), found.roles.get(role) == one.name)
        for one in found.columns
    ]
    return [*picks, Pick("found by itself", "by its name, then by what it holds", {"columns": others or None})]


def _plays(found: DataSet, column: str) -> str:
    role = found.role_of(column)
    return f", now {role}" if role is not None else ""


def split_picks(found: DataSet, name: str) -> list[Pick]:
    """Where a split of the run may come from."""
    chosen = found.asked.chosen
    run = trained_split(found)
    if name == "train":
        return [Pick(one.name, f"{one.rows:,} rows", {"split": one.name}, one.name == run) for one in found.splits]
    value = chosen.get(name)
    picks = [
        Pick(f"split {one.name}", f"{one.rows:,} rows", {name: one.name}, value == one.name)
        for one in found.splits
        if one.name != run
    ]
    rows = found.split(run).rows
    picks += [
        Pick(
            f"{100 * share:g} % of train", f"about {max(1, round(rows * share)):,} rows", {name: share}, value == share
        )
        for share in SHARES
    ]
    otherwise = (
        "the data's own split, else 10 % of train" if name == "validation" else "the data's own split, else none"
    )
    return [*picks, Pick("another share …"), Pick("found by itself", otherwise, {name: None}, value is None)]


def share_picks(found: DataSet) -> list[Pick]:
    """How shares of train may be taken."""
    chosen = found.asked.chosen
    groups, time, near = (chosen.get(name) for name in ("groups", "time", "near_together"))
    none = {"groups": None, "time": None, "near_together": None}
    single = [one.name for one in found.columns if one.holds not in ("list", "texts")]
    return [
        Pick("by chance", "labels in proportion", none, not groups and not time and not near),
        Pick("near duplicates together", "no text is nearly in both", {**none, "near_together": True}, bool(near)),
        *(
            Pick(f"groups of {name}", "its equal values stay on one side", {**none, "groups": name}, groups == name)
            for name in single
        ),
        *(
            Pick(f"newest by {name}", "what is newest is held out", {**none, "time": name}, time == name)
            for name in single
        ),
    ]


def trained_split(found: DataSet) -> str:
    """The source's split that is trained on."""
    names = [one.name for one in found.splits]
    wanted = found.asked.chosen.get("split") or "train"
    return wanted if wanted in names else names[0]


def with_choice(asked: Asked, values: Mapping[str, Any]) -> Asked:
    """What is asked for, with some of it chosen otherwise; another task or set has columns of its own."""
    if "max_length" in values:
        return replace(asked, max_length=values["max_length"])
    if "task" in values:
        rest = {key: value for key, value in asked.chosen.items() if key != "columns"}
        return replace(asked, task=values["task"], data=rest or None)
    if "subset" in values and asked.recipe is None:
        return replace(asked, subset=values["subset"], data=None)
    chosen = {key: value for key, value in {**asked.chosen, **values}.items() if value is not None}
    if "options" in values:
        options = {**(asked.chosen.get("options") or {}), **values["options"]}
        chosen["options"] = {key: value for key, value in options.items() if value is not None}
    return replace(asked, data={key: value for key, value in chosen.items() if value != {}} or None)


def share_of(text: str) -> float | None:
    """`15`, `15 %` or `0.15` as a share of train; None where it is none."""
    try:
        value = float(text.strip().rstrip("%"))
    except ValueError:
        return None
    share = value / 100 if value >= 1 else value
    return share if 0 < share < 1 else None


# Lengths


def length_picks(answer: Mapping[str, Any]) -> list[Pick]:
    """Maximum lengths, what each cuts and what an epoch of it costs against no cut."""
    rows, now, fits = answer["rows"], answer["max_length"], answer["fits_99"]
    about = "about " if answer["measured"] < rows else ""
    picks = []
    for one in answer["cuts"]:
        length, cut = one["max_length"], round(one["share"] * rows)
        told = "cuts nothing"
        if cut:
            read = words.share(one["tokens"], one["tokens"] + one["tokens_lost"])
            attention = words.share(one["attention"], 1)
            told = (
                f"{about}{cut:,} rows cut ({words.share(one['share'], 1)}); {read} of tokens, {attention} of attention"
            )
        told += "; fits 99 %" if length == fits else ""
        picks.append(Pick(f"{length:,}", told, {"max_length": length}, length == now))
    return [*picks, Pick("another length …")]
