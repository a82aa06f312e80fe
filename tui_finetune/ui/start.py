"""Starting the interface, and what is left when it ends."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_finetune.errors import UserError
from tui_finetune.paths import Home
from tui_finetune.runs import atomic
from tui_finetune.ui.app import TuiFinetune
from tui_finetune.ui.driver import Driver
from tui_finetune.ui.latest import DRAFTS
from tui_finetune.ui.memory import Memory, memory_file
from tui_finetune.ui.settings import read_settings
from tui_finetune.ui.theme import look_of

if TYPE_CHECKING:
    from tui_finetune.launch.handoff import Launch


def run(home: Home, launch: Callable[[], Launch], *, open_run: str | None = None, ascii: bool | None = None) -> str:
    """Shows the interface until its person leaves; what is to be said then."""
    for stale in (
        "COLUMNS",
        "LINES",
    ):  # exported, they are the size of long ago, and the terminal is not asked for its own
        os.environ.pop(stale, None)
    settings = read_settings(home.settings)
    look = look_of(settings.theme, settings.ascii if ascii is None else ascii)
    app = TuiFinetune(home, launch, settings=settings, look=look, open_run=open_run, driver_class=Driver)
    said = app.run()
    app.bridge.settled(DRAFTS)
    remember(home, app.memory)
    if app.stuck:  # not even the interpreter's own end would come: it flushes what nobody takes
        os._exit(0)
    return said or ""


def remember(home: Home, memory: Memory) -> None:
    """For the next start; a home that cannot be written has been told of, and what is remembered is of no weight."""
    with contextlib.suppress(OSError, UserError):
        home.ensure()
        atomic.write_json(memory_file(home.root), memory.as_json())


def drawable() -> str | None:
    """Why this terminal cannot show the interface; None where it can."""
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        return "the interface needs a terminal; its verbs work in pipes and scripts"
    if os.environ.get("TERM", "") in ("", "dumb"):
        return "TERM names a terminal that cannot draw in place; the verbs work as they are"
    return None
