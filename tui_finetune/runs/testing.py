"""Contract kit of the run directory: for everybody who writes one, in their own tests.

from tui_finetune.runs.testing import check_run_directory
check_run_directory(path)
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tui_finetune.runs import atomic
from tui_finetune.runs.attempts import newest_attempt
from tui_finetune.runs.contract import LIST, NUMBER, TABLE, TEXT, WHOLE, event_problems, is_kind
from tui_finetune.runs.events import LINE_LIMIT
from tui_finetune.runs.layout import MANIFEST, VERSION, RunPaths, checkpoint_step, looks_like_run_id
from tui_finetune.runs.status import RESULT_STATES
from tui_finetune.runs.tail import parse

_FILES: Mapping[str, Mapping[str, str]] = {
    "run.json": {"v": WHOLE, "id": TEXT, "kind": TEXT, "created": NUMBER},
    "changes.json": {"v": WHOLE, "changes": LIST},
    "resume.json": {"v": WHOLE, "attempt": WHOLE, "accepted": LIST, "set": TABLE},
    "label.json": {"name": TEXT, "tags": LIST, "note": TEXT},
    "process.json": {"v": WHOLE, "attempt": WHOLE, "pid": WHOLE, "host": TEXT, "started": NUMBER},
    "heartbeat": {"t": NUMBER, "attempt": WHOLE, "progress_t": NUMBER},
    "result.json": {"v": WHOLE, "attempt": WHOLE, "state": TEXT, "exit_code": WHOLE, "ended": NUMBER},
}
_REQUIRED = ("run.json", "label.json")
_TOLD = 20
"""Violations of one kind that are told; more are counted."""


def check_run_directory(path: str | os.PathLike[str], *, only_known_events: bool = False, content: bool = True) -> None:
    """Raises AssertionError with every violation of the run-directory contract (docs/run-directory.md).

    only_known_events: events of names that the contract does not have are violations. content: checkpoints are compared
    with the sha256 of their manifests, not only with the sizes.
    """
    problems = list(violations(Path(path), only_known_events=only_known_events, content=content))
    if problems:
        raise AssertionError(f"{path} breaks the run-directory contract:\n" + "\n".join(f"- {one}" for one in problems))


def violations(root: Path, *, only_known_events: bool = False, content: bool = True) -> Iterator[str]:
    """Every violation, one sentence each."""
    if not root.is_dir():
        yield "it is not a directory"
        return
    paths = RunPaths(root)
    if not looks_like_run_id(root.name):
        yield f"its name is no run id such as 20261123T091502-imdb-bert-k3f9: {root.name}"
    for name, fields in _FILES.items():
        yield from _file(root / name, fields, required=name in _REQUIRED)
    yield from _identity(paths)
    yield from _attempts(paths)
    yield from _private(root)
    yield from _events(paths, only_known=only_known_events)
    for folder in (*_checkpoints(paths), paths.model):
        yield from _manifest(folder, content=content)


def _file(path: Path, fields: Mapping[str, str], *, required: bool) -> Iterator[str]:
    try:
        found = atomic.read_json(path)
    except FileNotFoundError:
        if required:
            yield f"{path.name} is missing"
        return
    except atomic.Unreadable as error:
        yield str(error)
        return
    for name, kind in fields.items():
        if name not in found:
            yield f"{path.name}: {name} is missing"
        elif not is_kind(found[name], kind):
            yield f"{path.name}: {name} is no {kind}: {found[name]!r:.60}"
    version = found.get("v", VERSION)
    if isinstance(version, int) and version > VERSION:
        yield f"{path.name}: version {version}; this kit knows {VERSION}"


def _identity(paths: RunPaths) -> Iterator[str]:
    run = _read(paths.run_json)
    if isinstance(run.get("id"), str) and run["id"] != paths.id:
        yield f"run.json: id is {run['id']}, the directory is {paths.id}"
    created = run.get("created")
    if isinstance(created, int | float) and looks_like_run_id(paths.id):
        try:
            begun = datetime.fromtimestamp(created).year
        except (OverflowError, ValueError, OSError):
            yield f"run.json: created is no time: {created}"
        else:
            if begun < 2000:
                yield f"run.json: created is not in unix seconds: {created}"


def _attempts(paths: RunPaths) -> Iterator[str]:
    newest, process, result = newest_attempt(paths), _read(paths.process_json), _read(paths.result_json)
    if process and process.get("attempt") != newest:
        yield f"process.json is of attempt {process.get('attempt')}, the newest is {newest}"
    if result:
        if result.get("attempt") != newest:
            yield f"result.json is of attempt {result.get('attempt')}, the newest is {newest}"
        if result.get("state") not in RESULT_STATES:
            yield f"result.json: state '{result.get('state')}' is not one of {', '.join(sorted(RESULT_STATES))}"
        if not process:
            yield "result.json without process.json"


def _private(root: Path) -> Iterator[str]:
    """Nobody else may read what the data and the logs say."""
    open_ones = [(path, mode) for path in (root, *root.rglob("*")) if (mode := _mode(path)) & 0o077]
    for path, mode in open_ones[:_TOLD]:
        yield f"{path.relative_to(root.parent)} can be read by others: mode {mode:o}"
    if len(open_ones) > _TOLD:
        yield f"{len(open_ones) - _TOLD} more can be read by others"


def _mode(path: Path) -> int:
    """Permissions; 0 for a link, and for a staging file that has been renamed since it was listed."""
    try:
        return 0 if path.is_symlink() else path.stat().st_mode & 0o777
    except FileNotFoundError:
        return 0


def _events(paths: RunPaths, *, only_known: bool) -> Iterator[str]:
    try:
        data = paths.events.read_bytes()
    except FileNotFoundError:
        if newest_attempt(paths):
            yield "events.jsonl is missing though an attempt was claimed"
        return
    lines = data[: data.rfind(b"\n") + 1].split(b"\n")[:-1]
    reader = _EventReader(only_known)
    found = [f"events.jsonl, line {at}: {problem}" for at, problem in reader.read(lines)]
    yield from found[:_TOLD]
    if len(found) > _TOLD:
        yield f"events.jsonl: {len(found) - _TOLD} more"
    yield from _end(paths, data)


class _EventReader:
    """Judges the lines in order: each by itself, seq and attempts across them."""

    def __init__(self, only_known: bool) -> None:
        self._only_known = only_known
        self._seq = 0
        self._attempts: set[int] = set()

    def read(self, lines: list[bytes]) -> Iterator[tuple[int, str]]:
        for at, line in enumerate(lines, start=1):
            problems = event_problems(line, only_known=self._only_known)
            if problems and at < len(lines) and _begins_an_attempt(lines[at]):
                continue  # torn by a kill; the next attempt ended it with a newline, as it should
            if len(line) >= LINE_LIMIT:
                problems.append(f"is longer than {LINE_LIMIT} bytes")
            for problem in problems or self._in_order(json.loads(line)):
                yield at, problem

    def _in_order(self, event: Mapping[str, Any]) -> Iterator[str]:
        if event["seq"] <= self._seq:
            yield f"seq {event['seq']} after {self._seq}"
        self._seq = max(self._seq, event["seq"])
        if event["event"] == "attempt":
            self._attempts.add(event["n"])
        elif event["attempt"] not in self._attempts:
            yield f"{event['event']} of attempt {event['attempt']} before its attempt event"


def _begins_an_attempt(line: bytes) -> bool:
    return parse(line).name == "attempt"


def _end(paths: RunPaths, data: bytes) -> Iterator[str]:
    """An attempt with a result says so in its events too."""
    result = _read(paths.result_json)
    if result and b'"event":"end"' not in data and b'"event": "end"' not in data:
        yield "result.json is there, and events.jsonl has no end event"


def _checkpoints(paths: RunPaths) -> list[Path]:
    try:
        return [path for path in sorted(paths.checkpoints.iterdir()) if checkpoint_step(path) is not None]
    except OSError:
        return []


def _manifest(folder: Path, *, content: bool) -> Iterator[str]:
    if not folder.is_dir():
        return
    manifest = _read(folder / MANIFEST)
    files = manifest.get("files")
    if not isinstance(files, list):
        yield f"{folder.name}: no {MANIFEST} with a list of files"
        return
    for entry in files:
        try:
            path, size, digest = folder / entry["file"], entry["size"], entry["sha256"]
        except (TypeError, KeyError):
            yield f"{folder.name}: {MANIFEST} has an entry without file, size or sha256"
            continue
        if not path.is_file():
            yield f"{folder.name}: {entry['file']} is missing"
        elif path.stat().st_size != size:
            yield f"{folder.name}: {entry['file']} has {path.stat().st_size:,} of {size:,} bytes"
        elif content and _digest(path) != digest:
            yield f"{folder.name}: {entry['file']} is not what the manifest says"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        return atomic.read_json(path)
    except (FileNotFoundError, atomic.Unreadable):
        return {}
