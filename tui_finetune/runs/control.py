"""Requests of people to a running job: files in `control/`, answered by events, then removed.

The command line and the interface send theirs by rename; a person may also leave a plain file, `control/set.toml`.
"""

from __future__ import annotations

import contextlib
import getpass
import logging
import os
import socket
import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tui_finetune.runs import atomic, plain_request
from tui_finetune.runs.layout import STAGING_PREFIX, VERSION, RunPaths
from tui_finetune.runs.request import Request
from tui_finetune.runs.request_values import wrong_type

__all__ = ["Request", "RequestReader", "author", "send", "waiting", "withdraw"]

logger = logging.getLogger(__name__)


def send(paths: RunPaths, action: str, attempt: int, values: Mapping[str, Any] | None = None) -> Request:
    """Leaves a request for the worker. Raises OSError where the run directory cannot be written."""
    now = time.time()
    name = uuid.uuid4().hex
    paths.control.mkdir(mode=0o700, exist_ok=True)
    path = paths.control / f"{_time_name(now)}-{name}.json"
    request = Request(name, action, attempt, dict(values or {}), author(), now, path)
    content = {key: value for key, value in vars(request).items() if key not in ("path", "problem")}
    atomic.write_json(path, {"v": VERSION, **content})
    return request


def withdraw(request: Request) -> bool:
    """Takes a request back that nobody has answered. False when it was gone already."""
    if request.path is None:
        return False
    try:
        request.path.unlink()
    except FileNotFoundError:
        return False
    return True


def waiting(paths: RunPaths) -> list[Request]:
    """Requests that nobody has answered yet, oldest first; they stay as they are. Plain files are not among them."""
    try:
        names = sorted(os.listdir(paths.control))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []
    found = []
    for name in names:
        if name.endswith(".json") and not name.startswith(STAGING_PREFIX):
            with contextlib.suppress(FileNotFoundError, *_NO_REQUEST):
                found.append(_request(paths.control / name))
    return found


def author() -> str:
    """Who asks, as the history of a run names them: user, host, and the terminal where there is one."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = str(os.getuid()) if hasattr(os, "getuid") else "somebody"
    return f"{user}@{socket.gethostname()}{_terminal()}"


def _terminal() -> str:
    """`:pts/3`; empty where none of the standard streams is a terminal."""
    for stream in (sys.__stdin__, sys.__stderr__, sys.__stdout__):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            return f":{os.ttyname(stream.fileno()).removeprefix('/dev/')}"  # type: ignore[union-attr]
    return ""


def _time_name(t: float) -> str:
    return f"{t:017.6f}"


class RequestReader:
    """The worker's side: each request once, oldest first."""

    def __init__(self, paths: RunPaths) -> None:
        self._folder = paths.control
        self._seen: set[str] = set()
        self._plain = plain_request.Reader(paths)
        with contextlib.suppress(OSError):  # made by the sender where it is missing
            if self._folder.stat().st_mode & 0o077:
                self._folder.chmod(0o700)

    def poll(self) -> list[Request]:
        """Requests that were not there before. What is no request is removed and named in the log."""
        try:
            names = os.listdir(self._folder)
        except (FileNotFoundError, NotADirectoryError):
            return []
        found: list[tuple[str, Request]] = []
        for name in names:
            if name in self._seen or name.startswith(STAGING_PREFIX) or not name.endswith(".json"):
                continue
            self._seen.add(name)
            if (request := _read(self._folder / name)) is not None:
                found.append((name, request))
        for plain in self._plain.poll(names):
            found.append((_time_name(plain.t), plain))
        return [request for _, request in sorted(found, key=lambda pair: pair[0])]

    def answered(self, request: Request) -> None:
        """Removes an answered request."""
        if request.path is None or self._plain.written_again(request.path):
            return
        request.path.unlink(missing_ok=True)


_NO_REQUEST = (atomic.Unreadable, KeyError, TypeError, ValueError)


def _request(path: Path) -> Request:
    stranger = plain_request.stranger(path)
    raw = atomic.read_json(path)
    values = dict(raw.get("values") or {})
    return Request(
        id=str(raw["id"]),
        action=str(raw["action"]),
        attempt=int(raw["attempt"]),
        values=values,
        by=str(raw.get("by", "")),
        t=float(raw.get("t", 0.0)),
        path=path,
        problem=stranger or wrong_type(values),
    )


def _read(path: Path) -> Request | None:
    try:
        return _request(path)
    except FileNotFoundError:
        return None
    except _NO_REQUEST as error:
        logger.warning("not a request, removed: %s (%s: %s)", path.name, type(error).__name__, error)
        path.unlink(missing_ok=True)
        return None
