"""What is said of runs that nobody looks at."""

from __future__ import annotations

from tests.fakes import FakeRun
from tui_finetune.live.news import news
from tui_finetune.live.reader import Listing, RunsReader
from tui_finetune.paths import Home


def test_each_change_is_told_once_and_what_is_looked_at_tells_itself(home: Home) -> None:
    reader = RunsReader(home)
    one = FakeRun(home, "one").begin().plan().step(10)
    two = FakeRun(home, "two").begin().plan().step(10)
    three = FakeRun(home, "three").begin().plan().step(10)
    before = reader.read()
    assert news(before, before) == []
    assert news(Listing(), before) == (), "what is found at the start is no news"
    one.end("finished", metrics={"test_accuracy": 0.91})
    two.die()
    three.beat(idle=900)
    after = reader.read()
    told = {text.partition(" ")[0]: (text, token) for text, token in news(before, after)}
    assert told["one"] == (f"one ({one.short}) finished, 0.910 accuracy test", "text")
    assert told["two"] == (f"two ({two.short}) died: process gone without a result at step 10", "bad")
    assert told["three"][0].startswith(f"three ({three.short}): no progress for 15 m")
    assert [text for text, _ in news(before, after, looked_at=two.id) if text.startswith("two")] == []
    three.beat(idle=0)
    assert news(after, reader.read()) == []
    FakeRun(home, "new").begin()
    assert news(after, reader.read()) == []
