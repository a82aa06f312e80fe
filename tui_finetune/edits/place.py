"""Where the edits of some data lie when nobody names a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from tui_finetune.config.whereabouts import name_of_path
from tui_finetune.edits.store import ENDING
from tui_finetune.paths import Home


def usual_place(
    home: Home, path: str | Sequence[str] | None, subset: str | None = None, source: str | None = None
) -> str:
    """A file below the home, by the data's path (absolute, or a Hub id): the same for everything that opens them."""
    given = [path] if isinstance(path, str) else list(path or ())
    text = json.dumps([given, subset, None if given else source])
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    name = name_of_path(given) or source or "data"
    safe = "".join(char if char.isalnum() or char in "-_" else "-" for char in name)[:40]
    return str(home.root / "edits" / f"{safe}-{digest}{ENDING}")
