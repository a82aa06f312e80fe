"""Data sets of the Hub: name to commit, with the person's token; without network what the cache has."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_finetune.data.problems import listed
from tui_finetune.errors import DataError, Problem, did_you_mean, first_line, nearest

COMMIT = re.compile(r"[0-9a-f]{40}$")
PREFIX = "datasets--"
ASK_SECONDS = 20.0
_LOG_IN = "Log in with `hf auth login`, or set HF_TOKEN."


@dataclass(frozen=True)
class Place:
    """Where a data set is loaded from."""

    name: str
    """Its id on the Hub."""
    commit: str | None
    """None where only what the datasets library built earlier is there."""
    folder: Path | None = None
    """A snapshot in the cache, where there is no network."""
    notes: tuple[str, ...] = ()


class OutOfReach(Exception):
    """The Hub was not reached, or a proxy stands before it; the error that said so is its argument."""

    @property
    def error(self) -> BaseException:
        found: BaseException = self.args[0]
        return found


def resolve(path: Any, revision: str | None) -> Place:
    """The commit of a data set: asked for on the Hub, or from the cache where there is no network. Raises DataError."""
    name = _name(path)
    try:
        return Place(name, str(ask(name, revision).sha))
    except OutOfReach as reached:
        return _from_cache(name, revision, reached.error)


def ask(name: str, revision: str | None, *, files: bool = False) -> Any:
    """The Hub's `DatasetInfo`. files: with the size of each. Raises DataError for what it refuses, OutOfReach."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )
    from huggingface_hub.utils import httpx

    try:
        return HfApi().dataset_info(name, revision=revision, timeout=ASK_SECONDS, files_metadata=files)
    except GatedRepoError as error:
        hint = f"Ask for access on its page, then: {_LOG_IN}"
        raise DataError(Problem(f"{name} is gated: its owner gives access.", "data.path", hint=hint)) from error
    except RevisionNotFoundError as error:
        raise DataError(Problem(f"{name} has no revision '{revision}'.", "data.revision")) from error
    except RepositoryNotFoundError as error:
        message = f"no data set '{name}' on the Hub, or it is private."
        raise DataError(Problem(message, "data.path", hint=f"Check the spelling. {_LOG_IN}")) from error
    except HFValidationError as error:
        raise DataError(Problem(f"'{name}' is no Hub id and no file or folder here.", "data.path")) from error
    except (OfflineModeIsEnabled, httpx.TransportError, OSError) as error:
        if isinstance(error, HfHubHTTPError) and not _is_out_of_reach(error):
            way = _LOG_IN if status_of(error) in (401, 403) else None
            raise DataError(Problem(f"{name}: {why_not(error)}.", "data.path", hint=way)) from error
        raise OutOfReach(error) from error


def _name(path: Any) -> str:
    if isinstance(path, str) and path and not os.path.isabs(path):
        return path
    shown = path if isinstance(path, str) else listed(path or ())
    raise DataError(Problem(f"{shown} is no Hub id.", "data.path", hint='As in path = "stanfordnlp/imdb".'))


def _is_out_of_reach(error: Any) -> bool:
    """Answers of a proxy or of a Hub that is down, rather than about the data set."""
    status = status_of(error)
    # The Hub itself says in a header what it refuses; a proxy does not.
    return (status == 403 and "x-error-code" not in error.response.headers) or status == 407 or status >= 500


def status_of(error: BaseException) -> int:
    """The HTTP status that an error is about, or 0."""
    return int(getattr(getattr(error, "response", None), "status_code", 0))


def why_not(error: BaseException) -> str:
    """Why the Hub gave nothing, in words: what it refused, or that it was not reached."""
    status = status_of(error)
    if status == 401:
        return "the Hub does not know the token (401)"
    if status == 403:
        return "the Hub, or a proxy before it, refuses this to you (403)"
    if status == 429:
        return "the Hub has had too many requests from here and asks to wait some minutes (429)"
    if status >= 500:
        return f"the Hub, or a proxy before it, is out of order ({status})"
    if status:
        return f"the Hub says: {first_line(error).removesuffix('.')}"
    return f"no connection to the Hub ({first_line(error).removesuffix('.')})"


# Without network


def cache_folder(name: str) -> Path:
    """Where the Hub's cache has, or would have, a data set: `blobs`, `refs`, `snapshots` by commit."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE) / (PREFIX + name.replace("/", "--"))


def _from_cache(name: str, revision: str | None, error: BaseException) -> Place:
    """A snapshot of the Hub's cache, else what the datasets library built. Raises DataError telling what there is."""
    from huggingface_hub import constants

    folder = cache_folder(name)
    commit = _cached_commit(folder, revision)
    if commit is not None:
        note = f"No connection to the Hub: {name} comes from the cache, commit {commit[:12]}."
        return Place(name, commit, folder / "snapshots" / commit, (note,))
    if revision is None and _was_built(name):
        return Place(name, None, None, (f"No connection to the Hub: {name} comes from the datasets library's cache.",))
    raise DataError(_absent(name, revision, Path(constants.HF_HUB_CACHE), folder, constants.HF_HUB_OFFLINE)) from error


def _cached_commit(folder: Path, revision: str | None) -> str | None:
    """The commit of a branch, tag or unique beginning of a commit, where its snapshot is there."""
    wanted = revision or "main"
    ref = folder / "refs" / wanted
    commit = ref.read_text(encoding="utf-8").strip() if ref.is_file() else wanted
    snapshots = folder / "snapshots"
    there = [p.name for p in snapshots.iterdir()] if snapshots.is_dir() else []
    if commit in there:
        return commit
    if revision is None and not ref.is_file() and len(there) == 1:
        return there[0]
    begin = [name for name in there if revision is not None and len(revision) >= 7 and name.startswith(revision)]
    return begin[0] if len(begin) == 1 else None


def _was_built(name: str) -> bool:
    from datasets import config
    from datasets.naming import camelcase_to_snakecase

    owner, _, last = name.rpartition("/")
    folder = "___".join([*([owner] if owner else []), camelcase_to_snakecase(last)])
    return any(Path(config.HF_DATASETS_CACHE).expanduser().joinpath(folder).glob("*/*/*"))


def _absent(name: str, revision: str | None, cache: Path, folder: Path, offline: bool) -> Problem:
    why = "offline mode is on (HF_HUB_OFFLINE)" if offline else "no connection to the Hub"
    there = cached_names(cache)
    if folder.is_dir():
        had = sorted(p.name[:12] for p in (folder / "snapshots").glob("*"))
        what = f"the cache has {name} only at {listed(had) if had else 'no commit'}"
        what += f", not at {revision}" if revision else ""
    elif there:
        what = f"it is not in the cache, which has {listed(there, 8)}"
    else:
        what = "the cache holds no data set"
    near = did_you_mean(name, [one for one in there if one != name])
    ways = (
        f"With a network, or on a machine with one: hf download {name} --repo-type dataset (cache: {cache}); "
        "or data.path = a folder with its files."
    )
    return Problem(f"{name}: {why}, and {what}.", "data.path", hint=f"{near} {ways}".lstrip())


def cached_names(cache: Path) -> list[str]:
    """Ids of the data sets that the Hub's cache holds."""
    found = [p.name for p in cache.iterdir() if p.name.startswith(PREFIX)] if cache.is_dir() else []
    return sorted(name.removeprefix(PREFIX).replace("--", "/") for name in found)


# Loading


def load(place: Place, subset: str | None, cache: Path | None, *, streaming: bool = False) -> Mapping[str, Any]:
    """Every split, by load_dataset. streaming: nothing is fetched but what is read. Raises DataError in words."""
    import datasets
    from datasets.utils.logging import disable_progress_bar

    disable_progress_bar()
    target = str(place.folder) if place.folder is not None else place.name
    extra: dict[str, Any] = {"streaming": streaming} | ({} if cache is None else {"cache_dir": str(cache)})
    if place.folder is None and place.commit is not None:
        extra["revision"] = place.commit
    try:
        loaded: Mapping[str, Any] = datasets.load_dataset(target, name=subset, **extra)
    except ValueError as error:
        raise DataError(_wrong_subset(place, subset, error)) from error
    except (OSError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        raise DataError(Problem(f"{place.name}: {first_line(error)}", "data.path")) from error
    return loaded


def _wrong_subset(place: Place, subset: str | None, error: ValueError) -> Problem:
    """The library names the subsets in its message: `Available: ['a', 'b']`, or `available configs: [...]`."""
    text = str(error)
    names = re.findall(r"'([^']+)'", text.partition("[")[2].partition("]")[0])
    if subset is None and names:
        return Problem(f"{place.name} has several subsets.", "data.subset", hint=f"Name one: {listed(names, 12)}.")
    if subset is not None and names:
        near = nearest(subset, names)
        hint = f"Did you mean {near}?" if near else f"It has: {listed(names, 12)}."
        return Problem(f"{place.name} has no subset '{subset}'.", "data.subset", hint=hint)
    return Problem(f"{place.name}: {first_line(error)}", "data.path")
