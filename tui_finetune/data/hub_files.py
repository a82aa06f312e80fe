"""Files of Hub data sets on this machine: fetched with progress, listed, removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_finetune.data.hub import cache_folder, status_of, why_not
from tui_finetune.data.hub_card import Card
from tui_finetune.errors import DataError, Problem, did_you_mean

Told = Callable[[str, int, int], None]
"""What is being fetched, bytes done, bytes in all."""


@dataclass(frozen=True)
class CachedSet:
    """A data set that the Hub's cache holds, whole or in part."""

    name: str
    size: int
    """Bytes on this disk."""
    commits: tuple[str, ...]
    used: float | None
    """When it was last read, seconds since the epoch."""
    path: str


def fetch(card: Card, told: Told) -> Path:
    """Brings every file that is missing into the cache; its snapshot. A file that was broken off begins again, those that
    are whole stay, so that it goes on where it was when it is called again. Raises DataError."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils import httpx

    done, total = card.size - card.missing, card.size
    for file in card.files:
        if file.here:
            continue
        told(file.path, done, total)
        try:
            hf_hub_download(
                card.name, file.path, repo_type="dataset", revision=card.commit,
                tqdm_class=_bar(lambda came, name=file.path, before=done: told(name, before + came, total)),  # type: ignore[misc]
            )  # fmt: skip
        except (HfHubHTTPError, httpx.TransportError, OSError) as error:
            raise DataError(_broken_off(card, file.path, error)) from error
        done += file.size
        told(file.path, done, total)
    return cache_folder(card.name) / "snapshots" / card.commit


def _bar(came: Callable[[int], None]) -> Any:
    """A class that `hf_hub_download` takes for its progress bar: it calls `came` with the bytes of the file so far."""
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **named: Any) -> None:
            super().__init__(*args, **{**{k: v for k, v in named.items() if k != "name"}, "disable": True})
            self.came = int(named.get("initial") or 0)

        def update(self, n: float | None = 1) -> None:
            self.came += int(n or 0)
            came(self.came)

    return Bar


def _broken_off(card: Card, path: str, error: BaseException) -> Problem:
    if isinstance(error, OSError) and not status_of(error) and error.errno is not None:
        return Problem(
            f"{path} of {card.name} cannot be written: {error.strerror}.", hint="Make room, then fetch again."
        )
    if status_of(error) in (401, 403) and card.gated:
        hint = "Ask for access on its page, then: log in with `hf auth login`, or set HF_TOKEN."
        return Problem(f"{card.name} is gated: its owner gives access ({status_of(error)}).", "NAME", hint=hint)
    hint = "What came is kept: fetch again and it goes on with the files that are missing."
    return Problem(f"{path} of {card.name}: {why_not(error)}.", "NAME", hint=hint)


def cached_sets() -> list[CachedSet]:
    """The largest first; empty where there is no cache."""
    return [
        CachedSet(repo.repo_id, repo.size_on_disk, tuple(sorted(one.commit_hash for one in repo.revisions)),
                  repo.last_accessed, str(repo.repo_path))
        for repo in sorted(_scanned().repos, key=lambda one: -one.size_on_disk)
        if repo.repo_type == "dataset"
    ]  # fmt: skip


def remove(names: Sequence[str]) -> int:
    """Takes data sets out of the Hub's cache; bytes that came free. Raises DataError, and removes nothing, where one is not
    there."""
    found = _scanned()
    sets = {repo.repo_id: repo for repo in found.repos if repo.repo_type == "dataset"}
    problems = [
        Problem(f"the cache has no data set '{name}'.", "--remove", hint=did_you_mean(name, list(sets)) or None)
        for name in names
        if name not in sets
    ]
    if problems:
        raise DataError(problems)
    plan = found.delete_revisions(*(one.commit_hash for name in names for one in sets[name].revisions))
    plan.execute()
    return int(plan.expected_freed_size)


def _scanned() -> Any:
    from huggingface_hub import constants, scan_cache_dir
    from huggingface_hub.errors import CacheNotFound
    from huggingface_hub.utils import HFCacheInfo

    try:
        return scan_cache_dir(constants.HF_HUB_CACHE)
    except CacheNotFound:
        return HFCacheInfo(0, frozenset(), frozenset(), [])


def leftovers() -> tuple[int, int]:
    """Files of downloads that were broken off, and their bytes: nothing goes on with them."""
    files = _scanned().incomplete_files
    return len(files), sum(file.size_on_disk for file in files)


def remove_leftovers() -> int:
    """Removes them; bytes that came free. Not while something is being fetched: its file is one of them."""
    freed = 0
    for file in _scanned().incomplete_files:
        file.file_path.unlink(missing_ok=True)
        freed += file.size_on_disk
    return freed
