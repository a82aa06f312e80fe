"""The recipe as a form: fields in groups, which of them are shown, where a problem belongs, what differs from another one.

Light: what a form is made of is read elsewhere (`recipe_form`), in a thread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tui_finetune.errors import Problem

Kind = Literal["text", "texts", "values", "table", "path", "value"]
"""How what is typed is read: a text as it is; a list of texts, or of values, by commas; `role = column` pairs; a path or a
list of them; anything that TOML has a value for, else a text."""

NOTHING = "–"
REST = "[…]"
"""Id of the row that opens the groups of which nothing is shown."""


@dataclass(frozen=True)
class FormField:
    """A key that a recipe can have, and what this one says of it."""

    key: str
    """Dotted: `train.learning_rate`."""
    name: str
    """As it stands in its group."""
    kind: Kind = "value"
    help: str = ""
    expected: str = ""
    """In words: `a whole number`."""
    usual: Any = None
    """The default; None where there is none, or where it depends on the run."""
    default: str = ""
    """The default as it is shown, also where it depends on the run."""
    origin: str = "default"
    """Where the default comes from, for the column beside it."""
    choices: tuple[str, ...] = ()
    often: bool = False
    """Always on the form."""
    known: bool = True
    """False for what no setting is called."""
    written: bool = False
    """Stands in the recipe."""
    value: Any = None
    text: str = ""
    """The value as one types it."""

    @property
    def is_default(self) -> bool:
        return not self.written or (self.known and self.usual is not None and bool(self.value == self.usual))

    @property
    def shown(self) -> str:
        return (self.text if self.written else self.default) or NOTHING

    @property
    def effective(self) -> Any:
        """What holds: the value, else the default."""
        return self.value if self.written else self.usual


@dataclass(frozen=True)
class Group:
    """A table of the recipe; the first one has no name."""

    name: str
    fields: tuple[FormField, ...]
    known: bool = True
    adds: bool = False
    """True where an item can be added behind it."""


@dataclass(frozen=True)
class Form:
    """All groups, in the order of the recipe."""

    groups: tuple[Group, ...]
    _by_key: dict[str, FormField] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        self._by_key.update({one.key: one for group in self.groups for one in group.fields})

    def field(self, key: str) -> FormField | None:
        return self._by_key.get(key)

    def fields(self) -> Iterator[FormField]:
        return iter(self._by_key.values())

    def text(self, key: str) -> str:
        """The value of a key as it is shown; empty where the recipe does not have it."""
        found = self.field(key)
        return found.text if found is not None and found.written else ""


@dataclass(frozen=True)
class Judged:
    """A text of a recipe, as it was judged: its form and all that is wrong with it."""

    text: str
    form: Form | None
    """None where the text is no TOML."""
    problems: tuple[Problem, ...]
    lines: Mapping[str, int] = field(default_factory=dict)
    """Dotted key to line."""


@dataclass(frozen=True)
class Trial:
    """A value that is being typed."""

    key: str
    typed: str
    problem: str = ""
    advice: str = ""
    choices: tuple[str, ...] = ()
    """What it may be, those that begin like what is typed first."""


RowKind = Literal["heading", "field", "add", "rest"]


@dataclass(frozen=True)
class Row:
    """A line of the form."""

    id: str
    """The field's key; `[data]` for a heading; `+preprocess`; `[…]`."""
    kind: RowKind
    group: str = ""
    field: FormField | None = None
    hidden: int = 0
    """Fields of the group, or of all groups, that are not shown."""
    opened: bool = False
    problems: tuple[Problem, ...] = ()


Placed = Mapping[str, Sequence[Problem]]


def placed(problems: Sequence[Problem], form: Form | None) -> Placed:
    """Problems by the row that they belong to: their field, else the heading of their table, else `""`."""
    found: dict[str, list[Problem]] = defaultdict(list)
    names = {group.name for group in form.groups} if form is not None else set()
    for problem in problems:
        found[_row_of(problem.key or "", form, names)].append(problem)
    return found


def _row_of(key: str, form: Form | None, groups: Collection[str]) -> str:
    while key and form is not None:
        if form.field(key) is not None:
            return key
        if key in groups:
            return f"[{key}]"
        key = key.rpartition(".")[0]
    return ""


def rows(
    form: Form,
    problems: Placed,
    *,
    opened: Collection[str] = (),
    kept: Collection[str] = (),
    search: str = "",
) -> list[Row]:
    """The lines of the form: what differs from the defaults, is asked for often, has a problem or is in `kept`.

    opened: groups of which everything is shown; search: words that a field's key or help has, everything else is left out.
    """
    lines: list[Row] = []
    hidden = 0
    for group in form.groups:
        wanted = _wanted(group, problems, group.name in opened or REST in opened, kept, search)
        heading = f"[{group.name}]"
        told = tuple(problems.get(heading, ()))
        if not wanted and not told and not (group.adds and REST in opened and not search):
            hidden += len(group.fields)
            continue
        rest = 0 if search else len(group.fields) - len(wanted)
        if group.name:
            lines.append(Row(heading, "heading", group.name, None, rest, group.name in opened, told))
        lines += [Row(one.key, "field", group.name, one, problems=tuple(problems.get(one.key, ()))) for one in wanted]
        if group.adds and not search:
            lines.append(Row(f"+{group.name}", "add", group.name))
    if search:
        return lines
    if hidden or REST in opened:
        lines.append(Row(REST, "rest", hidden=hidden, opened=REST in opened))
    return lines


def _wanted(group: Group, problems: Placed, opened: bool, kept: Collection[str], search: str) -> list[FormField]:
    if search:
        return [one for one in group.fields if _has(one, search.lower().split())]
    return [
        one
        for one in group.fields
        if opened or one.often or not one.is_default or one.key in kept or one.key in problems or not one.known
    ]


def _has(one: FormField, wanted: Sequence[str]) -> bool:
    text = f"{one.key} {one.help}".lower()
    return all(word in text for word in wanted)


def best_match(lines: Sequence[Row], search: str) -> int:
    """Where the cursor goes in the lines of a search: to the first field that has the words in its name."""
    wanted = search.lower().split()
    fields = [place for place, row in enumerate(lines) if row.field is not None]
    named = (place for place in fields if all(word in (lines[place].field or _NONE).name.lower() for word in wanted))
    return next(named, fields[0] if fields else 0)


_NONE = FormField("", "")


@dataclass(frozen=True)
class Difference:
    """A key of which two recipes say something else."""

    key: str
    before: str
    after: str


def differences(before: Form, after: Form) -> tuple[Difference, ...]:
    """What holds in `after` and not in `before`: defaults that are written out are none."""
    keys = dict.fromkeys([one.key for one in after.fields()] + [one.key for one in before.fields()])
    return tuple(found for key in keys if (found := _difference(key, before.field(key), after.field(key))) is not None)


def _difference(key: str, before: FormField | None, after: FormField | None) -> Difference | None:
    if not _says(before) and not _says(after):
        return None
    if before is not None and after is not None and before.effective == after.effective and _same_rule(before, after):
        return None
    return Difference(key, before.shown if before else NOTHING, after.shown if after else NOTHING)


def _says(one: FormField | None) -> bool:
    return one is not None and one.written


def _same_rule(before: FormField, after: FormField) -> bool:
    """Both are written, or neither, or the default is a value and no rule."""
    return before.written == after.written or before.usual is not None
