"""Inputs that are not what they seem: each a name and what writes it into a folder and returns the path to point at."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

Maker = Callable[[Path], Path]

CSV = "text,label\n" + "".join(f"row number {i} is here,{'ab'[i % 2]}\n" for i in range(200))
JSONL = "".join(json.dumps({"text": f"row number {i}", "label": "ab"[i % 2]}) + "\n" for i in range(200))
CONLL = "".join(f"Anna B-PER\nsaw O\nParis{i} B-LOC\n\n" for i in range(60))
XML = "<rows>" + "".join(f'<row label="{"ab"[i % 2]}">row number {i}</row>' for i in range(100)) + "</rows>"


def table() -> pa.Table:
    return pa.table(
        {"text": [f"row number {i} is here" for i in range(200)], "label": ["ab"[i % 2] for i in range(200)]}
    )


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(table(), sink)
    return sink.getvalue()


def arrow() -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table().schema) as file:
        file.write_table(table())
    return sink.getvalue()


def database() -> bytes:
    with sqlite3.connect(":memory:") as db:
        db.execute("CREATE TABLE rows (text TEXT, label TEXT)")
        db.executemany("INSERT INTO rows VALUES (?, ?)", [(f"row number {i}" * 9, "ab"[i % 2]) for i in range(900)])
        db.commit()
        return db.serialize()


def workbook() -> bytes:
    import openpyxl

    book, sink = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["text", "label"])
    for i in range(100):
        book.active.append([f"row number {i}", "ab"[i % 2]])
    book.save(sink)
    return sink.getvalue()


def zipped(*members: tuple[str, bytes | str]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name, content)
    return sink.getvalue()


def tarred(*members: tuple[str, bytes], link: str | None = None, mode: str = "w:gz") -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode=mode) as file:  # type: ignore[call-overload]
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
        if link is not None:
            info = tarfile.TarInfo("linked.csv")
            info.type, info.linkname = tarfile.SYMTYPE, link
            file.addfile(info)
    return sink.getvalue()


def zstandard(content: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(content))


WHOLE: dict[str, Callable[[], bytes]] = {
    "a.csv": CSV.encode,
    "a.tsv": CSV.replace(",", "\t").encode,
    "a.jsonl": JSONL.encode,
    "a.json": lambda: json.dumps([json.loads(line) for line in JSONL.splitlines()]).encode(),
    "a.conll": CONLL.encode,
    "a.txt": CSV.encode,
    "a.xml": XML.encode,
    "a.parquet": parquet,
    "a.arrow": arrow,
    "a.sqlite": database,
    "a.xlsx": workbook,
    "a.zip": lambda: zipped(("train.csv", CSV)),
    "a.tar": lambda: tarred(("train.csv", CSV.encode()), mode="w"),
    "a.tar.gz": lambda: tarred(("train.csv", CSV.encode())),
    "a.csv.gz": lambda: gzip.compress(CSV.encode()),
    "a.csv.bz2": lambda: bz2.compress(CSV.encode()),
    "a.csv.xz": lambda: lzma.compress(CSV.encode()),
    "a.csv.zst": lambda: zstandard(CSV.encode()),
}
"""One whole file of each format."""

BINARY = [name for name in WHOLE if not name.endswith((".csv", ".tsv", ".jsonl", ".json", ".conll", ".txt", ".xml"))]


def file(name: str, content: bytes | str) -> Maker:
    return late(name, lambda: content if isinstance(content, bytes) else content.encode())


def late(name: str, content: Callable[[], bytes]) -> Maker:
    """A file whose content is made when it is written."""

    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content())
        return path

    return make


def truncated(name: str) -> Maker:
    def make(folder: Path) -> Path:
        whole = WHOLE[name]()
        return file(name, whole[: len(whole) * 2 // 3])(folder)

    return make


def flipped(name: str, every: int = 97) -> Maker:
    def make(folder: Path) -> Path:
        content = bytearray(WHOLE[name]())
        for at in range(every // 2, len(content), every):
            content[at] ^= 0x55
        return file(name, bytes(content))(folder)

    return make


def _loop(folder: Path) -> Path:
    (folder / "a").mkdir()
    (folder / "a" / "b").symlink_to(folder / "a", target_is_directory=True)
    (folder / "a" / "self.csv").symlink_to(folder / "a" / "self.csv")
    (folder / "a" / "t.csv").write_text(CSV)
    return folder / "a"


def _link_to_itself(folder: Path) -> Path:
    (folder / "self.csv").symlink_to(folder / "self.csv")
    return folder / "self.csv"


def _dangling(folder: Path) -> Path:
    (folder / "gone.csv").symlink_to(folder / "nowhere.csv")
    return folder / "gone.csv"


def _fifo(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.csv")
    return folder / "pipe.csv"


def _fifo_in_folder(folder: Path) -> Path:
    (folder / "d").mkdir()
    os.mkfifo(folder / "d" / "train.csv")
    os.mkfifo(folder / "d" / "labels.txt")
    os.mkfifo(folder / "d" / "state.json")
    return folder / "d"


def _deep_folders(folder: Path) -> Path:
    deep = folder.joinpath("deep", *["d"] * 40)
    deep.mkdir(parents=True)
    (deep / "t.csv").write_text(CSV)
    return folder / "deep"


def _folder_named_as_file(folder: Path) -> Path:
    (folder / "a.csv").mkdir()
    return folder / "a.csv"


def _folder_named_as(name: str) -> Maker:
    def make(folder: Path) -> Path:
        (folder / name).mkdir()
        (folder / name / "t.csv").write_text(CSV)
        return folder / name

    return make


def _odd_names(folder: Path) -> Path:
    (folder / "d").mkdir()
    (folder / "d" / "a\nb\x1b[31m.csv").write_text(CSV)
    return folder / "d"


def _undecodable_name(folder: Path) -> Path:
    path = os.fsencode(folder) + b"/\xff\xfe.csv"
    with open(path, "w", encoding="utf-8") as out:
        out.write(CSV)
    return Path(os.fsdecode(path))


def _parallel(folder: Path) -> Path:
    (folder / "p").mkdir()
    (folder / "p" / "train_text.txt").write_text("a b c\n" * 30)
    (folder / "p" / "train_labels.txt").write_text("1\n" * 29)
    return folder / "p"


def _empty_parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(table().slice(0, 0), sink)
    return sink.getvalue()


def _no_columns() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({}), sink)
    return sink.getvalue()


def _parquet_footer(length: bytes) -> bytes:
    return parquet()[:-8] + length + b"PAR1"


_WIDE = ",".join(f"c{i}" for i in range(10_000))
_BILLION = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{i} "{("&a" + (str(i - 1) if i else "") + ";") * 10}">' for i in range(9))
    + "]><r><x>&a8;</x><x>b</x></r>"
)

ODD: dict[str, Maker] = {
    "nul in a csv": file("n.csv", CSV[:200] + "\0" + CSV[200:]),
    "nuls only": file("n.csv", b"\0" * 4096),
    "nul in json lines": file("n.jsonl", JSONL[:200] + "\0" + JSONL[200:]),
    "header only": file("h.csv", "text,label\n"),
    "header twice the name": file("h.csv", "text,text\na,b\n"),
    "blank lines only": file("b.csv", "\n\n\n"),
    "one quote": file("q.csv", 'text,label\n"never closed,a\n' + CSV * 3),
    "ragged rows": file("r.csv", CSV + "a,b,c,d\n" + CSV),
    "mixed line ends": file("m.csv", "text,label\r\na,b\rc,d\ne,f\r\n"),
    "10,000 columns": file("w.csv", _WIDE + "\n" + (",".join("x" * 10_000) + "\n") * 3),
    "10,000 columns of json": file("w.jsonl", (json.dumps({f"c{i}": i for i in range(10_000)}) + "\n") * 3),
    "broken utf-8": file("u.csv", CSV.encode() + b"\xff\xfe\xfa,a\n" + "é,ä\n".encode() * 9),
    "utf-16 cut in a character": file("u.csv", CSV.encode("utf-16")[:-1]),
    "utf-32": file("u.csv", CSV.encode("utf-32")),
    "two byte order marks": file("u.csv", b"\xef\xbb\xbf\xef\xbb\xbf" + CSV.encode()),
    "mark and nothing": file("u.csv", b"\xef\xbb\xbf"),
    "utf-16 mark and nothing": file("u.csv", b"\xff\xfe"),
    "lone surrogates": file(
        "s.jsonl", '{"text": "\\ud800 here", "label": "a"}\n{"text": "x", "label": "\\udfff"}\n' * 9
    ),
    "lone surrogate in a key": file("s.jsonl", '{"te\\ud800xt": "here", "label": "a"}\n' * 9),
    "surrogates as utf-8": file("s.csv", b"text,label\n\xed\xa0\x80 x,a\n" * 3),
    "control signs": file("c.csv", "text,label\n\x1b[31mred\x1b[0m\x07,a\nb,\x9bb\n"),
    "deep lists": file("d.json", "[" * 100_000 + "]" * 100_000),
    "deep objects on a line": file("d.jsonl", '{"a":' * 100_000 + "1" + "}" * 100_000 + "\n"),
    "deep objects in a row": file("d.jsonl", JSONL + '{"text":' * 100_000 + "1" + "}" * 100_000 + "\n"),
    "200 levels": file("d.jsonl", ('{"a":' * 200 + "1" + "}" * 200 + "\n") * 3),
    "duplicate keys": file("k.jsonl", '{"text": "a", "text": "b", "label": "x"}\n' * 3),
    "mixed types": file("t.jsonl", '{"text": "a", "label": 1}\n{"text": ["b"], "label": "x"}\n{"text": {"c": 1}}\n'),
    "mixed lists": file("t.jsonl", '{"text": [1, "a", null, {"b": 2}]}\n{"text": [[1], 2.5]}\n'),
    "empty keys": file("e.jsonl", '{"": "a", " ": "b"}\n' * 3),
    "reserved names": file("e.jsonl", '{"row_id": "a", "row_hash": "b", "text": "c"}\n' * 3),
    "rows without keys": file("e.jsonl", "{}\n{}\n"),
    "lists of numbers": file("e.json", "[1, 2, 3]"),
    "a bare number": file("e.json", "17"),
    "a bare text": file("e.jsonl", '"text"\n"more"\n'),
    "NaN and Infinity": file("i.jsonl", '{"text": "a", "label": NaN}\n{"text": "b", "label": -Infinity}\n'),
    "a number of 10,000 digits": file("i.jsonl", '{"text": "a", "label": ' + "9" * 10_000 + "}\n"),
    "a document with such a number": file("i.json", '[{"text": "a", "label": ' + "9" * 10_000 + "}]"),
    "numbers beyond 64 bits": file(
        "i.jsonl", '{"text": "a", "label": 99999999999999999999999}\n{"text": "b", "label": 1}\n'
    ),
    "two documents": file("j.json", '[{"text": "a"}][{"text": "b"}]'),
    "keys of other types a row": file("j.json", '{"data": [{"a": 1}, [2], "c", null]}'),
    "csv named parquet": file("x.parquet", CSV),
    "csv named arrow": file("x.arrow", CSV),
    "csv named sqlite": file("x.sqlite", CSV),
    "csv named xlsx": file("x.xlsx", CSV),
    "csv named zip": file("x.zip", CSV),
    "csv named gz": file("x.csv.gz", CSV),
    "csv named zst": file("x.csv.zst", CSV),
    "csv named xml": file("x.xml", CSV),
    "csv named json": file("x.json", CSV),
    "csv named conll": file("x.conll", CSV),
    "parquet named csv": file("x.csv", parquet()),
    "zip named csv": file("x.csv", zipped(("a.csv", CSV))),
    "database named csv": file("x.csv", database()),
    "a picture named csv": file("x.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20),
    "a program named csv": file("x.csv", b"\x7fELF" + bytes(range(256)) * 20),
    "a pdf named txt": file("x.txt", b"%PDF-1.4\n" + bytes(range(256)) * 20),
    "parquet with a footer of no length": file("f.parquet", _parquet_footer(b"\0\0\0\0")),
    "parquet with a footer of 2 GB": file("f.parquet", _parquet_footer(b"\xff\xff\xff\x7f")),
    "parquet of marks only": file("f.parquet", b"PAR1PAR1"),
    "parquet without rows": file("f.parquet", _empty_parquet()),
    "parquet without columns": file("f.parquet", _no_columns()),
    "arrow of its mark only": file("f.arrow", b"ARROW1\0\0"),
    "database of its mark only": file("f.sqlite", b"SQLite format 3\0"),
    "database without tables": file("f.sqlite", database()[:100] + b"\0" * 3996),
    "duckdb of its mark only": file("f.duckdb", b"\0" * 8 + b"DUCK" + b"\0" * 4096),
    "workbook without sheets": file("w.xlsx", zipped(("[Content_Types].xml", "<a/>"))),
    "zip without members": file("z.zip", zipped()),
    "zip of path tricks": file("z.zip", zipped(("../../etc/a.csv", CSV), ("/etc/b.csv", CSV), ("a/../../c.csv", CSV))),
    "zip of a zip": file("z.zip", zipped(("inner.zip", zipped(("a.csv", CSV))))),
    "zip of an empty file": file("z.zip", zipped(("a.csv", ""))),
    "zip of no data": file("z.zip", zipped(("README.md", "x"), ("a.png", "x"))),
    "zip with a name twice": file("z.zip", zipped(("a.csv", CSV), ("a.csv/b.csv", CSV))),
    "tar of path tricks": file("t.tar.gz", tarred(("../../a.csv", CSV.encode()), ("/etc/b.csv", CSV.encode()))),
    "tar with a link outward": file("t.tar.gz", tarred(link="/etc/passwd")),
    "tar without members": file("t.tar", tarred(mode="w")),
    "gzip with rubbish after": file("g.csv.gz", gzip.compress(CSV.encode()) + b"rubbish" * 99),
    "gzip of nothing": file("g.csv.gz", gzip.compress(b"")),
    "gzip of gzip": file("g.csv.gz.gz", gzip.compress(gzip.compress(CSV.encode()))),
    "xml bomb": file("x.xml", _BILLION),
    "xml with an outward entity": file(
        "x.xml", '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]><r><x>&e;</x><x/></r>'
    ),
    "xml 100,000 deep": file("x.xml", "<a>" * 100_000 + "</a>" * 100_000),
    "xml of one element": file("x.xml", "<a/>"),
    "xml of no encoding": file("x.xml", '<?xml version="1.0" encoding="klingon"?><a><b>1</b><b>2</b></a>'),
    "conll of one column": file("c.conll", "a\nb\n\nc\n" * 20),
    "conll of ragged rows": file("c.conll", CONLL + "a b c d e\nf\n\n" + CONLL),
    "conll without tags": file("c.conll", "\n\n\n \n"),
    "texts and labels of other lengths": _parallel,
    "a loop of links": _loop,
    "a link to itself": _link_to_itself,
    "a link to nowhere": _dangling,
    "a pipe": _fifo,
    "a folder of pipes": _fifo_in_folder,
    "folders 40 deep": _deep_folders,
    "an empty folder named csv": _folder_named_as_file,
    "a folder named zip": _folder_named_as("a.zip"),
    "a folder named parquet": _folder_named_as("a.parquet"),
    "a name of control signs": _odd_names,
    "a name of no encoding": _undecodable_name,
    "a device": lambda _: Path("/dev/zero"),
    "a folder of the system": lambda _: Path("/proc/self/fdinfo"),
    "a file as a folder": lambda folder: file("a.csv", CSV)(folder) / "b.csv",
    "a name too long": lambda folder: folder / ("a" * 300 + ".csv"),
}


CORPUS: dict[str, Maker] = {
    **{f"truncated {name}": truncated(name) for name in WHOLE},
    **{f"flipped bits in {name}": flipped(name) for name in WHOLE},
    **{f"one flipped bit in {name}": flipped(name, 701) for name in WHOLE},
    **{f"empty {name}": file(name, b"") for name in WHOLE},
    **ODD,
}


def _bomb(name: str, pack: Callable[[bytes], bytes]) -> Maker:
    """A file that grows from some 300 KB to 300 MB."""
    return late(name, lambda: pack(b"a text of some length,label\n" * (300 << 20 >> 5)))


HEAVY: dict[str, Maker] = {
    "a line of 100 MB": late("l.csv", lambda: b"text,label\n" + b"x" * (100 << 20) + b",a\nshort,b\n"),
    "a line of 100 MB of json": late("l.jsonl", lambda: b'{"text": "' + b"x" * (100 << 20)),
    "a line of 100 MB of text": late("l.txt", lambda: b"x" * (100 << 20)),
    "a quote that 8 MB follow": late("q.csv", lambda: b'text,label\n"' + b"x,y\n" * (8 << 18)),
    "20 MB of brackets": late("d.json", lambda: b"[" * (20 << 20)),
    "gzip bomb": _bomb("b.csv.gz", lambda content: gzip.compress(content, 9)),
    "bzip2 bomb": _bomb("b.csv.bz2", lambda content: bz2.compress(content[: len(content) // 60]) * 60),
    "xz bomb": _bomb("b.csv.xz", lambda content: lzma.compress(content, preset=1)),
    "zstandard bomb": _bomb("b.csv.zst", zstandard),
    "zip bomb": _bomb("b.zip", lambda content: zipped(("train.csv", content))),
    "tar bomb": _bomb("b.tar.gz", lambda content: tarred(("train.csv", content))),
    "workbook bomb": _bomb("b.xlsx", lambda content: zipped(("[Content_Types].xml", content))),
}
"""Inputs of some hundred MB, small or large on disk."""
