"""From a recipe's `[data]` to the splits of a run, by role, with labels: the same in the launcher and in the worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data import checks, edited
from tui_finetune.data.filesource import DROP_MISSING
from tui_finetune.data.mixing import KEY, Added, chunked, unlike, with_added
from tui_finetune.data.opening import Wanted, fits, open_data, validated
from tui_finetune.data.plan import VALIDATION_SHARE, Choice, choices, named_split
from tui_finetune.data.preprocessing import before_shares, rows_chosen, thins
from tui_finetune.data.problems import Collector
from tui_finetune.data.roles import class_names, columns_alike, columns_for_roles
from tui_finetune.data.selecting import Selected, labels_alike, select
from tui_finetune.data.split_columns import SplitColumns
from tui_finetune.data.splitting import PIECE, divide, divide_pieces, sample
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import ROW_ID, InputFile, LabelSet, Opened, Progress, Role, StepCount, Task, no_progress
from tui_finetune.plugin_api.tasks import UNLABELLED

if TYPE_CHECKING:
    import pyarrow as pa

    from tui_finetune.config.schema import Recipe
    from tui_finetune.data.folds import Folds
    from tui_finetune.data.splitting import Indices
    from tui_finetune.plugin_api.manager import Catalog

TRAIN, VALIDATION, TEST = ORDER = ("train", "validation", "test")


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


class _Preparing:
    """One preparation: what was opened, and what there is to say about it."""

    def __init__(
        self, recipe: Recipe, task: Task, catalog: Catalog, cache: Path, heavy: bool, progress: Progress
    ) -> None:
        self.recipe, self.task, self.catalog, self.cache = recipe, task, catalog, cache
        self.heavy, self.progress = heavy, progress
        self.problems = Collector()
        self.warnings: list[str] = []
        self.notes: dict[str, None] = {}
        self.origin: dict[str, str] = {}
        self.source_split: dict[str, str] = {}
        self.opened: list[Opened] = []
        self.wanted: list[Wanted] = []
        self.columns: dict[str, str] = {}
        self.split_columns = SplitColumns(recipe.data.groups, recipe.data.time)
        self.thinned: list[StepCount] = []
        self.near: Indices | None = None
        self.folds: Folds | None = None
        self.added: list[Added] = []

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

    # Dividing

    @property
    def labelled(self) -> Role | None:
        """The role whose values are labels, by which shares and samples are taken."""
        gold = self.task.gold_role
        return None if gold is None or gold.kind in UNLABELLED else gold

    def rows_of(self, tables: dict[str, pa.Table], chosen: Mapping[str, Choice]) -> dict[str, pa.Table]:
        """The rows of each split: shares of train taken, then the limits. Rows are copied once, at the end."""
        parts: dict[str, tuple[pa.Table, Indices | None]] = {name: (table, None) for name, table in tables.items()}
        if TRAIN in tables:
            parts |= self.divided(tables[TRAIN], chosen)
            parts[TRAIN] = self.train_thinned(*parts[TRAIN])
            if self.added:
                parts[TRAIN] = self.mixed(*parts[TRAIN]), None
        found = {}
        for name in sorted(parts, key=lambda n: ORDER.index(n) if n in ORDER else len(ORDER)):
            table, rows = self.limited(name, *parts[name])
            found[name] = (table if rows is None else table.take(rows)).combine_chunks()
        return found

    def divided(self, train: pa.Table, chosen: Mapping[str, Choice]) -> dict[str, tuple[pa.Table, Indices | None]]:
        """Takes the shares of train: test first, then validation, both of all its rows."""
        if self.recipe.data.split_file is not None:
            return self.listed(train, chosen, Path(self.recipe.data.split_file))
        found: dict[str, tuple[pa.Table, Indices | None]] = {}
        rest: Indices | None = None
        for name in (TEST, VALIDATION):
            choice = chosen.get(name)
            if choice is None or choice.share is None:
                continue
            count = max(round(train.num_rows * choice.share), 1)
            left = train.num_rows if rest is None else len(rest)
            if left - count < 1:
                self.warnings.append(f"No {name}: train has {left:,} rows, too few to divide.")
                continue
            taken, rest = self.take(train, rest, name, count, choice.share)
            if len(taken):
                found[name] = train, taken
        if (choice := chosen.get(VALIDATION)) is not None and choice.fold is not None:
            taken, rest = self.folded(train, rest, choice.fold)
            found[VALIDATION] = train, taken
        if found:
            self.origin[TRAIN] = f"the rest of {self.origin[TRAIN]}"
            found[TRAIN] = train, rest
        return found

    def listed(
        self, train: pa.Table, chosen: Mapping[str, Choice], path: Path
    ) -> dict[str, tuple[pa.Table, Indices | None]]:
        """The rows of train as a file of the recipe divides them."""
        import numpy as np

        from tui_finetune.data.split_file import NAMES, split_numbers

        numbers, whole = split_numbers(path, train), self.origin[TRAIN]
        found: dict[str, tuple[pa.Table, Indices | None]] = {}
        for number, name in enumerate(NAMES):
            rows = np.flatnonzero(numbers == number)
            if name == TRAIN or (name in chosen and chosen[name].listed and len(rows)):
                found[name] = train, rows
                self.origin[name] = f"{path.name}, of {whole}"
                self.source_split[name] = self.source_split[TRAIN]
        if out := train.num_rows - sum(len(rows) for _, rows in found.values() if rows is not None):
            self.notes[
                f"{out:,} rows of train are left out: {path.name} does not name them, or for no split of this."
            ] = None
        return found

    def mixed(self, train: pa.Table, rows: Indices | None) -> pa.Table:
        """What is left of train, with the rows of the further sets."""
        gold = self.labelled
        left = train if rows is None else train.take(rows)
        found, words, warnings = with_added(
            left, self.added, self.recipe.run.seed, gold.name if gold is not None else None
        )
        self.warnings += warnings
        self.origin[TRAIN] += f"; with {' and '.join(words)}"
        return found

    def train_thinned(self, train: pa.Table, rows: Indices | None) -> tuple[pa.Table, Indices | None]:
        """The rows that the last steps choose of what is left of train, by the columns that the source has."""
        steps = [step for step in self.recipe.preprocess if thins(step, self.catalog)]
        if not steps or self.recipe.kind != "train":
            return train, rows
        import numpy as np
        import pyarrow.compute as pc

        rows = np.arange(train.num_rows) if rows is None else rows
        split = self.source_split[TRAIN]
        whole = self.opened[0].splits[split].table()
        place = pc.index_in(train.column(ROW_ID).take(rows), value_set=whole.column(ROW_ID).combine_chunks())
        table = whole.take(place)
        for step in steps:
            one, options = self.catalog.preprocessors[step.use], dict(step.options)
            if (model := one.options_model()) is not None:
                options = validated(model, options)
            kept = rows_chosen({split: table}, one, options, self.catalog).get(split)
            before = len(rows)
            if kept is not None:
                table, rows = table.take(kept), rows[np.asarray(kept, dtype=np.int64)]
            if not len(rows):
                raise DataError(Problem(f"{step.use} leaves no row of train.", "preprocess"))
            self.thinned.append(StepCount(step.use, {TRAIN: before}, {TRAIN: len(rows)}))
            if len(rows) < before:
                self.origin[TRAIN] += f"; {step.use}: {len(rows):,} of {before:,} rows"
        return train, rows

    def near_of(self, train: pa.Table) -> Indices:
        """A number for each row of train, the same for those that are nearly the same."""
        from tui_finetune.data.near_rows import near_numbers

        if self.near is None:
            self.near = near_numbers(train, self.task)
        return self.near

    def folded(self, train: pa.Table, rows: Indices | None, number: int) -> tuple[Indices, Indices]:
        """Numbers of the rows of a fold, and of the rest. Raises DataError where there are fewer rows than folds."""
        import numpy as np

        from tui_finetune.data.folds import Folds, fold_numbers

        rows = np.arange(train.num_rows) if rows is None else rows
        gold, data, seed = self.labelled, self.recipe.data, self.recipe.run.seed
        labels = train.column(gold.name).take(rows) if gold is not None else None
        assert data.folds is not None
        ids = train.column(ROW_ID).take(rows)
        if self.split_columns.used:
            units, labels, how = self.split_columns.numbers(ids), None, f"whole groups of {data.groups}, "
        elif data.near_together:
            units, how = self.near_of(train)[rows], "near duplicates together, "
        else:
            origins = np.asarray([PIECE.sub("", row) for row in ids.to_pylist()], dtype=object).astype(str)
            units, how = (origins if self.recipe.preprocess else np.arange(len(rows))), ""
        units = np.unique(units, return_inverse=True)[1]
        if (units.max(initial=-1) + 1) < data.folds:
            message = f"is {data.folds}; there are {units.max(initial=-1) + 1} rows or groups to divide."
            raise DataError(Problem(message, "data.folds"))
        numbers, stratified = fold_numbers(units, data.folds, seed, labels)
        self.folds = Folds(train, rows, numbers)
        self.source_split[VALIDATION] = self.source_split[TRAIN]
        how += "stratified, " if stratified else ""
        self.origin[VALIDATION] = f"fold {number} of {data.folds}, {how}seed {seed}"
        return rows[numbers == number], rows[numbers != number]

    def take(
        self, train: pa.Table, rows: Indices | None, name: str, count: int, share: float
    ) -> tuple[Indices, Indices | None]:
        """Numbers of the rows that are taken, and of the rest; `rows` are those that are still there."""
        import numpy as np

        rows = np.arange(train.num_rows) if rows is None else rows
        gold, seed = self.labelled, self.recipe.run.seed
        labels = train.column(gold.name).take(rows) if gold is not None else None
        if self.split_columns.used:
            parts = self.split_columns.divide(train.column(ROW_ID).take(rows), count, seed, name)
        elif self.recipe.data.near_together:
            parts = divide_pieces(self.near_of(train)[rows], count, seed, name, labels)
        elif self.recipe.preprocess:
            origins = [PIECE.sub("", row) for row in train.column(ROW_ID).take(rows).to_pylist()]
            parts = divide_pieces(origins, count, seed, name, labels)
        else:
            parts = divide(len(rows), count, seed, name, labels)
        if len(parts.taken) == 0:
            why = self.split_columns.why_none or "every label has one row only, and train needs it"
            self.warnings.append(f"No {name}: {why}.")
            return parts.taken, rows
        self.source_split[name] = self.source_split[TRAIN]
        how = "stratified, " if parts.stratified else ""
        how = f"near duplicates together, {how}" if self.recipe.data.near_together else how
        self.origin[name] = f"{share * 100:g} % of train, {self.split_columns.words(seed) or f'{how}seed {seed}'}"
        if parts.alone and labels is not None:
            alone = sorted(LabelSet.of(labels.take(list(parts.alone)).unique().to_pylist()).names)
            self.notes[checks.alone_note(alone)] = None
        return rows[parts.taken], rows[parts.rest]

    def limited(self, name: str, table: pa.Table, rows: Indices | None) -> tuple[pa.Table, Indices | None]:
        """A sample of the rows, where there are more than the recipe's limit."""
        import numpy as np

        data, gold = self.recipe.data, self.labelled
        limit = data.limit if name == TRAIN and self.recipe.kind == "train" else data.limit_eval
        count = table.num_rows if rows is None else len(rows)
        if limit is None or count <= limit:
            return table, rows
        every = np.arange(count) if rows is None else rows
        labels = table.column(gold.name).take(every) if gold is not None else None
        self.origin[name] += f"; {limit:,} of {count:,} rows"
        return table, every[sample(count, limit, self.recipe.run.seed, labels)]


def _with_column(problem: Problem, column: str | None, role: str) -> Problem:
    """The column's own name where the message has the role's."""
    return problem if column in (None, role) else replace(problem, message=f"{column}: {problem.message}")
