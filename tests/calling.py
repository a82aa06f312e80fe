"""Calling the command line in this process: as a person would, without the time of a start."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tui_finetune.cli import diagnostics, main
from tui_finetune.paths import Home


@dataclass(frozen=True)
class Said:
    """What a call printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout, which must be exactly one JSON document."""
        return json.loads(self.out)


Cli = Callable[..., Said]


@pytest.fixture
def cli(home: Home, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """`cli("show", "latest", "--json")`: runs the verb through the same net that the console script has."""

    def call(*arguments: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "argv", ["tui-finetune", *arguments])
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
            diagnostics.run(main.cli)
        code = ended.value.code
        said = Said(int(code) if isinstance(code, int) else 0, out.getvalue(), err.getvalue())
        assert "Traceback" not in said.out + said.err
        assert "Defect" not in said.err, said.err
        return said

    return call
