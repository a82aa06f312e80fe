"""A log that grows without end keeps its beginning and its newest part, and its writer goes on."""

from __future__ import annotations

from pathlib import Path

from tests.waiting import wait_until
from tui_finetune.worker import log_cap


def test_the_middle_goes_and_the_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    with path.open("ab", buffering=0) as writer:
        for number in range(1000):
            writer.write(f"line {number}\n".encode())
        assert log_cap.cut_middle(path, largest=5000, head=100, tail=200)
        writer.write(b"after\n")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("line 0\nline 1\n")
    assert "bytes of output left out here" in text
    assert text.endswith("line 998\nline 999\nafter\n")
    assert path.stat().st_size < 500


def test_a_small_log_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    path.write_text("short\n", encoding="utf-8")
    assert not log_cap.cut_middle(path)
    assert path.read_text(encoding="utf-8") == "short\n"


def test_the_thread_looks_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    with path.open("wb") as file:
        file.truncate(log_cap.LARGEST + 1)
    cap = log_cap.LogCap(path, interval=0.01)
    cap.start()
    try:
        wait_until(lambda: path.stat().st_size < log_cap.LARGEST, "the log to be cut")
    finally:
        cap.stop()
