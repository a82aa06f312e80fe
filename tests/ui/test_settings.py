"""Settings and looks: what is set, what is wrong with it, what the terminal can draw."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import finished_run
from tests.ui.seeing import showing
from tui_finetune.errors import UserError
from tui_finetune.live.marks import GLYPHS
from tui_finetune.live.spans import line, muted, span
from tui_finetune.paths import Home
from tui_finetune.ui.memory import Memory, memory_file, read_memory
from tui_finetune.ui.settings import read_settings
from tui_finetune.ui.start import remember
from tui_finetune.ui.theme import THEMES, Look, look_of


def settings(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    return path


def test_without_a_file_everything_is_as_usual(tmp_path: Path) -> None:
    found = read_settings(tmp_path / "settings.toml")
    assert (found.theme, found.ascii, found.problems) == ("terminal", None, ())


def test_what_is_set_counts(tmp_path: Path) -> None:
    text = (
        '[interface]\ntheme = "light"\nascii = true\nrefresh_seconds = 2\n[keys]\nrun.stop = "S"\n"list.up" = ["k"]\n'
    )
    found = read_settings(settings(tmp_path, text))
    assert found.problems == ()
    assert (found.theme, found.ascii, found.refresh_seconds) == ("light", True, 2.0)
    assert found.keymap.shown("run.stop") == "S"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[interface]\ntheme = "drak"\n',
            "interface.theme: 'drak' is none of terminal, dark, light. Did you mean dark?",
        ),
        ("[interface]\nascii = 1\n", "interface.ascii: true or false."),
        ("[interface]\nrefresh_seconds = 0\n", "interface.refresh_seconds: a number from 0.1 to 60."),
        ("[interface]\nthem = 1\n", "interface.them: not a setting. Did you mean theme?"),
        ("[interfaces]\n", "interfaces: no such table. Did you mean interface?"),
        ("keys = 3\n", "keys: a table is wanted."),
        ("not toml", "settings.toml: Expected"),
    ],
)
def test_what_is_wrong_is_said_and_the_usual_is_used(tmp_path: Path, text: str, said: str) -> None:
    found = read_settings(settings(tmp_path, text))
    assert len(found.problems) == 1
    assert found.problems[0].startswith(said)
    assert found.theme == "terminal"


@pytest.mark.parametrize(
    ("environ", "ascii", "colour"),
    [
        ({"LANG": "C.UTF-8"}, False, True),
        ({"LANG": "C"}, True, True),
        ({"LANG": "de_DE.ISO-8859-1"}, True, True),
        ({"LC_ALL": "C", "LANG": "C.UTF-8"}, True, True),
        ({"LANG": "C.UTF-8", "TERM": "linux"}, True, True),
        ({"LANG": "C.UTF-8", "NO_COLOR": "1"}, False, False),
    ],
)
def test_the_terminal_decides_what_is_left_open(environ: dict[str, str], ascii: bool, colour: bool) -> None:
    found = look_of(environ=environ)
    assert (found.ascii, found.colour) == (ascii, colour)
    assert look_of(ascii=not ascii, environ=environ).ascii is not ascii


def test_ascii_takes_every_glyph_of_ours_and_leaves_texts_of_people_alone() -> None:
    look = Look(ascii=True)
    assert look.text("".join(GLYPHS)).isascii()
    assert look.text("Zürich ▸") == "Zürich >"
    assert look.text("Loading …") == "Loading ~"
    assert look.text("…/train.csv") == "*/train.csv", "no ./ and no ~/, which are other places"


def test_without_colour_meaning_stays() -> None:
    """Bold is the one thing, dim is muted, reverse is the cursor."""
    look = Look(colour=False)
    for token in THEMES["terminal"]:
        assert look.style(token).color is None
    assert look.style("muted").dim
    assert look.style("bad", bold=True).bold
    row = line(span("a"), muted("b"))
    assert [one.style.reverse for one in look.cursor(row, focused=True) if one.style] == [True]
    assert all(one.style.underline for one in look.cursor(row, focused=False) if one.style)


def test_every_theme_has_every_meaning() -> None:
    assert {frozenset(colours) for colours in THEMES.values()} == {frozenset(THEMES["terminal"])}


def test_memory_is_kept_and_what_cannot_be_read_is_forgotten(tmp_path: Path) -> None:
    import json

    memory = Memory(run="r", tab="live", filter="imdb", sort="run", reverse=True, seen={"a": 2})
    memory_file(tmp_path).write_text(json.dumps(memory.as_json()))
    assert read_memory(tmp_path) == memory
    memory_file(tmp_path).write_text('{"run": 3, "seen": [1], "away": "x", "tab": null}')
    assert read_memory(tmp_path) == Memory()
    memory_file(tmp_path).write_text("{")
    assert read_memory(tmp_path) == Memory()


async def test_the_page_of_the_settings_turns_values_and_keeps_them(home: Home) -> None:
    home.settings.write_text('[keys]\nrun.stop = "S"\n')
    finished_run(home, "some")
    settings = read_settings(home.settings)
    async with showing(home, settings=settings) as screen:
        await screen.sees("✓ finished")
        await screen.press(",")
        await screen.sees("─ Settings")
        await screen.shows(lambda: "terminal" in screen.line_of("▸ theme"))
        await screen.sees("keys.run.stop")
        await screen.press("enter")
        await screen.shows(lambda: "dark" in screen.line_of("▸ theme"), "the next theme")
        await screen.press("j", "enter")
        await screen.sees("ASCII signs alone")
        await screen.shows(lambda: "✓" not in screen.text, "signs of ASCII")
        await screen.press("esc")
        await screen.sees_not("Settings")
        assert (screen.app.look.theme, screen.app.look.ascii) == ("dark", True)
    found = read_settings(home.settings)
    assert (found.theme, found.ascii, found.keymap.keys("run.stop")) == ("dark", True, ("S",))


async def test_a_setting_that_cannot_be_written_is_told(home: Home) -> None:
    async with showing(home) as screen:
        await screen.sees("Three ways")
        home.settings.write_text("[interface\n")
        await screen.press(",", "enter")
        await screen.says("is not TOML")


def test_a_home_that_cannot_be_written_ends_the_program_as_any_other(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: Home) -> Home:
        raise UserError("the home cannot be written")

    monkeypatch.setattr(Home, "ensure", refused)
    remember(home, Memory())
    assert not memory_file(home.root).exists()
