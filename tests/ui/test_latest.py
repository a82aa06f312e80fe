"""Work of which only the newest counts, and what is said where the system refuses it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from textual.message import Message

from tests.waiting import wait_until
from tui_finetune.ui.latest import Latest
from tui_finetune.ui.threads import os_words


class Said(Message):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Bench:
    """A Latest whose threads run as the bridge's do, and what it posted."""

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.latest = Latest(self._post, lambda what, work: work(), self._thread)

    def _post(self, message: Message) -> None:
        assert isinstance(message, Said)
        self.posted.append(message.text)

    def _thread(self, work: Callable[[], None], name: str) -> None:
        threading.Thread(target=work, name=name, daemon=True).start()


def test_of_what_waits_only_the_newest_is_done_and_told() -> None:
    bench, begun, go, done = Bench(), threading.Event(), threading.Event(), []

    def slow(stale: Callable[[], bool]) -> Message:
        begun.set()
        assert go.wait(20)
        done.append(f"first, stale {stale()}")
        return Said("first")

    def quick(text: str) -> Callable[[Callable[[], bool]], Message]:
        def work(stale: Callable[[], bool]) -> Message:
            done.append(text)
            return Said(text)

        return work

    bench.latest.do("check", "Check", slow)
    assert begun.wait(20)
    bench.latest.do("check", "Check", quick("second"))
    bench.latest.do("check", "Check", quick("third"))
    bench.latest.do("other", "Other", quick("of another key"))
    wait_until(lambda: bench.posted == ["of another key"], "the other key's work")
    go.set()
    wait_until(lambda: bench.posted == ["of another key", "third"], "the newest")
    assert done == ["of another key", "first, stale True", "third"]
    bench.latest.do("check", "Check", quick("again"))
    wait_until(lambda: bench.posted[-1] == "again", "work after the thread had ended")


def test_the_end_waits_for_what_is_kept_and_for_nothing_else() -> None:
    bench, go, done = Bench(), threading.Event(), []

    def keep(stale: Callable[[], bool]) -> None:
        assert go.wait(20)
        done.append("kept")

    bench.latest.do("draft:1", "keep", keep)
    assert not bench.latest.settled("draft:", 0.02)
    assert bench.latest.settled("other:", 0.02)
    go.set()
    assert bench.latest.settled("draft:", 20)
    assert done == ["kept"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(30, "Read-only file system", "/h/.writing-interface.json-1895ff58"),
         "Read-only file system: /h/interface.json"),
        (OSError(13, "Permission denied", "/h/.writing-mine"), "Permission denied: /h/.writing-mine"),
        (OSError(5, "Input/output error"), "Input/output error"),
    ],
)  # fmt: skip
def test_an_error_of_the_system_says_why_before_it_says_where(error: OSError, said: str) -> None:
    assert os_words(error) == said
