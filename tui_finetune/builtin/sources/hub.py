"""hub: data sets of the Hub, by load_dataset at a commit; without network from the cache."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.cache import cached, fingerprint, lying, write_tables
from tui_finetune.plugin_api import Opened, OpenRequest, Progress, Source, no_progress

if TYPE_CHECKING:
    from pydantic import BaseModel


class Hub(Source):
    name = "hub"
    help = "A data set of the Hub, at a commit; with your token where it is private or gated; offline from the cache."
    heavy = True

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.data.options import SourceOptions

        return SourceOptions

    def open(self, request: OpenRequest, progress: Progress = no_progress) -> Opened:
        from tui_finetune.data.hub import COMMIT, resolve

        if request.revision is not None and COMMIT.match(request.revision):
            found = lying(request.cache, _folder(request, str(request.path), request.revision))
            if found is not None:
                return found  # a commit does not change: nothing to ask for
        progress(f"looking up {request.path}", 0, None)
        place = resolve(request.path, request.revision)
        if place.commit is None:
            return _loaded_anew(request, place, progress)
        name = _folder(request, place.name, place.commit)
        made = cached(request.cache, name, lambda folder: _written(folder, request, place, progress))
        return replace(made, notes=place.notes)


def _folder(request: OpenRequest, name: str, commit: str) -> str:
    facts = {"source": Hub.name, "version": 1, "path": name, "subset": request.subset, "commit": commit}
    return f"{Hub.name}-{fingerprint(facts)}"


def _loaded_anew(request: OpenRequest, place: Any, progress: Progress) -> Opened:
    """From what the datasets library built earlier: its commit is not known, so its own fingerprint names our files."""
    from tui_finetune.data.hub import load

    loaded = load(place, request.subset, None)
    prints = {name: split._fingerprint for name, split in loaded.items()}
    facts = {"source": Hub.name, "version": 1, "path": place.name, "subset": request.subset, "built": prints}
    name = f"{Hub.name}-{fingerprint(facts)}"
    made = cached(request.cache, name, lambda folder: _tables(folder, loaded, place, request.subset, progress))
    return replace(made, notes=place.notes)


def _written(folder: Path, request: OpenRequest, place: Any, progress: Progress) -> Opened:
    """Loads into a folder of ours: what the library builds there is not needed once it is written as Arrow with row ids."""
    from tui_finetune.data.hub import load

    building = folder / "building"
    try:
        loaded = load(place, request.subset, building)
        return _tables(folder, loaded, place, request.subset, progress)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _tables(folder: Path, loaded: Any, place: Any, subset: str | None, progress: Progress) -> Opened:
    from tui_finetune.data.features import class_names_of, plain
    from tui_finetune.data.filesource import columns_in
    from tui_finetune.data.identity import with_identity
    from tui_finetune.data.nested import flattened

    tables: dict[str, Any] = {}
    names: dict[str, tuple[str, ...]] = {}
    for split, rows in loaded.items():
        progress(f"reading {split}", 0, rows.num_rows)
        table = rows.with_format("arrow")[:]
        tables[split] = with_identity(plain(table), f"{place.name}/{split}")
        names |= class_names_of(rows.features.to_dict())
        progress(f"reading {split}", rows.num_rows, rows.num_rows)
    tables = flattened(tables)
    commit = f", commit {place.commit[:12]}" if place.commit else ", from the datasets library's cache"
    form = f"hub{f', {subset}' if subset else ''}{commit}"
    return Opened(Hub.name, form, write_tables(folder, tables), columns_in(tables, names), revision=place.commit)
