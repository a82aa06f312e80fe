"""data filter, data convert, data show -: rows found and written as files, and data that come through a pipe."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from tests.calling import Cli
from tests.model_folders import model_folder
from tests.unit.data.conftest import Write
from tui_finetune.cli.piped import ending_of
from tui_finetune.data import large

REVIEWS = "text,label,stars\n" + "".join(f'"review ""{i}"", so",{("bad", "good")[i % 2]},{i % 10}\n' for i in range(50))


@pytest.fixture
def path(write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is taken for a large one."""
    monkeypatch.setattr(large, "LARGE_BYTES", 1)
    return write("reviews.csv", REVIEWS)


def through_pipe(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content), isatty=lambda: False))


@pytest.mark.parametrize(
    ("args", "numbers"),
    [
        (["label:good", "stars>7"], [9, 19, 29, 39, 49]),
        (["--where", "stars = 0 AND text LIKE '%4%'"], [40]),
        (['text~"[0-9]9"', "--sort", "stars", "--reverse"], [19, 29, 39, 49]),
        (["length>14", "--limit", "2"], [10, 11]),
        (["length>1", "--inputs", "label", "--limit", "1"], [0]),
        (["reviews.csv:4"], [2, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47]),
    ],
)
def test_numbers_of_rows(cli: Cli, path: Path, args: list[str], numbers: list[int]) -> None:
    found = cli("data", "filter", str(path), *args, "--json").json
    assert (found["numbers"], found["split"], found["of"]) == (numbers, "train", 50)


def test_small_files_are_no_different(cli: Cli, write: Write, tmp_path: Path) -> None:
    path, out = write("reviews.csv", REVIEWS), tmp_path / "out.jsonl"
    said = cli("data", "filter", str(path), "label:good", "stars>7")
    assert (said.out.split(), said.err) == (["9", "19", "29", "39", "49"], "5 of 50 rows\n")
    assert cli("data", "convert", str(path), str(out), "--ids", "--json").json["count"] == 50
    assert json.loads(out.read_text().splitlines()[1])["source_row"] == "reviews.csv:3"


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_rows_as_a_file_open_again_as_they_were(cli: Cli, path: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"out.{ending}"
    found = cli("data", "filter", str(path), "label:good", "-o", str(out), "--json").json
    assert found == {"split": "train", "count": 25, "of": 50, "out": str(out), "bytes": out.stat().st_size}
    again = cli("data", "show", str(out), "--rows", "2", "--json").json
    assert again["total"] == 25
    assert again["rows"] == [
        {"text": 'review "1", so', "label": "good", "stars": 1},
        {"text": 'review "3", so', "label": "good", "stars": 3},
    ]


def test_a_file_with_ids(cli: Cli, path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    cli("data", "convert", str(path), str(out), "--ids")
    assert pq.read_table(out).column("source_row").to_pylist()[:2] == ["reviews.csv:2", "reviews.csv:3"]
    filtered = tmp_path / "again.jsonl"
    cli("data", "filter", str(out), "stars=9", "-o", str(filtered))
    assert json.loads(filtered.read_text().splitlines()[0])["stars"] == 9


def test_what_cannot_be_written_is_said_before_anything_is_read(cli: Cli, path: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("mine")
    assert "is there already" in cli("data", "convert", str(path), str(there)).err
    assert there.read_text() == "mine"
    assert "Did you mean .csv?" in cli("data", "convert", str(path), str(tmp_path / "a.cvs")).err
    assert "there is no folder" in cli("data", "convert", str(path), str(tmp_path / "no" / "a.csv")).err
    said = cli("data", "filter", str(path), "--where", "stars >", "-o", str(there), "--force")
    assert said.code == 2
    assert "stars >" in said.err
    assert there.read_text() == "mine"
    assert sorted(one.name for one in tmp_path.iterdir() if "there" in one.name) == ["there.csv"]
    assert cli("data", "convert", str(path), str(there), "--force").code == 0
    assert there.read_text().startswith("text,label,stars\n")


@pytest.mark.parametrize(
    "where",
    [
        "true) TO '/tmp/x.csv'; SELECT (1",
        "true); DROP TABLE rows_of_table; SELECT (1",
        "1 IN (SELECT 1 FROM read_text('/etc/hostname'))",
    ],
)
def test_a_condition_writes_no_other_file(cli: Cli, path: Path, tmp_path: Path, where: str) -> None:
    out = tmp_path / "out.csv"
    assert cli("data", "filter", str(path), "--where", where, "-o", str(out)).code == 2
    assert not out.exists()


def test_of_several_splits_one_is_named(cli: Cli, write: Write, tmp_path: Path) -> None:
    folder = write("set/train.csv", REVIEWS).parent
    write("set/test.csv", REVIEWS[: REVIEWS.index("\n", 200) + 1])
    out = tmp_path / "out.jsonl"
    assert "--split names one" in cli("data", "convert", str(folder), str(out)).err
    assert cli("data", "convert", str(folder), str(out), "--split", "test", "--json").json["count"] < 50
    assert "Did you mean" in cli("data", "filter", str(folder), "x", "--split", "tets").err


def test_large_data_are_shown_by_a_sample_after_their_first_rows(
    cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "LARGE_BYTES", 1)
    monkeypatch.setattr("tui_finetune.data.inspect.SAMPLE_ROWS", 30)
    path = write("reviews.csv", REVIEWS)
    said = cli("data", "show", str(path))
    assert 'review "0", so' in said.err
    assert "are of 30 rows, drawn from 50" in said.out.replace("\n", " ")
    found = cli("data", "show", str(path), "--json").json
    assert (found["sampled"], found["splits"], sum(one["count"] for one in found["labels"])) == (30, {"train": 50}, 30)
    window = cli("data", "show", str(path), "--offset", "48", "--json").json
    assert ([row["stars"] for row in window["rows"]], window["total"]) == ([8, 9], 50)
    window = cli("data", "show", str(path), "--where", "stars = 3", "--rows", "1", "--offset", "4", "--json").json
    assert (window["rows"][0]["text"], window["total"]) == ('review "43", so', 5)
    column = cli("data", "column", str(path), "label", "--json").json
    assert (column["rows"], column["of"]) == (30, 50)
    assert cli("data", "rows", str(path), "--filter", "stars=3", "--json").json["count"] == 5


def test_a_pipe_is_read(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    through_pipe(monkeypatch, REVIEWS.encode())
    found = cli("data", "show", "-", "--json").json
    assert (found["splits"], found["roles"]) == ({"train": 50}, {"text": "text", "label": "label"})
    through_pipe(monkeypatch, gzip.compress(b'{"a": 1}\n{"a": 2}\n'))
    out = tmp_path / "out.csv"
    assert cli("data", "convert", "-", str(out), "--json").json["count"] == 2
    assert out.read_text() == "a\n1\n2\n"
    through_pipe(monkeypatch, b"")
    assert "nothing came through the pipe" in cli("data", "show", "-").err
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    assert "standard input is a terminal" in cli("data", "show", "-").err


@pytest.mark.parametrize(
    ("head", "ending"),
    [
        (b"PAR1....", ".parquet"),
        (b"ARROW1\0\0", ".arrow"),
        (b"a,b\n1,2\n", ".csv"),
        (b"a\tb\n1\t2\n", ".tsv"),
        (b'{"a": 1}\n{"a": 2}\n', ".jsonl"),
        (b'{"a": [{"b": 1}]}\n', ".json"),
        (b'{\n "a": 1}', ".json"),
        (b'[{"a": 1}]', ".json"),
        (b"some words\nand more\n", ".txt"),
        (b"\x28\xb5\x2f\xfd....", ".csv.zst"),
        (gzip.compress(b"a\tb\n", mtime=0), ".tsv.gz"),
    ],
)
def test_what_comes_is_known_by_its_beginning(head: bytes, ending: str) -> None:
    assert ending_of(head, None) == ending


def test_what_only_a_whole_look_measures_is_not_ignored(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,label\ngood,pos\nbad,neg\n")
    said = cli(
        "data", "show", str(path), "--where", "label = 'pos'", "--task", "text-classification", "--max-length", "9"
    )
    assert said.code == 2
    assert "--task, --max-length: with --rows, --offset or --where rows alone are read." in said.err
    assert said.out == ""


def test_a_damaged_tokenizer_is_told_by_its_file(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n" + "good day,pos\nbad day,neg\n" * 20)
    model = model_folder(tmp_path / "model")
    (model / "tokenizer.json").write_text('{"a":')
    for verb in ("show", "check", "profile"):
        said = cli("data", verb, str(path), "--model", str(model))
        assert said.code == 2, verb
        assert f"{model / 'tokenizer.json'} cannot be read" in said.err
