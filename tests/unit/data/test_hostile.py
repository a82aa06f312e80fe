"""Hostile inputs through `data show`: rows, or a message that names the file; never a traceback, never a hang."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calling import Cli
from tests.unit.data.hostile import CORPUS

pytestmark = pytest.mark.slow


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
