"""A data set as the interface knows it: what was asked for, what was opened, what there is to know of it. Made of JSON alone."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tui_finetune.live import words

USUAL_LENGTH = 512


@dataclass(frozen=True)
class Asked:
    """What a person wants to see."""

    path: str | None = None
    """A place on this machine, absolute, or a Hub id; None for a source that needs none, and for a recipe."""
    recipe: str | None = None
    source: str | None = None
    subset: str | None = None
    task: str | None = None
    model: str | None = None
    """Whose tokenizer counts."""
    max_length: int | None = None
    data: Mapping[str, Any] | None = None
    """Keys of `[data]` that were chosen: columns, splits, shares."""

    @property
    def chosen(self) -> Mapping[str, Any]:
        return self.data or {}

    def same_rows(self, other: Asked) -> bool:
        """True where the same rows are read, however they are used."""
        return self._read == other._read

    @property
    def _read(self) -> tuple[Any, ...]:
        chosen = self.chosen
        return self.path, self.recipe, self.source, self.subset, chosen.get("subset"), chosen.get("options")

    @property
    def title(self) -> str:
        """`banking77/train.csv`, `stanfordnlp/imdb`, `stdlib-docs`."""
        name = self.recipe or self.path
        if name is None:
            return self.source or "data"
        if not os.path.isabs(name):
            return name
        parent, last = os.path.split(name.rstrip("/"))
        return "/".join(part for part in (os.path.basename(parent), last) if part)

    @property
    def typed(self) -> str:
        """What opens it again."""
        return self.recipe or self.path or self.source or ""

    def as_json(self) -> dict[str, Any]:
        """The fields of a request, without those that are not given."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Split:
    """Rows on disk."""

    name: str
    arrow: str
    rows: int


@dataclass(frozen=True)
class ColumnInfo:
    """A column of the data."""

    name: str
    type: str
    class_names: tuple[str, ...] | None = None

    @property
    def holds(self) -> str:
        """`text`, `texts` (a list of them), `number`, `list`, or `other`."""
        kind = self.type.removeprefix("large_")
        if kind.startswith(("list", "fixed_size_list")):
            return "texts" if "string" in kind else "list"
        if kind.startswith("string"):
            return "text"
        return "number" if kind.startswith(("int", "uint", "float", "double", "half")) else "other"


@dataclass(frozen=True)
class DataSet:
    """What is open."""

    asked: Asked
    source: str
    format: str
    splits: tuple[Split, ...]
    columns: tuple[ColumnInfo, ...]
    files: tuple[tuple[str, int], ...] = ()
    """Path and size of each."""
    notes: tuple[str, ...] = ()
    revision: str | None = None
    look: Mapping[str, Any] = field(default_factory=dict)
    """The document of `data show`; empty while it is being made."""
    model: str | None = None
    tokenizer: str | None = None
    """Its file, where the model has one here."""
    max_length: int = USUAL_LENGTH
    steps: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Preprocessors of the recipe that was opened, with their options."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Role to its kind: text, label, words, tags, number."""
    gold: str | None = None
    """The role that is to be predicted."""
    fall: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """By split of a run how often each label is there, in their order."""
    edits: str | None = None
    """The file of edits that a recipe of these data names."""
    partial: bool = False
    """True where these are the first rows of a large file, and the others are being brought."""

    @property
    def looked(self) -> bool:
        return bool(self.look)

    @property
    def sets(self) -> Sequence[Mapping[str, Any]]:
        """Those of the folder, archive or database: name, path, source, rows by split where they are known."""
        found: Sequence[Mapping[str, Any]] = self.look.get("sets") or ()
        return found

    @property
    def set(self) -> str | None:
        """The set that is open, where there are several."""
        found: str | None = self.look.get("set")
        return found

    @property
    def roles(self) -> Mapping[str, str]:
        """Role to column."""
        found: Mapping[str, str] = self.look.get("roles") or {}
        return found

    @property
    def task(self) -> str | None:
        found: str | None = self.look.get("task")
        return found

    @property
    def labels(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.look.get("labels") or ()
        return found

    @property
    def problems(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.look.get("problems") or ()
        return found

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.files)

    @property
    def model_short(self) -> str:
        """`all-MiniLM-L6-v2`"""
        return (self.model or "").removeprefix("builtin:").rstrip("/").rpartition("/")[2]

    def split(self, name: str) -> Split:
        """The split of that name, else the first."""
        return next((one for one in self.splits if one.name == name), self.splits[0])

    def column(self, name: str) -> ColumnInfo | None:
        return next((one for one in self.columns if one.name == name), None)

    def role_of(self, column: str) -> str | None:
        return next((role for role, name in self.roles.items() if name == column), None)

    @functools.cached_property
    def _names(self) -> Mapping[str, Mapping[Any, str]]:
        return {one.name: self._names_in(one) for one in self.columns}

    def _names_in(self, column: ColumnInfo) -> Mapping[Any, str]:
        if self.is_gold(column.name) and self.labels:
            return {label["value"]: str(label["name"]) for label in self.labels if not isinstance(label["value"], list)}
        return dict(enumerate(column.class_names or ()))

    def names_of(self, column: str) -> Mapping[Any, str]:
        """What the values of a column are called: labels by their names, integers by their classes."""
        return self._names.get(column, {})

    def is_gold(self, column: str) -> bool:
        """True for the column that is to be predicted."""
        role = self.role_of(column)
        return role is not None and role == self.gold

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that a model reads."""
        return tuple(column for role, column in self.roles.items() if role != self.gold)

    def with_look(self, answer: Mapping[str, Any]) -> DataSet:
        """With what the whole look found."""
        look = answer["look"]
        classes = {one["name"]: one.get("class_names") for one in look["columns"]}
        columns = tuple(
            replace(one, class_names=tuple(classes[one.name])) if classes.get(one.name) else one for one in self.columns
        )
        return replace(
            self,
            columns=columns,
            look=look,
            model=answer["model"],
            tokenizer=answer["tokenizer"],
            max_length=answer["max_length"],
            steps=tuple((name, dict(options)) for name, options in answer["steps"]),
            kinds=answer["kinds"],
            gold=answer["gold"],
            fall=answer.get("fall") or {},
        )


def opened_set(asked: Asked, found: Mapping[str, Any], *, partial: bool = False) -> DataSet:
    """What was opened, from the desk's first word on it."""
    return DataSet(
        asked=asked,
        source=found["source"],
        format=found["format"],
        splits=tuple(Split(one["name"], one["arrow"], one["rows"]) for one in found["splits"]),
        columns=tuple(ColumnInfo(n, t, tuple(names) if names else None) for n, t, names in found["columns"]),
        files=tuple((path, size) for path, size, _ in found["files"]),
        notes=tuple(found["notes"]),
        revision=found["revision"],
        partial=partial,
    )


def summary_words(found: DataSet, split: Split) -> str:
    """`csv · 10,003 rows · 2 columns · 77 labels · 839 kB`"""
    parts = [found.source, f"{words.count(split.rows)} rows", _counted(len(found.columns), "column")]
    if found.labels:
        parts.append(_counted(len(found.labels), "tag" if found.kinds.get(found.gold or "") == "tags" else "label"))
    if found.bytes:
        parts.append(words.size(found.bytes))
    return " · ".join(parts)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
