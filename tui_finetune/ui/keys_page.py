"""docs/keys.md, written from the table of actions: `python -m tui_finetune.ui.keys_page > docs/keys.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from tui_finetune.ui.actions import EVERYWHERE, FIELD, MEANINGS, SHEET, Action, Place
from tui_finetune.ui.screens import SCREENS
from tui_finetune.ui.screens.data.places import LABELLING

HEAD = """\
# Keys

Written from the program's own table of actions by `make docs`; a test holds it to it. `?` shows the keys of what has the
focus, `ctrl+p` finds every action by its name and says why it is off.

Every id can have other keys, in `settings.toml` of the home folder:

```toml
[keys]
"run.stop" = "S"
"list.down" = ["j", "down", "ctrl+n"]
```

An id means the same on every screen, and moves everywhere at once. `h` and `l` move sideways only where cells stand side
by side; elsewhere `l` is the log.
"""


def keys_page() -> str:
    """The whole page."""
    parts = [HEAD, _place(EVERYWHERE, "Everywhere")]
    for entry in SCREENS:
        screen, *panes = entry.places()
        parts.append(_place(screen, f"{entry.number} {entry.title}"))
        parts += [_place(pane, f"{entry.title}: {pane.title}", level=3) for pane in panes]
    parts += [_place(SHEET, "Sheets"), _place(FIELD, "Text fields"), _place(LABELLING, "The labelling sheet"), _free()]
    return "\n".join(parts)


def _place(place: Place, title: str, *, level: int = 2) -> str:
    rows = "\n".join(_row(action) for action in place.actions)
    return f"{'#' * level} {title}\n\n| id | keys | label | what |\n|---|---|---|---|\n{rows}\n"


def _row(action: Action) -> str:
    keys = "`1` to `9`" if action.id == "app.screen" else _keys(action.meaning.keys)
    return f"| {action.id} | {keys} | {action.label} | {action.text} |"


def _keys(keys: Iterable[str]) -> str:
    return " ".join(f"`{key}`" if key != "|" else "`\\|`" for key in keys)


def _free() -> str:
    """Ids of the table that no screen has yet: their keys are kept for them."""
    used = {action.id for entry in SCREENS for place in entry.places() for action in place.actions}
    used |= {action.id for place in (EVERYWHERE, SHEET, FIELD, LABELLING) for action in place.actions}
    rows = "\n".join(f"| {id} | {_keys(one.keys)} | {one.help} |" for id, one in MEANINGS.items() if id not in used)
    return f"## Kept for what is to come\n\n| id | keys | what |\n|---|---|---|\n{rows}\n" if rows else ""


if __name__ == "__main__":
    sys.stdout.write(keys_page())
