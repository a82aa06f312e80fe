"""Makes the pictures of the interface, docs/screen-*.svg, from a real run: `make pictures`.

python docs/make_pictures.py              trains the demo in a home of its own (two and a half minutes) and draws on the way
python docs/make_pictures.py --home HOME  draws the newest run of a home that is there, as it stands

A screen is added to PICTURES with the keys that lead to what it should show.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from terminal_svg import draw  # noqa: E402

from tests.ui.seeing import Screen, showing  # noqa: E402
from tui_finetune.paths import Home  # noqa: E402
from tui_finetune.runs.info import RunInfo  # noqa: E402
from tui_finetune.runs.store import RunStore  # noqa: E402

LIVE_SHARE = 0.6
"""How far the run is when it is drawn alive."""


@dataclass(frozen=True)
class Picture:
    """One screen."""

    name: str
    title: str
    show: Callable[[Screen, RunInfo], Awaitable[None]]
    """Presses what leads there, and waits until it is there."""
    size: tuple[int, int] = (100, 30)
    live: bool = False
    """Drawn while the run trains."""


async def run_screen(screen: Screen, run: RunInfo) -> None:
    await screen.sees(run.name)
    await screen.press("enter")
    await screen.sees("loss  ── training")


async def change_sheet(screen: Screen, run: RunInfo) -> None:
    await run_screen(screen, run)
    await screen.press("c")
    await screen.sees("▸ learning_rate")
    await screen.press("enter")
    await screen.type("x0.5")
    await screen.sees("at the next step")


async def data_screen(screen: Screen, run: RunInfo) -> None:
    await screen.sees(run.name)
    await screen.press("2")
    await screen.sees("▸ stdlib-docs")
    await screen.press("enter")
    await screen.sees("tokens by")
    await screen.press("j", "j", "j")


async def evaluate_screen(screen: Screen, run: RunInfo) -> None:
    await screen.sees(run.name)
    await screen.press("5")
    await screen.sees("weakest")


async def predict_screen(screen: Screen, run: RunInfo) -> None:
    await screen.sees(run.name)
    await screen.press("6")
    await screen.sees("[6 Predict]")
    await screen.type("Open a connection to the server and wait for its answer.")
    await screen.press("enter")
    await screen.sees("ms")


PICTURES = (
    Picture("run", "The Run screen while the demo trains", run_screen, (120, 36), live=True),
    Picture(
        "change",
        "A running value is changed: what follows is said before it is sent",
        change_sheet,
        (90, 24),
        live=True,
    ),
    Picture("data", "The Data screen: what the demo learns from", data_screen),
    Picture("evaluate", "The Evaluate screen: the demo's model on rows that it was not trained on", evaluate_screen),
    Picture("predict", "The Predict screen: a sentence that the model has never seen", predict_screen),
)


async def take(picture: Picture, home: Home, run: RunInfo) -> Path:
    """Draws one screen of the interface as it stands on this home now."""
    (home.root / "interface.json").unlink(missing_ok=True)
    target = HERE / f"screen-{picture.name}.svg"
    async with showing(home, size=picture.size) as screen:
        await screen.until(lambda: screen.app.listing.whole, "the runs")
        await picture.show(screen, run)
        await screen.pilot.pause()
        lines = [list(strip) for strip in screen.app.screen._compositor.render_strips()]
    target.write_text(draw(lines, picture.size[0], title=picture.title), encoding="utf-8")
    return target


def newest(home: Home) -> RunInfo:
    runs = RunStore(home).list()
    if not runs:
        sys.exit(f"{home.runs} has no run to draw")
    return runs[0]


async def drawn(home: Home, pictures: list[Picture]) -> None:
    for picture in pictures:
        print(await take(picture, home, newest(home)), flush=True)


async def from_a_new_run(home: Home) -> None:
    """Trains the demo, and draws what shows it alive on the way."""
    demo = HERE.parent / "sample_configs" / "demo.toml"
    subprocess.run([sys.executable, "-m", "tui_finetune", "train", str(demo)], check=True)
    run = newest(home)
    while (status := run.fresh().status()).live and (status.step or 0) < LIVE_SHARE * (status.steps or 1):
        await asyncio.sleep(1)
    await drawn(home, [one for one in PICTURES if one.live])
    while run.fresh().status().live:
        await asyncio.sleep(1)
    if (status := run.fresh().status()).state != "finished":
        sys.exit(f"the run is {status.words}; the other pictures stay as they are")
    await drawn(home, [one for one in PICTURES if not one.live])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path)
    parser.add_argument("names", nargs="*", help="only these pictures, with --home")
    asked = parser.parse_args()
    if asked.home is not None:
        wanted = [one for one in PICTURES if not asked.names or one.name in asked.names]
        asyncio.run(drawn(Home(asked.home.resolve()), wanted))
        return
    with tempfile.TemporaryDirectory(prefix="pictures-") as root:
        os.environ["TUI_FINETUNE_HOME"] = root
        asyncio.run(from_a_new_run(Home(Path(root)).ensure()))


if __name__ == "__main__":
    main()
