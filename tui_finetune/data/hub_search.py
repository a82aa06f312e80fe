"""Data sets of the Hub by words of their names: those that the cache holds, and those that the Hub finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tui_finetune.data.hub import cached_names

SEARCH_SECONDS = 10.0


def search(text: str, count: int) -> dict[str, Any]:
    """`cached`: names here. `found`: name, downloads and a sentence of each on the Hub. `why`: why the Hub was not asked."""
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
    from huggingface_hub.utils import httpx

    words = text.lower().split()
    here = [name for name in cached_names(Path(constants.HF_HUB_CACHE)) if all(word in name.lower() for word in words)]
    told: dict[str, Any] = {"cached": here[:count], "found": [], "why": None}
    if constants.HF_HUB_OFFLINE:
        return {**told, "why": "offline mode is on (HF_HUB_OFFLINE)"}
    try:
        for one in HfApi().list_datasets(search=text, sort="downloads", limit=count):
            told["found"].append([one.id, int(one.downloads or 0), _sentence(getattr(one, "description", None))])
    except (OfflineModeIsEnabled, HfHubHTTPError, httpx.TransportError, OSError) as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        told["why"] = f"no connection to the Hub ({lines[0] if lines else type(error).__name__})"
    return told


def _sentence(text: object) -> str:
    return " ".join(str(text or "").split())[:200]
