"""`data rows`, `column`, `tokens`, `steps`, `search`, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calling import Cli
from tests.unit.data.conftest import Write, rows
from tui_finetune.paths import Home

GOOD = "text,label,stars\n" + "".join(f"review number {i},{'good' if i % 2 else 'bad'},{i}\n" for i in range(40))


@pytest.fixture
def path(write: Write) -> str:
    return str(write("reviews.csv", GOOD))


def test_rows_are_filtered_sorted_and_counted(cli: Cli, path: str) -> None:
    said = cli("data", "rows", path, "--filter", "label:good stars>30", "--sort", "stars", "--reverse", "--limit", "2")
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0].split() == ["row", "text", "label", "stars"]
    assert [line.split()[0] for line in lines[1:]] == ["39", "37"]
    assert "2 of 5 rows" in said.err


def test_rows_as_json_are_whole(cli: Cli, path: str) -> None:
    found = cli("data", "rows", path, "--filter", "number", "--offset", "3", "--limit", "1", "--json").json
    assert (found["split"], found["count"]) == ("train", 40)
    assert found["rows"][0]["row_id"] == "reviews.csv:5"
    assert found["rows"][0]["text"] == "review number 3"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rows", "--split", "tain"], "Did you mean train?"),
        (["rows", "--sort", "nothing"], "no column nothing to sort by"),
        (["rows", "--filter", "text>3"], "text holds no numbers"),
        (["column", "lable"], "Did you mean label?"),
        (["tokens", "99", "--model", "nobody/nothing"], "there is no row 99"),
        (["tokens", "0", "--model", "nobody/nothing"], "has no tokenizer here"),
        (["steps", "--use", "nothing"], "no preprocessor 'nothing'"),
        (["steps", "--use", "drop-by-length min_words ="], "The options of drop-by-length are no TOML"),
        (["steps", "--use", "drop-by-length"], "needs one of min_characters"),
    ],
)
def test_what_cannot_be_is_said(cli: Cli, path: str, arguments: list[str], said: str) -> None:
    verb, *rest = arguments
    done = cli("data", verb, path, *rest)
    assert done.code == 2
    assert said in done.err


def test_a_columns_values_and_lengths(cli: Cli, path: str) -> None:
    assert "good" in cli("data", "column", path, "label").out
    found = cli("data", "column", path, "text", "--json").json
    assert (found["distinct"], found["lengths"]["max"]) == (40, 3)
    assert cli("data", "column", path, "stars", "--json").json["numbers"]["max"] == 39.0


def test_tokens_of_a_row(cli: Cli, path: str, tmp_path: Path) -> None:
    from tui_finetune.plugin_api.testing_heads import save_tokenizer

    save_tokenizer(tmp_path / "tiny", 128)
    said = cli("data", "tokens", path, "0", "--model", str(tmp_path / "tiny"), "--max-length", "6")
    assert said.out.splitlines()[1].split() == ["0", "[CLS]", "1", "–"]
    assert "cut" in said.err
    assert cli("data", "tokens", path, "0", "--model", str(tmp_path / "tiny"), "--json").json["cut"] == 0


def test_tokens_beside_those_of_another_model_and_length(cli: Cli, path: str, tmp_path: Path) -> None:
    from tui_finetune.plugin_api.testing_heads import save_tokenizer

    save_tokenizer(tmp_path / "one", 128)
    save_tokenizer(tmp_path / "two", 128)
    given = ("data", "tokens", path, "0", "--model", str(tmp_path / "one"))
    found = cli(*given, "--beside-length", "4", "--json").json
    assert len(found["tokens"]) > len(found["beside"]["tokens"]) == 4
    assert found["beside"]["cut"] == found["length"] - 4
    assert found["beside"]["model"] == found["model"]
    said = cli(*given, "--beside", str(tmp_path / "two"), "--beside-length", "4")
    lines = said.out.splitlines()
    assert lines[0].split() == ["at", "piece", "id", "beside", "id"]
    assert lines[1].split() == ["0", "[CLS]", "1", "[CLS]", "1"]
    assert "≠" in lines[-1], "what the shorter one has not"
    assert f"{tmp_path / 'two'}: " in said.err
    assert "no/model has no tokenizer here" in cli(*given, "--beside", "no/model").err


def test_a_set_of_a_folder_is_chosen_by_name(cli: Cli, write: Write) -> None:
    write("two/one/train.csv", "text,label\n" + rows(8))
    folder = write("two/other/train.csv", "question,answer,kind\n" + "a,b,c\n" * 6).parent.parent
    assert cli("data", "rows", str(folder), "--set", "other", "--json").json["count"] == 6
    assert cli("data", "column", str(folder), "kind", "--set", "other", "--json").json["distinct"] == 1
    assert "no set 'others'" in cli("data", "rows", str(folder), "--set", "others").err


def test_steps_before_and_after(cli: Cli, home: Home, write: Write) -> None:
    from tui_finetune.plugin_api.templates import new_plugin

    new_plugin(home.plugins, "calm_row_texts")
    path = str(write("loud.csv", "text,label\nLOUD ONE,a\nquiet,b\n"))
    said = cli("data", "steps", path, "--use", "calm-row-texts")
    assert "calm-row-texts  text: loud one" in said.out
    assert cli("data", "steps", path, "--use", "calm-row-texts", "--json").json[0]["after"] == {
        "calm-row-texts": [{"text": "loud one", "label": "a"}]
    }


def test_search_without_a_network_names_the_cache(cli: Cli) -> None:
    said = cli("data", "search", "imdb")
    assert said.code == 0
    assert "The Hub was not asked: offline mode is on" in said.err
    assert set(cli("data", "search", "imdb", "--json").json) == {"cached", "found", "why"}


def test_steps_have_their_options(cli: Cli, write: Write) -> None:
    path = str(write("reviews.csv", "text,label\nA <b>good</b> film,good\nBad,bad\n"))
    said = cli(
        "data", "steps", path, "--use", "strip-html", "--use", "drop-by-length {min_words = 3}", "--use", "balance"
    )
    assert "A good film" in said.out
    assert "leaves it out" in said.out
    assert "rows are chosen by balance" in said.err
