"""Plugins that are switched off: their names in a file of the home, one a line. One that is off is listed and not imported."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from tui_finetune.paths import private_folder

if TYPE_CHECKING:
    from tui_finetune.paths import Home

HEAD = "# Plugins that are switched off, one a line. `tui-finetune plugins on NAME` takes one out.\n"


def read_off(home: Home) -> frozenset[str]:
    """Names of the plugins that are off. Raises OSError where the file is there and cannot be read."""
    try:
        text = home.plugins_off.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    names = (line.partition("#")[0].strip() for line in text.splitlines())
    return frozenset(name for name in names if name)


def switch(home: Home, name: str, *, on: bool) -> bool:
    """Switches a plugin on or off for what is started from now on; False where it was so already. Raises OSError."""
    off = read_off(home)
    if (name not in off) == on:
        return False
    names = off - {name} if on else off | {name}
    _write(home, HEAD + "".join(f"{one}\n" for one in sorted(names)))
    return True


def _write(home: Home, text: str) -> None:
    """Beside and renamed: whoever reads it meanwhile sees the one or the other."""
    handle, beside = tempfile.mkstemp(dir=private_folder(home.root), prefix=".plugins-off-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(beside, home.plugins_off)
    except BaseException:
        os.unlink(beside)
        raise
