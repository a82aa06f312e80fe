"""`data profile` and `data check` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.unit.data.conftest import Write
from tests.unit.data.quality.tables import clean
from tui_finetune.data.quality.store import rows_of
from tui_finetune.paths import Home


def csv(rows: list[tuple[str, str]]) -> str:
    return "text,label\n" + "".join(f"{text},{label}\n" for text, label in rows)


@pytest.fixture
def folder(write: Write) -> Path:
    """A train with two contradicting rows, one of which is in the test too."""
    write("set/train.csv", csv([*clean(40, 1), ("said twice", "no"), ("said twice", "yes")]))
    return write("set/test.csv", csv([*clean(8, 2), ("said twice", "no")])).parent


def test_findings_are_told_with_what_mends_them(cli: Cli, folder: Path) -> None:
    said = cli("data", "check", str(folder))
    assert said.code == 1
    assert "!! same text, different labels  [contradictions]" in said.out
    assert "1 text stands with more than one label, in 3 rows" in said.out
    assert "train.csv:42  no  said twice" in said.out
    assert "→ Look which label is meant" in said.out


def test_a_second_look_is_of_the_cache_until_the_content_changes(cli: Cli, folder: Path, home: Home) -> None:
    first = cli("data", "check", str(folder), "--json").json
    assert not first["kept"]
    again = cli("data", "check", str(folder), "--json").json
    assert again["kept"]
    assert again["findings"] == first["findings"]
    found = {one["id"]: one for one in first["findings"]}
    assert found["contradictions"]["row_ids"] == ["train.csv:42", "train.csv:43", "test.csv:10"]
    kept = next((home.cache / "quality").iterdir())
    document = {**json.loads((kept / "report.json").read_text()), "folder": str(kept)}
    assert rows_of(document, "contradictions", "test").tolist() == [8]
    assert rows_of(document, "contradictions", "nothing").tolist() == []
    (folder / "test.csv").write_text(csv(clean(9, 3)))
    mended = cli("data", "check", str(folder), "--json").json
    assert not mended["kept"]
    assert "leakage" not in {one["id"] for one in mended["findings"]}


def test_exit_codes(cli: Cli, write: Write, folder: Path) -> None:
    fine = str(write("fine.csv", csv(clean(120, 1))))
    assert cli("data", "check", fine, "--fail-on", "note").code == 0
    assert "Nothing was found in 120 rows" in cli("data", "check", fine).out
    noted = str(write("noted.csv", csv([*clean(120, 1), ("mail to ann@example.org", "no")])))
    assert cli("data", "check", noted).code == 0
    assert cli("data", "check", noted, "--fail-on", "note").code == 1
    assert cli("data", "check", str(folder / "nothing.csv")).code == 2
    assert cli("data", "check", fine, "--fail-on", "sometimes").code == 2
    assert "has no tokenizer here" in cli("data", "check", fine, "--model", "nobody/nothing").err


def test_a_profile_counts_every_row(cli: Cli, folder: Path, tmp_path: Path) -> None:
    from tui_finetune.plugin_api.testing_heads import save_tokenizer

    save_tokenizer(tmp_path / "tiny", 128)
    said = cli("data", "profile", str(folder), "--model", str(tmp_path / "tiny"), "--max-length", "6")
    assert said.code == 0, said.err
    lines = [line.split() for line in said.out.splitlines()]
    assert ["train", "text", "string", "0", "0", "41"] in lines
    assert ["2", "labels", "train", "test", "of", "train"] in lines
    found = cli(
        "data", "profile", str(folder), "--model", str(tmp_path / "tiny"), "--max-length", "6", "--json"
    ).json  # fmt: skip
    cuts = found["lengths"]["train"]["tokens"]["cuts"]
    assert (cuts[0]["max_length"], cuts[0]["rows"]) == (6, 42)
    assert (cuts[-1]["rows"], cuts[-1]["tokens_lost"]) == (0, 0)
    assert found["splits"] == {"train": 42, "test": 9}
    assert found["scripts"]["train"] == {"Latin": 42}
    assert sum(found["languages"]["train"].values()) == 42


def test_a_broken_cache_is_made_anew(cli: Cli, folder: Path, home: Home) -> None:
    cli("data", "check", str(folder))
    kept = next((home.cache / "quality").iterdir())
    (kept / "report.json").write_text("{")
    assert cli("data", "check", str(folder), "--json").json["kept"] is False


def test_what_is_read_in_windows_is_not_cut(cli: Cli, tmp_path: Path) -> None:
    from tui_finetune.plugin_api.testing_heads import save_tokenizer

    save_tokenizer(tmp_path / "tiny", 128)
    texts = [f"row {number} of a longer text that says this and that" for number in range(30)]
    (tmp_path / "texts.txt").write_text("\n".join(texts))
    (tmp_path / "labels.csv").write_text(
        "text,label\n" + "\n".join(f"{text},{'ab'[i % 2]}" for i, text in enumerate(texts))
    )
    for name, cut in (("labels.csv", True), ("texts.txt", False)):
        asked = (
            "data",
            "check",
            str(tmp_path / name),
            "--model",
            str(tmp_path / "tiny"),
            "--max-length",
            "6",
            "--json",
        )
        found = cli(*asked).json["findings"]
        assert any(one["id"] == "cut" for one in found) is cut, name
