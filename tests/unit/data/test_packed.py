"""Compressed files and archives are read as they are, bounded, and nothing of them is written out."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.data.conftest import Prepare, Told, Write, rows
from tui_finetune.data import packed
from tui_finetune.data.inspect import look_at_path
from tui_finetune.plugin_api.manager import Catalog

GOOD = ("text,label\n" + rows()).encode()


def zstandard(content: bytes) -> bytes:
    return bytes(pa.compress(content, "zstd", asbytes=True))


def zipped(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def tarred(files: Mapping[str, bytes], compression: str = "gz") -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=f"w:{compression}") as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("train2.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return target.getvalue()


@pytest.mark.parametrize(
    ("ending", "compress"),
    [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress), ("zst", zstandard)],
)
def test_a_compressed_file_is_what_is_in_it(
    ending: str, compress: Callable[[bytes], bytes], write: Write, prepared: Prepare
) -> None:
    path = write(f"reviews.csv.{ending}", compress(GOOD))
    found = prepared(path)
    assert (found.source, found.columns) == ("csv", {"text": "text", "label": "label"})
    assert sum(table.num_rows for table in found.splits.values()) == 40
    assert [file.path for file in found.files] == [path]
    assert found.splits["train"].column("row_id")[0].as_py().startswith("reviews.csv:")


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.zip", zipped), ("a.tar.gz", tarred), ("a.tgz", tarred), ("a.tar.xz", lambda files: tarred(files, "xz"))],
)
def test_the_files_of_an_archive_are_splits(
    name: str, pack: Callable[[Mapping[str, bytes]], bytes], write: Write, tmp_path: Path, prepared: Prepare
) -> None:
    inside = {
        "set/train.csv": GOOD,
        "set/test.csv": GOOD,
        "set/README.md": b"about",
        "../evil.csv": b"x",
        "/abs.csv": b"x",
    }
    found = prepared(write(f"d/{name}", pack(inside)), validation=0.25)
    assert {split: table.num_rows for split, table in found.splits.items()} == {
        "train": 30,
        "validation": 10,
        "test": 40,
    }
    assert sorted(file.name for file in tmp_path.rglob("*.csv")) == []


def test_compressed_files_of_a_folder_are_its_splits(write: Write, tmp_path: Path, prepared: Prepare) -> None:
    for split in ("train", "dev"):
        write(f"d/{split}.csv.gz", gzip.compress(GOOD))
    found = prepared(tmp_path / "d")
    assert {split: table.num_rows for split, table in found.splits.items()} == {"train": 40, "validation": 40}


def test_an_archive_of_several_sets(write: Write, tmp_path: Path, catalog: Catalog) -> None:
    target = io.BytesIO()
    pq.write_table(pa.table({"text": ["a b", "c d"] * 10, "label": [0, 1] * 10}), target)
    path = write("sets.zip", zipped({"a.parquet": target.getvalue(), "b/train.csv": GOOD}))
    look = look_at_path(str(path), catalog, tmp_path / "cache")
    assert [one["name"] for one in look.sets] == ["sets.zip", "b"]
    assert (look.opened.source, look.opened.splits["train"].rows) == ("parquet", 20)
    for subset, where in (("b", path), (None, path / "b" / "train.csv")):
        other = look_at_path(str(where), catalog, tmp_path / "cache", subset=subset)
        assert (other.opened.source, other.opened.splits["train"].rows) == ("csv", 40)


def encrypted() -> bytes:
    content = bytearray(zipped({"a.csv": GOOD}))
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv.gz", gzip.compress(os.urandom(20_000))[:9_000], "is damaged"),
        ("a.csv.gz", b"no gzip at all", "is damaged"),
        ("a.csv.zst", b"\x28\xb5\x2f\xfdnonsense", "is damaged"),
        ("a.zip", b"PK\x03\x04nonsense", "is damaged"),
        ("a.tar.gz", tarred({"a.csv": GOOD})[:60], "is damaged"),
        ("a.tar", b"no tar", "is damaged"),
        ("a.zip", encrypted(), "is encrypted"),
        ("a.csv.gz", b"", "is empty"),
    ],
    ids=["gz cut off", "no gz", "no zst", "no zip", "tar.gz cut off", "no tar", "encrypted zip", "empty gz"],
)
def test_what_is_damaged_is_told(name: str, content: bytes, said: str, write: Write, told: Told) -> None:
    assert any(said in line for line in told(write(name, content)))


def test_a_bomb_is_not_unpacked(write: Write, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "FREE_BYTES", 1 << 20)
    (said,) = told(write("bomb.csv.gz", gzip.compress(b"text,label\n" * (1 << 19))), source="csv")
    assert "grows to over" in said
    assert "if you trust it" in said
    assert any("grows to over" in line for line in told(write("b.tar.gz", tarred({"a.csv": b"a,b\n" * (1 << 20)}))))
