"""The channels of `[run] notify`: `bell` (rung by the interface), `desktop`, `command: …`, `webhook: env:NAME` or `file:PATH`.

The address of a webhook is a secret: it stands in an environment variable or in a file that only its owner can read, and
never in a recipe, an event, a log or a command line.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from tui_finetune.errors import Problem
from tui_finetune.runs.layout import RunPaths

KINDS = ("bell", "desktop", "command", "webhook")
FORMS = 'bell, desktop, "command: notify.sh", "webhook: env:NAME" or "webhook: file:PATH"'
SECRET = "The address is a secret: put it into an environment variable or a file of mode 0600, and name that."


def parsed(channel: str) -> tuple[str, str]:
    """Kind and the rest."""
    kind, _, rest = channel.partition(":")
    return kind.strip(), rest.strip()


def channel_problems(channels: Sequence[str], key: str) -> list[Problem]:
    """What is wrong with a list of channels. None of the messages repeats what stands after the kind."""
    problems = []
    for channel in channels:
        kind, rest = parsed(channel)
        if kind not in KINDS:
            problems.append(Problem(f"no channel '{kind}'.", key, hint=f"There are: {FORMS}."))
        elif kind in ("bell", "desktop") and rest:
            problems.append(Problem(f"{kind} takes nothing after it.", key))
        elif kind == "command" and not command_words(rest):
            problems.append(Problem("command: what is to be run is missing.", key, hint='"command: notify.sh"'))
        elif kind == "webhook" and not rest.startswith(("env:", "file:")):
            problems.append(Problem("webhook: env:NAME or file:PATH is expected.", key, hint=SECRET))
        elif kind == "webhook" and rest.startswith("file:") and not rest.removeprefix("file:").startswith(("/", "~")):
            problems.append(Problem("webhook: the file's whole path is expected.", key, hint='"webhook: file:~/.hook"'))
    return problems


def command_words(command: str) -> list[str]:
    """A command as it is run, without a shell; empty for one that has an open quote."""
    try:
        return shlex.split(command)
    except ValueError:
        return []


def wanted_channels(paths: RunPaths) -> list[str]:
    """`[run] notify` of a run's recipe."""
    import tomllib  # late: most who look at channels have a recipe already

    try:
        recipe = tomllib.loads(paths.recipe_toml.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    table = recipe.get("run")
    channels = table.get("notify") if isinstance(table, dict) else None
    return [one for one in channels if isinstance(one, str)] if isinstance(channels, list) else []
