"""Files that are whole or not there."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest

from tui_finetune.runs import atomic


def test_a_file_is_private_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    atomic.write_json(path, {"n": 1})
    atomic.write_json(path, {"n": 2, "path": tmp_path})
    assert atomic.read_json(path) == {"n": 2, "path": str(tmp_path)}
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["a.json"]


def test_numbers_that_are_not_finite_are_strings(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    atomic.write_json(path, {"a": [math.nan, math.inf, {"b": -math.inf}], 3: (1.5,)})
    assert json.loads(path.read_text()) == {"a": ["nan", "inf", {"b": "-inf"}], "3": [1.5]}


def test_numpy_numbers_and_arrays_are_written_as_numbers() -> None:
    import numpy as np

    text = atomic.dumps({"a": np.float32(0.5), "b": np.int64(3), "c": np.array([1.0, np.nan]), "d": {2, 1}})
    assert json.loads(text) == {"a": 0.5, "b": 3, "c": [1.0, "nan"], "d": [1, 2]}


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    atomic.write_json(path, {"n": 1})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        atomic.write_json(path, {"n": 2})
    assert atomic.read_json(path) == {"n": 1}
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b'{"a": ', "line 1 is not JSON"),
        (b'{\n"a": 1,\n', "line 3 is not JSON"),
        (b"[1]", "not a JSON object"),
        (b"\xff\xfe{", "UTF-8"),
        (b"[" * 100_000, "nested"),
        (b"\x00" * 40, "not JSON"),
    ],
)
def test_what_is_no_json_object_is_told_by_name(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(atomic.Unreadable, match=says) as failed:
        atomic.read_json(path)
    assert "run.json" in str(failed.value)


def test_a_missing_file_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        atomic.read_json(tmp_path / "none" / "a.json")
    (tmp_path / "a.json").mkdir()
    with pytest.raises(atomic.Unreadable):
        atomic.read_json(tmp_path / "a.json")
