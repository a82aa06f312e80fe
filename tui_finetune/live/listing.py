"""The list of runs: which are shown, in which order, what stands in their columns. Pure functions over rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tui_finetune.live import words
from tui_finetune.live.reader import RunRow
from tui_finetune.runs.status import Status

Tab = Literal["all", "live", "look", "marked"]
TABS: tuple[tuple[Tab, str], ...] = (
    ("all", "All"),
    ("live", "Live"),
    ("look", "Needs a look"),
    ("marked", "Marked"),
)
UNWELL = frozenset({"stalled", "unreachable", "unreadable"})
"""States that need a look for as long as they last."""
ENDED_BADLY = frozenset({"failed", "died"})
"""States that need a look until somebody has opened the run."""
KEYS = ("state", "task", "tag", "kind", "model", "data", "id", "name", "note")
"""What may stand before the colon in a filter."""
SORTS = ("", "state", "run", "result", "progress", "started")
"""Columns to sort by; the first is the order of the house: live, then what needs a look, then newest."""


@dataclass(frozen=True)
class Filter:
    """`imdb state:failed`: every word and every key must match, in any order."""

    text: str = ""
    words: tuple[str, ...] = ()
    keys: tuple[tuple[str, str], ...] = ()
    problem: str | None = None
    """What in the text is no filter."""


def parse_filter(text: str) -> Filter:
    """What a person typed as a filter; an unknown key is a word of its own, and said."""
    found_words: list[str] = []
    keys: list[tuple[str, str]] = []
    problem = None
    for part in text.split():
        key, colon, value = part.partition(":")
        if colon and key.lower() in KEYS:
            keys.append((key.lower(), value.lower()))
            continue
        if colon and key.isalpha() and value:
            problem = f"{key}: is no key. There are {', '.join(KEYS)}."
        found_words.append(part.lower())
    return Filter(text.strip(), tuple(found_words), tuple(keys), problem)


def matches(row: RunRow, wanted: Filter) -> bool:
    """True where every word is somewhere in the row, and every key's value in its field; `state:live` and `ended` too."""
    info = row.info
    everything = (
        " ".join(
            part
            for part in (info.name, info.id, info.kind, info.task, info.model, info.data, info.note, row.status.state)
            if part
        ).lower()
        + " "
        + " ".join(info.tags).lower()
    )
    return all(word in everything for word in wanted.words) and all(_has(row, *pair) for pair in wanted.keys)


def _has(row: RunRow, key: str, value: str) -> bool:
    info, status = row.info, row.status
    if key == "state":
        group = "live" if status.live else "ended"
        return value in (group, "") or status.state.startswith(value)
    if key == "tag":
        return any(tag.lower().startswith(value) for tag in info.tags) if value else bool(info.tags)
    field_of: Mapping[str, str | None] = {
        "task": info.task, "kind": info.kind, "model": info.model, "data": info.data,
        "id": info.id, "name": info.name, "note": info.note,
    }  # fmt: skip
    return value in (field_of[key] or "").lower()


def needs_a_look(row: RunRow, seen: Mapping[str, int]) -> bool:
    """Not well now, or ended badly and not opened since. seen: run to the newest attempt that was looked at."""
    if row.status.state in UNWELL:
        return True
    return row.status.state in ENDED_BADLY and seen.get(row.id, 0) < max(1, row.status.attempt)


@dataclass(frozen=True)
class View:
    """What of the list is shown, and how it is ordered."""

    tab: Tab = "all"
    filter: Filter = field(default_factory=Filter)
    sort: str = ""
    reverse: bool = False


@dataclass(frozen=True)
class Arranged:
    """The rows that are shown, in their order, and how many each tab has."""

    rows: tuple[RunRow, ...]
    counts: Mapping[Tab, int]


def arrange(
    rows: Sequence[RunRow],
    view: View,
    *,
    marked: Collection[str] = (),
    seen: Mapping[str, int] | None = None,
    held: tuple[str, int] | None = None,
) -> Arranged:
    """The rows of a view.

    held: a run and the place where it stood: it stays there, for the cursor is on it and nobody wants it to jump away.
    """
    seen = seen or {}
    tests: dict[Tab, Callable[[RunRow], bool]] = {
        "all": lambda row: True,
        "live": lambda row: row.status.live,
        "look": lambda row: needs_a_look(row, seen),
        "marked": lambda row: row.id in marked,
    }
    found = [row for row in rows if matches(row, view.filter)] if view.filter.text else list(rows)
    counts = {tab: sum(1 for row in found if test(row)) for tab, test in tests.items()}
    shown = [row for row in found if tests[view.tab](row) or (held is not None and row.id == held[0])]
    ordered = sorted(shown, key=lambda row: _rank(row, view.sort, seen), reverse=view.reverse)
    if held is not None:
        here = next((row for row in ordered if row.id == held[0]), None)
        if here is not None:
            ordered.remove(here)
            ordered.insert(min(max(0, held[1]), len(ordered)), here)
    return Arranged(tuple(ordered), counts)


def _rank(row: RunRow, sort: str, seen: Mapping[str, int]) -> tuple[Any, ...]:
    newest = (-row.info.created, row.id)
    if sort == "state":
        return (_group(row, seen), row.status.state, *newest)
    if sort == "run":
        return (row.info.name.lower(), *newest)
    if sort == "result":
        value = main_metric(row.status)
        return (value is None, -(value[1] if value is not None and value[1] == value[1] else 0.0), *newest)
    if sort == "progress":
        status = row.status
        share = status.step / status.steps if status.step is not None and status.steps else 0.0
        return (-share, *newest)
    if sort == "started":
        return newest
    return (_group(row, seen), *newest)


def _group(row: RunRow, seen: Mapping[str, int]) -> int:
    """Live first, then what needs a look, then the rest."""
    return 0 if row.status.live else 1 if needs_a_look(row, seen) else 2


def main_metric(status: Status) -> tuple[str, float, str] | None:
    """Name, value and split of the figure that stands for a run: test's where there is one."""
    test = next((name for name in status.metrics if name.startswith("test_")), None)
    name = test or next(iter(status.metrics), None)
    if name is None:
        return None
    return name.removeprefix("test_"), status.metrics[name], "test" if test else "val"


def result_words(status: Status) -> str:
    """The main metric: `0.912 accuracy test`."""
    found = main_metric(status)
    if found is None:
        return words.NOTHING
    name, value, split = found
    return f"{words.score(value)} {name} {split}"


def split_words(status: Status, split: str) -> str:
    """The main metric on one split, which the words do not repeat: `0.912 accuracy`; empty where it has none."""
    names = [name for name in status.metrics if name.startswith("test_") == (split == "test")]
    return f"{words.score(status.metrics[names[0]])} {names[0].removeprefix('test_')}" if names else ""


def progress_words(row: RunRow, now: float) -> str:
    """`59 % 14 m left`, `took 1 m 24 s`, `at 40 %`, or since when it is not well."""
    status, figures = row.status, row.figures
    share = words.share(status.step, status.steps) if status.steps and status.step is not None else None
    if status.state == "unreadable":
        return status.reason or words.NOTHING
    if status.state == "finished":
        return f"took {words.duration(status.seconds)}"
    if status.state in ENDED_BADLY and status.ended is not None:
        return " ".join(part for part in (share, f"at {words.clock(status.ended, now)}") if part)
    if not status.live:
        return f"at {share}" if share else words.NOTHING
    if status.state == "stalled" and status.since and (status.reason or "").startswith("no progress"):
        return f"still for {words.coarse(now - status.since)}"
    if status.state == "queued" and status.reason:
        return status.reason.partition(",")[0]
    if status.state in ("stalled", "unreachable"):
        return f"heard {words.age(now - status.since)}" if status.since else status.state
    if status.step and share:
        left = figures.progress.left if figures is not None else None
        rest = f"{'about ' if figures and figures.progress.about else ''}{words.coarse(left)} left" if left else None
        return " ".join(part for part in (share, rest or status.phase) if part)
    doing = figures.doing if figures is not None else None
    if doing is not None and doing.total:
        return f"{words.share(doing.done, doing.total)} {status.phase}"
    return status.phase or status.state


def started_words(created: float, now: float) -> str:
    """`09:15` today, `22 Nov` in this year, `2025` in another: six cells at most."""
    clock = words.clock(created, now)
    if clock.count(" ") == 2:
        return clock.rpartition(" ")[0]
    return clock[:4] if clock.count("-") == 2 else clock
