"""The list of runs: reading, filtering, ordering, and what its columns and the lines below it say."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.fakes import FakeRun, finished_run, many_ended
from tui_finetune.live import runs_page
from tui_finetune.live.columns import head_line
from tui_finetune.live.listing import (
    SORTS,
    Arranged,
    View,
    arrange,
    parse_filter,
    progress_words,
    result_words,
    split_words,
)
from tui_finetune.live.offers import abort_offer, delete_offer, label_offer, resume_offer, stop_offer
from tui_finetune.live.reader import RunRow, RunsReader, falling
from tui_finetune.live.spans import plain, width_of
from tui_finetune.paths import Home
from tui_finetune.runs.info import write_label


def row(home: Home, run: FakeRun) -> RunRow:
    found = RunsReader(home).read().get(run.id)
    assert found is not None
    return found


def names(found: Arranged) -> list[str]:
    return [one.info.name for one in found.rows]


@pytest.fixture
def some(home: Home) -> RunsReader:
    finished_run(home, "old")
    FakeRun(home, "dead").begin().plan().step(10).die()
    finished_run(home, "new")
    FakeRun(home, "live").begin().plan().step(10).close()
    return RunsReader(home)


def test_room_on_the_disk_is_told_again_only_when_somebody_could_mind() -> None:
    first = runs_page.MachineFigures(412_300_000_000, "cpu, 2 cores")
    assert runs_page.steady(None, first) is first
    assert runs_page.steady(first, runs_page.MachineFigures(411_900_000_000, "cpu, 2 cores")) == first
    assert runs_page.steady(first, runs_page.MachineFigures(411_200_000_000)).disk_free == 411_200_000_000
    low = runs_page.MachineFigures(8_310_000_000)
    assert runs_page.steady(low, runs_page.MachineFigures(8_190_000_000)).disk_free == 8_190_000_000
    told = [runs_page.free_words(size) for size in (412_300_000_000, 41_260_000_000, 8_310_000_000, 2_100_000_000_000)]
    assert told == ["412 GB free", "41 GB free", "8.3 GB free", "2.1 TB free"]


def test_a_folder_that_goes_while_it_is_read_takes_no_row_with_it(
    home: Home, some: RunsReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = some.read()
    read = some._row

    def going(root: Path, now: float) -> RunRow | None:
        if home.runs.exists():
            home.runs.rename(home.root / "elsewhere")
        return read(root, now)

    monkeypatch.setattr(some, "_row", going)
    after = some.read()
    assert [row.id for row in after.rows] == [row.id for row in before.rows]
    assert after.problem is not None
    assert after.problem.endswith("is gone")


def test_the_figure_of_a_split(home: Home) -> None:
    run = finished_run(home, "both", metrics={"accuracy": 0.921, "loss": 0.2, "test_accuracy": 0.91})
    status = row(home, run).status
    assert split_words(status, "validation") == "0.921 accuracy"
    assert split_words(status, "test") == "0.910 accuracy"


def test_the_order_of_the_house_is_live_then_what_needs_a_look_then_newest(some: RunsReader) -> None:
    found = arrange(some.read().rows, View())
    assert names(found) == ["live", "dead", "new", "old"]
    assert found.counts == {"all": 4, "live": 1, "look": 1, "marked": 0}


def test_what_was_looked_at_needs_no_look_until_its_next_attempt(some: RunsReader) -> None:
    rows = some.read().rows
    dead = next(one for one in rows if one.info.name == "dead")
    assert names(arrange(rows, View(), seen={dead.id: 1})) == ["live", "new", "dead", "old"]
    assert arrange(rows, View(tab="look"), seen={dead.id: 1}).rows == ()
    assert names(arrange(rows, View(tab="look"), seen={dead.id: 0})) == ["dead"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["live", "dead", "new", "old"]),
        ("state:live", ["live"]),
        ("state:fin", ["new", "old"]),
        ("state:ended", ["dead", "new", "old"]),
        ("name:e state:finished", ["new"]),
        ("OLD", ["old"]),
        ("bert imdb new", ["new"]),
        ("tag:paper", ["old"]),
        ("task:token", []),
        ("nothing has this", []),
    ],
)
def test_a_filter_takes_words_and_keys(some: RunsReader, text: str, found: list[str]) -> None:
    old = next(one for one in some.read().rows if one.info.name == "old")
    write_label(old.info, tags=["paper-1"])
    assert names(arrange(some.read().rows, View(filter=parse_filter(text)))) == found


def test_a_key_that_is_none_is_said_and_looked_for_as_a_word() -> None:
    wanted = parse_filter("http://x stat:failed")
    assert wanted.problem is not None
    assert "stat: is no key" in wanted.problem
    assert wanted.words == ("http://x", "stat:failed")


def test_the_row_under_the_cursor_stays_where_it_is(some: RunsReader) -> None:
    """A run that ended while one looks at it does not jump away; it moves when the cursor leaves it."""
    rows = some.read().rows
    old = next(one for one in rows if one.info.name == "old")
    assert names(arrange(rows, View(), held=(old.id, 0))) == ["old", "live", "dead", "new"]
    assert names(arrange(rows, View(tab="live"), held=(old.id, 5))) == ["live", "old"]


@pytest.mark.parametrize("sort", SORTS)
def test_every_order_keeps_every_row_and_can_be_turned(some: RunsReader, sort: str) -> None:
    rows = some.read().rows
    found = names(arrange(rows, View(sort=sort)))
    assert sorted(found) == ["dead", "live", "new", "old"]
    assert names(arrange(rows, View(sort=sort, reverse=True))) == found[::-1]


def test_sorted_by_result_the_best_comes_first_and_none_last(home: Home) -> None:
    for name, value in (("low", 0.5), ("nan", float("nan")), ("high", 0.9)):
        FakeRun(home, name).begin().end("finished", metrics={"accuracy": value})
    FakeRun(home, "none").begin().end("finished")
    assert names(arrange(RunsReader(home).read().rows, View(sort="result")))[0] == "high"
    assert names(arrange(RunsReader(home).read().rows, View(sort="result")))[-1] == "none"


def test_a_thousand_ended_runs_are_read_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    many_ended(home, 1_000)
    reader = RunsReader(home)
    monkeypatch.setattr("tui_finetune.live.reader.SETTLED_SECONDS", -1.0)
    assert len(reader.read(newest=50).rows) == 50
    assert not reader.read(newest=50).whole
    whole = reader.read()
    assert whole.whole
    assert len(whole.rows) == 1_000
    monkeypatch.setattr("tui_finetune.live.reader.read_info", _never)
    assert reader.read().rows == whole.rows


def _never(*arguments: object, **named: object) -> None:
    raise AssertionError("an ended run was read again")


def test_a_label_that_somebody_changes_is_seen(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_finetune.live.reader.SETTLED_SECONDS", -1.0)
    run = finished_run(home)
    reader = RunsReader(home)
    reader.read()
    write_label(run.info, name="renamed")
    found = reader.read().get(run.id)
    assert found is not None
    assert found.info.name == "renamed"


def test_a_live_run_is_read_on_and_its_figures_move(home: Home) -> None:
    run = FakeRun(home).begin().plan().step(10, loss=0.8)
    reader = RunsReader(home)
    reader.read()
    run.step(20, loss=0.6).evaluate(20, accuracy=0.7)
    found = reader.read().rows[0]
    assert found.figures is not None
    assert (found.figures.loss, found.status.step, found.figures.trend) == (0.6, 20, (0.8, 0.6))
    assert found.figures.evaluated is not None
    assert reader.read().rows[0].figures == found.figures


def test_a_runs_folder_that_goes_away_leaves_the_rows_and_says_so(home: Home) -> None:
    finished_run(home)
    reader = RunsReader(home)
    before = reader.read()
    home.runs.rename(home.root / "elsewhere")
    gone = reader.read()
    assert gone.rows == before.rows
    assert gone.problem == f"{home.runs} is gone"
    (home.root / "elsewhere").rename(home.runs)
    assert reader.read().problem is None


def test_an_empty_home_is_no_problem(home: Home) -> None:
    shutil.rmtree(home.runs)
    found = RunsReader(home).read()
    assert (found.rows, found.problem, found.whole) == ((), None, True)


def test_a_directory_that_cannot_be_read_stays_in_the_list(home: Home) -> None:
    run = finished_run(home)
    run.paths.run_json.write_text("{")
    found = row(home, run)
    assert found.status.state == "unreadable"
    assert "run.json" in progress_words(found, time.time())
    assert not resume_offer(found).on
    assert "run.json" in resume_offer(found).why
    assert not label_offer(found).on


def test_the_columns_of_every_state_fit_at_every_width(home: Home) -> None:
    FakeRun(home, "a name that is much longer than any column 漢字漢字漢字漢字漢字漢字").begin().plan().step(10).close()
    FakeRun(home, "far").begin().plan().beat(age=400).move_elsewhere().close()
    FakeRun(home, "loading").begin().phase("loading", "data").close()
    finished_run(home, "\x1b[31mred")
    FakeRun(home, "failed").begin().plan().step(3).end("failed", reason="loss is nan " * 20, step=3)
    now = time.time()
    for width in (80, 100, 120, 200):
        shown = runs_page.columns(width)
        assert width_of(head_line(shown)) <= width
        for one in RunsReader(home).read().rows:
            line = runs_page.list_line(one, shown, now)
            assert width_of(line) <= width - 3
            assert "\x1b" not in plain(line)
            assert all(width_of(part) <= width for part in runs_page.detail_lines(one, width, now))


def test_wide_screens_show_more_columns_in_the_same_order() -> None:
    narrow = [column.name for column in runs_page.columns(80)]
    wide = [column.name for column in runs_page.columns(200)]
    assert narrow == ["state", "run", "id", "result", "progress", "started"]
    assert [name for name in wide if name in narrow] == narrow
    assert {"trend", "model", "tags", "data", "device"} <= set(wide)


def test_what_the_columns_say(home: Home) -> None:
    assert result_words(row(home, finished_run(home)).status) == "0.880 accuracy test"
    live = row(home, FakeRun(home).begin().plan(rows={}, steps_per_epoch=None).step(50, steps_per_second=0.5))
    assert progress_words(live, time.time()) == "50 % 2 m left"
    loading = FakeRun(home).begin().phase("loading")
    loading.events.write("progress", what="encoding train", done=250, total=1000)
    assert progress_words(row(home, loading), time.time()) == "25 % loading"
    stalled = FakeRun(home).begin().plan().step(3).beat(age=300)
    assert progress_words(row(home, stalled), time.time()) == "heard 5 m ago"


def test_the_lines_below_the_list_tell_what_matters(home: Home) -> None:
    live = FakeRun(home, "imdb").begin().plan(rows={}, steps_per_epoch=None)
    for step in range(10, 60, 5):
        live.step(step, loss=1 / step)
    live.evaluate(50, accuracy=0.921).events.write("warning", message="3 rows are in train and in test.")
    text = "\n".join(plain(one) for one in runs_page.detail_lines(row(home, live), 80, time.time()))
    assert "step 55 of 100" in text
    assert "55 %" in text
    assert "loss 0.018, falling" in text
    assert "validation accuracy 0.921 at step 50" in text
    assert "! 3 rows are in train and in test." in text
    assert "ends about" in text
    dead = FakeRun(home).begin().plan().step(3).checkpoint(2).die()
    text = "\n".join(plain(one) for one in runs_page.detail_lines(row(home, dead), 80, time.time()))
    assert "process gone without a result at step 3" in text
    assert f"tui-finetune resume {dead.short}" in text


def test_every_offer_that_is_off_says_why(home: Home) -> None:
    live, ended = row(home, FakeRun(home).begin().plan().step(1)), row(home, finished_run(home))
    stopped = row(home, FakeRun(home).begin().end("stopped"))
    measured = row(home, FakeRun(home, kind="evaluate").begin().end("failed"))
    script = row(home, FakeRun(home, recipe=None).begin().end("stopped"))
    assert stop_offer(live).on
    assert abort_offer(live).on
    assert stop_offer(ended).why == "Run already finished."
    assert resume_offer(stopped).on
    assert resume_offer(live).why == "Run is running."
    assert resume_offer(ended).why.startswith("Run is finished")
    assert resume_offer(measured).why == "Only training goes on; start the evaluate again."
    assert "script" in resume_offer(script).why
    assert delete_offer([live]).why == "Stop it first."
    assert delete_offer([ended, stopped]).on
    for offer in (stop_offer(None), abort_offer(None), resume_offer(None), delete_offer([]), label_offer(None)):
        assert not offer.on
        assert offer.why


@pytest.mark.parametrize(
    ("trend", "word"),
    [((), None), ((1, 2, 3), None), ((4, 3, 2, 1), "falling"), ((1, 2, 3, 4), "rising"), ((1, 1, 1, 1), "level"),
     ((float("nan"), 4, 3, 2, 1), "falling")],
)  # fmt: skip
def test_a_trend_in_a_word(trend: tuple[float, ...], word: str | None) -> None:
    assert falling(trend) == word


def test_sparks_span_what_is_there_and_leave_gaps() -> None:
    assert runs_page.sparks((0.0, 1.0)) == "▁█"
    assert runs_page.sparks((1.0, float("nan"), 0.0)) == "█ ▁"
    assert runs_page.sparks((1.0,)) == ""
    assert runs_page.sparks((1.0, 1.0)) == "▁▁"
