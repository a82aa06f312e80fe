"""Requests of people to a running job: files in `control/`, created by rename, answered by events, then removed."""

from __future__ import annotations

import getpass
import logging
import os
import socket
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_finetune.runs import atomic
from tui_finetune.runs.layout import STAGING_PREFIX, VERSION, RunPaths

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """One request, and the attempt that it is meant for: another attempt refuses it."""

    id: str
    action: str
    """stop, abort, save, evaluate …"""
    attempt: int
    values: Mapping[str, Any] = field(default_factory=dict)
    by: str = ""
    t: float = 0.0
    path: Path | None = None
    """Where it lies, for the reader."""


def send(paths: RunPaths, action: str, attempt: int, values: Mapping[str, Any] | None = None) -> Request:
    """Leaves a request for the worker. Raises OSError where the run directory cannot be written."""
    now = time.time()
    name = uuid.uuid4().hex
    paths.control.mkdir(mode=0o700, exist_ok=True)
    path = paths.control / f"{now:017.6f}-{name}.json"
    request = Request(name, action, attempt, dict(values or {}), _author(), now, path)
    content = {key: value for key, value in vars(request).items() if key != "path"}
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


def _author() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = str(os.getuid()) if hasattr(os, "getuid") else "somebody"
    return f"{user}@{socket.gethostname()}"


class RequestReader:
    """The worker's side: each request once, oldest first."""

    def __init__(self, paths: RunPaths) -> None:
        self._folder = paths.control
        self._seen: set[str] = set()

    def poll(self) -> list[Request]:
        """Requests that were not there before. What is no request is removed and named in the log."""
        try:
            names = sorted(os.listdir(self._folder))
        except (FileNotFoundError, NotADirectoryError):
            return []
        found = []
        for name in names:
            if name in self._seen or name.startswith(STAGING_PREFIX) or not name.endswith(".json"):
                continue
            self._seen.add(name)
            if (request := _read(self._folder / name)) is not None:
                found.append(request)
        return found

    def answered(self, request: Request) -> None:
        """Removes an answered request."""
        if request.path is not None:
            request.path.unlink(missing_ok=True)


def _read(path: Path) -> Request | None:
    try:
        raw = atomic.read_json(path)
        return Request(
            id=str(raw["id"]),
            action=str(raw["action"]),
            attempt=int(raw["attempt"]),
            values=dict(raw.get("values") or {}),
            by=str(raw.get("by", "")),
            t=float(raw.get("t", 0.0)),
            path=path,
        )
    except FileNotFoundError:
        return None
    except (atomic.Unreadable, KeyError, TypeError, ValueError) as error:
        logger.warning("not a request, removed: %s (%s: %s)", path.name, type(error).__name__, error)
        path.unlink(missing_ok=True)
        return None
