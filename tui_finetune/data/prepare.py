"""From a recipe's `[data]` to the splits of a run, by role, with labels: the same in the launcher and in the worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data import checks, edited
from tui_finetune.data.dividing import TRAIN, VALIDATION, Dividing
from tui_finetune.data.filesource import DROP_MISSING
from tui_finetune.data.mixing import KEY, Added, chunked, unlike
from tui_finetune.data.opening import Wanted, fits, open_data
from tui_finetune.data.plan import VALIDATION_SHARE, Choice, choices, named_split
from tui_finetune.data.preprocessing import before_shares
from tui_finetune.data.problems import Collector
from tui_finetune.data.roles import class_names, columns_alike, columns_for_roles
from tui_finetune.data.selecting import Selected, labels_alike, select
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import InputFile, LabelSet, Opened, Progress, StepCount, Task, no_progress

if TYPE_CHECKING:
    import pyarrow as pa

    from tui_finetune.config.schema import Recipe
    from tui_finetune.data.folds import Folds
    from tui_finetune.plugin_api.manager import Catalog


@dataclass(frozen=True)
class Prepared:
    """The data of a run."""

    splits: Mapping[str, pa.Table]
    """`train`, `validation`, `test`: row_id, row_hash and a column a role."""
    labels: LabelSet | None
    columns: Mapping[str, str]
    """Role to column."""
    source: str
    format: str
    files: tuple[InputFile, ...] = ()
    warnings: tuple[str, ...] = ()
    """What may spoil the run."""
    notes: tuple[str, ...] = ()
    """What was guessed and chosen."""
    revision: str | None = None
    split_origin: Mapping[str, str] | None = None
    """Where each split came from, in words."""
    source_split: Mapping[str, str] | None = None
    """The source's own split that each came from; a share of train came from train's."""
    edits: edited.Used | None = None
    """The edits that were put onto the rows."""
    steps: tuple[StepCount, ...] = ()
    """What each preprocessor did to the number of rows of the source's splits, and of what was left of train."""
    folds: Folds | None = None
    """All folds, where the recipe divides train into some."""


def prepare(
    recipe: Recipe,
    task: Task,
    catalog: Catalog,
    cache: Path,
    *,
    heavy: bool,
    progress: Progress = no_progress,
    opened: Opened | None = None,
) -> Prepared:
    """Opens, preprocesses, finds columns and labels, divides and samples. Raises DataError with all problems.

    heavy: True where torch and the like may be imported; else heavy sources run in the data helper. The result is the same.
    opened: what `data.path` holds, where it has just been opened.
    """
    return _Preparing(recipe, task, catalog, cache, heavy, progress).prepared(opened)


class _Preparing(Dividing):
    """One preparation: what was opened, and what there is to say about it."""

    def __init__(
        self, recipe: Recipe, task: Task, catalog: Catalog, cache: Path, heavy: bool, progress: Progress
    ) -> None:
        super().__init__(recipe, task, catalog)
        self.cache, self.heavy, self.progress = cache, heavy, progress
        self.problems = Collector()
        self.wanted: list[Wanted] = []
        self.columns: dict[str, str] = {}

    def prepared(self, opened: Opened | None) -> Prepared:
        main = opened or self.open(self.wanted_of(self.recipe.data.path, self.recipe.data.source))
        if opened is not None:
            self.opened.append(opened)
            self.wanted.append(self.wanted_of(self.recipe.data.path, self.recipe.data.source))
            self.notes |= dict.fromkeys(opened.notes)
        chosen, notes = choices(self.recipe, main)
        self.notes |= dict.fromkeys(notes)
        if TRAIN in chosen and (split := chosen[TRAIN].split) is not None:
            self.split_columns.read(main.splits[split].table())
        parts = self.selected(main, chosen)
        if TRAIN in parts and self.recipe.kind == "train":
            self.added = self.further(main, parts[TRAIN])
        used = self.edits()
        self.problems.raise_if_any()
        if VALIDATION in chosen and VALIDATION not in parts and chosen[VALIDATION].by_default:
            chosen[VALIDATION] = Choice(share=VALIDATION_SHARE, by_default=True)
        labels = self.labels(main, parts)
        tables = {name: part.table for name, part in parts.items()}
        judged = tables | {one.name: one.part.table for one in self.added}
        self.problems.add(*checks.unknown_labels(judged, labels, self.task, self.recipe.data.labels is not None))
        self.problems.add(*checks.words_and_tags(judged, self.task))
        self.problems.add(*checks.told_by_task(judged, labels, self.task))
        self.problems.raise_if_any()
        tables = self.rows_of(tables, chosen)
        self.warnings += checks.shared_rows(tables, self.task)
        self.warnings += checks.untrained_labels(tables, labels, self.task)
        return Prepared(
            splits=tables,
            labels=labels,
            columns=self.columns,
            source=main.source,
            format=main.format,
            files=tuple(dict.fromkeys(file for opened in self.opened for file in opened.files)),
            warnings=tuple(self.warnings),
            notes=tuple(self.notes),
            revision=main.revision,
            split_origin=self.origin,
            source_split=self.source_split,
            edits=used,
            steps=(*main.steps, *self.thinned),
            folds=self.folds,
        )

    # Opening

    def open(self, wanted: Wanted) -> Opened:
        opened = open_data(wanted, self.catalog, self.cache, heavy=self.heavy, progress=self.progress)
        self.opened.append(opened)
        self.wanted.append(wanted)
        self.notes |= dict.fromkeys(opened.notes)
        return opened

    def wanted_of(self, path: Any, source: str | None) -> Wanted:
        data = self.recipe.data
        return Wanted(
            source=source,
            path=tuple(path) if isinstance(path, list) else path,
            subset=data.subset,
            revision=data.revision,
            options=data.options if source == data.source else {},
            steps=before_shares(self.recipe.preprocess, self.catalog),
            edits=data.edits,
        )

    def edits(self) -> edited.Used | None:
        """What was put onto the rows, and whether all of it fits them."""
        if self.recipe.data.edits is None:
            return None
        raw = [
            open_data(
                replace(one, steps=(), edits=None), self.catalog, self.cache, heavy=self.heavy, progress=self.progress
            )
            for at, one in enumerate(self.wanted)
            if one not in self.wanted[:at]
        ]
        used, told, problems = edited.used(Path(self.recipe.data.edits), raw, self.source_split)
        self.problems.add(*problems)
        self.warnings += told
        if used is not None:
            self.notes[used.words] = None
        return used

    def open_path(self, path: Any, main: Opened, key: str, subset: str | None) -> Opened:
        """Another path of the recipe: read as the main one where that fits, else by its own look."""
        named = self.catalog.sources[main.source]
        source = self.recipe.data.source or main.source if fits(named, path, self.catalog) else None
        try:
            return self.open(replace(self.wanted_of(path, source), subset=subset))
        except DataError as error:
            raise DataError([replace(p, key=key) if p.key == "data.path" else p for p in error.problems]) from error

    # Choosing

    def selected(self, main: Opened, chosen: Mapping[str, Choice]) -> dict[str, Selected]:
        """The splits that exist as such, by role."""
        found: dict[str, Selected] = {}
        for name, choice in chosen.items():
            if choice.of_train:
                continue
            with self.problems:
                opened, split = main, choice.split
                if choice.path is not None:
                    opened = self.open_path(choice.path, main, f"data.{name}", self.recipe.data.subset)
                    split = named_split(opened, name)
                assert split is not None
                if found or name == next(iter(chosen)):
                    part = self.of_split(opened, split, name, choice, next(iter(found.values()), None))
                    if part is not None:
                        found[name] = part
                        self.source_split[name] = split if choice.path is None else name
                        self.origin[name] = choice.words or (f"split {split}" if len(main.splits) > 1 else "all rows")
        return found

    def further(self, main: Opened, train: Selected) -> list[Added]:
        """The sets of the recipe's mixture, by role."""
        found: list[Added] = []
        for one in self.recipe.data.mix:
            name = f"{Path(one.path).name}{f' {one.subset}' if one.subset else ''}"
            name = f"{name} of {Path(one.path).parent}" if name in {other.name for other in found} else name
            with self.problems:
                opened = self.open_path(one.path, main, KEY, one.subset)
                table = opened.splits[named_split(opened, one.split, KEY)].table()
                gold, where = self.task.gold_role, f" in {name}"
                if one.columns:
                    columns, notes = columns_for_roles(self.task, one.columns, table, where=where)
                else:
                    columns, notes = columns_alike(self.task, self.columns, table, gold=gold is not None, where=where)
                self.notes |= dict.fromkeys(notes)
                part = select(table, columns, self.task, where=where, drop=self.drop(opened))
                self.warnings += part.warnings
                if part.problems or part.no_labels:
                    raise DataError(part.problems or Problem(f"{name} has no labels.", KEY))
                if gold is not None:
                    part = replace(part, table=labels_alike(part.table, train.table, gold.name))
                    part = replace(part, classes=class_names(opened.columns, columns.get(gold.name)))
                added = Added(name, part, one.weight)
                if gold is not None and (problem := unlike(train, added, gold.name)) is not None:
                    raise DataError(problem)
                found.append(added)
        return found

    def of_split(
        self, opened: Opened, split: str, name: str, choice: Choice, first: Selected | None
    ) -> Selected | None:
        """One split by role, alike to the first one; None where it has no labels and nobody asked for it by name."""
        table = opened.splits[split].table()
        where = f" in {choice.words or split}" if len(opened.splits) > 1 or name != TRAIN else ""
        gold = self.task.gold_role
        if first is None:
            self.columns, notes = columns_for_roles(self.task, self.recipe.data.columns, table, where=where)
            columns = self.columns
        else:
            columns, notes = columns_alike(self.task, self.columns, table, gold=not choice.by_default, where=where)
        self.notes |= dict.fromkeys(notes)
        part = select(table, columns, self.task, where=where, drop=self.drop(opened))
        self.warnings += part.warnings
        unlabelled = gold is not None and (gold.name not in columns or part.no_labels)
        if unlabelled and choice.by_default and first is not None:
            self.notes[f"Split {split} has no labels: it is left out."] = None
            return None
        if part.problems:
            raise DataError(part.problems)
        if first is not None and gold is not None:
            part = replace(part, table=labels_alike(part.table, first.table, gold.name))
        return replace(part, classes=class_names(opened.columns, columns.get(gold.name)) if gold else None)

    def drop(self, opened: Opened) -> bool | None:
        """Whether rows that lack something are left out; None where the source has no such option."""
        model = self.catalog.sources[opened.source].options_model() if opened.source in self.catalog.sources else None
        if model is None or DROP_MISSING not in model.model_fields:
            return None
        return bool(self.recipe.data.options.get(DROP_MISSING))

    # Labels

    def labels(self, main: Opened, parts: Mapping[str, Selected]) -> LabelSet:
        data, gold = self.recipe.data, self.task.gold_role
        part = parts.get(TRAIN) or next(iter(parts.values()))
        if gold is None:
            return LabelSet.of(())
        if data.labels is not None:
            names = data.label_names
            if names is None and part.classes and all(isinstance(v, int) for v in data.labels):
                known = dict(enumerate(part.classes))
                names = [known.get(int(value), str(value)) for value in data.labels]
            return LabelSet.of(data.labels, names)
        values = part.table.column(gold.name)
        if self.added:
            values = chunked([values, *(one.part.table.column(gold.name) for one in self.added)])
        try:
            return self.task.infer_labels(values, part.classes)
        except DataError as error:
            column = self.columns.get(gold.name)
            raise DataError([_with_column(p, column, gold.name) for p in error.problems]) from error


def _with_column(problem: Problem, column: str | None, role: str) -> Problem:
    """The column's own name where the message has the role's."""
    return problem if column in (None, role) else replace(problem, message=f"{column}: {problem.message}")
