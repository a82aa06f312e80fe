"""A run tells how it ended by the channels of its recipe; what does not go out is said and costs the run nothing."""

from __future__ import annotations

from pathlib import Path

from tests.worker import training
from tests.worker.forked import ForkServer
from tests.worker.training import Ground, events, finished
from tui_finetune.paths import Home
from tui_finetune.runs.testing import check_run_directory


def test_the_end_is_told_before_it_is_written(
    home: Home, workers: ForkServer, tiny_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    ground = Ground(home, tiny_model, training.write_rows(tmp_path / "data" / "rows.csv"))
    told = tmp_path / "told"
    channels = [f"command: sh -c 'cat > {told}'", "webhook: env:TEST_NO_SUCH_HOOK"]
    home.settings.write_text("[notify]\nchannels = ['desktop: a channel of every run that names none']\n")
    info = finished(ground.start("told", train__max_steps=2, run__notify=channels))
    assert told.read_text() == f"{info.title} finished\n\n"
    assert [(one.get("channel"), one.get("ok"), one.get("why")) for one in events(info, "notice")] == [
        ("command", True, None),
        ("webhook", False, "the environment has no TEST_NO_SUCH_HOOK"),
    ]
    (ending,), (end,) = events(info, "ending"), events(info, "end")
    assert all(ending.seq < notice.seq < end.seq for notice in events(info, "notice"))
    assert (ending.get("state"), ending.get("step")) == ("finished", 2)
    check_run_directory(info.paths.root, only_known_events=True)
