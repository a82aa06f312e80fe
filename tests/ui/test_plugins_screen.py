"""The Plugins screen, key by key, on plugin files that work, fail, are slow to mend and are written anew."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tests.fakes import FakeRun
from tests.ui.seeing import Screen, showing
from tui_finetune.paths import Home
from tui_finetune.plugin_api.switches import read_off

HEAD = "from tui_finetune.plugin_api import Metric, Preprocessor, hookimpl\n"
METRIC = """
    @hookimpl
    def register_metrics():
        return [Metric("half", "labels", lambda decoded: 0.5, help="Always one half.")]
"""
EMOTION = """
    @hookimpl
    def register_metrics():
        return [Metric("emotion", "labels", len, {argument}=(0.0, 1.0))]
"""


def write(home: Home, name: str, code: str) -> Path:
    path = home.plugins / f"{name}.py"
    path.write_text(HEAD + textwrap.dedent(code), encoding="utf-8")
    return path


async def opened(screen: Screen) -> None:
    await screen.press("7")
    await screen.sees("✓ works   builtin")


async def test_flow_f_a_plugin_author(home: Home) -> None:
    """From the mark in line 1 to the mended plugin, nothing restarted."""
    FakeRun(home, "live").begin().plan().step(10)
    path = write(home, "emotion_head", EMOTION.format(argument="rnge"))
    async with showing(home) as screen:
        await screen.sees("! 1 plugin")
        await screen.press("7")
        await screen.sees("✗ failed  emotion_head")
        await screen.at("emotion_head")
        await screen.sees("✗ register_metrics failed at line 5")
        await screen.shows(lambda: "Did you mean range?" in " ".join(screen.text.split()))
        await screen.press("enter")
        await screen.sees("Traceback (most recent call last):")
        path.write_text(path.read_text().replace("rnge", "range"))
        await screen.says("! emotion_head.py changed on disk; R reloads.")
        await screen.press("R")
        await screen.says("✓ works  metric emotion, in")
        await screen.shows(
            lambda: (
                "runs in progress keep what they started with." in " ".join(screen.said.split())
                or screen.said.endswith("…")
            )
        )
        assert "Traceback" not in screen.text
        await screen.shows(lambda: "emotion_head" in screen.cursor)
        await screen.shows(lambda: "✓ works" in screen.cursor)
        await screen.sees("● 1 running")


async def test_the_list_says_from_where_and_what_each_adds(home: Home) -> None:
    path = write(home, "halver", METRIC)
    async with showing(home) as screen:
        await opened(screen)
        await screen.shows(lambda: "2 plugins  2 work" in screen.lines[1])
        await screen.shows(lambda: "[Installed 2]" in screen.rule)
        await screen.press("j")
        await screen.shows(lambda: screen.cursor.split() == ["▸", "✓", "works", "halver", "file", "metric", "half"])
        await screen.shows(lambda: path.name in screen.text)
        await screen.press("enter")
        await screen.sees("Always one half.")
        await screen.press("escape", "d")
        await screen.sees("Details of halver")
        await screen.press("escape", "y")
        await screen.says("Copied")
        assert (home.root / "copied.txt").read_text() == str(path)


async def test_off_is_kept_and_on_again_it_is_there(home: Home) -> None:
    write(home, "halver", METRIC)
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("p")
        await screen.says("Off/on: builtin is the program itself.")
        await screen.press("j", "p")
        await screen.says("halver is off: nothing of it is called from now on")
        await screen.at("· off")
        assert read_off(home) == {"halver"}
    async with showing(home) as screen:
        await opened(screen)
        await screen.sees("· off     halver")
        await screen.press("G", "p")
        await screen.says("✓ works  metric half")
        await screen.at("halver")
        assert read_off(home) == set()


async def test_a_new_plugin_works_as_it_is_written(home: Home) -> None:
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("n")
        await screen.sees("New plugin")
        await screen.type("calm-texts")
        await screen.press("enter")
        await screen.says("Name: letters, digits and underscores, a letter first.")
        await screen.press(*["backspace"] * 6)
        await screen.type("_texts")
        await screen.press("enter")
        await screen.says("calm_texts.py is written, and its test, tests/test_calm_texts.py")
        await screen.sees("✓ works   calm_texts")
        await screen.at("calm_texts")
        await screen.at("preprocessor calm-texts")
        assert (home.plugins / "tests" / "test_calm_texts.py").is_file()
        await screen.press("n")
        await screen.type("calm_texts")
        await screen.press("enter")
        await screen.says("New plugin calm_texts:")


async def test_a_file_that_comes_is_told(home: Home) -> None:
    async with showing(home) as screen:
        await opened(screen)
        write(home, "halver", METRIC)
        await screen.says("! halver.py is new; R loads it.")
        await screen.press("R")
        await screen.sees("✓ works   halver")


async def test_hooks_errors_and_how_to_write_one_are_tabs(home: Home) -> None:
    write(home, "halver", METRIC)
    write(home, "broken", "1 / 0")
    async with showing(home) as screen:
        await screen.press("7")
        await screen.sees("✗ failed  broken")
        await screen.press("]")
        await screen.sees("[Hooks 6]")
        await screen.shows(lambda: "builtin, halver" in screen.line_of("register_metrics()"))
        await screen.sees("Sources")
        await screen.press("]")
        await screen.sees("[Errors 1]")
        await screen.at("ZeroDivisionError")
        await screen.press("enter")
        await screen.sees("1 / 0")
        await screen.press("escape", "]")
        await screen.sees("[Write one]")
        await screen.shows(lambda: str(home.plugins)[-20:] in screen.text)
        await screen.press("escape")
        await screen.sees("[Installed 3]")
        await screen.press("escape")
        await screen.sees("[1 Runs]")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20)])
async def test_what_failed_is_said_at_every_size(home: Home, size: tuple[int, int]) -> None:
    write(home, "broken", "1 / 0")
    async with showing(home, size=size) as screen:
        await screen.press("7")
        await screen.sees("ZeroDivisionError")
        if size[0] >= 120:
            await screen.shows(lambda: "Traceback" in screen.text)


async def test_a_plugin_that_cannot_be_loaded_again_says_why(home: Home) -> None:
    path = write(home, "halver", METRIC)
    async with showing(home) as screen:
        await opened(screen)
        await screen.press("j")
        path.write_text("def f(:")
        await screen.says("changed on disk")
        await screen.press("R")
        await screen.says("halver: import failed at line 1: SyntaxError")
        await screen.sees("! 1 plugin")
        path.unlink()
        await screen.shows(lambda: "changed on disk" in screen.said, "the file's end to be told")
        await screen.press("R")
        await screen.sees("1 plugin  1 work")
