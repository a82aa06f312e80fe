"""Notices: what is said outside of the program when a run ends or a finding comes, by the channels that its recipe names.

A webhook's address is in no message. Standard library only: the keeper sends them too.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import stat
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_finetune.errors import first_line
from tui_finetune.paths import Home
from tui_finetune.runs.channels import command_words, parsed

SECONDS = 10.0
"""After which a notice that has not gone out counts as failed."""
ADDRESSES = ("http://", "https://")


class NotSent(Exception):
    """A notice did not go out; the text says why, and holds no address."""


@dataclass(frozen=True)
class Notice:
    """What is to be said."""

    title: str
    """`imdb-bert (k3f9) finished`."""
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """run, name, state, step, reason: for a webhook's JSON and a command's environment."""


@dataclass(frozen=True)
class Outcome:
    """What became of a notice on one channel."""

    channel: str
    """Its kind; never its address."""
    what: str
    ok: bool
    why: str | None = None

    def as_fields(self) -> dict[str, Any]:
        """The fields of a `notice` event."""
        return dict(vars(self))


def default_channels(home: Home) -> list[str]:
    """`[notify] channels` of settings.toml: for new runs whose recipe is silent. Empty where there is none."""
    import tomllib  # late: few homes have the file

    try:
        table = tomllib.loads(home.settings.read_text(encoding="utf-8")).get("notify")
    except (OSError, ValueError):
        return []
    channels = table.get("channels") if isinstance(table, dict) else None
    return [one for one in channels if isinstance(one, str)] if isinstance(channels, list) else []


def send_all(channels: Sequence[str], notice: Notice, seconds: float = SECONDS) -> list[Outcome]:
    """Sends by every channel at once, each on a thread of its own that nobody waits for longer than that."""
    found: dict[int, Outcome] = {}

    def work(at: int, kind: str, rest: str) -> None:
        found[at] = _send(kind, rest, notice, seconds)

    threads = []
    for at, channel in enumerate(channels):
        kind, rest = parsed(channel)
        if kind in SENDERS:
            threads.append((at, kind, threading.Thread(target=work, args=(at, kind, rest), name=kind, daemon=True)))
    for _, _, thread in threads:
        thread.start()
    for _, _, thread in threads:
        thread.join(seconds)
    late = f"no answer within {seconds:g} s"
    return [found.get(at) or Outcome(kind, notice.title, ok=False, why=late) for at, kind, _ in threads]


def _send(kind: str, rest: str, notice: Notice, seconds: float) -> Outcome:
    try:
        SENDERS[kind](rest, notice, seconds)
    except NotSent as error:
        return Outcome(kind, notice.title, ok=False, why=str(error))
    except Exception as error:  # noqa: BLE001 - whatever a channel does, the run goes on; the address is in no message
        return Outcome(kind, notice.title, ok=False, why=type(error).__name__)
    return Outcome(kind, notice.title, ok=True)


def _desktop(rest: str, notice: Notice, seconds: float) -> None:
    program = shutil.which("notify-send")
    if program is None:
        raise NotSent("no notify-send on this machine")
    _run([program, "--app-name=tui-finetune", notice.title, notice.text], notice, seconds)


def _command(rest: str, notice: Notice, seconds: float) -> None:
    _run(command_words(rest), notice, seconds)


def _run(command: Sequence[str], notice: Notice, seconds: float) -> None:
    """A program of the user's own: the facts in its environment, the text on its standard input."""
    facts = {f"TUI_FINETUNE_{key.upper()}": str(value) for key, value in notice.facts.items() if value is not None}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, **facts, "TUI_FINETUNE_TITLE": notice.title},
            start_new_session=True,
        )
    except OSError as error:
        raise NotSent(f"{command[0]}: {error.strerror}") from error
    try:
        _, said = process.communicate(f"{notice.title}\n{notice.text}\n".encode(), timeout=seconds)
    except subprocess.TimeoutExpired as error:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise NotSent(f"{command[0]} has not ended within {seconds:g} s") from error
    if process.returncode != 0:
        lines = said.decode("utf-8", "backslashreplace").strip().splitlines()
        raise NotSent(f"{command[0]} ended with code {process.returncode}" + (f": {lines[-1]}" if lines else ""))


def _webhook(rest: str, notice: Notice, seconds: float) -> None:
    address = _address(rest)
    content = {"text": f"{notice.title}\n{notice.text}".strip(), "title": notice.title, **notice.facts}
    # `content` is what one widespread chat program reads, `text` what the others do.
    body = json.dumps({**content, "content": content["text"]}, default=str).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json", "User-Agent": "tui-finetune"})
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            answer.read(1)
    except urllib.error.HTTPError as error:
        raise NotSent(f"it answered {error.code} {http.client.responses.get(error.code, '')}".rstrip()) from None
    except urllib.error.URLError as error:
        cause = error.reason
        why = cause.strerror if isinstance(cause, OSError) and cause.strerror else type(cause).__name__
        raise NotSent(f"it was not reached: {why}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NotSent(f"it was not reached: {type(error).__name__}") from None


def _address(named: str) -> str:
    """The webhook's address from where it is kept."""
    kind, _, name = named.partition(":")
    if kind == "env":
        found = os.environ.get(name, "").strip()
        if not found:
            raise NotSent(f"the environment has no {name}")
    else:
        path = Path(name).expanduser()
        try:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise NotSent(f"{path} can be read by others; chmod 600 it")
            found = path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise NotSent(f"{path}: {getattr(error, 'strerror', None) or first_line(error)}") from None
    if not found.startswith(ADDRESSES):
        raise NotSent(f"{named} holds no http or https address")
    return found


SENDERS: Mapping[str, Callable[[str, Notice, float], None]] = {
    "desktop": _desktop,
    "command": _command,
    "webhook": _webhook,
}
"""Kinds that a worker can send by; the bell is the interface's."""
