"""Whole screens as text, as they were reviewed; `SNAPSHOTS=write pytest tests/ui/test_snapshots.py` writes them anew.

What differs from machine to machine and from day to day (ids, clocks, room on the disk) is made the same at equal width.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes import FakeRun, finished_run
from tests.ui.seeing import Screen, showing
from tui_finetune.live.runs_page import MachineFigures
from tui_finetune.paths import Home
from tui_finetune.ui import machine
from tui_finetune.ui.theme import LIGHT, Look

FOLDER = Path(__file__).with_name("snapshots")
SIZES = ((80, 24), (120, 40))
FINDINGS = [
    ("ok", "demo", "its model is installed and whole"),
    ("ok", "gpu", "cuda:0 NVIDIA A10, 24.1 GB, nobody else on it"),
    ("warning", "hub", "not reachable; models and data already here can be used"),
]
CLOCK = re.compile(r"\b\d\d:\d\d(:\d\d)?\b")


@pytest.fixture(autouse=True)
def _one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "gpu1")
    monkeypatch.setattr(machine, "sample", lambda home: MachineFigures(412_000_000_000, "cuda:0 9.1 of 24.1 GB"))
    monkeypatch.setattr(machine, "findings", lambda home: FINDINGS)


RECIPE = """\
version = 1
task = "text-classification"
[train]
learning_rate = 2e-5
weight_decay = 0.01
eval_strategy = "epoch"
"""


def trained(home: Home, name: str, upto: int) -> FakeRun:
    run = FakeRun(home, name, recipe=RECIPE).begin()
    run.plan(steps=4_221, steps_per_epoch=1_407, epochs=3.0, device="cuda:0, NVIDIA A10", rows={"train": 22_500})
    for step in range(20, upto + 1, 20):
        loss = 0.15 + 0.55 * math.exp(-step / 500) + 0.02 * math.sin(step)
        run.step(step, loss=loss, epoch=step / 1_407, learning_rate=2e-5 * (1 - step / 4_221),
                 grad_norm=2.5 + math.cos(step), steps_per_second=2.14)  # fmt: skip
        if step == 1_400:
            run.evaluate(1_407, accuracy=0.921, loss=0.214).checkpoint(1_407)
    return run


def several(home: Home) -> FakeRun:
    finished_run(home, "demo")
    FakeRun(home, "wnut17-bert", task="token-classification").begin().phase("queued")
    FakeRun(home, "imdb-large").begin().plan().step(69).die()
    return trained(home, "imdb-bert", 2_480)


def failed(home: Home) -> FakeRun:
    run = trained(home, "imdb-bert", 1_700)
    run.prints("Traceback (most recent call last):\nFloatingPointError: loss is nan\n")
    return run.end("failed", reason="loss is nan at step 1,712", advice="A lower rate usually helps: 1e-5.",
                   step=1_712, steps=4_221)  # fmt: skip


def steered(home: Home) -> FakeRun:
    run = trained(home, "imdb-bert", 2_480)
    run.change(
        2_101, {"learning_rate": 2e-5}, {"learning_rate": 1e-5}, reason="validation loss above training since 1,407"
    )
    run.refuse("set", "warmup_steps, warm-up ended at step 0", "c2", set={"warmup_steps": 100})
    back = {"action": "rollback", "values": {"checkpoint": 1_407, "set": {"learning_rate": "x0.5"}}}
    run.find("f1", "loss_spike", "loss 4.1 at step 2,352, usual 0.15-0.20", step=2_360, since=2_352, severity="bad", act=back,
             helps="A lower learning rate, from before the spike.", loss=4.1)  # fmt: skip
    return run


def stalled(home: Home) -> FakeRun:
    return trained(home, "imdb-bert", 1_700).prints("worker 3 waits for a lock\n").beat(idle=704)


Made = Callable[[Home], FakeRun | None]
SCREENS: dict[str, tuple[Made, bool, tuple[str, ...], str]] = {
    "runs-empty": (lambda home: None, False, (), "✓ gpu"),
    "runs": (several, False, (), "0.921 accuracy val"),
    "run-live": (lambda home: trained(home, "imdb-bert", 2_480), True, (), "step 2,480 of 4,221"),
    "run-failed": (failed, True, (), "FloatingPointError"),
    "run-stalled": (stalled, True, (), "worker 3 waits"),
    "run-zoomed": (lambda home: trained(home, "imdb-bert", 2_480), True, ("+", "+", "left"), "step 2,480:"),
    "run-change": (lambda home: trained(home, "imdb-bert", 2_480), True, ("c", "enter", *"1e-5"), "not sent yet"),
    "run-health": (steered, True, ("tab",), "✗ loss spike"),
    "run-control": (steered, True, ("[",), "[Control 2]"),
    "run-help": (lambda home: trained(home, "imdb-bert", 2_480), True, ("?",), "Help: chart"),
    "run-palette": (lambda home: trained(home, "imdb-bert", 2_480), True, (":", "s", "t", "o", "p"), "▸ Stop"),
}
"""Name to what is made, whether the run's own screen is opened, keys, and what tells that it is all there."""
NARROW = {"run-live": (45, 6), "runs": (20, 4)}
WIDE = ("runs", "run-live")
LETTERS = {token: token[0] if not token.startswith("series-") else token[-1] for token in LIGHT}
"""Of each meaning: t text, m muted, l live and so on; series by their numbers. Colours that two of them share have one letter."""


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", SCREENS)
async def test_a_screen_is_as_it_was_reviewed(home: Home, name: str, size: tuple[int, int]) -> None:
    if name == "run-stalled" and size[0] > 80:
        pytest.skip("where its sentence breaks depends on how many digits a process has")
    compare(f"{name}-{size[0]}x{size[1]}", await seen(home, name, size))


@pytest.mark.parametrize("name", NARROW)
async def test_a_narrow_one_too(home: Home, name: str) -> None:
    size = NARROW[name]
    compare(f"{name}-{size[0]}x{size[1]}", await seen(home, name, size, wait=False))


@pytest.mark.parametrize("name", WIDE)
async def test_a_large_one_too(home: Home, name: str) -> None:
    compare(f"{name}-200x60", await seen(home, name, (200, 60)))


async def test_in_the_light_theme(home: Home) -> None:
    """Below each line the meaning of the colour of each of its cells: nothing has a colour of another theme."""
    compare("run-live-light", await seen(home, "run-live", (80, 24), look=Look("light"), told=coloured))


def coloured(screen: Screen) -> list[str]:
    tokens: dict[str, str] = {}
    for token, colour in LIGHT.items():
        tokens.setdefault(colour, LETTERS[token])
    lines = []
    for strip in screen.app.screen._compositor.render_strips():
        shown = [(one.text, one.style.color if one.style else None) for one in strip]
        named = [(text, tokens[colour.name] if colour is not None else " ") for text, colour in shown]
        lines += [strip.text, "".join(letter if cell != " " else " " for text, letter in named for cell in text)]
    return lines


async def test_in_ascii(home: Home) -> None:
    text = await seen(home, "run-live", (80, 24), look=Look(ascii=True))
    assert text.isascii()
    compare("run-live-ascii", text)


async def seen(home: Home, name: str, size: tuple[int, int], *, wait: bool = True, look: Look | None = None,
               told: Callable[[Screen], list[str]] = lambda screen: screen.lines) -> str:  # fmt: skip
    made, opened, keys, there = SCREENS[name]
    run = made(home)
    async with showing(home, size=size, look=look, open_run=run.id if opened and run is not None else None) as screen:
        if keys:
            await screen.sees("◆ validation 0.214")
            await screen.sees("Checkpoints 1")
        else:
            await whole(screen, there if wait else "imdb-bert")
        await screen.press(*keys)
        if keys:
            await screen.sees(there)
        await screen.until(lambda: screen.app.listing.whole and screen.app.machine is not None, "the machine's figures")
        await screen.pilot.pause()
        return same_everywhere(screen, told(screen))


async def whole(screen: Screen, there: str) -> None:
    await screen.sees(there if not (screen.app.look.ascii and not there.isascii()) else "running")


def same_everywhere(screen: Screen, lines: list[str]) -> str:
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    for row in screen.app.listing.rows:
        text = text.replace(row.info.short, "k3f9")
    text = re.sub(r"process \d+\b", "process 7", text)
    return CLOCK.sub(lambda found: "00:00:00"[: len(found.group())], text)


def compare(name: str, text: str) -> None:
    file = FOLDER / f"{name}.txt"
    if os.environ.get("SNAPSHOTS") == "write":
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), f"{file.name} differs; SNAPSHOTS=write writes what is there now"
