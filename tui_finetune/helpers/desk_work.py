"""What the data desk does: open, find rows, count a column, preview steps, check, ask the Hub."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from tui_finetune.data.cache import to_json
from tui_finetune.data.inspect import DEFAULT_LENGTH, label_counts
from tui_finetune.data.look import Look
from tui_finetune.data.sampled import Drawn, sample_of
from tui_finetune.data.scan.stored import is_list, stored_in
from tui_finetune.errors import DataError, Problem
from tui_finetune.helpers import desk_chain, desk_lengths
from tui_finetune.inference.tokenizer_files import tokenizer_of
from tui_finetune.paths import Home
from tui_finetune.plugin_api import Opened, Progress, SplitTable
from tui_finetune.plugin_api.manager import Catalog

Tell = Callable[..., None]
FOUND = 20
"""Data sets that a search names."""


def _nobody(opened: Opened) -> None:
    """Nobody waits for it."""


class DeskWork:
    """The actions, each by its name."""

    def __init__(self, home: Home, catalog: Catalog, scratch: Path) -> None:
        self._home = home
        self._catalog = catalog
        self._scratch = scratch
        self._files = itertools.count(1)
        self._table = functools.lru_cache(maxsize=4)(_table)
        self._sample = functools.lru_cache(maxsize=2)(_sample)

    def do(self, request: Mapping[str, Any], progress: Progress, tell: Tell) -> dict[str, Any]:
        """The result of a request. Raises UserError."""
        actions = {
            "warm": self._warm,
            "open": self._open,
            "view": self._view,
            "column": self._column,
            "preview": self._preview,
            "find": self._find,
            "search": self._search,
            "check": self._check,
            "lengths": desk_lengths.lengths,
            "chain": self._chain,
        }
        action = actions.get(request["action"])
        if action is None:
            raise DataError(f"no action {request['action']!r}; there are {', '.join(actions)}.")
        return action(request, progress, tell)

    def _warm(self, request: Mapping[str, Any], progress: Progress, tell: Tell) -> dict[str, Any]:
        """Imports what opening needs: a person is choosing what. Not DuckDB: it takes 30 MB, small files are opened without."""
        for name in ("pyarrow.parquet", "tui_finetune.data.inspect", "tui_finetune.data.windows"):
            import_module(name)
        return {}

    def _open(self, request: Mapping[str, Any], progress: Progress, tell: Tell) -> dict[str, Any]:
        """What was opened is told at once, what there is to know of it is the result. Of large files the first rows are
        told before they are there whole: `partial`."""

        def opened(found: Opened, *, partial: bool = False) -> None:
            tell(opened=to_json(found), partial=partial)

        look, model, revision = self._look(request, progress, opened, lambda found: opened(found, partial=True))
        if look.no_task is not None:
            look = replace(look, problems=(*look.problems, look.no_task))  # there is nothing else to do with it there
        tokenizer = self._tokenizer(model, revision)
        return {
            "look": look.as_json(),
            "task_given": not look.guessed_task,
            "fall": _fall(look),
            "model": model,
            "tokenizer": str(tokenizer) if tokenizer is not None else None,
            "max_length": _length(request, look),
            "steps": [[step.use, dict(step.options)] for step in look.recipe.preprocess],
            "kinds": {role.name: role.kind for role in look.task.roles} if look.task is not None else {},
            "gold": look.task.gold_role.name if look.task is not None and look.task.gold_role is not None else None,
        }

    def _look(
        self,
        request: Mapping[str, Any],
        progress: Progress,
        opened: Callable[[Opened], None] = _nobody,
        first: Callable[[Opened], None] = _nobody,
    ) -> tuple[Look, str | None, str | None]:
        """What is asked for, and the model it is looked at with: its name and revision."""
        if request.get("recipe") is not None:
            return self._look_at_recipe(request, progress, opened)
        from tui_finetune.data.inspect import Sampling, look_at_path

        model = request.get("model")
        look = look_at_path(
            request.get("path"),
            self._catalog,
            self._home.cache,
            task=request.get("task"),
            source=request.get("source"),
            subset=request.get("subset"),
            revision=request.get("revision"),
            options=request.get("options"),
            chosen=request.get("data"),
            tokenizer=self._tokenizer(model, None),
            max_length=request.get("max_length") or DEFAULT_LENGTH,
            heavy=True,
            progress=progress,
            told=opened,
            sampling=Sampling(self._folder("first"), first),
        )
        return look, model, None

    def _check(self, request: Mapping[str, Any], progress: Progress, tell: Tell) -> dict[str, Any]:
        """The findings of what `open` would open. `rows` of a finding: by split a file of their numbers, eight bytes each."""
        from tui_finetune.data.quality.store import looked_over, row_files

        look, model, revision = self._look(request, progress)
        sample = look.sample
        look = look if sample is None else replace(look, opened=sample)
        found = looked_over(look, self._home.cache, self._tokenizer(model, revision), _length(request, look), progress)
        rows = {one["id"]: row_files(found, one["id"]) for one in found["findings"]}
        if sample is not None:
            rows = {
                id: {split: self._whole(sample, split, file) for split, file in by.items()} for id, by in rows.items()
            }
        return {**found, "rows": rows}

    def _whole(self, sample: Opened, split: str, file: str) -> str:
        """A file of row numbers of a sample as one of those of the whole split."""
        import numpy as np

        drawn = sample.splits[split]
        if not isinstance(drawn, Drawn):
            return file
        target = self._scratch / f"rows-{next(self._files)}.i8"
        np.asarray(drawn.numbers, dtype=np.int64)[np.fromfile(file, dtype=np.int64)].tofile(target)
        return str(target)

    def _folder(self, what: str) -> Path:
        folder = self._scratch / f"{what}-{next(self._files)}"
        folder.mkdir()
        return folder

    def _look_at_recipe(
        self, request: Mapping[str, Any], progress: Progress, opened: Callable[[Opened], None]
    ) -> tuple[Look, str, str | None]:
        """Its problems with the recipe's lines."""
        from tui_finetune.config.load import load_recipe
        from tui_finetune.data.inspect import look_at_recipe

        loaded = load_recipe(Path(request["recipe"]), catalog=self._catalog, cache=self._home.cache)
        recipe = loaded.recipe
        if request.get("max_length") is not None:
            model = recipe.model.model_copy(update={"max_length": request["max_length"]})
            recipe = recipe.model_copy(update={"model": model})
        if request.get("data"):
            options = {**recipe.data.options, **request["data"].get("options", {})}
            data = recipe.data.model_copy(update={**request["data"], "options": options})
            recipe = recipe.model_copy(update={"data": data})
        name = request.get("model") or recipe.model.path
        revision = recipe.model.revision if name == recipe.model.path else None
        tokenizer = self._tokenizer(name, revision)
        try:
            look = look_at_recipe(
                recipe, self._catalog, self._home.cache, tokenizer=tokenizer, heavy=True, progress=progress, told=opened
            )
        except DataError as error:
            raise DataError([loaded.placed(problem) for problem in error.problems]) from error
        return replace(look, problems=tuple(loaded.placed(problem) for problem in look.problems)), name, revision

    def _tokenizer(self, model: str | None, revision: str | None) -> Path | None:
        return tokenizer_of(model, revision, self._home) if model else None

    def _view(self, request: Mapping[str, Any], progress: Progress, tell: Tell) -> dict[str, Any]:
        """The numbers of the rows lie in a file, eight bytes each: there may be millions. `among`: a file of the only ones."""
        from tui_finetune.data.view import wish_of, write_rows

        target = self._scratch / f"rows-{next(self._files)}.i8"
        try:
            count, notes = write_rows(stored_in(Path(request["arrow"])), wish_of(request["wish"]), target, progress)
            if request.get("among") is not None:
                ordered = bool(request["wish"].get("sort") or request["wish"].get("reverse"))
                count = keep_among(target, Path(request["among"]), ordered=ordered)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return {"count": count, "rows": str(target), "notes": list(notes)}

    def _column(self, request: Mapping[str, Any], progress: Progress, tell: Tell) -> dict[str, Any]:
        from tui_finetune.data.column_facts import column_facts

        tokenizer = request.get("tokenizer")
        arrow = request["arrow"]
        facts = column_facts(
            (self._sample if is_list(arrow) else self._table)(arrow).column(request["column"]),
            class_names=request.get("class_names"),
            tokenizer=Path(tokenizer) if tokenizer else None,
            max_length=request.get("max_length"),
            progress=progress,
        )
        return {**facts, "of": stored_in(Path(arrow)).rows} if is_list(arrow) else facts

    def _preview(self, request: Mapping[str, Any], progress: Progress, tell: Tell) -> dict[str, Any]:
        from tui_finetune.data.preprocessing import previewed
        from tui_finetune.data.windows import open_reader

        steps = [(self._catalog.require("preprocessors", name), options) for name, options in request["steps"]]
        reader = open_reader(Path(request["arrow"]))
        start = request["start"]
        table = reader.identified(range(start, min(start + request["count"], len(reader))))
        reader.close()
        before = table.drop_columns(["row_id", "row_hash"]).to_pylist()
        choosing = [step.name for step, _ in steps if step.chooses]
        return {"before": before, "after": previewed(table, steps, self._catalog), "choosing": choosing}

    def _chain(self, request: Mapping[str, Any], progress: Progress, tell: Tell) -> dict[str, Any]:
        return desk_chain.chain(request, self._catalog, self._home.cache, progress)

    def _find(self, request: Mapping[str, Any], progress: Progress, tell: Tell) -> dict[str, Any]:
        """The split and number of the row with an id."""
        from tui_finetune.data.scan.finding import number_of

        for split, arrow in request["splits"].items():
            number = number_of(stored_in(Path(arrow)), request["row_id"], progress)
            if number is not None:
                return {"split": split, "row": number}
        raise DataError(Problem(f"no row {request['row_id']} here."))

    def _search(self, request: Mapping[str, Any], progress: Progress, tell: Tell) -> dict[str, Any]:
        from tui_finetune.data.hub_search import search

        return search(request["text"], FOUND)


def _length(request: Mapping[str, Any], look: Look) -> int:
    return request.get("max_length") or look.recipe.model.max_length or DEFAULT_LENGTH


def _fall(look: Look) -> dict[str, list[int]]:
    """By split of the run the rows (of tags: the words) of each label, in the order of the labels."""
    prepared, gold = look.prepared, look.task.gold_role if look.task is not None else None
    if prepared is None or prepared.labels is None or gold is None or not look.labels:
        return {}
    columns = {
        name: table.column(gold.name) for name, table in prepared.splits.items() if gold.name in table.column_names
    }
    return {name: label_counts(column, prepared.labels) for name, column in columns.items()}


def _table(arrow: str) -> Any:
    import pyarrow as pa

    return pa.ipc.open_stream(pa.memory_map(arrow)).read_all()


def _sample(arrow: str) -> Any:
    path = Path(arrow)
    split = SplitTable("", path, stored_in(path).rows)
    opened = sample_of(Opened("", "", {"": split}, ()))
    assert opened is not None
    return opened.splits[""].table()


def keep_among(target: Path, among: Path, *, ordered: bool) -> int:
    """Leaves in a file of row numbers only those of another; in its own order, or else in that of the other. Their count."""
    import numpy as np

    found, others = np.fromfile(target, dtype=np.int64), np.fromfile(among, dtype=np.int64)
    kept = found[np.isin(found, others)] if ordered else others[np.isin(others, found)]
    kept.tofile(target)
    return len(kept)
