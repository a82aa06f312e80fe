"""Data sets of the Hub by words of their names: those that the cache holds, and those that the Hub finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tui_finetune.data.hub import cached_names, why_not

SEARCH_SECONDS = 10.0


def search(text: str, count: int) -> dict[str, Any]:
    """`cached`: names here. `found`: name, downloads and a sentence of each on the Hub. `why`: why the Hub was not asked."""
    from huggingface_hub import constants

    words = text.lower().split()
    here = [name for name in cached_names(Path(constants.HF_HUB_CACHE)) if all(word in name.lower() for word in words)]
    if constants.HF_HUB_OFFLINE:
        return {"cached": here[:count], "found": [], "why": "offline mode is on (HF_HUB_OFFLINE)"}
    found, why = _asked(text, count)
    return {"cached": here[:count], "found": found, "why": why}


def _asked(text: str, count: int) -> tuple[list[list[Any]], str | None]:
    """What the Hub finds, asked once: its client would try again for half a minute where there is no network."""
    from huggingface_hub import constants, get_token
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
    from huggingface_hub.utils import get_session, hf_raise_for_status, httpx

    token = get_token()
    headers = {"authorization": f"Bearer {token}"} if token else {}
    wanted = {"search": text, "sort": "downloads", "direction": "-1", "limit": str(count)}
    try:
        answer = get_session().get(
            f"{constants.ENDPOINT}/api/datasets", params=wanted, headers=headers, timeout=SEARCH_SECONDS
        )
        hf_raise_for_status(answer)
        sets = answer.json()
    except (OfflineModeIsEnabled, HfHubHTTPError, httpx.TransportError, OSError, ValueError) as error:
        return [], why_not(error)
    return [[one["id"], int(one.get("downloads") or 0), _sentence(one.get("description"))] for one in sets], None


def _sentence(text: object) -> str:
    return " ".join(str(text or "").split())[:200]
