"""Excel's workbooks and XML, where the extra `formats` is installed; what is said where it is not."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.unit.data.conftest import Told, Write
from tui_finetune.data import tablefiles
from tui_finetune.data.inspect import look_at_path
from tui_finetune.plugin_api.manager import Catalog

BOMB = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><rows><row>&c;</row><row>&c;</row></rows>'


def reviews() -> str:
    rows = "".join(
        f'<review id="{i}"><text>a text <b>of</b> {i}</text><label>{"good" if i % 2 else "bad"}</label></review>'
        for i in range(30)
    )
    return f'<?xml version="1.0"?>\n<data xmlns="urn:x"><about>reviews</about><reviews>{rows}</reviews></data>'


def test_what_is_not_installed_is_told(write: Write, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(tablefiles, "import_module", absent)
    for name, package in (("a.xml", "defusedxml"), ("a.xlsx", "openpyxl")):
        (said,) = told(write(name, reviews()), source=name.replace("a.xlsx", "workbook").replace("a.xml", "xml"))
        assert f"needs the package {package}, which is not installed. pip install 'tui-finetune[formats]'" in said


def test_elements_of_xml_are_rows(write: Write, tmp_path: Path, catalog: Catalog) -> None:
    pytest.importorskip("defusedxml")
    look = look_at_path(str(write("reviews.xml", reviews())), catalog, tmp_path / "cache")
    assert (look.opened.format, look.opened.splits["train"].rows) == ("xml, an element review a row", 30)
    assert look.roles == {"text": "text", "label": "label"}
    row = look.opened.splits["train"].table().to_pylist()[3]
    assert (row["id"], row["label"], row["row_id"]) == ("3", "good", "reviews.xml:3")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BOMB, "defines entities"),
        ("<rows><row>", "no XML"),
        ("<one>text</one>", "no element that comes more than once"),
    ],
)
def test_xml_that_cannot_be_read_is_told(content: str, said: str, write: Write, told: Told) -> None:
    pytest.importorskip("defusedxml")
    assert any(said in line for line in told(write("a.xml", content)))


def test_sheets_of_a_workbook_are_sets(tmp_path: Path, catalog: Catalog) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("defusedxml")
    book = openpyxl.Workbook()
    book.active.title = "reviews"
    book.active.append(["text", "label", "stars"])
    for i in range(30):
        book.active.append([f"a text {i}", "good" if i % 2 else "bad", i if i % 3 else None])
    book.create_sheet("empty")
    book.create_sheet("notes").append(["only a header"])
    path = tmp_path / "reviews.xlsx"
    book.save(path)
    look = look_at_path(str(path), catalog, tmp_path / "cache")
    assert [one["name"] for one in look.sets] == ["reviews", "notes"]
    assert (look.opened.source, look.opened.splits["train"].rows) == ("workbook", 30)
    assert look.roles == {"text": "text", "label": "label"}
    assert [(column.name, column.type) for column in look.opened.columns][2] == ("stars", "int64")


def test_a_workbook_that_is_none_is_told(write: Write, told: Told, tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    pytest.importorskip("defusedxml")
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as other:
        other.writestr("a.txt", "x")
    for path in (write("a.xlsx", "no zip"), tmp_path / "b.xlsx"):
        assert any("is no whole workbook" in line for line in told(path))
