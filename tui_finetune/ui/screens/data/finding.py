"""What the Data screen's threads look up on this machine: what is typed, what is near, what a request needs, a recipe."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.message import Message

from tui_finetune.errors import Problem, UserError
from tui_finetune.live.data_set import Asked, DataSet, Split
from tui_finetune.live.data_sources import Candidate, hub_candidates, looks_like_path, matching, searched
from tui_finetune.live.data_steps import Step, recipe_tables
from tui_finetune.paths import Home
from tui_finetune.ui.screens.data import messages

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import Catalog

HEAD_BYTES = 16_384
LARGE_BYTES = 64 << 20
"""From this on a file's rows are read by what takes a moment to import."""
HEAD_LINES = 40
AROUND = 6
"""Lines before and after a problem."""
COMPLETED = 200
"""Names of a folder that are offered."""
PAUSE_SECONDS = 0.4
"""After the last key, before the Hub is asked."""


# What is typed


def asked_for(typed: str, folder: Path, catalog: Catalog) -> Asked:
    """A recipe, a source by its name, a place on this machine, or a Hub id."""
    from tui_finetune.config.whereabouts import absolute, looks_local

    typed = typed.strip()
    if not typed:
        raise UserError("A path, a Hub name or a source is needed.")
    if typed.endswith(".toml"):
        return Asked(recipe=absolute(typed, folder))
    source = catalog.sources.get(typed)
    if source is not None and not source.needs_path:
        return Asked(source=typed)
    endings = {ending for one in catalog.sources.values() for ending in one.extensions}
    return Asked(path=absolute(typed, folder) if looks_local(typed, folder, endings) else typed)


def with_model(asked: Asked, home: Home) -> Asked:
    """With the model that a first recipe would name, where none is chosen."""
    if asked.model is not None or asked.recipe is not None:
        return asked
    from tui_finetune.ui.launches import usual_model

    return replace(asked, model=usual_model(home))


def head_of(asked: Asked) -> list[str]:
    """The first lines of a text file, as they stand."""
    if asked.path is None or not os.path.isfile(asked.path):
        return []
    with open(asked.path, "rb") as file:
        raw = file.read(HEAD_BYTES)
    if b"\0" in raw:
        return []
    return raw.decode("utf-8", "replace").splitlines()[:HEAD_LINES]


def pathless(catalog: Catalog) -> list[tuple[str, str]]:
    """Sources that need no path: name and help."""
    return [(name, one.help) for name, one in sorted(catalog.sources.items()) if not one.needs_path]


def candidates_here(typed: str, begin: Sequence[Candidate], folder: Path) -> list[Candidate]:
    """What is on this machine: paths, else what is offered anyway."""
    return paths(typed, folder) if looks_like_path(typed) else matching(begin, typed) + (
        paths(typed, folder) if typed.strip() else []
    )  # fmt: skip


def paths(typed: str, folder: Path) -> list[Candidate]:
    """The names of a folder that begin as typed, folders first; hidden ones where a dot is typed."""
    parent, begin = os.path.split(os.path.expanduser(typed))
    place = folder / parent
    try:
        entries = sorted(os.scandir(place), key=lambda one: (not one.is_dir(), one.name.lower()))
    except OSError:
        return []
    head = typed[: len(typed) - len(begin)] if begin else typed
    found = []
    for one in entries:
        if one.name.startswith(begin) and (begin.startswith(".") or not one.name.startswith(".")):
            is_folder = one.is_dir()
            value = f"{head}{one.name}{'/' if is_folder else ''}"
            found.append(Candidate("folder" if is_folder else "file", value))
        if len(found) == COMPLETED:
            break
    return found


def asks_hub(typed: str, folder: Path) -> bool:
    """False where what is typed is a place on this machine, by its looks or because it is there."""
    return searched(typed) and not (folder / os.path.expanduser(typed.strip())).exists()


def pause(stale: Callable[[], bool]) -> bool:
    """Waits until nobody types any more; True where somebody has."""
    end = time.monotonic() + PAUSE_SECONDS
    while time.monotonic() < end:
        if stale():
            return True
        time.sleep(0.05)
    return False


def from_hub(answer: Mapping[str, Any]) -> list[Candidate]:
    return hub_candidates(answer["cached"], answer["found"])


# Requests


def wish_of(found: DataSet) -> dict[str, Any]:
    """What a view has to know of the data."""
    return {
        "inputs": list(found.inputs),
        "tokenizer": found.tokenizer,
        "class_names": {one.name: list(one.class_names) for one in found.columns if one.class_names},
    }


def column_request(found: DataSet, split: Split, column: str) -> dict[str, Any]:
    info = found.column(column)
    return {
        "arrow": split.arrow,
        "column": column,
        "class_names": list(info.class_names) if info is not None and info.class_names else None,
        "tokenizer": found.tokenizer if column in found.inputs else None,
        "max_length": found.max_length,
    }


def steps(catalog: Catalog) -> list[Step]:
    """Every preprocessor, with the options of its own model."""
    return [Step(name, one.help, _options(one)) for name, one in sorted(catalog.preprocessors.items())]


def tasks(catalog: Catalog) -> list[tuple[str, str]]:
    """Every task with what it is for."""
    return [(name, one.help) for name, one in sorted(catalog.tasks.items())]


def _options(found: Any) -> tuple[tuple[str, str, str], ...]:
    from tui_finetune.config.write import toml_value

    try:
        fields = getattr(found.options_model(), "model_fields", {})
        return tuple(
            (
                key,
                "" if one.is_required() or one.default is None else toml_value(one.default),
                one.title or one.description or "",
            )
            for key, one in fields.items()
        )
    except Exception as error:  # noqa: BLE001 - third-party code: said in place of its options
        return (("options", "", f"{type(error).__name__}: {error}"),)


# Files


def warm(path: str) -> None:
    """Imports, in a thread of its own, what reads the rows of a large file, if there is one: while the desk opens it."""
    if os.path.isfile(path) and os.path.getsize(path) > LARGE_BYTES:
        threading.Thread(target=_import_readers, name="import", daemon=True).start()


def _import_readers() -> None:
    for name in ("duckdb", "tui_finetune.data.windows"):
        import_module(name)


def lines_around(asked: Asked, problem: Problem) -> Message:
    """The lines around a problem, as they stand."""
    path = file_of(asked, problem)
    if path is None or problem.line is None:
        raise UserError("The problem names no line of a file.")
    first = max(1, problem.line - AROUND)
    lines: list[str] = []
    with path.open(encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        for number, text in enumerate(file, 1):
            if number > problem.line + AROUND:
                break
            if number >= first:
                lines.append(text.rstrip("\n"))
    return messages.LinesRead(path.name, first, lines, problem.line)


def file_of(asked: Asked, problem: Problem) -> Path | None:
    """The file that a problem names: what was asked for, or one in it."""
    base = Path(asked.recipe or asked.path or "")
    if problem.file is None:
        return base if base.is_file() else None
    for tried in (base, base / problem.file, base.parent / problem.file, Path(problem.file)):
        if tried.is_file() and tried.name == Path(problem.file).name:
            return tried
    return None


def written(found: DataSet) -> dict[str, float]:
    """When the files of the data were last written; 0 for one that is gone."""
    return {path: _written(path) for path, _ in found.files}


def _written(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


# A recipe


def recipe_text(
    found: DataSet, chosen: Sequence[tuple[str, Mapping[str, Any]]], catalog: Catalog, folder: Path | None = None
) -> tuple[str, str]:
    """The recipe of `config new --data`, with what is chosen on the screen; and what it is called.

    folder: where it will lie.
    """
    from tui_finetune.config.template import new_recipe
    from tui_finetune.config.write import edit

    look = found.look
    splits = {name: rows for name, rows in look["splits"].items() if name not in look["unlabelled"]}
    task = look.get("task")
    metrics = catalog.task(task, look.get("task_options")).metrics if task else None
    options = {**(look.get("options") or {}), **(found.asked.chosen.get("options") or {})}
    data = {
        **look,
        "options": options,
        "splits": splits,
        "chosen": found.asked.chosen,
        "max_length": found.asked.max_length,
    }
    text = new_recipe(None, data, found.model, metrics=metrics, folder=folder, steps=recipe_tables(chosen))
    if found.edits is not None:
        text = edit(text, "data.edits", found.edits)
    return text, recipe_name(found)


def recipe_name(found: DataSet) -> str:
    """`reviews.toml`."""
    from tui_finetune.config.whereabouts import name_of_path

    return f"{name_of_path(found.look.get('path')) or found.look.get('source') or 'data'}.toml"
