"""CSV and TSV: dialects, types, lines."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.data.conftest import Prepare, Told, Write, rows
from tui_finetune.data.delimited import guess_delimiter
from tui_finetune.data.inspect import look_at_path
from tui_finetune.plugin_api.manager import Catalog

HEAD = "text,label\n"


def texts(found: object) -> list[str]:
    return [row["text"] for table in found.splits.values() for row in table.to_pylist()]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (HEAD + rows(), "csv, comma, utf-8"),
        ("\ufeff" + HEAD + rows(), "csv, comma, utf-8"),
        ((HEAD + rows()).replace("\n", "\r\n"), "csv, comma, utf-8"),
        ((HEAD + rows()).replace("\n", "\r"), "csv, comma, utf-8"),
        (HEAD.replace(",", ";") + rows(sep=";"), "csv, semicolon, utf-8"),
        (HEAD.replace(",", "|") + rows(sep="|"), "csv, bar, utf-8"),
        (HEAD.replace(",", "\t") + rows(sep="\t"), "csv, tab, no quoting, utf-8"),
        ((HEAD + rows()).encode("utf-16"), "csv, comma, utf-16"),
        (HEAD + rows() + '"abc,good\n', "csv, comma, no quoting, utf-8"),
    ],
)
def test_the_same_rows_in_any_dialect(content: str | bytes, form: str, write: Write, prepared: Prepare) -> None:
    found = prepared(write("a.csv", content))
    assert found.format == form
    assert {f"this is text number {i}" for i in range(40)} <= set(texts(found))
    assert found.columns == {"text": "text", "label": "label"}
    assert found.labels is not None
    assert found.labels.names == ("bad", "good")


def test_quoted_newlines_keep_their_row_and_line(write: Write, prepared: Prepare) -> None:
    found = prepared(write("a.csv", HEAD + '"two\nlines, ""quoted""",good\n' + rows(3)), validation=0.3)
    by_id = {row["row_id"]: row["text"] for table in found.splits.values() for row in table.to_pylist()}
    assert by_id["a.csv:2"] == 'two\nlines, "quoted"'
    assert by_id["a.csv:4"] == "this is text number 0"


def test_na_and_null_are_texts(write: Write, prepared: Prepare) -> None:
    found = prepared(write("a.csv", HEAD + rows() + "NA,good\nnull,bad\nNone,NA\nnan,NA\n"))
    assert {"NA", "null", "None", "nan"} <= set(texts(found))
    assert found.labels is not None
    assert found.labels.values == ("NA", "bad", "good")


@pytest.mark.parametrize(
    ("labels", "values"),
    [
        (("0", "1"), (0, 1)),
        (("10", "9"), (9, 10)),
        (("-1", "1"), (-1, 1)),
        (("True", "False"), (False, True)),
        (("007", "7"), ("007", "7")),
        (("+1", "1"), ("+1", "1")),
        (("1", "x"), ("1", "x")),
        (("12345678901234567890", "1"), ("1", "12345678901234567890")),
    ],
)
def test_labels_have_the_type_that_loses_nothing(
    labels: tuple[str, str], values: tuple[object, ...], write: Write, prepared: Prepare
) -> None:
    found = prepared(write("a.csv", HEAD + rows(labels=labels)))
    assert found.labels is not None
    assert found.labels.values == values


def test_test_and_train_have_one_type(write: Write, prepared: Prepare) -> None:
    """`1` of train is a text where test has an `x`, so that both are compared alike."""
    write("d/train.csv", HEAD + rows(labels=("1", "2", "x")))
    folder = write("d/test.csv", HEAD + "a,1\nb,2\n").parent
    found = prepared(folder)
    assert found.splits["test"].column("label").to_pylist() == ["1", "2"]


def test_digits_as_texts_stay_as_written(write: Write, prepared: Prepare) -> None:
    found = prepared(write("a.csv", HEAD + "1,a\n2,b\n3,a\n4,b\n5,a\n"), columns={"text": "text"}, validation=0.4)
    assert sorted(texts(found)) == ["1", "2", "3", "4", "5"]


def test_without_a_header(write: Write, prepared: Prepare) -> None:
    content = "".join(f"this is text {i}\t{i % 3}\n" for i in range(30))
    found = prepared(write("a.tsv", content))
    assert found.columns == {"text": "column1", "label": "column2"}
    assert "no header" in found.format
    assert any(note.startswith("a.tsv has no header, by its first row") for note in found.notes)
    named = prepared(write("a.tsv", content), options={"names": ["text", "label"]})
    assert named.columns == {"text": "text", "label": "label"}


def test_tabs_with_quotes_that_are_meant(write: Write, prepared: Prepare) -> None:
    lines = "".join(f'"he said ""{i}"""\t{i % 2}\n' for i in range(20))
    assert 'he said "3"' in texts(prepared(write("a.tsv", "text\tlabel\n" + lines)))


def test_tabs_with_quotes_that_are_not(write: Write, prepared: Prepare) -> None:
    lines = "".join(f'"he said {i}\t{i % 2}\n' for i in range(20)) + '"Both"\t1\n'
    found = prepared(write("a.tsv", "text\tlabel\n" + lines))
    assert {'"he said 3', '"Both"'} <= set(texts(found))
    assert found.notes == ("Quotes in a.tsv are taken as characters of the texts.",)


def test_labelled_lines(write: Write, prepared: Prepare) -> None:
    found = prepared(write("a.txt", "".join(f"__label__{'ab'[i % 2]} a fine text, {i}\n" for i in range(20))))
    assert found.columns == {"text": "text", "label": "label"}
    assert found.labels is not None
    assert found.labels.names == ("a", "b")


def test_another_encoding(write: Write, prepared: Prepare) -> None:
    content = (HEAD + rows() + "Müller,good\n").encode("cp1252")
    found = prepared(write("a.csv", content))
    assert "Müller" in texts(found)
    assert any("is not UTF-8; read as cp1252" in note for note in found.notes)
    named = prepared(write("b.csv", (HEAD + rows() + "Ж,good\n").encode("koi8-r")), options={"encoding": "koi8-r"})
    assert "Ж" in texts(named)


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=12).filter(str.strip)


@given(cells=st.lists(st.tuples(CELL, CELL), min_size=3, max_size=12))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_a_csv_writer_wrote_is_read_back(cells: list[tuple[str, str]], write: Write) -> None:
    from tui_finetune.data.delimited import read_delimited
    from tui_finetune.data.textfile import look_at

    buffer = io.StringIO()
    csv.writer(buffer).writerows([("first", "second"), *cells])
    path = write("a.csv", buffer.getvalue())
    cut = read_delimited(
        look_at(path, "utf-8"), delimiter=",", quoting=True, header=True, names=None, progress=lambda *_: None
    )
    assert [tuple(row.values()) for row in cut.table.to_pylist()] == cells


def test_the_delimiter_is_guessed(write: Write) -> None:
    assert guess_delimiter(write("a.csv", "a;b\n1,5;2\n2,5;3\n")) == (";", 1.0)
    assert guess_delimiter(write("a.txt", "only one\ncolumn\n")) is None


def test_one_column_with_commas_in_it(write: Write, prepared: Prepare) -> None:
    from tui_finetune.data.delimited import read_delimited
    from tui_finetune.data.textfile import look_at

    path = write("a.csv", 'text\nwell, yes\n"no, ""never"""\n')
    cut = read_delimited(look_at(path), delimiter=None, quoting=None, header=None, names=None, progress=lambda *_: None)
    assert cut.table.to_pydict() == {"text": ["well, yes", 'no, "never"']}


@pytest.mark.parametrize(
    ("first", "header"),
    [
        ("text\tlabel", True),
        ("2019\tlabel", True),
        ("My favourite food is anything I didn't have to cook myself.\t27", False),
        ("a text\t3", False),
        ("What do you think of this product?\tlabel", False),
    ],
)
def test_a_first_row_that_is_no_header(first: str, header: bool, write: Write, prepared: Prepare) -> None:
    lines = "".join(f"some text {i}\t{'4,27' if i == 5 else i % 3}\n" for i in range(30))
    found = prepared(
        write("a.tsv", f"{first}\n{lines}"), columns={"label": first.split("\t")[1] if header else "column2"}
    )
    assert ("no header" not in found.format) is header


RAGGED = "".join(
    f"news\tMSRvid\t2012test\t{i:04}\t{i % 5}.5\ta plane is taking off\tan air plane is taking off"
    f"{chr(9) + 'a' + chr(9) + 'b' if i % 4 == 3 else ''}\n"
    for i in range(20)
)


def test_further_fields_of_some_rows_are_kept_and_told(write: Write, tmp_path: Path, catalog: Catalog) -> None:
    look = look_at_path(str(write("sts-train.tsv", RAGGED)), catalog, tmp_path / "cache")
    assert look.opened.splits["train"].rows == 20
    assert look.roles == {"text": "column6", "text_pair": "column7", "score": "column5"}
    table = look.opened.splits["train"].table()
    assert (table["column9"][2].as_py(), table["column9"][3].as_py()) == (None, "b")
    told = "5 rows of sts-train.tsv have 9 fields, the others 7: the further ones are in column8, column9."
    assert any(guess.startswith(told) and "data.options.ragged" in guess for guess in look.guesses)


def test_ragged_rows_are_refused_or_kept_as_is_said(write: Write, told: Told, prepared: Prepare) -> None:
    refused = told(write("a.tsv", RAGGED), options={"ragged": "refuse"})
    assert refused[0] == "a.tsv line 4: 9 fields, expected 7."
    content = "text,label\n" + rows(20) + "short\n" + "a,good,more\n"
    assert "expected 2" in told(write("b.csv", content))[0]
    found = prepared(write("b.csv", content), options={"ragged": "keep", "drop_missing": True})
    assert sum(table.num_rows for table in found.splits.values()) == 21
