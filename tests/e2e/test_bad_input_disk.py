"""No room on disk, and homes that cannot be written, on real small file systems; skipped where none can be mounted.

| bad input | held by |
|---|---|
| no room on disk, at the check | test_the_check_says_how_much_room_is_needed, test_no_room_for_the_data |
| … at the handoff, whatever the moment at which the room runs out | test_no_room_for_a_run_to_begin |
| … in a worker while it saves a checkpoint; going on when there is room again | test_no_room_for_a_checkpoint |
| … from the first second on | test_room_to_begin_and_no_more |
| … for a file that a verb writes | test_no_room_for_a_recipe, test_a_recipe_that_was_there_stays |
| a home that cannot be written: a read-only disk | test_a_read_only_home_can_be_looked_at, test_a_read_only_home_starts_nothing |
| … a path below a file | test_a_home_below_a_file |
| the traceback's log lies in the home that was named, and nowhere else | test_nothing_is_written_beside_the_home |
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.e2e.bad_input import HEADER, Desk, desk, nothing_half_written, nothing_left, plain, refused, rows
from tests.fakes import FakeRun, finished_run
from tests.model_folders import model_folder
from tests.waiting import wait_until
from tests.worker.forked import ForkServer
from tui_finetune.launch import check, handoff
from tui_finetune.paths import Home
from tui_finetune.runs.layout import RunPaths
from tui_finetune.runs.tail import read_events
from tui_finetune.runs.testing import check_run_directory

__all__ = ["desk"]

PAGE = 4096
SPAWN = handoff._spawn
"""How a worker is really started."""
KILLER = Path(__file__).parent.parent / "worker" / "killer.py"
STEPS = 'save_steps = 4\nsave_strategy = "steps"\neval_strategy = "no"\nsave_total_limit = 9\n'

Mount = Callable[[str], Path]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mounts an empty file system of that size; the test is skipped where that is not possible."""
    mounted: list[Path] = []

    def mounting(size: str) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True) if shutil.which("mount") else None
        if done is None or done.returncode != 0:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip() if done else 'no mount'}")
        mounted.append(folder)
        return folder

    yield mounting
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def make_read_only(folder: Path) -> None:
    """As soon as no process has a file there open for writing."""
    command = ["mount", "-o", "remount,ro", str(folder)]
    wait_until(lambda: subprocess.run(command, capture_output=True).returncode == 0, f"{folder} to be read-only")


def fill(folder: Path, leave: int = 0) -> Path:
    """Takes all the room but `leave` bytes; the file that takes it."""
    path = folder / "fill"
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(64 * PAGE))
    with contextlib.suppress(OSError), path.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(PAGE))
    os.truncate(path, max(path.stat().st_size // PAGE * PAGE - leave, 0))
    return path


@pytest.fixture
def no_check_of_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """The room goes after the check has looked."""
    monkeypatch.setattr(check, "_room", lambda home, model, **more: [])


def test_the_check_says_how_much_room_is_needed(desk: Desk, cli: Cli, mount: Mount) -> None:
    home = Home(mount("8m")).ensure()
    desk.write(HEADER + rows())
    said = cli("train", desk.recipe(model_folder(desk.folder / "model")), "--home", str(home.root))
    refused(
        said, f"Disk: about 0.5 GB needed in {home.runs}, 0.0 GB free. tui-finetune trash empty, or another --home."
    )
    nothing_left(home)


def test_no_room_for_the_data(desk: Desk, cli: Cli, mount: Mount) -> None:
    home = Home(mount("256k")).ensure()
    desk.write(HEADER + rows(4000))
    recipe = desk.recipe(model_folder(desk.folder / "model"))
    words = (
        "cannot be written: No space left on device. Make room (tui-finetune trash empty), or choose another --home."
    )
    for verb in (("train", recipe), ("data", "show", str(desk.data)), ("config", "new", "--data", str(desk.data))):
        refused(cli(*verb, "--home", str(home.root)), str(home.cache), words)
    nothing_left(home)


PAGES = (0, 1, 2, 3, 4, 5, 6, 8, 24, 34)
"""Room for the first file of a run, for the second … up to what a worker wants to have before it claims the run."""


def test_no_room_for_a_run_to_begin(
    desk: Desk, cli: Cli, mount: Mount, workers: ForkServer, no_check_of_room: None
) -> None:
    home = Home(mount("4m")).ensure()
    desk.write(HEADER + rows())
    assert cli("data", "show", str(desk.data), "--home", str(home.root)).code == 0
    recipe = desk.recipe(model_folder(desk.folder / "model"))
    for pages in PAGES:
        full = fill(home.root, leave=pages * PAGE)
        said = cli("train", recipe, "--home", str(home.root))
        full.unlink()
        refused(said, "cannot be written: No space left on device. Make room (tui-finetune trash empty)", code=4)
        nothing_left(home)


@pytest.mark.slow
def test_room_to_begin_and_no_more(
    desk: Desk, cli: Cli, mount: Mount, workers: ForkServer, tiny_model: Path, no_check_of_room: None
) -> None:
    home = Home(mount("4m")).ensure()
    desk.write(HEADER + rows())
    assert cli("data", "show", str(desk.data), "--home", str(home.root)).code == 0
    full = fill(home.root, leave=40 * PAGE)
    said = cli("train", desk.recipe(tiny_model), "--wait", "--home", str(home.root))
    plain(said.out + said.err)
    assert said.code == 4
    assert "failed: Disk: " in said.out
    full.unlink()
    (run,) = cli("runs", "--json", "--home", str(home.root)).json
    assert run["state"] == "failed"
    assert run["reason"].startswith("Disk: ")
    check_run_directory(run["path"], only_known_events=True)
    nothing_half_written(home)
    resumed = cli("resume", "latest", "--wait", "--json", "--home", str(home.root))
    assert (resumed.code, resumed.json["state"]) == (0, "finished"), resumed.err


@pytest.mark.slow
@pytest.mark.parametrize(
    "left", [0, 25 * PAGE, 60 * PAGE], ids=["none at all", "not for the weights", "for the weights only"]
)
def test_no_room_for_a_checkpoint(
    left: int, desk: Desk, cli: Cli, mount: Mount, workers: ForkServer, tiny_model: Path, no_check_of_room: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Training goes on and saving is tried again; the run waits for room where it has to, and needs nobody to go on."""
    home = Home(mount("8m")).ensure()
    desk.write(HEADER + rows())
    shutil.copy(KILLER, home.plugins / "killer.py")
    flag = desk.folder / "at step 6"
    monkeypatch.setenv("TEST_KILL_AT", "pause:6")
    monkeypatch.setenv("TEST_KILL_FLAG", str(flag))
    monkeypatch.setenv("TEST_SAVE_SECONDS", "0")
    recipe, there = desk.recipe(tiny_model, STEPS), ("--home", str(home.root))
    begun = cli("train", recipe, "--set", "train.max_steps=20", "--json", *there)
    assert begun.code == 0, begun.err
    run = RunPaths(Path(begun.json["path"]))
    wait_until(flag.exists, "step 6")
    full = fill(home.root, leave=left)
    monkeypatch.setenv("TEST_KILL_AT", "none:0")
    flag.unlink()
    wait_until(lambda: cli("show", "latest", "--json", *there).json["state"] == "paused", "it to wait for room")
    full.unlink()
    ended = cli("watch", "latest", "--json", *there)
    assert (ended.code, ended.json["state"], ended.json["step"]) == (0, "finished", 20), ended.err
    told = read_events(run)
    assert [event.step for event in told if event.name == "step"] == list(range(1, 21)), "none was lost"
    assert {event.attempt for event in told} == {1}
    failed = [event for event in told if event.name == "save_failed"]
    assert failed[0].step == 8
    assert failed[0].fields["why"] in ("no room", "a file could not be written, probably for no room")
    assert all(one["whole"] for one in ended.json["checkpoints"])
    assert ended.json["checkpoints"][-1]["step"] == 20
    check_run_directory(run.root, only_known_events=True)
    nothing_half_written(home)


def test_no_room_for_a_recipe(desk: Desk, cli: Cli, mount: Mount) -> None:
    disk = mount("64k")
    fill(disk)
    said = cli("config", "new", "-o", str(disk / "new.toml"))
    refused(said, f"{disk}/new.toml cannot be written: No space left on device.")
    assert sorted(path.name for path in disk.iterdir()) == ["fill"]


def test_a_recipe_that_was_there_stays(desk: Desk, cli: Cli, mount: Mount) -> None:
    disk = mount("64k")
    (disk / "mine.toml").write_text("mine")
    fill(disk)
    refused(
        cli("config", "new", "-o", str(disk / "mine.toml"), "--force"), "cannot be written: No space left on device."
    )
    assert (disk / "mine.toml").read_text() == "mine"
    assert sorted(path.name for path in disk.iterdir()) == ["fill", "mine.toml"]


def looked_at(home: Home) -> tuple[str, str]:
    """Two ended runs in the home: one finished, one that died."""
    finished = finished_run(home, "done")
    lost = FakeRun(home, "lost").begin().plan().step(10).die()
    return finished.short, lost.short


def test_a_read_only_home_can_be_looked_at(cli: Cli, mount: Mount) -> None:
    home = Home(mount("8m")).ensure()
    done, lost = looked_at(home)
    make_read_only(home.root)
    there = ("--home", str(home.root))
    assert {run["state"] for run in cli("runs", "--json", *there).json} == {"finished", "died"}
    assert cli("show", done, *there).code == 0
    assert cli("logs", done, *there).code == 0
    assert cli("watch", lost, *there).code == 1
    assert cli("plugins", "list", *there).code == 0
    assert cli("trash", "list", *there).code == 0


@pytest.mark.slow
def test_a_read_only_home_starts_nothing(
    desk: Desk, cli: Cli, mount: Mount, workers: ForkServer, tiny_model: Path, no_check_of_room: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    home = Home(mount("16m")).ensure()
    there = ("--home", str(home.root))
    desk.write(HEADER + rows())
    recipe = desk.recipe(tiny_model, STEPS)
    stopped = cli("train", recipe, "--wait", "--json", *there)
    assert stopped.code == 0, stopped.err
    run = RunPaths(Path(stopped.json["path"]))
    run.result_json.write_text('{"v": 1, "attempt": 1, "state": "stopped", "exit_code": 0, "step": 3, "steps": 9}')
    before = sorted(str(path) for path in home.root.rglob("*"))
    make_read_only(home.root)
    refused(cli("train", recipe, *there), "cannot be written", "Choose another", "--home")
    monkeypatch.setattr(handoff, "_spawn", SPAWN)
    refused(cli("resume", "latest", *there), "cannot be written: Read-only file system. Choose another --home.", code=4)
    refused(cli("edit", "latest", "--name", "x", *there), "label.json cannot be written: Read-only file system.")
    refused(cli("rm", "latest", *there), "cannot be moved to", "Read-only file system.")
    desk.write(HEADER + rows(50))
    for verb in (
        ("train", recipe),
        ("data", "show", str(desk.data)),
        ("evaluate", str(run.model), "--data", str(desk.data)),
    ):
        refused(cli(*verb, *there), "cache", "cannot be written: Read-only file system. Choose another --home.")
    assert sorted(str(path) for path in home.root.rglob("*")) == before


def test_a_home_below_a_file(desk: Desk, cli: Cli) -> None:
    desk.write(HEADER + rows())
    home = desk.write("a file", "file") / "home"
    there = ("--home", str(home))
    recipe = desk.recipe(model_folder(desk.folder / "model"))
    for verb in (("train", recipe), ("data", "show", str(desk.data)), ("config", "new", "--data", str(desk.data))):
        refused(cli(*verb, *there), f"{home}/cache cannot be written: Not a directory. Choose another --home.")
    for name in ("runs", "show x", "logs x", "watch x", "stop x", "resume x", "rm x"):
        refused(cli(*name.split(), *there), f"{home}/runs cannot be read: Not a directory. Choose another --home.")
    refused(cli("trash", "list", *there), f"{home}/trash cannot be read: Not a directory.")
    assert cli("plugins", "list", *there).code == 0
    assert home.parent.read_text() == "a file"


def test_nothing_is_written_beside_the_home(
    desk: Desk, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors with a traceback behind them keep it in the home that --home names, where it can be written."""
    platform = tmp_path / "platform"
    monkeypatch.delenv("TUI_FINETUNE_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(platform))
    desk.write(HEADER + rows())
    for home in (desk.folder / "named", desk.write("a file", "file") / "home"):
        (desk.folder / "named" / "cache").mkdir(parents=True, exist_ok=True)
        (desk.folder / "named" / "cache" / "data").write_text("in the way")
        refused(cli("data", "show", str(desk.data), "--home", str(home)), "cannot be written")
        refused(cli("config", "check", str(desk.write("[", "bad.toml")), "--home", str(home)), "not TOML")
    assert not platform.exists()
    assert (desk.folder / "named" / "tui-finetune.log").is_file()
