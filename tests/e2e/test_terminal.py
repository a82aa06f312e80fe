"""A terminal that goes away in the middle of `train --wait`: the run belongs to the machine."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.calling import Cli
from tests.waiting import wait_until
from tests.worker.training import events, finished, write_rows
from tui_finetune.paths import Home
from tui_finetune.runs.store import RunStore

KILLER = Path(__file__).parent.parent / "worker" / "killer.py"
MIDDLE, STEPS = 6, 24
"""48 rows of train, 4 a batch, 2 epochs."""
RECIPE = """
task = "text-classification"
[run]
device = "cpu"
[data]
path = "rows.csv"
validation = 0.2
[model]
path = "{model}"
max_length = 24
[train]
per_device_train_batch_size = 4
num_train_epochs = 2
logging_steps = 1
"""


class Terminal:
    """A pseudo-terminal with a command in it, which leads its session and its foreground group."""

    def __init__(self, *command: str) -> None:
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.execv(command[0], command)
        self._seen = ""

    def wait_for(self, words: str) -> None:
        wait_until(lambda: words in self._read(), f"{words!r} on the terminal", timeout=120)

    def _read(self) -> str:
        while select.select([self._master], [], [], 0)[0]:
            try:
                self._seen += os.read(self._master, 65_536).decode("utf-8", "replace")
            except OSError as error:  # how Linux says that nobody is at the other end
                raise AssertionError(f"the verb ended: {self._seen[-2000:]}") from error
        return self._seen

    def close(self) -> None:
        """What a closed window and a lost line do: the session gets SIGHUP."""
        os.close(self._master)

    def kill_group(self) -> None:
        os.killpg(self.pid, signal.SIGKILL)
        self.close()

    def ended_by(self) -> int:
        """The signal that ended the command."""
        status = wait_until(self._status, "the verb to end")
        assert status is not None
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0

    def _status(self) -> int | None:
        """How it ended, once it has; a signal's status is never 0."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return status if pid else None


@pytest.mark.parametrize(
    ("go_away", "by"),
    [(Terminal.kill_group, signal.SIGKILL), (Terminal.close, signal.SIGHUP)],
    ids=["killed", "closed"],
)
def test_the_run_goes_on_and_its_history_is_whole(
    go_away: Callable[[Terminal], None],
    by: int,
    home: Home,
    tiny_model: Path,
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_rows(tmp_path / "rows.csv")
    (tmp_path / "recipe.toml").write_text(RECIPE.format(model=tiny_model))
    (tmp_path / "plugins").mkdir()
    shutil.copy(KILLER, tmp_path / "plugins" / "killer.py")
    flag = tmp_path / "in the middle"
    monkeypatch.setenv("TEST_KILL_AT", f"pause:{MIDDLE}")
    monkeypatch.setenv("TEST_KILL_FLAG", str(flag))
    monkeypatch.setenv("TERM", "xterm")
    verb = ("train", str(tmp_path / "recipe.toml"), "--name", "left", "--wait")
    terminal = Terminal(
        sys.executable, "-m", "tui_finetune", *verb, "--plugin-dir", str(tmp_path / "plugins"), "--home", str(home.root)
    )
    terminal.wait_for(f"step {MIDDLE - 1} of {STEPS}")
    wait_until(flag.exists, f"step {MIDDLE}")
    go_away(terminal)
    assert terminal.ended_by() == by
    (info,) = RunStore(home).list()
    assert info.status().live
    flag.unlink()
    finished(info)
    assert [event.step for event in events(info, "step")] == list(range(1, STEPS + 1))
    watched = cli("watch", "left")
    assert watched.code == 0
    assert [int(n) for n in re.findall(rf"  step (\d+) of {STEPS} ", watched.out)] == list(range(1, STEPS + 1))
    assert watched.out.rstrip().endswith("finished")
    shown = cli("show", "left", "--json").json
    assert (shown["state"], shown["step"], shown["attempt"]) == ("finished", STEPS, 1)
    assert "accuracy" in shown["metrics"]
