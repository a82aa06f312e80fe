"""The demo's data: made from this Python, light, every sentence once, in the split that its hash says."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tui_finetune.builtin.sources import stdlib_docs
from tui_finetune.builtin.sources.library_chapters import CHAPTERS, chapter_of
from tui_finetune.builtin.sources.stdlib_docs import StdlibDocs, documented, first_sentence, module_name, split_of
from tui_finetune.plugin_api import DataError, Opened, OpenRequest


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    return StdlibDocs().open(OpenRequest(None, tmp_path_factory.mktemp("cache")))


def test_about_five_thousand_rows_in_enough_chapters(opened: Opened) -> None:
    counts = Counter(label for split in opened.splits.values() for label in split.table()["label"].to_pylist())
    assert 4000 < counts.total() < 6000
    assert len(counts) >= 12
    assert min(counts.values()) >= stdlib_docs.ROWS_A_CHAPTER
    assert set(counts) <= set(CHAPTERS)
    assert {"internet data", "networking", "numeric"} <= set(counts)


def test_splits_by_hash_and_no_sentence_twice(opened: Opened) -> None:
    assert list(opened.splits) == ["train", "validation", "test"]
    texts = []
    for name, split in opened.splits.items():
        table = split.table()
        assert table.num_rows == split.rows
        rows = table.drop_columns(["row_id", "row_hash"]).to_pylist()
        assert {split_of(row) for row in rows} == {name}
        texts += [row["text"] for row in rows]
    assert len(texts) == len(set(texts))
    assert min(map(len, texts)) >= stdlib_docs.SHORTEST
    share = opened.splits["train"].rows / len(texts)
    assert 0.57 < share < 0.63


def test_says_where_it_comes_from(opened: Opened) -> None:
    assert opened.source == "stdlib-docs"
    assert opened.format.startswith("docstrings of Python 3.")
    assert [column.name for column in opened.columns] == ["text", "label", "object"]
    assert "fewer than 100 sentences" in opened.notes[0]


def test_second_time_reads_what_the_first_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = StdlibDocs().open(OpenRequest(None, tmp_path))
    monkeypatch.setattr(stdlib_docs, "_make", lambda *_: pytest.fail("made again"))
    again = StdlibDocs().open(OpenRequest(None, tmp_path))
    assert again.splits == first.splits


def test_python_without_some_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian's Python comes without tkinter: fewer labels, no error. Broken files cost only themselves."""
    library = tmp_path / "lib"
    _write_module(library / "json" / "decoder.py", "data", 120)
    _write_module(library / "asyncio" / "events.py", "socket", 120)
    _write_module(library / "csv.py", "rows", 20)
    _write_module(library / "unittest" / "test" / "support.py", "test", 120)
    _write_module(library / "site-packages" / "json.py", "foreign", 120)
    (library / "json" / "broken.py").write_text("def (")
    (library / "json" / "latin.py").write_bytes(b"# \xff\n")
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(library))
    opened = StdlibDocs().open(OpenRequest(None, tmp_path / "cache"))
    labels = Counter(label for split in opened.splits.values() for label in split.table()["label"].to_pylist())
    assert labels == {"internet data": 120, "networking": 120}
    assert opened.notes == ("Left out, fewer than 100 sentences: file formats.",)


def test_python_without_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / "absent"))
    with pytest.raises(DataError, match=r"sources are not installed.*data of your own"):
        StdlibDocs().open(OpenRequest(None, tmp_path / "cache"))
    assert not [path for path in (tmp_path / "cache").iterdir() if any(path.glob("*.arrow"))]


def test_sentence_of_two_chapters_tells_of_none() -> None:
    rows = [
        {"text": "one", "label": "a", "object": "x"},
        {"text": "two", "label": "a", "object": "y"},
        {"text": "two", "label": "a", "object": "z"},
        {"text": "one", "label": "b", "object": "w"},
    ]
    assert stdlib_docs._without_duplicates(rows) == [rows[1]]


@pytest.mark.parametrize(
    ("docstring", "sentence"),
    [
        ("Return a sentence.  Not the second.", "Return a sentence."),
        ("Over two\nlines it goes. And on.", "Over two lines it goes."),
        ("No stop here\n\nNext paragraph.", "No stop here"),
        ("Version 3.11 and e.g. this stay. Done.", "Version 3.11 and e.g. this stay."),
        ("  \n\n", ""),
    ],
)
def test_first_sentence(docstring: str, sentence: str) -> None:
    assert first_sentence(docstring) == sentence


def test_reads_docstrings_wherever_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        '"""What the module is for, at length."""\n'
        "raise SystemExit('it is never run')\n"
        "try:\n"
        "    class Reader:\n"
        '        """Reads what there is to be read."""\n'
        "        async def read(self):\n"
        '            """Short."""\n'
        "            def inner():\n"
        '                """Defined within a method, still documented."""\n'
        "except ImportError:\n"
        "    def fallback():\n"
        '        """Used where the other one is not there."""\n'
    )
    assert [name for name, _ in documented(path)] == ["", "Reader", "Reader.read.inner", "fallback"]


@pytest.mark.parametrize(
    ("path", "module", "chapter"),
    [
        ("email/message.py", "email.message", "internet data"),
        ("email/__init__.py", "email", "internet data"),
        ("csv.py", "csv", "file formats"),
        ("unittest/test/support.py", "unittest.test.support", None),
        ("tkinter/__main__.py", "tkinter.__main__", None),
        ("idlelib/editor.py", "idlelib.editor", None),
        ("cgi.py", "cgi", None),
        ("email/_policybase.py", "email._policybase", None),
        ("_pydecimal.py", "_pydecimal", "numeric"),
        ("__future__.py", "__future__", "runtime services"),
    ],
)
def test_module_and_chapter(path: str, module: str, chapter: str | None) -> None:
    assert module_name(path) == module
    assert chapter_of(module) == chapter


def test_no_module_is_in_two_chapters() -> None:
    modules = [module for names in CHAPTERS.values() for module in names.split()]
    assert len(modules) == len(set(modules))


def test_imports_none_of_what_it_reads(run_python: Callable[[str], subprocess.CompletedProcess[str]]) -> None:
    ran = run_python(
        "import sys, tempfile, pathlib\n"
        "from tui_finetune.builtin.sources.stdlib_docs import StdlibDocs, OpenRequest\n"
        "StdlibDocs().open(OpenRequest(None, pathlib.Path(tempfile.mkdtemp())))\n"
        "print(sorted({'turtle', 'antigravity', 'imaplib', 'torch', 'datasets'} & set(sys.modules)))"
    )
    assert ran.stdout.strip() == "[]", ran.stderr


def _write_module(path: Path, subject: str, functions: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "\n".join(f'def f{i}():\n    """Do the thing number {i} with the {subject}."""' for i in range(functions))
    )
