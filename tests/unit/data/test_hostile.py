"""Hostile inputs through `data show`: rows, or a message that names the file; never a traceback, never a hang."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.unit.data.hostile import CORPUS, HEAVY

pytestmark = pytest.mark.slow

MOST_MEMORY = 3 << 30
"""Bytes of address space; what the libraries map is most of it."""


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", CORPUS)
def test_a_hostile_input_gives_rows_or_a_message_that_names_it(name: str, tmp_path: Path, cli: Cli) -> None:
    path = CORPUS[name](tmp_path)

    said = cli("data", "show", str(path))

    assert said.code in (0, 2), said.err
    assert "(plugin " not in said.err, "a source failed instead of refusing"
    known = {path.name, "a.csv in an archive", *(below.name for below in tmp_path.rglob("*"))}
    stems = [name.encode("ascii", "ignore").decode().split(".")[0][:20] for name in known]
    assert any(stem in said.out + said.err for stem in stems), said
    assert len(said.err) < 10_000


@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_input_is_told_of_within_bounds_of_time_and_memory(name: str, tmp_path: Path) -> None:
    path = HEAVY[name](tmp_path)

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))

    said = subprocess.run(
        [sys.executable, "-m", "tui_finetune", "data", "show", str(path)],
        env={**os.environ, "TUI_FINETUNE_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"},
        preexec_fn=bounded,
        capture_output=True,
        timeout=60,
        check=False,
    )

    told = (said.stdout + said.stderr).decode()
    assert said.returncode in (0, 2), told[-2000:]
    assert "(plugin " not in told
    assert path.name.split(".")[0] in told
    assert len(told) < 100_000
