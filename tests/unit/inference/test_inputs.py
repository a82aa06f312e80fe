"""What is to be predicted, from what was typed, from a stream, from files of each kind."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tui_finetune.errors import DataError, UserError
from tui_finetune.inference.inputs import BLOCK_ROWS, Input, from_file, from_stream, from_texts
from tui_finetune.inference.task_card import TaskCard
from tui_finetune.paths import Home
from tui_finetune.plugin_api import LabelSet, Task, no_progress
from tui_finetune.plugin_api.manager import Catalog


def rows(given: Input) -> list[Any]:
    return [item.row for block in given.blocks for item in block]


class TestTexts:
    def test_each_a_row(self, classification: Task) -> None:
        given = from_texts(classification, ["a", "b é😀"])
        assert given.total == 2
        assert rows(given) == [{"text": "a"}, {"text": "b é😀"}]

    def test_a_pair_each_or_one_for_all(self, classification: Task) -> None:
        assert rows(from_texts(classification, ["a", "b"], ["x", "y"]))[1] == {"text": "b", "text_pair": "y"}
        assert rows(from_texts(classification, ["a", "b"], ["x"]))[1] == {"text": "b", "text_pair": "x"}
        with pytest.raises(UserError, match="3 texts but 2 pairs"):
            from_texts(classification, ["a", "b", "c"], ["x", "y"])

    def test_a_task_that_takes_no_pairs_says_so(self, tagging: Task) -> None:
        assert rows(from_texts(tagging, ["Ada L."])) == [{"tokens": ["Ada", "L", "."], "text": "Ada L."}]
        with pytest.raises(UserError, match="one text at a time"):
            from_texts(tagging, ["a"], ["b"])

    def test_all_that_is_no_text_is_told(self, classification: Task) -> None:
        with pytest.raises(UserError) as caught:
            from_texts(classification, ["a", "", " \n", "\udcff"])
        assert [p.message for p in caught.value.problems] == [
            "text 2 is empty.",
            "text 3 is empty.",
            "text 4 is not valid UTF-8.",
        ]


class TestStream:
    @pytest.fixture
    def stream(self, classification: Task) -> Iterator[Callable[[bytes], Input]]:
        opened = []

        def make(content: bytes) -> Input:
            read, write = os.pipe()
            opened.append(read)
            os.write(write, content)
            os.close(write)
            return from_stream(classification, read)

        yield make
        for descriptor in opened:
            os.close(descriptor)

    def test_a_line_a_text_blank_ones_left_out(self, stream: Callable[[bytes], Input]) -> None:
        given = stream("\ufeffone é\r\n\n  \ntwo".encode())
        assert rows(given) == [{"text": "one é"}, {"text": "two"}]

    def test_what_has_come_is_answered_before_more_comes(self, classification: Task) -> None:
        read, write = os.pipe()
        blocks = from_stream(classification, read).blocks
        os.write(write, b"one\ntw")
        assert [item.row for item in next(blocks)] == [{"text": "one"}]
        os.write(write, b"o\n")
        assert [item.row for item in next(blocks)] == [{"text": "two"}]
        os.close(write)
        assert list(blocks) == []
        os.close(read)

    def test_blocks_are_bounded(self, stream: Callable[[bytes], Input]) -> None:
        sizes = [len(block) for block in stream(b"x\n" * 5000).blocks]
        assert sum(sizes) == 5000
        assert max(sizes) <= BLOCK_ROWS

    @pytest.mark.parametrize("content", [b"", b"\n \n"])
    def test_nothing_at_all(self, content: bytes, stream: Callable[[bytes], Input]) -> None:
        with pytest.raises(UserError, match="standard input is empty: a text on each line is expected"):
            rows(stream(content))

    def test_what_is_not_utf8(self, stream: Callable[[bytes], Input]) -> None:
        with pytest.raises(UserError, match=r"byte 0xff is not UTF-8\. \(line 2\)"):
            rows(stream(b"a\n\xff\n"))


Read = Callable[..., Input]


class TestFiles:
    @pytest.fixture
    def read(self, classification: Task, tmp_path: Path, catalog: Catalog, home: Home) -> Read:
        def make(
            name: str,
            content: str | bytes | None = None,
            *,
            task: Task = classification,
            trained: dict[str, str] | None = None,
            columns: dict[str, str] | None = None,
        ) -> Input:
            path = tmp_path / name
            if content is not None:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
            card = TaskCard(task.name, "builtin", LabelSet.of(["a", "b"]), 16, columns=trained or {})
            return from_file(path, task, card, columns=columns or {}, catalog=catalog, home=home, progress=no_progress)

        return make

    def test_csv_with_other_columns_beside(self, read: Read) -> None:
        given = read("a.csv", "id,review,stars\n1,good film,3\n2,,4\n3,  ,5\n", trained={"text": "review"})
        items = [item for block in given.blocks for item in block]
        assert [item.row for item in items] == [{"text": "good film"}, None, None]
        assert [dict(item.rest) for item in items] == [{"id": n, "stars": n + 2} for n in (1, 2, 3)]
        assert given.total == 3
        assert {name: str(kind) for name, kind in given.rest_types.items()} == {"id": "int64", "stars": "int64"}

    def test_the_column_that_is_named_wins(self, read: Read) -> None:
        given = read("a.csv", "review,title\nlong text,t1\n", trained={"text": "review"}, columns={"text": "title"})
        assert rows(given) == [{"text": "t1"}]

    def test_a_file_without_the_trained_column_is_guessed_at_and_said(self, read: Read) -> None:
        given = read("a.jsonl", '{"content": "x y", "n": 1}\n', trained={"text": "review"})
        assert rows(given) == [{"text": "x y"}]
        assert "Column content is taken as text." in given.notes

    def test_pairs(self, read: Read) -> None:
        given = read("a.tsv", "sentence1\tsentence2\na b\tc d\n")
        assert rows(given) == [{"text": "a b", "text_pair": "c d"}]

    def test_numbers_are_texts_where_that_is_asked(self, read: Read) -> None:
        assert rows(read("a.csv", "n,m\n1,x\n", columns={"text": "n"})) == [{"text": "1"}]

    def test_lines_keep_their_places(self, read: Read) -> None:
        assert rows(read("a.txt", "one\n\ntwo\r\nthree")) == [{"text": "one"}, None, {"text": "two"}, {"text": "three"}]

    def test_a_table_that_is_called_txt(self, read: Read) -> None:
        table = "".join(f"{n}\tfirst {n} of all\tsecond {n} of all\n" for n in range(20))
        given = read("a.txt", f"Quality\t#1 String\t#2 String\n{table}", trained={"text": "#1 String"})
        assert rows(given)[1] == {"text": "first 1 of all", "text_pair": "second 1 of all"}

    def test_sentences_with_commas_are_lines(self, read: Read) -> None:
        lines = [f"Well, {n} things, or so, I think." for n in range(20)]
        assert [row["text"] for row in rows(read("a.txt", "\n".join(lines)))] == lines

    def test_words_as_a_list_or_as_a_text(self, read: Read, tagging: Task) -> None:
        listed = json.dumps({"tokens": ["Ada", "L."]}) + "\n"
        assert rows(read("a.jsonl", listed, task=tagging)) == [{"tokens": ["Ada", "L."]}]
        assert rows(read("b.csv", "id,text\n1,Ada L.\n", task=tagging)) == [
            {"tokens": ["Ada", "L", "."], "text": "Ada L."}
        ]
        assert rows(read("c.txt", "Ada L.", task=tagging)) == [{"tokens": ["Ada", "L", "."], "text": "Ada L."}]

    def test_a_large_file_comes_in_blocks(self, read: Read) -> None:
        given = read("a.csv", "text\n" + "x\n" * 3000)
        sizes = [len(block) for block in given.blocks]
        assert (sum(sizes), max(sizes)) == (3000, BLOCK_ROWS)

    @pytest.mark.parametrize(
        ("name", "content", "columns", "said"),
        [
            ("a.cvs", None, {}, "no such file. Did you mean a.csv?"),
            ("a.csv", "", {}, "is empty"),
            ("a.csv", "text\n", {}, "rows"),
            ("a.csv", "text\nx\n", {"text": "txt"}, "no column 'txt' in a.csv. Did you mean text?"),
            (
                "a.csv",
                "text\nx\n",
                {"label": "text"},
                "text-classification reads no 'label'. It reads: text, text_pair.",
            ),
            ("a.csv", "n\n1\n", {}, "--column ROLE=NAME names the column of a role."),
            ("a.jsonl", '{"text": [1]}\n', {"text": "text"}, "texts are needed for text"),
            ("a.jsonl", '{"text": \n', {}, "a.jsonl"),
        ],
    )
    def test_what_is_wrong_is_said(
        self, name: str, content: str | None, columns: dict[str, str], said: str, read: Read, tmp_path: Path
    ) -> None:
        (tmp_path / "a.csv").write_text("text\nx\n")
        with pytest.raises((DataError, UserError)) as caught:
            rows(read(name, content, columns=columns))
        assert said in str(caught.value)
        assert "[data]" not in str(caught.value), "nobody has a recipe here"

    def test_words_need_lists_or_texts(self, read: Read, tagging: Task) -> None:
        with pytest.raises(DataError, match="column n holds int64; lists of words or texts are needed for tokens"):
            read("a.csv", "n,m\n1,2\n", task=tagging, columns={"tokens": "n"})
