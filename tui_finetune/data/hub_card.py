"""What the Hub says of a data set before any of it is fetched: licence, who may have it, size, files, its own words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tui_finetune.data.hub import OutOfReach, ask, cache_folder, why_not
from tui_finetune.errors import DataError, Problem

README = "README.md"
FRONT_MATTER = re.compile(r"\A---\r?\n.*?\r?\n---\r?\n?", re.DOTALL)


@dataclass(frozen=True)
class HubFile:
    """A file of a data set at a commit."""

    path: str
    size: int
    here: bool
    """Whether the cache has it."""


@dataclass(frozen=True)
class Card:
    """A data set of the Hub at a commit."""

    name: str
    commit: str
    licence: str | None
    gated: str | None
    """`auto` or `manual`, how access is given; None where everybody has it."""
    private: bool
    languages: tuple[str, ...]
    tasks: tuple[str, ...]
    subsets: tuple[str, ...]
    downloads: int | None
    modified: str | None
    """ISO 8601, with the zone."""
    files: tuple[HubFile, ...]
    text: str
    """The README without its front matter; empty where it may not be read."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def missing(self) -> int:
        """Bytes that are not in the cache."""
        return sum(file.size for file in self.files if not file.here)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "size": self.size, "missing": self.missing}


def card(name: str, revision: str | None = None) -> Card:
    """Asks the Hub; two small requests, and the README where it is not in the cache. Raises DataError."""
    try:
        info = ask(name, revision, files=True)
    except OutOfReach as reached:
        hint = "data search WORDS names what this machine's cache has; data cache says how much."
        raise DataError(Problem(f"{name}: {why_not(reached.error)}.", "NAME", hint=hint)) from reached
    about: Mapping[str, Any] = info.card_data.to_dict() if info.card_data is not None else {}
    snapshot = cache_folder(name) / "snapshots" / str(info.sha)
    files = [HubFile(one.rfilename, int(one.size or 0), (snapshot / one.rfilename).is_file()) for one in info.siblings]
    subsets = [str(one["config_name"]) for one in _several(about.get("configs")) if isinstance(one, Mapping)]
    return Card(
        name=str(info.id),
        commit=str(info.sha),
        licence=", ".join(map(str, _several(about.get("license")))) or None,
        gated=str(info.gated) if info.gated else None,
        private=bool(info.private),
        languages=tuple(map(str, _several(about.get("language")))),
        tasks=tuple(map(str, _several(about.get("task_categories")))),
        subsets=tuple(subsets),
        downloads=info.downloads,
        modified=info.last_modified.isoformat() if info.last_modified is not None else None,
        files=tuple(files),
        text=_readme(info) if any(file.path == README for file in files) else "",
    )


def _several(found: Any) -> Sequence[Any]:
    """A card has one value, or a list of them."""
    return found if isinstance(found, list) else [] if found is None else [found]


def _readme(info: Any) -> str:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils import httpx

    try:
        path = hf_hub_download(info.id, README, repo_type="dataset", revision=info.sha)
    except (HfHubHTTPError, httpx.TransportError, OSError):
        return ""  # of a gated set the card's facts may be read, and no file
    return FRONT_MATTER.sub("", Path(path).read_text(encoding="utf-8", errors="replace")).strip()
