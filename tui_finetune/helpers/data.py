"""The data helper: one JSON request on stdin, JSON lines out: progress, then a result or problems.

    python -m tui_finetune.helpers.data

It opens what needs the datasets library, or a plugin's heavy source or preprocessor, for a process that stays light.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tui_finetune.data.cache import to_json
from tui_finetune.data.opening import Wanted, open_data
from tui_finetune.data.problems import as_json
from tui_finetune.errors import UserError
from tui_finetune.plugin_api.manager import Catalog, load_catalog

PROGRESS_EVERY = 0.1
"""Seconds between two progress lines."""


class Answers:
    """The channel to the parent. Whatever else is printed in this process goes to stderr."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self._last = 0.0

    def write(self, answer: Mapping[str, Any]) -> None:
        self._out.write(json.dumps(answer, default=str) + "\n")
        self._out.flush()

    def progress(self, what: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - self._last >= PROGRESS_EVERY or done == total:
            self._last = now
            self.write({"progress": [what, done, total]})


def main() -> int:
    answers = Answers()
    request = json.loads(sys.stdin.readline())
    try:
        answers.write({"result": handled(request, answers)})
    except UserError as error:
        answers.write({"problems": as_json(error.problems)})
    except BrokenPipeError:
        return 1  # the parent went away
    return 0


def handled(request: Mapping[str, Any], answers: Answers) -> dict[str, Any]:
    """The result of a request."""
    catalog = _catalog(request["plugins"])
    wanted = dict(request["open"])
    path, splits = wanted.pop("path"), wanted.pop("splits")
    steps = tuple((name, options) for name, options in wanted.pop("steps"))
    opened = open_data(
        Wanted(
            **wanted,
            path=tuple(path) if isinstance(path, list) else path,
            steps=steps,
            splits=tuple(splits) if splits is not None else None,
        ),
        catalog,
        Path(request["cache"]),
        heavy=True,
        progress=answers.progress,
    )
    return to_json(opened)


def _catalog(plugins: Mapping[str, Any]) -> Catalog:
    folders = [Path(folder) for folder in plugins["folders"]]
    return load_catalog(None, plugin_dirs=folders, third_party=bool(plugins["third_party"]), off=plugins["off"])


if __name__ == "__main__":
    sys.exit(main())
