"""Requests left as plain files: `control/set.toml` with `learning_rate = 1e-5` in it, written with any editor.

The name is the action, the keys are its values. A file is taken once two polls have found it the same, so that one that
is being written is left in peace.
"""

from __future__ import annotations

import os
import socket
import tomllib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tui_finetune.runs.attempts import newest_attempt
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.request import Request
from tui_finetune.runs.request_values import unknown, wrong_type
from tui_finetune.runs.settable import flat

SUFFIX = ".toml"
LARGEST = 65_536
"""Bytes. A request has a few lines; what is larger is some other file."""

_ADMINISTRATOR = 0
Signature = tuple[int, int, int]


class Reader:
    """Each plain file once, when it has come to rest; the same name may be used again."""

    def __init__(self, paths: RunPaths) -> None:
        self._paths = paths
        self._resting: dict[str, Signature] = {}
        self._taken: dict[Path, Signature] = {}

    def poll(self, names: Iterable[str]) -> Iterator[Request]:
        """Of the files in `control/`, those that are requests and have not changed since the last poll."""
        resting: dict[str, Signature] = {}
        for name in names:
            path = self._paths.control / name
            if not name.endswith(SUFFIX) or name.startswith(".") or (now := _signature(path)) is None:
                continue
            resting[name] = now
            if self._resting.get(name) == now and self._taken.get(path) != now:
                self._taken[path] = now
                yield self._read(path)
        self._resting = resting

    def written_again(self, path: Path) -> bool:
        """True where a plain file is another one by now than the one that was taken."""
        taken = self._taken.get(path)
        return taken is not None and _signature(path) != taken

    def _read(self, path: Path) -> Request:
        attempt = newest_attempt(self._paths)
        t = _modified(path) or 0.0
        problem, values = stranger(path), dict[str, Any]()
        if problem is None and t < (_modified(self._paths.attempt(attempt)) or 0.0):
            problem = f"{path.name} was written before attempt {attempt} began; write it again"
        if problem is None:
            try:
                values = _values(path)
                problem = unknown(path.stem, values) or wrong_type(values)
            except ValueError as error:
                problem = str(error)
        return Request(uuid.uuid4().hex, path.stem, attempt, values, _owner(path), t, path, problem)


def stranger(path: Path) -> str | None:
    """Why a file of another user is no request; None for one of our own, or of the administrator."""
    try:
        owner = path.stat().st_uid
    except OSError:
        return None
    if not hasattr(os, "getuid") or owner in (os.getuid(), _ADMINISTRATOR):
        return None
    return f"it comes from another user ({_name(owner)}); only the owner steers a run"


def _values(path: Path) -> dict[str, Any]:
    """What the file asks for. Raises ValueError with the words of a refusal."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror}") from error
    if len(data) > LARGEST:
        raise ValueError(f"{path.name} has more than {LARGEST // 1024} kB; a request has a few lines")
    try:
        found = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8 text") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"{path.name} is not TOML: {error}; a line is key = value, a text in quotes") from error
    return _as_set(found) if path.stem == "set" else found


def _as_set(found: Mapping[str, Any]) -> dict[str, Any]:
    """The settings by their dotted keys; `reason` and `stretch` are about the change."""
    given = dict(found)
    about: dict[str, Any] = {key: given.pop(key) for key in ("reason", "stretch") if key in given}
    inner = given.pop("set", {})
    return {"set": flat({**given, **(inner if isinstance(inner, dict) else {"set": inner})}), **about}


def _signature(path: Path) -> Signature | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return (stat.st_ino, stat.st_size, stat.st_mtime_ns)


def _modified(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _owner(path: Path) -> str:
    try:
        return f"{_name(path.stat().st_uid)}@{socket.gethostname()}"
    except OSError:
        return f"somebody@{socket.gethostname()}"


def _name(uid: int) -> str:
    try:
        import pwd

        return pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        return str(uid)
