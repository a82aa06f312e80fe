"""What a call answers when it is typed wrong, asks for JSON, or speaks to a terminal that cannot show everything."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path

import click
import pytest

from tests.fakes import FakeRun, finished_run
from tests.unit.cli.conftest import Cli
from tui_finetune.cli import diagnostics, groups, main, output
from tui_finetune.errors import UserError
from tui_finetune.paths import Home
from tui_finetune.text import Shown

# typed wrong


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["ls"], "Did you mean tui-finetune runs?"),
        (["delete", "x"], "Did you mean tui-finetune rm?"),
        (["finetune", "r.toml"], "Did you mean tui-finetune train?"),
        (["rnus"], "Did you mean runs?"),
        (["zzz"], "tui-finetune --help lists the verbs."),
        (["config", "nwe"], "nwe is not a verb of config. Did you mean new?"),
        (["trash", "zzz"], "There are: empty, list, restore."),
        (["--home", "/x", "runs"], "--home comes after the verb: tui-finetune runs --home"),
        (["--json"], "--json comes after the verb: tui-finetune VERB --json"),
        (["--jsn", "runs"], "No such option '--jsn'"),
    ],
)
def test_a_wrong_call_is_answered_by_what_was_meant(cli: Cli, typed: list[str], told: str) -> None:
    said = cli(*typed)
    assert said.code == 2
    assert told in said.err


@pytest.mark.parametrize("typed", [["--ascii"], ["--home=/x", "--ascii"], ["--no-plugins", "--home", "/x"]])
def test_options_without_a_verb_are_those_of_the_interface(cli: Cli, typed: list[str]) -> None:
    said = cli(*typed)
    assert "the interface needs a terminal" in said.err
    assert "comes after the verb" not in said.err


def test_every_word_of_other_programs_leads_to_a_verb_that_is_here() -> None:
    for word, meant in groups.SYNONYMS.items():
        assert word not in main.VERBS
        assert meant.startswith("--") or meant.split()[0] in main.VERBS


def test_a_file_where_a_verb_belongs(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tickets.csv").write_text("text,label\na,b\n")
    monkeypatch.chdir(tmp_path)
    assert "tui-finetune data show tickets.csv looks at it." in cli("data", "tickets.csv").err


def test_help_is_a_verb_too(cli: Cli) -> None:
    assert cli("help").out == cli("--help").out
    assert cli("help", "config", "new").out == cli("config", "new", "--help").out


@pytest.mark.parametrize("group", ["config", "data", "trash", "plugins", "settings"])
def test_no_help_is_cut(cli: Cli, group: str) -> None:
    assert "..." not in cli(group, "--help").out.replace("[ARGS]...", "")


# JSON


@pytest.mark.parametrize(
    ("typed", "code"), [(["show", "nix"], 3), (["show"], 2), (["shw", "nix"], 2), (["train", "nix.toml"], 2)]
)
def test_a_call_that_fails_prints_one_document_too(cli: Cli, typed: list[str], code: int) -> None:
    said = cli(*typed, "--json")
    assert said.code == said.json["exit_code"] == code
    assert all(problem["message"] for problem in said.json["problems"])
    assert said.err


def test_without_json_stdout_stays_empty(cli: Cli) -> None:
    assert cli("show", "nix").out == ""


def test_a_text_that_looks_like_the_option_is_none(cli: Cli, home: Home) -> None:
    finished_run(home, "a")
    assert cli("show", "--", "--json").out == ""


def test_a_list_that_breaks_off_is_closed_and_nothing_follows_it() -> None:
    out = io.StringIO()
    output.begin()
    with contextlib.redirect_stdout(out), pytest.raises(UserError), output.json_list() as item:
        item({"n": 1})
        raise UserError("the helper is gone")
    assert json.loads(out.getvalue()) == [{"n": 1}]
    assert output.printed()


def test_a_list_that_never_began_leaves_room_for_the_problems() -> None:
    out = io.StringIO()
    output.begin()
    with contextlib.redirect_stdout(out), pytest.raises(UserError), output.json_list():
        raise UserError("no model")
    assert out.getvalue() == ""
    assert not output.printed()


# Terminals that are not UTF-8


def in_ascii(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """stdout of a call whose streams are ASCII."""
    written, talk = io.BytesIO(), io.BytesIO()
    monkeypatch.setattr(sys, "argv", ["tui-finetune", *arguments])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(talk, encoding="ascii"))
    with pytest.raises(SystemExit) as ended:
        diagnostics.run(main.cli)
    assert not ended.value.code, talk.getvalue()
    return written.getvalue().decode("ascii")


def test_our_signs_become_ascii_and_other_letters_numbers(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    finished_run(home, "Zoë")
    FakeRun(home, "going").begin().plan().step(10)
    found = in_ascii(monkeypatch, "runs")
    assert "+ finished  Zo\\xeb" in found
    assert "* running" in found


def test_json_says_the_same_in_ascii(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    finished_run(home, "Zoë 東京")
    assert json.loads(in_ascii(monkeypatch, "runs", "--json"))[0]["name"] == "Zoë 東京"


def test_half_a_character_is_no_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", stream)
    output.print_json({"text": "a\udcff"})
    stream.flush()
    assert json.loads(written.getvalue()) == {"text": "a\udcff"}


# Talk


def test_a_pipe_hears_nothing_of_what_is_quickly_done(capsys: pytest.CaptureFixture[str]) -> None:
    line = diagnostics.ProgressLine()
    line("looking at files", 0, 1)
    assert capsys.readouterr().err == ""


def test_a_pipe_hears_each_tenth_of_what_takes_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnostics, "PATIENCE", 0.0)
    line = diagnostics.ProgressLine()
    for done in range(101):
        line("predicting", done, 100)
    assert len(capsys.readouterr().err.splitlines()) == 11


def test_a_group_keeps_a_verb_s_first_line_whole() -> None:
    long = (
        "A sentence that is much longer than what click would leave of it: it would end in three dots somewhere here."
    )
    assert groups.first_sentence(click.Command("x", help=f"{long}\n\nMore.")) == long


def test_a_line_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_line(Shown("a line  "))
    assert capsys.readouterr().out == "a line\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_wide_last_column_goes_on_below_itself_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [[Shown("東京"), Shown("one two three four five six seven")], [Shown("b"), Shown("")]]
    assert len(output.wrapped_table(["plugin", "gives"], rows)) == 3
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "32")
    assert output.wrapped_table(["plugin", "gives"], rows) == [
        "plugin  gives",
        "東京    one two three four five",
        "        six seven",
        "b",
    ]
    monkeypatch.setenv("COLUMNS", "20")
    assert len(output.wrapped_table(["plugin", "gives"], rows)) == 3
