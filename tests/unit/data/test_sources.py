"""json, conll, parquet, arrow, text, folder; and which source a path is given to."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.data.conftest import Prepare, Told, Write, rows
from tui_finetune.data.inspect import look_at_path
from tui_finetune.data.opening import Wanted, open_data, source_of
from tui_finetune.plugin_api.manager import Catalog

OBJECTS = [{"text": f"text number {i}", "label": i % 2} for i in range(20)]
FEATURES = {"text": {"dtype": "string", "_type": "Value"}, "label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}
NER = (
    "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\nPeter NNP B-NP B-PER\nBlackburn NNP I-NP I-PER\n"
)
UNIVERSAL = """\
# sent_id = 1
# text = don't go
1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tdo\tdo\tAUX\tVB\t_\t0\troot\t_\t_
2\tn't\tnot\tPART\tRB\t_\t1\tadvmod\t_\t_
3\tgo\tgo\tVERB\tVB\t_\t1\tx\t_\t_
3.1\tnow\tnow\tADV\tRB\t_\t_\t_\t_\t_

1\t#1\t#1\tNOUN\tNN\t_\t0\troot\t_\t_
"""


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("a.jsonl", "\n".join(map(json.dumps, OBJECTS)), "json, an object a line, utf-8"),
        ("a.json", json.dumps(OBJECTS, indent=1), "json, a list of objects, utf-8"),
        ("a.json", json.dumps({"version": 1, "data": OBJECTS}), "json, the list data, utf-8"),
        ("a.json", json.dumps({"text": [o["text"] for o in OBJECTS], "label": [0, 1] * 10}), "json, columns, utf-8"),
        ("a.json", "\n".join(map(json.dumps, OBJECTS)), "json, an object a line, utf-8"),
        ("noending", "\n".join(map(json.dumps, OBJECTS)), "json, an object a line, utf-8"),
    ],
)
def test_json_in_any_form(name: str, content: str, form: str, write: Write, prepared: Prepare) -> None:
    found = prepared(write(name, content))
    assert found.format == form
    assert sum(table.num_rows for table in found.splits.values()) == 20
    assert found.labels is not None
    assert found.labels.values == (0, 1)


def test_json_keeps_dates_and_digits_as_texts(write: Write, prepared: Prepare) -> None:
    lines = "".join(
        json.dumps({"text": t, "label": i % 2}) + "\n" for i, t in enumerate(["2020-01-01", "12", "null", "x"])
    )
    found = prepared(write("a.jsonl", lines), validation=0.5)
    assert {r["text"] for t in found.splits.values() for r in t.to_pylist()} == {"2020-01-01", "12", "null", "x"}


def test_conll_2003(write: Write, catalog: Catalog, tmp_path: Path, prepared: Prepare) -> None:
    path = write("a.txt", NER)
    opened = open_data(Wanted(None, str(path)), catalog, tmp_path / "c", heavy=False, progress=lambda *_: None)
    assert (opened.source, opened.format) == ("conll", "conll, blank, 4 columns, utf-8")
    assert opened.splits["train"].table().drop_columns("row_hash").to_pylist()[0] == {
        "row_id": "a.txt:3",
        "tokens": ["EU", "rejects"],
        "pos_tags": ["NNP", "VBZ"],
        "chunk_tags": ["B-NP", "B-VP"],
        "ner_tags": ["B-ORG", "O"],
    }
    found = prepared(path, task="token-classification", validation=0.5)
    assert found.columns == {"tokens": "tokens", "tags": "ner_tags"}
    assert found.labels is not None
    assert found.labels.names == ("O", "B-ORG", "B-PER", "I-PER")


def test_conllu(write: Write, prepared: Prepare) -> None:
    found = prepared(write("a.conllu", UNIVERSAL), task="token-classification", validation=0.5)
    every = sorted((r for t in found.splits.values() for r in t.to_pylist()), key=lambda r: r["row_id"])
    assert [(r["tokens"], r["tags"]) for r in every] == [
        (["do", "n't", "go"], ["AUX", "PART", "VERB"]),
        (["#1"], ["NOUN"]),
    ]


def test_conll_columns_are_chosen(write: Write, prepared: Prepare) -> None:
    content = "".join(f"{i}\tword{i}\tx\t{'AB'[i % 2]}\tz\n" + ("\n" if i % 3 == 2 else "") for i in range(12))
    found = prepared(
        write("a.conll", content), task="token-classification", options={"word_column": 2, "tag_column": 4}
    )
    assert found.splits["train"].slice(0, 1).to_pylist()[0]["tokens"][0].startswith("word")
    assert found.labels is not None
    assert found.labels.names == ("A", "B")


def test_conll_breaks_of_a_lone_tab_and_a_hash_as_word(write: Write, prepared: Prepare) -> None:
    content = "#\tO\nnlp\tB-x\n\t\nyes\tO\n\t\nno\tO"
    found = prepared(write("a.conll", content), task="token-classification", validation=0.4)
    assert sorted(r["tokens"] for t in found.splits.values() for r in t.to_pylist()) == [["#", "nlp"], ["no"], ["yes"]]


def table() -> pa.Table:
    made = pa.table(
        {"text": [o["text"] for o in OBJECTS], "label": pa.array([o["label"] for o in OBJECTS], pa.int64())}
    )
    return made.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": FEATURES}})})


def test_parquet_and_arrow_with_class_names(tmp_path: Path, prepared: Prepare) -> None:
    pq.write_table(table(), tmp_path / "a.parquet")
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as sink, pa.ipc.new_stream(sink, table().schema) as writer:
        writer.write_table(table())
    with pa.OSFile(str(tmp_path / "b.arrow"), "wb") as sink, pa.ipc.new_file(sink, table().schema) as writer:
        writer.write_table(table())
    for name in ("a.parquet", "a.arrow", "b.arrow"):
        found = prepared(tmp_path / name)
        assert found.labels is not None
        assert (found.labels.names, found.labels.values) == (("neg", "pos"), (0, 1))
        assert found.splits["train"].num_rows == 18


def test_dictionary_columns_are_texts(tmp_path: Path, prepared: Prepare) -> None:
    made = pa.table(
        {"text": pa.array([f"t {i}" for i in range(20)]), "label": pa.array(["a", "b"] * 10).dictionary_encode()}
    )
    pq.write_table(made, tmp_path / "a.parquet")
    found = prepared(tmp_path / "a.parquet")
    assert found.labels is not None
    assert found.labels.values == ("a", "b")


def test_a_folder_that_save_to_disk_wrote(tmp_path: Path, prepared: Prepare) -> None:
    folder = tmp_path / "saved"
    for split in ("train", "test"):
        (folder / split).mkdir(parents=True)
        with (
            pa.OSFile(str(folder / split / "data-0.arrow"), "wb") as sink,
            pa.ipc.new_stream(sink, table().schema) as w,
        ):
            w.write_table(table())
        (folder / split / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data-0.arrow"}]}))
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "test"]}))
    found = prepared(folder)
    assert found.source == "arrow"
    assert found.splits["test"].num_rows == 20
    assert found.splits["test"].column("row_id")[3].as_py() == "test/data-0.arrow:3"


def test_a_folder_a_class(write: Write, tmp_path: Path, prepared: Prepare) -> None:
    for split in ("train", "test"):
        for label in ("neg", "pos"):
            for i in range(5):
                write(f"f/{split}/{label}/{i}.txt", f"{split} {label} {i}\n")
        write(f"f/{split}/urls.txt", "no text of a class")
    found = prepared(tmp_path / "f", validation=0.2)
    assert (found.source, found.columns) == ("folder", {"text": "text", "label": "label"})
    assert {name: t.num_rows for name, t in found.splits.items()} == {"train": 8, "validation": 2, "test": 10}
    assert found.splits["test"].slice(0, 1).to_pylist()[0]["row_id"] == "test/neg/0.txt:1"
    assert found.splits["test"].slice(0, 1).to_pylist()[0]["text"] == "test neg 0"
    assert len(found.files) == 1


def test_every_bad_file_of_a_class_is_told(write: Write, tmp_path: Path, told: Told) -> None:
    write("f/a/1.txt", "fine")
    write("f/a/2.txt", "")
    write("f/b/1.txt", b"a text with a \0 in it")
    assert told(tmp_path / "f") == [
        "a/2.txt: is empty.",
        "b/1.txt line 1: holds a NUL byte, which no text has. Remove it; in most editors it shows as ^@ or \\0.",
    ]


@pytest.mark.parametrize(("by", "count"), [("line", 4), ("paragraph", 2), ("file", 1)])
def test_plain_text(by: str, count: int, write: Write, catalog: Catalog, tmp_path: Path) -> None:
    path = write("a.txt", "one\ntwo\n\nthree\nfour\n")
    wanted = Wanted("text", str(path), options={"by": by})
    opened = open_data(wanted, catalog, tmp_path / "c", heavy=False, progress=lambda *_: None)
    assert opened.splits["train"].rows == count


@pytest.mark.parametrize(
    ("name", "content", "source"),
    [
        ("a.tsv", "text\tlabel\n" + rows(sep="\t"), "csv"),
        ("a.txt", "text\tlabel\n" + rows(sep="\t"), "csv"),
        ("a.txt", "a line of text\nand another one\n", "text"),
        ("a.txt", "EU B-ORG\nis O\n\nPeter B-PER\nis O\n", "conll"),
        ("a.annotated", "EU B-ORG\nis O\n", "conll"),
        ("a.json", "[1]", "json"),
        ("a", "PAR1", "parquet"),
    ],
)
def test_the_source_is_found_by_ending_and_content(
    name: str, content: str, source: str, write: Write, catalog: Catalog
) -> None:
    assert source_of(Wanted(None, str(write(name, content))), catalog).name == source


def test_what_no_source_reads_is_told(write: Write, told: Told) -> None:
    (said,) = told(write("a.bin", b"\x01\x02"))
    assert said.startswith(
        "data.path: a.bin: no source is sure to read it. data.source names the kind: arrow, conll, csv"
    )


def test_what_is_no_path_is_a_hub_id(catalog: Catalog) -> None:
    assert source_of(Wanted(None, "stanfordnlp/imdb"), catalog).name == "hub"


def test_squad_is_a_row_a_question(write: Write, tmp_path: Path, catalog: Catalog) -> None:
    asked = [{"id": str(i), "question": "who?", "answers": [{"text": "Ann", "answer_start": 0}]} for i in range(3)]
    article = {"title": "People", "paragraphs": [{"context": "Ann ran.", "qas": asked}]}
    look = look_at_path(
        str(write("quad.json", json.dumps({"version": "1.1", "data": [article, article]}))), catalog, tmp_path / "cache"
    )
    assert look.opened.splits["train"].rows == 6
    assert look.roles == {"question": "question", "context": "context", "answers": "answers"}
    row = look.opened.splits["train"].table().to_pylist()[4]
    assert (row["id"], row["title"], row["answers"]) == ("1", "People", [{"answer_start": 0, "text": "Ann"}])


@pytest.mark.parametrize(
    ("content", "by", "count"),
    [
        ("".join(f"NAME {i}:\nSpeak, speak.\n\n" for i in range(20)), "paragraph", 20),
        ("".join(f"a line of its own {i}\n" for i in range(20)), "line", 20),
        ("".join(f"a line {i}\n\n" for i in range(20)), "line", 20),
    ],
)
def test_what_a_row_of_plain_text_is(
    content: str, by: str, count: int, write: Write, tmp_path: Path, catalog: Catalog
) -> None:
    look = look_at_path(str(write("input.txt", content)), catalog, tmp_path / "cache")
    assert (look.opened.format, look.opened.splits["train"].rows) == (f"text, a row a {by}, utf-8", count)
    assert any('data.options.by = "line"' in guess for guess in look.guesses) is (by == "paragraph")


ONTONOTES = """\
#begin document (bc/cctv/00/cctv_0001); part 000
bc/cctv/00/cctv_0001   0   0   John    NNP  (TOP(S(NP*   -    -   -   Speaker#1  (PERSON*  (ARG0*  (12
bc/cctv/00/cctv_0001   0   1   Smith   NNP          *)   -    -   -   Speaker#1        *)       *)  12)
bc/cctv/00/cctv_0001   0   2   left    VBD        (VP*   leave  01  1  Speaker#1        *      (V*)   -
bc/cctv/00/cctv_0001   0   3   Rome    NNP     (NP*)))   -    -   -   Speaker#1     (GPE)   (ARG1*)  (3)

bc/cctv/00/cctv_0001   0   0   Yes     UH   (TOP(INTJ*   -    -   -   Speaker#2        *    -
bc/cctv/00/cctv_0001   0   1   .       .           *))   -    -   -   Speaker#2        *    -

#end document
"""


@pytest.mark.parametrize("name", ["train.conll", "train.v4_gold_conll", "train.txt"])
def test_conll_2012(name: str, write: Write, tmp_path: Path, catalog: Catalog) -> None:
    look = look_at_path(str(write(name, ONTONOTES)), catalog, tmp_path / "cache")
    assert (look.opened.source, look.opened.format) == ("conll", "conll-2012, utf-8")
    first, second = look.opened.splits["train"].table().to_pylist()
    assert first["tokens"] == ["John", "Smith", "left", "Rome"]
    assert first["ner_tags"] == ["B-PERSON", "I-PERSON", "O", "B-GPE"]
    assert (first["coref"], first["row_id"]) == (["(12", "12)", "-", "(3)"], f"{name}:2")
    assert (second["document"], second["speakers"]) == ("bc/cctv/00/cctv_0001", ["Speaker#2", "Speaker#2"])
    assert look.roles == {"tokens": "tokens", "tags": "ner_tags"}


def test_a_broken_line_of_conll_2012_is_told(write: Write, told: Told) -> None:
    path = write("train.conll", ONTONOTES.replace("left    VBD", "left"))
    assert told(path, task="token-classification") == ["train.conll line 4: 12 columns, expected 13."]
