"""Which rows each split of a run has: shares, folds or a list of train, then steps that thin it, then the limits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tui_finetune.data import checks
from tui_finetune.data.mixing import Added, with_added
from tui_finetune.data.opening import validated
from tui_finetune.data.plan import Choice
from tui_finetune.data.preprocessing import rows_chosen, thins
from tui_finetune.data.split_columns import SplitColumns
from tui_finetune.data.splitting import PIECE, divide, divide_pieces, sample
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import ROW_ID, LabelSet, Opened, Role, StepCount, Task
from tui_finetune.plugin_api.tasks import UNLABELLED

if TYPE_CHECKING:
    import pyarrow as pa

    from tui_finetune.config.schema import Recipe
    from tui_finetune.data.folds import Folds
    from tui_finetune.data.splitting import Indices
    from tui_finetune.plugin_api.manager import Catalog

TRAIN, VALIDATION, TEST = ORDER = ("train", "validation", "test")


class Dividing:
    """What is divided, and what there is to say about it."""

    def __init__(self, recipe: Recipe, task: Task, catalog: Catalog) -> None:
        self.recipe, self.task, self.catalog = recipe, task, catalog
        self.warnings: list[str] = []
        self.notes: dict[str, None] = {}
        self.origin: dict[str, str] = {}
        """Where each split came from, in words."""
        self.source_split: dict[str, str] = {}
        self.opened: list[Opened] = []
        """What the recipe's paths hold, its main one first."""
        self.split_columns = SplitColumns(recipe.data.groups, recipe.data.time)
        self.added: list[Added] = []
        self.thinned: list[StepCount] = []
        self.folds: Folds | None = None
        self._near: Indices | None = None

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

        if self._near is None:
            self._near = near_numbers(train, self.task)
        return self._near

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
