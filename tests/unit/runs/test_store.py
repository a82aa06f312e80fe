"""Making, listing, finding runs; the trash."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import FakeRun, finished_run, many_ended
from tui_finetune.errors import NoSuchRun, UserError
from tui_finetune.paths import Home
from tui_finetune.runs import atomic
from tui_finetune.runs.info import write_label
from tui_finetune.runs.layout import RunPaths, looks_like_run_id
from tui_finetune.runs.store import RunStore


def ids(home: Home) -> list[str]:
    return [info.id for info in RunStore(home).list()]


def test_a_new_run_is_private_readable_and_whole(home: Home) -> None:
    paths = RunStore(home).create(
        "IMDb Bert!", kind="train", task="text-classification", of={"run": "x"}, model="m", data="d"
    )
    assert looks_like_run_id(paths.id)
    assert paths.id[16:-5] == "imdb-bert"
    assert sorted(os.listdir(paths.root)) == ["control", "label.json", "run.json"]
    assert paths.root.stat().st_mode & 0o777 == 0o700
    assert paths.control.stat().st_mode & 0o777 == 0o700
    info = RunStore(home).list()[0]
    assert (info.name, info.kind, info.task, info.of, info.model, info.data) == (
        "IMDb Bert!",
        "train",
        "text-classification",
        {"run": "x"},
        "m",
        "d",
    )


@pytest.mark.parametrize("name", ["", "///", "日本語", "../../etc", "a" * 500, "-x", "name\nwith line", "…"])
def test_any_name_makes_a_safe_id_and_stays_as_it_is(home: Home, name: str) -> None:
    paths = RunStore(home).create(name, kind="train", task=None, of=None)
    assert looks_like_run_id(paths.id)
    assert paths.root.parent == home.runs
    assert paths.id.isascii()
    assert len(paths.id) < 80
    if name:
        assert RunStore(home).list()[0].name == name


def test_a_run_that_cannot_be_made_leaves_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic, "write_json", full)
    with pytest.raises(OSError, match="No space"):
        RunStore(home).create("a", kind="train", task=None, of=None)
    assert os.listdir(home.runs) == []


def test_no_two_runs_share_their_last_four_characters(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    import secrets

    letters = iter("aaaa" + "aaaa" + "1234" + "bbbb")
    monkeypatch.setattr(secrets, "choice", lambda _: next(letters))
    store = RunStore(home)
    first = store.create("x", kind="train", task=None, of=None)
    second = store.create("x", kind="train", task=None, of=None)
    assert (first.id[-4:], second.id[-4:]) == ("aaaa", "bbbb")


def test_the_newest_run_comes_first(home: Home) -> None:
    made = [FakeRun(home, name).id for name in ("a", "b", "c")]
    assert ids(home) == made[::-1]


BROKEN: list[tuple[str, Callable[[RunPaths], object], str]] = [
    ("empty", lambda paths: paths.run_json.unlink(), "run.json is missing"),
    ("torn", lambda paths: paths.run_json.write_bytes(b'{"v": 1, "id'), "not JSON"),
    ("no object", lambda paths: paths.run_json.write_bytes(b"[]"), "not a JSON object"),
    ("binary", lambda paths: paths.run_json.write_bytes(b"\x80\xff"), "UTF-8"),
    ("newer", lambda paths: paths.run_json.write_text('{"v": 2, "kind": "train", "soul": {}}'), "newer version"),
    ("no version", lambda paths: paths.run_json.write_text("{}"), "no version"),
    (
        "a folder",
        lambda paths: paths.run_json.rename(paths.root / "x") and paths.control.rename(paths.run_json),
        "directory",
    ),
]


@pytest.mark.parametrize(("name", "spoil", "says"), BROKEN, ids=[name for name, _, _ in BROKEN])
def test_a_directory_that_cannot_be_read_is_listed_as_what_it_is(
    home: Home, name: str, spoil: Callable[[RunPaths], object], says: str
) -> None:
    good, bad = FakeRun(home, "good"), FakeRun(home, "bad")
    spoil(bad.paths)
    listed = {info.id: info for info in RunStore(home).list()}
    assert set(listed) == {good.id, bad.id}
    status = listed[bad.id].status()
    assert status.state == "unreadable"
    assert not status.live
    assert says.lower() in status.words.lower()
    assert listed[bad.id].as_json()["state"] == "unreadable"
    assert RunStore(home).find("latest").id == good.id


@pytest.mark.parametrize("content", [b"", b"{", b'{"name": 3, "tags": "x", "note": null}', b'{"tags": [1, "a"]}'])
def test_a_broken_label_costs_the_name_only(home: Home, content: bytes) -> None:
    run = FakeRun(home, "imdb-bert")
    run.paths.label_json.write_bytes(content)
    info = RunStore(home).list()[0]
    assert info.name == "imdb-bert"
    assert info.problem is None
    assert set(info.tags) <= {"a"}


def test_strange_things_among_the_runs_are_passed_over(home: Home) -> None:
    run = FakeRun(home)
    (home.runs / "notes.txt").write_text("a file")
    (home.runs / ".writing-x").mkdir()
    (home.runs / "dangling").symlink_to(home.runs / "nowhere")
    (home.runs / "my folder").mkdir()
    assert set(ids(home)) == {run.id, "my folder"}


def test_no_home_yet_is_an_empty_list(tmp_path: Path) -> None:
    store = RunStore(Home(tmp_path / "none"))
    assert store.list() == []
    assert store.trashed() == []
    assert not (tmp_path / "none").exists()


def test_a_thousand_runs_are_listed_from_three_small_files_each(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    made = many_ended(home, 1_000)
    opened: list[str] = []
    listed: list[str] = []
    real_open, real_listdir = builtins.open, os.listdir

    def spy_open(file: Any, *args: Any, **kwargs: Any) -> Any:
        opened.append(os.path.basename(str(file)))
        return real_open(file, *args, **kwargs)

    def spy_listdir(path: Any = ".") -> list[str]:
        listed.append(str(path))
        return real_listdir(path)

    monkeypatch.setattr(builtins, "open", spy_open)
    monkeypatch.setattr(os, "listdir", spy_listdir)
    found = [(info.id, info.status().state) for info in RunStore(home).list()]
    assert len(found) == len(made) == 1_000
    assert {state for _, state in found} == {"finished"}
    assert set(opened) == {"run.json", "label.json", "result.json"}
    assert len(opened) == 3_000
    assert listed == [str(home.runs)]


# Finding


def test_a_run_is_found_by_everything_that_names_it(home: Home) -> None:
    run = FakeRun(home, "imdb-bert")
    store = RunStore(home)
    for query in (run.id, run.id[:-2], run.short, "imdb-bert", "latest", f" {run.short} "):
        assert store.find(query).id == run.id


def test_a_name_means_its_newest_run(home: Home) -> None:
    FakeRun(home, "same")
    newest = FakeRun(home, "same")
    FakeRun(home, "other")
    assert RunStore(home).find("same").id == newest.id


def test_a_renamed_run_is_found_by_its_new_name(home: Home) -> None:
    run = FakeRun(home, "old")
    write_label(run.info, name="new")
    assert RunStore(home).find("new").id == run.id
    with pytest.raises(NoSuchRun):
        RunStore(home).find("old")


def test_latest_is_the_newest_that_the_verb_can_act_on(home: Home) -> None:
    train = FakeRun(home, "a")
    FakeRun(home, "b", kind="evaluate")
    store = RunStore(home)
    assert store.find("latest", lambda info: info.kind == "train").id == train.id
    with pytest.raises(NoSuchRun, match="can be used for that"):
        store.find("latest", lambda info: info.kind == "export")


def test_among_runs_of_one_name_the_verb_takes_what_it_can_act_on(home: Home) -> None:
    ended = finished_run(home, "same")
    live = FakeRun(home, "same").begin().plan()
    store = RunStore(home)
    assert store.find("same", lambda info: not info.status().live).id == ended.id
    assert store.find("same").id == live.id
    assert store.find("same", lambda info: info.kind == "export").id == live.id, "the verb itself says why it cannot"


def test_an_ambiguous_beginning_lists_its_matches(home: Home) -> None:
    runs = [FakeRun(home, name) for name in ("a", "b")]
    with pytest.raises(NoSuchRun) as failed:
        RunStore(home).find(runs[0].id[:9])
    told = str(failed.value)
    assert failed.value.exit_code == 3
    assert all(run.short in told for run in runs)
    assert len(failed.value.problems) == 3


def test_a_long_list_of_matches_is_cut(home: Home) -> None:
    many_ended(home, 40)
    with pytest.raises(NoSuchRun) as failed:
        RunStore(home).find("2026")
    assert len(failed.value.problems) == 14
    assert "28 more" in str(failed.value)


def test_an_unknown_one_is_told_with_the_nearest_spelling(home: Home) -> None:
    run = FakeRun(home, "imdb-bert")
    with pytest.raises(NoSuchRun, match=rf"Did you mean imdb-bert \({run.short}\)"):
        RunStore(home).find("imbd-bert")
    with pytest.raises(NoSuchRun, match="tui-finetune runs lists them"):
        RunStore(home).find("zzzzzzzz")
    with pytest.raises(NoSuchRun, match="No run"):
        RunStore(home).find("")


def test_a_part_of_a_name_names_the_newest_that_have_it(home: Home) -> None:
    runs = [FakeRun(home, f"Tickets-all-MiniLM-L6-v2-{n}") for n in range(4)]
    with pytest.raises(NoSuchRun) as failed:
        RunStore(home).find("tickets")
    told = str(failed.value)
    assert [run.short in told for run in runs] == [False, True, True, True]


def test_a_longer_word_is_no_slip_in_four_characters(home: Home) -> None:
    run = FakeRun(home, "imdb")
    with pytest.raises(NoSuchRun, match="tui-finetune runs lists them"):
        RunStore(home).find(f"{run.short}.toml")
    with pytest.raises(NoSuchRun, match=rf"Did you mean imdb \({run.short}\)"):
        RunStore(home).find(f"{run.short}!")


def test_latest_has_its_typing_errors_too(home: Home) -> None:
    FakeRun(home, "a")
    with pytest.raises(NoSuchRun, match=r"Did you mean latest\?"):
        RunStore(home).find("latst")


def test_a_run_in_the_trash_is_told_as_such(home: Home) -> None:
    FakeRun(home, "b")
    gone = finished_run(home, "a")
    RunStore(home).trash(gone.info)
    for query in (gone.short, gone.id, "a"):
        with pytest.raises(NoSuchRun, match=rf"is in the trash. tui-finetune trash restore {gone.short} brings"):
            RunStore(home).find(query)


def test_without_any_run_the_way_to_a_first_one_is_told(home: Home) -> None:
    with pytest.raises(NoSuchRun, match="tui-finetune demo"):
        RunStore(home).find("latest")


# Trash


def test_an_ended_run_goes_to_the_trash_and_comes_back(home: Home) -> None:
    run = finished_run(home, "a")
    store = RunStore(home)
    store.trash(run.info)
    assert (ids(home), [info.id for info in store.trashed()]) == ([], [run.id])
    restored = store.restore(run.short)
    assert restored.id == run.id
    assert restored.status().state == "finished"
    assert store.trashed() == []


@pytest.mark.parametrize("make", ["starting", "running", "stalled", "unreachable"])
def test_a_live_run_does_not_go_to_the_trash(home: Home, make: str) -> None:
    run = FakeRun(home).begin()
    if make != "starting":
        run.plan()
    if make == "stalled":
        run.beat(age=100)
    if make == "unreachable":
        run.beat(age=100).move_elsewhere()
    with pytest.raises(UserError, match=f"is {make}.*only ended runs"):
        RunStore(home).trash(run.info)
    assert ids(home) == [run.id]


def test_an_unreachable_run_goes_to_the_trash_by_force_only(home: Home) -> None:
    run = FakeRun(home).begin().plan().beat(age=100).move_elsewhere()
    live = FakeRun(home).begin().plan()
    store = RunStore(home)
    with pytest.raises(UserError, match="--force"):
        store.trash(run.info)
    with pytest.raises(UserError):
        store.trash(live.info, force=True)
    store.trash(run.info, force=True)
    assert ids(home) == [live.id]


def test_a_broken_directory_can_be_thrown_away(home: Home) -> None:
    run = FakeRun(home)
    run.paths.run_json.unlink()
    RunStore(home).trash(RunStore(home).find(run.short))
    assert ids(home) == []


def test_nothing_is_lost_where_a_name_is_taken(home: Home) -> None:
    run = finished_run(home, "a")
    store = RunStore(home)
    store.trash(run.info)
    copy = home.runs / run.id
    copy.mkdir()
    (copy / "run.json").write_text('{"v": 1, "kind": "train", "created": 1}')
    (copy / "result.json").write_text('{"state": "stopped", "attempt": 1}')
    store.trash(store.find(run.id))
    assert sorted(os.listdir(home.trash)) == [run.id, f"{run.id}~2"]
    assert {info.status().state for info in store.trashed()} == {"finished", "stopped"}
    (home.runs / run.id).mkdir()
    back = store.restore(run.id)
    assert back.paths.root.name == f"{run.id}~2"
    assert back.status().state == "finished"
    (home.runs / run.id).rmdir()
    store.trash(back)
    assert sorted(os.listdir(home.trash)) == [run.id, f"{run.id}~2"]
    os.rename(home.trash / run.id, home.root / "away")
    assert store.restore(f"{run.id}~2").id == run.id, "the number is taken off again"


def test_emptying_deletes_only_the_trash(home: Home) -> None:
    kept, gone = finished_run(home, "kept"), finished_run(home, "gone")
    store = RunStore(home)
    store.trash(gone.info)
    assert [info.id for info in store.empty()] == [gone.id]
    assert os.listdir(home.trash) == []
    assert ids(home) == [kept.id]
    with pytest.raises(NoSuchRun, match="trash is empty"):
        store.restore(gone.short)


def test_a_run_that_went_away_meanwhile_is_told(home: Home) -> None:
    run = finished_run(home, "a")
    info = run.info
    run.remove()
    with pytest.raises(UserError):
        RunStore(home).trash(info)


# Labels


def test_a_label_changes_only_what_is_given(home: Home) -> None:
    run = FakeRun(home, "a")
    write_label(run.info, tags=["paper"], note="first")
    info = write_label(run.info, name="b")
    assert (info.name, info.tags, info.note) == ("b", ("paper",), "first")


def test_two_editors_with_old_views_keep_each_others_fields(home: Home) -> None:
    run = FakeRun(home, "a")
    one, two = run.info, run.info
    write_label(one, note="from one")
    info = write_label(two, tags=["t"])
    assert (info.note, info.tags) == ("from one", ("t",))
