"""Text from outside reaches the terminal as text: through every screen, sheet and tab, typed, pasted and read."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual import events

from tests.fakes import FakeRun, finished_run
from tests.measured import store, trained_run
from tests.poison import BAD_BYTES, CORPUS, SIGN, harm, harm_in_text, poisoned
from tests.ui.seeing import Screen, showing
from tests.ui.terminal import Terminal
from tui_finetune.paths import Home
from tui_finetune.runs import atomic
from tui_finetune.ui.wants import DataWanted, EvaluateWanted, PredictWanted, TrainWanted

pytestmark = pytest.mark.slow

SHORT = [name for name in CORPUS if not name.startswith("long")]
WALK = (
    "j",
    "enter",
    "j",
    "escape",
    "d",
    "escape",
    "y",
    "t",
    "escape",
    "e",
    "escape",
    "m",
    "escape",
    "o",
    "G",
    "g",
    "l",
    "h",
)
"""What is pressed on every tab: what opens, and what closes it."""


def named(home: Home) -> list[FakeRun]:
    """A run for each text, which is its name, tag, note, model and data."""
    runs = []
    for name in CORPUS:
        text = poisoned(name).encode("utf-8", "backslashreplace").decode()
        run = finished_run(home, "x", reason=text, advice=text)
        atomic.write_json(run.paths.label_json, {"v": 1, "name": text, "tags": [text], "note": text})
        content = atomic.read_json(run.paths.run_json)
        atomic.write_json(run.paths.run_json, {**content, "model": text, "data": text, "task": text})
        runs.append(run)
    return runs


def told(home: Home) -> FakeRun:
    """A live run whose log, events, recipe and checkpoints hold every text."""
    run = trained_run(home, "told")
    run.begin().plan(device=poisoned("escape"), precision=poisoned("c1"))
    lines = [poisoned(name).encode("utf-8", "surrogateescape" if name == "surrogate" else "strict")
             for name in CORPUS if name != "surrogate"]  # fmt: skip
    run.prints(b"\n".join([*lines, BAD_BYTES, b""]))
    for name in SHORT:
        text = poisoned(name).encode("utf-8", "backslashreplace").decode()
        run.events.write("warning", message=text)
        run.events.write("note", message=text)
        run.events.write(text, **{text: text})
        run.events.write("phase", phase="training", detail=text)
        run.events.write("request", id=text, action=text, answer="refused", why=text)
        run.events.write("request", id=f"set {text}", action="set", answer="accepted", when=text, by=text, reason=text)
        run.events.write(
            "applied", id=f"set {text}", action="set", step=10, old={text: text}, new={text: text}, reason=text
        )
        run.events.write("finding", id=text, rule=text, severity=text, step=10, since=9, what=text, figures={text: text},
                         helps=text, act={"action": text, "values": {"set": {text: text}}})  # fmt: skip
        run.events.write("save_failed", step=10, why=text)
        run.events.write("refit", step=10, what=text, old={text: text}, new={text: text}, reason=text)
        run.events.write("queued", behind=[text], place=text)
        run.events.write("forecast", parts={text: text}, seconds_left=1.0, step_seconds=0.5)
        run.events.write("evaluation", step=10, split=text, seconds=1.0, metrics={text: 0.5})
        run.baseline(text, text, **{text: 0.4})
    run.write_raw(BAD_BYTES + b"\n")
    text = "".join(
        f"# {poisoned(name)!r} {CORPUS[name][:200]}\n" for name in SHORT if name not in ("surrogate", "lines")
    )
    run.paths.request_toml.write_bytes(text.encode() + BAD_BYTES)
    run.paths.recipe_toml.write_bytes(text.encode() + BAD_BYTES)
    return run


async def walk(screen: Screen, keys: Sequence[str] = WALK, *, tabs: int = 7) -> set[str]:
    """Presses them on every tab; all that was seen. Nothing harmful was painted at any moment."""
    seen = set(screen.lines)
    for _ in range(tabs):
        for key in keys:
            await screen.press(key)
            assert harm_in_text(screen.text) == [], (screen.head, key)
            seen |= set(screen.lines)
        await screen.press("escape", "]")
    return seen


def shown_in(seen: set[str]) -> bool:
    return any(SIGN in line for line in seen)


@pytest.mark.parametrize("size", [(80, 24), (200, 60), (30, 6)], ids=["80x24", "200x60", "30x6"])
async def test_runs_and_what_can_be_done_with_them(home: Home, size: tuple[int, int]) -> None:
    runs = named(home)
    async with showing(home, size=size) as screen:
        await screen.until(lambda: screen.app.listing.whole, "the runs")
        seen = set(screen.lines)
        for _ in runs:
            await screen.press("j")
            assert harm_in_text(screen.text) == []
            seen |= set(screen.lines)
        if size[0] >= 80:
            for opened in ("T", "d", "ctrl+d", "r", ":", "?"):
                await screen.press(opened)
                assert harm_in_text(screen.text) == [], opened
                await screen.press("escape")
            await screen.press("space", "space", "=")
            assert harm_in_text(screen.text) == []
            assert shown_in(seen)


async def test_a_run_that_is_told_of_in_every_way(home: Home) -> None:
    run = told(home)
    async with showing(home, size=(120, 40), open_run=run.id) as screen:
        await screen.sees("[4 Run]")
        assert shown_in(await walk(screen))
        screen.app.open_run(run.id, tab="live")
        await screen.sees("[Live]")
        for key in (
            "tab",
            "j",
            "enter",
            "escape",
            "tab",
            "escape",
            "<",
            "<",
            ">",
            "escape",
            "c",
            "enter",
            "escape",
            "escape",
        ):
            await screen.press(key)
            assert harm_in_text(screen.text) == [], key
        run.end("failed", reason=poisoned("escape"), advice=poisoned("bidi"))
        await screen.sees("✗ failed")
        assert harm_in_text(screen.text) == []


async def test_data_rows_values_and_finding_them(home: Home, tmp_path: Path) -> None:
    file = rows_of(tmp_path)
    async with showing(home, size=(120, 40)) as screen:
        screen.app.show_screen("data", DataWanted(str(file)))
        await screen.sees(SIGN)
        assert shown_in(await walk(screen))


def rows_of(folder: Path) -> Path:
    """A CSV file of all texts."""
    file = folder / f"texts {CORPUS['escape'][:4]!r}.csv"
    with file.open("w", newline="", encoding="utf-8", errors="backslashreplace") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "label"])
        for name, label in zip(CORPUS, itertools.cycle("ab")):
            writer.writerow([poisoned(name).replace("\x00", ""), f"{label} {CORPUS['escape']}"])
    return file


async def test_a_recipe_in_the_form_and_as_a_file(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    values = {name: CORPUS[name].encode("utf-8", "backslashreplace").decode() for name in SHORT if name != "surrogate"}
    quoted = "".join(f'"{SIGN} {name}" = "{_toml(text)}"\n' for name, text in values.items())
    file.write_text(f'version = 1\ntask = "text-classification"\nname = "{_toml(CORPUS["escape"])}"\n[data]\n{quoted}')
    async with showing(home, size=(120, 40)) as screen:
        screen.app.show_screen("train", TrainWanted(path=file))
        await screen.sees("[3 Train]")
        await screen.sees(SIGN)
        assert shown_in(await walk(screen))


def _toml(text: str) -> str:
    return "".join(f"\\u{ord(char):04x}" if ord(char) < 0x7F and not char.isalnum() else char for char in text)


async def test_what_a_model_said_row_by_row(home: Home) -> None:
    run = trained_run(home, "judged", labels=[poisoned("escape"), poisoned("bidi")])
    labels = [poisoned("escape"), poisoned("bidi")]
    rows = [
        (text.encode("utf-8", "backslashreplace").decode(), labels[place % 2], labels[place % 3 % 2], 0.7)
        for place, text in enumerate(map(poisoned, CORPUS))
    ]
    store(run.paths, rows, labels=labels)
    async with showing(home, size=(120, 40)) as screen:
        await screen.until(lambda: screen.app.listing.whole, "the runs")
        screen.app.show_screen("evaluate", EvaluateWanted(run.id))
        await screen.sees(SIGN)
        assert shown_in(await walk(screen))


async def test_what_is_typed_and_pasted_into_every_field(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from tests.conftest import REPOSITORY
    from tui_finetune.inference.client import HelperSpec

    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setattr(HelperSpec, "command", lambda self: [sys.executable, "-m", "tests.fake_helper", "answers"])
    run = trained_run(home, "typed")
    async with showing(home, size=(100, 40)) as screen:
        await screen.until(lambda: screen.app.listing.whole, "the runs")
        for opened in ("/", "T", ":"):
            await screen.press(opened)
            await paste_all(screen)
            await screen.press("enter", "escape", "escape")
        screen.app.show_screen("predict", PredictWanted(model=run.id))
        await screen.sees("[6 Predict]")
        await screen.press("tab")
        await paste_all(screen)
        await screen.press("enter")
        assert harm_in_text(screen.text) == []


async def paste_all(screen: Screen) -> None:
    for name in CORPUS:
        screen.app.post_message(events.Paste(poisoned(name)))
        await screen.pilot.pause()
        assert harm_in_text(screen.text) == [], name


async def test_a_plugin_that_speaks_so(home: Home) -> None:
    folder = home.plugins
    folder.mkdir(exist_ok=True)
    (folder / "poison.py").write_text(
        f"raise RuntimeError({poisoned('escape')!r} + {CORPUS['bidi']!r} + {CORPUS['markup']!r})\n"
    )
    async with showing(home, size=(120, 40)) as screen:
        await screen.press("7")
        await screen.sees("poison")
        await screen.sees(SIGN)
        assert shown_in(await walk(screen, ("j", "enter", "escape", "d", "escape", "y")))


def test_the_bytes_that_reach_the_terminal(home: Home, tmp_path: Path) -> None:
    """The whole program in a terminal: what it sends is its own, also in what it says after its end."""
    named(home)
    run = told(home)
    file = rows_of(tmp_path)
    with Terminal(home, size=(120, 40)) as terminal:
        terminal.sees("told")
        terminal.sees(SIGN)
        terminal.type("jjjjGgd")
        terminal.sees("Details of")
        terminal.type("\x1b")
        terminal.type("q")
        assert terminal.wait() == 0
        assert harm(terminal.raw) == []
    with Terminal(home, "open", run.short, size=(120, 40)) as terminal:
        terminal.sees("[4 Run]")
        for tab in ("Log", "Events", "Recipe"):
            terminal.type("]")
            terminal.sees(f"[{tab}]")
            terminal.type("gG")
        terminal.type("[/")
        terminal.type(b"\x1b[200~" + BAD_BYTES + b"\x1b[201~")
        terminal.type("\r")
        terminal.sees("filter ")
        terminal.type("\x1b2i")
        terminal.type(f"{file}\r")
        terminal.sees(SIGN)
        terminal.type("\x11")
        assert terminal.wait() == 0
        assert harm(terminal.raw) == []
    assert SIGN in terminal.text
