"""The data helper from its parent's side: a process that opens heavy sources, so that this one imports none of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import tui_finetune
from tui_finetune.data.cache import from_json
from tui_finetune.data.problems import from_json as problems_from_json
from tui_finetune.errors import DataError, LaunchError, Problem
from tui_finetune.plugin_api import Opened, Progress

if TYPE_CHECKING:
    from tui_finetune.data.opening import Wanted
    from tui_finetune.plugin_api.manager import Catalog

_OUR_PLACE = Path(tui_finetune.__file__).parent.parent
MODULE = "tui_finetune.helpers.data"
TAIL = 6
"""Last lines of the helper's talk that are told when it dies."""
LAST_WORDS = 5.0
"""Seconds that it gets to end by itself after its answer, or after it was asked to."""


def open_in_helper(wanted: Wanted, catalog: Catalog, cache: Path, progress: Progress) -> Opened:
    """`open_data` in a process of its own. Raises what it raises there; LaunchError where the process dies."""
    request = {
        "open": {
            "source": wanted.source,
            "path": list(wanted.path) if isinstance(wanted.path, tuple) else wanted.path,
            "subset": wanted.subset,
            "revision": wanted.revision,
            "options": dict(wanted.options),
            "steps": [[name, dict(options)] for name, options in wanted.steps],
            "splits": list(wanted.splits) if wanted.splits is not None else None,
            "edits": wanted.edits,
        },
        "cache": str(cache),
        "plugins": plugin_places(catalog),
    }
    return from_json(ask(request, progress))


def plugin_places(catalog: Catalog) -> dict[str, Any]:
    """What the helper needs to load the same plugins: single files' folders, what is off, whether third parties' are loaded."""
    folders = {str(Path(p.origin).parent) for p in catalog.plugins if os.path.isabs(p.origin) and p.hook != "search"}
    return {
        "folders": sorted(folders),
        "third_party": all(info.off_because != "--no-plugins" for info in catalog.plugins),
        "off": [info.name for info in catalog.plugins if info.off_because == "switched off"],
    }


def ask(
    request: Mapping[str, Any],
    progress: Progress,
    module: str = MODULE,
    *,
    name: str = "data helper",
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The helper's result. It is killed where the caller is interrupted; what it dies of is told, under its name.

    environment: where it is to be another than the caller's.
    """
    with tempfile.TemporaryFile() as talk:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=talk,
            env=environment,
            start_new_session=True,  # ctrl+c reaches us only; we end it
            cwd=_OUR_PLACE,  # python -m puts the current folder on sys.path, and what lies there must not run
        )
        assert process.stdin is not None
        assert process.stdout is not None
        writer = threading.Thread(target=_give, args=(process.stdin, request), daemon=True)
        try:
            writer.start()
            for answer in _answers(process.stdout):
                if "progress" in answer:
                    what, done, total = answer["progress"]
                    progress(what, done, total)
                elif "problems" in answer:
                    raise DataError(problems_from_json(answer["problems"]))
                elif "result" in answer:
                    result: dict[str, Any] = answer["result"]
                    return result
            raise _died(process, talk, name)
        finally:
            _end(process)
            writer.join(LAST_WORDS)


def _give(stream: IO[bytes], request: Mapping[str, Any]) -> None:
    try:
        with stream:
            stream.write(json.dumps(request, default=str).encode() + b"\n")
    except (BrokenPipeError, OSError):
        return  # it died; its end is told by the reader


def _answers(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    """The lines that are JSON objects; a library's print is none of them."""
    for line in stream:
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found


def _died(process: subprocess.Popen[bytes], talk: IO[bytes], name: str) -> LaunchError:
    code = process.wait()
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    talk.seek(0)
    lines = [line for line in talk.read().decode("utf-8", "replace").splitlines() if line.strip()]
    hint = "The system kills what takes too much memory." if code == -signal.SIGKILL else None
    said = f" Its last words: {' / '.join(lines[-TAIL:])}" if lines else ""
    return LaunchError(Problem(f"the {name} {how} without an answer.{said}", hint=hint))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Sees to it that nothing of it stays."""
    if process.stdout is not None:
        process.stdout.close()
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            process.wait()
