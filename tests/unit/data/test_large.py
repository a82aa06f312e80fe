"""Large files: brought to Parquet piece by piece, their rows, kinds, ids and hashes are those of a whole reading."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.data.conftest import Write
from tui_finetune.data import large
from tui_finetune.data.convert import csv_rows
from tui_finetune.data.inspect import Sampling, look_at_path
from tui_finetune.data.large import plan
from tui_finetune.data.look import Look
from tui_finetune.data.opening import Wanted, open_data
from tui_finetune.data.sampled import Drawn, numbers_of, sample_of
from tui_finetune.data.scan.stored import is_list, stored_in
from tui_finetune.data.windows import open_reader
from tui_finetune.errors import DataError
from tui_finetune.plugin_api import Opened, no_progress
from tui_finetune.plugin_api.manager import Catalog

MANY = "".join(f"text number {i},{i % 7},{'yes' if i % 2 else 'no'}\n" for i in range(300))
OBJECTS = "".join(
    json.dumps({"text": f"number {i}", "by": {"name": f"n{i}"}, "tags": ["a"] * (i % 3)}) + "\n" for i in range(50)
)


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is large, and pieces are of a few rows."""
    monkeypatch.setattr(large, "LARGE_BYTES", 1)
    monkeypatch.setattr(csv_rows, "BATCH", 100)


@pytest.fixture
def look(catalog: Catalog, tmp_path: Path) -> Callable[..., Look]:
    def made(path: Path, **more: object) -> Look:
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        more.setdefault("sampling", Sampling(scratch))
        return look_at_path(str(path), catalog, tmp_path / "cache", **more)  # type: ignore[arg-type]

    return made


def whole(path: Path, catalog: Catalog, cache: Path) -> Opened:
    """As it is without any of this."""
    return open_data(Wanted(None, str(path)), catalog, cache, heavy=False, progress=no_progress)


def rows(opened: Opened, split: str = "train") -> pa.Table:
    reader = open_reader(opened.splits[split].arrow)
    found = reader.identified(range(len(reader)))
    reader.close()
    return found


@pytest.mark.parametrize(
    ("name", "text", "converted"),
    [
        ("a.csv", "text,n,label\n" + MANY, True),
        ("crlf.csv", ("text,n,label\n" + MANY).replace("\n", "\r\n"), True),
        ("bom.csv", "\ufefftext,n,label\n" + MANY, True),
        ("no_end.csv", ("text,n,label\n" + MANY)[:-1], True),
        ("header.csv", MANY, True),
        ("empty.csv", "text,n,label\n" + MANY.replace(",3,", ",,"), True),
        ("late.csv", "text,n,label\n" + MANY + "last,3.5,yes\n", True),
        ("later.csv", "text,n,label\n" + MANY + "last,never,yes\n", True),
        ("nothing_first.csv", "text,n,label\n" + "a b,,no\n" * 150 + MANY, True),
        ("truth.csv", "text,n,label\n" + MANY.replace("yes", "true").replace("no\n", "false\n"), True),
        ("big.csv", "text,n\n" + "a b,1\n" * 150 + "a b,123456789012345678\na c,1.5\n", True),
        ("lines.csv", 'text,n,label\n"a\nb",1,yes\n"it ""is""",2,no\n' + MANY, True),
        ("names.csv", '"the\ntext",n,label\n' + MANY, True),
        ("apart.tsv", "text\tn\n" + 'he "said" so\t1\n"odd\t2\n' * 90, True),
        ("meant.tsv", "text\tn\n" + '"he ""said"" so"\t1\n"odd\nline"\t2\n' * 2, False),
        ("meant_well.tsv", "text\tn\n" + '"he ""said"" so"\t1\n' * 200, True),
        ("never.csv", 'text,n\n"never closed,1\n' + "a b,2\n" * 90, True),
        ("semi.csv", "text;n\n" + "a, b;1\n" * 90, True),
        ("one.csv", "text\n" + "some words\n" * 90, True),
        ("blank.csv", "text,n,label\n" + MANY.replace("text number 7,", "\ntext number 7,"), False),
        ("latin.csv", "text,n\n" + "caf\xe9 au lait,1\n" * 90, False),
        ("odd_blank.csv", 'text,n\n"a b" ,1\n c "d",2\n' * 40, False),
        ("rows.jsonl", OBJECTS, True),
        ("blank.jsonl", OBJECTS.replace("\n", "\n\n", 1), False),
        ("list.json", json.dumps([json.loads(line) for line in OBJECTS.splitlines()]), False),
        ("mixed.jsonl", '{"text": "a b", "n": 1}\n{"text": "b", "n": 1.5}\n{"n": 2}\n' * 9, True),
        ("key.jsonl", '{"text": "a b"}\n' * 9 + '{"text": "b", "more": "x"}\n', True),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value[:20] and "\n" not in value else "",
)
def test_rows_are_those_of_a_whole_reading(
    look: Callable[..., Look], catalog: Catalog, tmp_path: Path, name: str, text: str, converted: bool
) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode("latin-1" if name.startswith("latin") else "utf-8"))
    try:
        wanted = whole(path, catalog, tmp_path / "other")
    except DataError as error:
        with pytest.raises(DataError, match=str(error.problems[0].message)[:20]):
            look(path)
        return
    found = look(path).opened
    assert is_list(found.splits["train"].arrow) is converted
    assert rows(found).equals(rows(wanted))
    assert (found.format, [(c.name, c.type) for c in found.columns]) == (
        wanted.format,
        [(c.name, c.type) for c in wanted.columns],
    )
    assert set(wanted.notes) <= set(found.notes)


def test_splits_of_a_folder_agree_on_kinds(
    look: Callable[..., Look], catalog: Catalog, write: Write, tmp_path: Path
) -> None:
    path = write("set/train.csv", "text,n,label\n" + MANY).parent
    write("set/test.csv", "text,n,label\nlast,never,yes\n")
    found, wanted = look(path).opened, whole(path, catalog, tmp_path / "other")
    for split in ("train", "test"):
        assert is_list(found.splits[split].arrow)
        assert rows(found, split).equals(rows(wanted, split))


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_columns_with_types(look: Callable[..., Look], catalog: Catalog, tmp_path: Path, ending: str) -> None:
    table = pa.table(
        {
            "text": pa.array([f"number {i}" for i in range(90)]).dictionary_encode(),
            "at": pa.array(range(90), pa.timestamp("s")),
            "by": [{"name": f"n{i}", "ages": [i]} for i in range(90)],
            "label": pa.array([i % 2 for i in range(90)], pa.int8()),
        }
    )
    path = tmp_path / f"typed.{ending}"
    if ending == "parquet":
        pq.write_table(table, path, row_group_size=20)
    else:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    found, wanted = look(path).opened, whole(path, catalog, tmp_path / "other")
    assert is_list(found.splits["train"].arrow)
    assert rows(found).to_pylist() == rows(wanted).to_pylist()
    assert [(c.name, c.type) for c in found.columns] == [(c.name, c.type) for c in wanted.columns]


def test_parquet_stays_where_it_lies_and_a_changed_file_is_another(look: Callable[..., Look], tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["a b", "c d"] * 50, "label": ["x", "y"] * 50}), path)
    found = look(path).opened.splits["train"]
    assert [Path(piece.path) for piece in stored_in(found.arrow).pieces] == [path]
    pq.write_table(pa.table({"text": ["a b", "c d"] * 60, "label": ["x", "y"] * 60}), path)
    assert (look(path).opened.splits["train"].rows, found.rows) == (120, 100)


def test_first_rows_are_told_before_all_are_there(look: Callable[..., Look], write: Write, tmp_path: Path) -> None:
    path = write("a.csv", "text,n,label\n" + MANY)
    told: list[tuple[str, Opened]] = []
    sampling = Sampling(tmp_path, lambda first: told.append(("first", first)))
    found = look(path, sampling=sampling, told=lambda opened: told.append(("whole", opened)))
    assert [what for what, _ in told] == ["first", "whole"]
    assert rows(told[0][1]).slice(0, 20).equals(rows(found.opened).slice(0, 20))
    told.clear()
    look(path, sampling=sampling, told=lambda opened: told.append(("whole", opened)))
    assert [what for what, _ in told] == ["whole"]  # it is there already


def test_first_rows_of_a_file_that_is_cut_within_a_text(
    look: Callable[..., Look], write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "HEAD_BYTES", 200)
    path = write("a.csv", "text,label\n" + "a b,x\n" * 20 + '"' + "in a long\ntext " * 30 + '",y\n')
    told: list[Opened] = []
    look(path, sampling=Sampling(tmp_path, told.append))
    assert told[0].splits["train"].rows == 20


def test_a_conversion_that_is_ended_leaves_nothing(look: Callable[..., Look], write: Write, tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def progress(what: str, done: int, total: int | None) -> None:
        if what.startswith("converting") and total:
            raise Enough

    path = write("a.csv", "text,n,label\n" + MANY)
    with pytest.raises(Enough):
        look(path, progress=progress)
    assert list((tmp_path / "cache" / "data").iterdir()) == []


def test_what_is_said_is_of_a_sample(look: Callable[..., Look], write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_finetune.data.inspect.SAMPLE_ROWS", 60)
    found = look(write("a.csv", "text,n,label\n" + MANY))
    assert (found.sampled, found.as_json()["splits"], found.as_json()["sampled"]) == (60, {"train": 300}, 60)
    assert sum(label["count"] for label in found.labels) == 60
    assert found.guesses[0] == "Labels, lengths and what a run would have are of 60 rows, drawn from 300."
    assert found.sample is not None
    drawn = found.sample.splits["train"]
    assert isinstance(drawn, Drawn)
    assert drawn.table().column("row_id").to_pylist() == [f"a.csv:{number + 2}" for number in drawn.numbers]


def test_a_sample_is_the_same_each_time_and_of_small_splits_none_is_drawn(
    catalog: Catalog, write: Write, tmp_path: Path
) -> None:
    assert numbers_of(1_000, 5) == numbers_of(1_000, 5) == sorted(set(numbers_of(1_000, 5)))
    opened = whole(write("a.csv", "text,n,label\n" + MANY), catalog, tmp_path / "other")
    assert sample_of(opened, most=300) is None
    some = sample_of(opened, most=299)
    assert some is not None
    assert some.splits["train"].table().num_rows == 299


@pytest.mark.parametrize(
    "wanted",
    [
        {"options": {"delimiter": ","}},
        {"steps": (("strip-html", {}),)},
        {"source": "text"},
    ],
)
def test_what_is_read_otherwise_is_read_whole(catalog: Catalog, write: Write, wanted: dict[str, object]) -> None:
    path = write("a.csv", "text,n,label\n" + MANY)
    given = {"source": None, "path": str(path), **wanted}
    assert plan(Wanted(**given), catalog) is None  # type: ignore[arg-type]


def test_small_files_and_those_with_a_list_of_labels_are_read_whole(
    catalog: Catalog, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("set/a.csv", "text,n,label\n" + MANY)
    assert plan(Wanted(None, str(path)), catalog) is not None
    write("set/labels.txt", "zero\none\ntwo\n")
    assert plan(Wanted(None, str(path)), catalog) is None
    monkeypatch.setattr(large, "LARGE_BYTES", 1 << 20)
    assert plan(Wanted(None, str(write("b.csv", "text,n,label\n" + MANY))), catalog) is None
