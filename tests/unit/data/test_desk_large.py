"""The desk over large data: rows by number, what is said of a sample, findings with the numbers of the whole split."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.data.conftest import Write
from tui_finetune.data import large
from tui_finetune.data.sampled import numbers_of
from tui_finetune.errors import DataError
from tui_finetune.helpers.desk_work import DeskWork
from tui_finetune.paths import Home
from tui_finetune.plugin_api import no_progress
from tui_finetune.plugin_api.manager import Catalog

ROWS, SAMPLE = 400, 300
TWICE = "".join(f"this is text number {i // 2} of all,{('bad', 'good')[i % 2]}\n" for i in range(ROWS))
"""Every text with both labels, in two rows that follow one another."""

Do = Callable[..., dict[str, Any]]


@pytest.fixture
def told() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def do(home: Home, catalog: Catalog, tmp_path: Path, told: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Do:
    monkeypatch.setattr(large, "LARGE_BYTES", 1)
    monkeypatch.setattr("tui_finetune.data.inspect.SAMPLE_ROWS", SAMPLE)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    work = DeskWork(home, catalog, scratch)

    def ask(action: str, **fields: Any) -> dict[str, Any]:
        return work.do({"action": action, **fields}, no_progress, lambda **fields: told.append(fields))

    return ask


def test_first_rows_are_told_as_such(do: Do, told: list[dict[str, Any]], write: Write) -> None:
    path = write("reviews.csv", "text,label\n" + TWICE)
    answer = do("open", path=str(path))
    assert [one["partial"] for one in told] == [True, False]
    assert told[1]["opened"]["splits"][0]["rows"] == ROWS
    assert (answer["look"]["sampled"], answer["look"]["splits"]) == (SAMPLE, {"train": ROWS})


def test_rows_columns_steps_and_ids(do: Do, told: list[dict[str, Any]], write: Write) -> None:
    path = write("reviews.csv", "text,label\n" + TWICE)
    do("open", path=str(path))
    arrow = told[-1]["opened"]["splits"][0]["arrow"]
    found = do("view", arrow=arrow, wish={"filter": "label:good", "sort": "text", "reverse": True})
    assert found["count"] == ROWS // 2
    assert np.fromfile(found["rows"], dtype=np.int64)[0] == 199
    facts = do("column", arrow=arrow, column="label")
    assert (facts["rows"], facts["of"]) == (ROWS, ROWS)  # less than the sample of a column
    assert do("find", splits={"train": arrow}, row_id="reviews.csv:4") == {"split": "train", "row": 2}
    with pytest.raises(DataError, match=r"no row reviews\.csv:999 here"):
        do("find", splits={"train": arrow}, row_id="reviews.csv:999")
    preview = do("preview", arrow=arrow, start=ROWS - 2, count=20, steps=[["lowercase", {}]])
    assert [row["label"] for row in preview["before"]] == ["bad", "good"]
    with pytest.raises(DataError, match="no numbers"):
        do("view", arrow=arrow, wish={"filter": "text>3"})
    assert len(list(Path(found["rows"]).parent.glob("*.i8"))) == 1


def test_findings_name_rows_of_the_whole_split(do: Do, write: Write) -> None:
    path = write("reviews.csv", "text,label\n" + TWICE)
    found = do("check", path=str(path))
    conflict = next(one for one in found["findings"] if one["title"] == "same text, different labels")
    rows = np.fromfile(found["rows"][conflict["id"]]["train"], dtype=np.int64).tolist()
    drawn = set(numbers_of(ROWS, SAMPLE))
    assert sorted(rows) == [row for row in sorted(drawn) if row ^ 1 in drawn]
