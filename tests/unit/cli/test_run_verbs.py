"""The verbs about runs, on run directories of every state."""

from __future__ import annotations

import json
import os
import re
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.fakes import FakeRun, finished_run
from tests.unit.cli.conftest import Cli, worker
from tui_finetune.cli import request
from tui_finetune.paths import Home
from tui_finetune.runs import atomic
from tui_finetune.runs.control import Request
from tui_finetune.runs.store import RunStore

POISON = "\x1b]52;c;aGk=\x07\x1b[31m\u202edne\x9b[/x]\nsecond"


# runs


def test_runs_lists_every_state(cli: Cli, home: Home) -> None:
    finished_run(home, "imdb-bert")
    FakeRun(home, "lost").begin().plan().step(40).die()
    FakeRun(home, "going").begin().plan().step(30).evaluate(30)
    said = cli("runs")
    lines = said.out.splitlines()
    assert said.code == 0
    assert [line.split()[1:3] for line in lines[1:]] == [
        ["running", "going"],
        ["died", "lost"],
        ["finished", "imdb-bert"],
    ]
    assert "0.880 accuracy test" in lines[3]
    assert "0.900 accuracy val" in lines[1]
    assert "30 % training" in lines[1]


def test_runs_json_has_the_promised_fields(cli: Cli, home: Home) -> None:
    run = finished_run(home, "a")
    found = cli("runs", "--json").json
    promised = {"id", "name", "kind", "task", "state", "phase", "step", "steps", "metrics", "created", "path"}
    assert promised <= set(found[0])
    assert found[0]["id"] == run.id
    assert list(found[0]["metrics"]) == ["accuracy", "loss", "test_accuracy", "test_loss"]
    assert found[0]["path"] == str(run.paths.root)


def test_runs_of_an_empty_home_is_an_empty_list(cli: Cli) -> None:
    assert cli("runs", "--json").json == []
    assert "tui-finetune demo" in cli("runs").out


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--state", "finished"], ["a"]),
        (["--state", "live"], ["b"]),
        (["--state", "ended", "--kind", "evaluate"], ["c"]),
        (["--task", "token-classification"], []),
        (["--tag", "paper"], ["a"]),
        (["-n", "1"], ["c"]),
    ],
)
def test_runs_can_be_narrowed(cli: Cli, home: Home, options: list[str], names: list[str]) -> None:
    finished_run(home, "a")
    cli("edit", "a", "--tag", "paper")
    FakeRun(home, "b").begin().plan()
    FakeRun(home, "c", kind="evaluate").begin().end("failed")
    assert [one["name"] for one in cli("runs", "--json", *options).json] == names


def test_a_broken_directory_breaks_no_list(cli: Cli, home: Home) -> None:
    finished_run(home, "good")
    bad = FakeRun(home, "bad")
    bad.paths.run_json.write_bytes(b'{"v": 1,')
    (home.runs / "20200101T000000-half-abcd").mkdir()
    said = cli("runs")
    assert said.code == 0
    assert "! unreadable  bad" in said.out
    assert "run.json: line 1 is not JSON" in said.out
    assert "run.json is missing" in said.out
    assert "✓ finished" in said.out
    assert {one["state"] for one in cli("runs", "--json").json} == {"finished", "unreadable"}
    assert "unreadable" in cli("show", bad.short).out
    assert cli("watch", bad.short).code == 2


# show


def test_show_tells_a_run_whole(cli: Cli, home: Home) -> None:
    run = finished_run(home, "imdb-bert")
    said = cli("show", "imdb-bert")
    for words in (
        "imdb-bert",
        "finished",
        "step 100 of 100",
        "took 51.5 s",
        "baseline tfidf (accuracy)",
        "0.820",
        str(run.paths.root),
    ):
        assert words in said.out
    assert f"predict {run.short}" in said.out


def test_show_json(cli: Cli, home: Home) -> None:
    run = finished_run(home, "a")
    found = cli("show", run.short, "--json").json
    assert found["baselines"] == {"majority": 0.5, "tfidf": 0.82}
    assert found["state"] == "finished"
    assert found["reason"] is None
    assert found["recipe"] == str(run.paths.recipe_toml)
    assert found["model_path"] == str(run.paths.model)
    assert found["device"] == "cpu, 2 threads"
    assert [(one["step"], one["whole"], one["best"]) for one in found["checkpoints"]] == [
        (50, True, False),
        (100, True, True),
    ]
    assert [(one["n"], one["state"]) for one in found["attempts"]] == [(1, "finished")]


def test_show_of_a_resumed_run_tells_its_attempts(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "a").begin().plan().step(10).checkpoint(10).end("stopped", step=10)
    run.begin(from_step=10).plan().step(20).end("failed", reason="loss is nan", advice="Lower the rate.", step=22)
    found = cli("show", "a", "--json").json
    assert [(one["n"], one["state"], one["step"]) for one in found["attempts"]] == [
        (1, "stopped", 10),
        (2, "failed", 22),
    ]
    assert (found["reason"], found["advice"]) == ("loss is nan", "Lower the rate.")
    said = cli("show", "a").out
    assert "failed at step 22: loss is nan" in said
    assert "Lower the rate." in said
    assert "attempt 1: stopped at step 10" in said


def test_show_of_a_run_that_died_has_its_last_words(cli: Cli, home: Home) -> None:
    FakeRun(home, "a").begin().plan().step(10).prints("Fatal Python error: Segmentation fault\n").die()
    said = cli("show", "a")
    assert said.code == 0
    assert "process gone without a result at step 10" in said.out
    assert "Segmentation fault" in said.out
    assert "resume" in said.out


def test_no_such_run_is_code_3_and_names_the_nearest(cli: Cli, home: Home) -> None:
    finished_run(home, "imdb-bert")
    for verb in ("show", "logs", "watch", "stop", "abort", "edit", "rm"):
        said = cli(verb, "imbd-bert")
        assert said.code == 3
        assert "Did you mean imdb-bert" in said.err
        assert said.out == ""


def test_poison_in_names_notes_and_logs_reaches_no_terminal(cli: Cli, home: Home) -> None:
    run = FakeRun(home, POISON).begin().plan().step(10).prints(POISON.encode() + b"\xff\n")
    run.events.write("warning", message=POISON)
    run.end("failed", reason=POISON, advice=POISON)
    atomic.write_json(run.paths.label_json, {"v": 1, "name": POISON, "tags": [POISON], "note": POISON})
    said = [
        cli(*call)
        for call in (
            ("runs",),
            ("show", run.short),
            ("logs", run.short),
            ("watch", run.short),
            ("logs", run.short, "--events"),
        )
    ]
    said.append(cli("stop", run.short))
    said.append(cli("rm", run.short))
    said.append(cli("trash", "list"))
    for one in said:
        assert not set(one.out + one.err) & set("\x1b\x07\x9b\u202e")
    assert "␛]52" in said[0].out


# logs


def test_logs_prints_what_the_worker_printed(cli: Cli, home: Home) -> None:
    run = finished_run(home, "a").prints(b"caf\xc3\xa9 \xff\r\nlast without end")
    assert cli("logs", "a").out.splitlines() == ["training …", "done", "café \\xff", "last without end"]
    assert cli("logs", "a", "-n", "2").out.splitlines() == ["café \\xff", "last without end"]
    assert cli("logs", "a", "-n", "0").out == ""
    found = cli("logs", "a", "--json", "-n", "1").json
    assert found == {"id": run.id, "path": str(run.paths.stdout_log), "lines": ["last without end"]}


def test_logs_of_a_run_that_printed_nothing(cli: Cli, home: Home) -> None:
    FakeRun(home, "a").begin().end()
    said = cli("logs", "a")
    assert (said.code, said.out) == (0, "")
    assert "printed nothing" in said.err


def test_logs_follow_goes_on_until_the_run_ends(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "a").begin().plan().prints("first\n")

    def go_on() -> None:
        run.prints("second\n")
        run.end()

    timer = threading.Timer(0.3, go_on)
    timer.start()
    assert cli("logs", "-f", "a").out.splitlines() == ["first", "second"]
    timer.join()


def test_logs_follow_json_is_one_document_at_the_end(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "a").begin().plan().prints("first\n")
    timer = threading.Timer(0.3, lambda: run.prints("second\n").end())
    timer.start()
    assert cli("logs", "-f", "a", "--json").json["lines"] == ["first", "second"]
    timer.join()


def test_logs_events(cli: Cli, home: Home) -> None:
    run = finished_run(home, "a")
    lines = cli("logs", "a", "--events").out.splitlines()
    assert lines[0].endswith("attempt 1 begins")
    assert lines[-1].endswith("finished")
    assert cli("logs", "a", "--events", "-n", "1").out.splitlines() == lines[-1:]
    assert cli("logs", "a", "--events", "--json").json == {"id": run.id, "path": str(run.paths.events), "lines": lines}


# watch


def test_watch_tells_history_then_what_comes_and_ends_with_the_run(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "a").begin().plan().step(10)

    def go_on() -> None:
        run.step(20, loss=0.25)
        run.end("failed", reason="loss is nan", advice="Lower the rate.", step=25)

    timer = threading.Timer(0.3, go_on)
    timer.start()
    said = cli("watch", "a")
    timer.join()
    text = said.out
    assert said.code == 1
    assert text.index("attempt 1 begins") < text.index("step 10 of 100") < text.index("step 20 of 100")
    assert text.rstrip().splitlines()[-2:] == [f"a ({run.short}): failed at step 25: loss is nan", "Lower the rate."]


@pytest.mark.parametrize(
    ("state", "code"), [("finished", 0), ("stopped", 0), ("preempted", 0), ("failed", 1), ("aborted", 1)]
)
def test_watch_ends_with_the_code_of_the_state(cli: Cli, home: Home, state: str, code: int) -> None:
    FakeRun(home, "a").begin().plan().step(10).end(state)
    assert cli("watch", "a").code == code
    said = cli("watch", "a", "--json")
    assert (said.code, said.json["state"]) == (code, state)


def test_watch_of_a_run_that_died_is_code_1(cli: Cli, home: Home) -> None:
    FakeRun(home, "a").begin().plan().step(10).die()
    said = cli("watch", "a")
    assert said.code == 1
    assert "process gone" in said.out


def test_watch_drops_what_a_resume_went_back_behind_from_no_history(cli: Cli, home: Home) -> None:
    """A log tells what happened in the order in which it happened; only charts forget."""
    run = FakeRun(home, "a").begin().plan().step(10).end("aborted")
    run.begin(from_step=0).plan().step(10).end("finished")
    assert cli("watch", "a").out.count("step 10 of 100") == 2


# stop, abort


def test_stop_says_when_it_takes_effect(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "a").begin().plan().step(10)
    with worker(run, lambda asked: run.accept("stop", request=asked.id)) as seen:
        said = cli("stop", "a")
    assert said.code == 0
    assert "stops after this step, with a checkpoint." in said.err
    assert [(asked.action, asked.attempt) for asked in seen] == [("stop", 1)]


def test_stop_wait_returns_when_the_run_has_ended(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "a").begin().plan().step(10)

    def obey(asked: Request) -> None:
        run.accept("stop", request=asked.id)
        run.end("stopped", step=11)

    with worker(run, obey):
        said = cli("stop", "a", "--wait", "--json")
    assert said.code == 0
    assert (said.json["answer"], said.json["state"]) == ("accepted", "stopped")


def test_abort_wait_is_done_when_the_run_is_aborted(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "a").begin().plan().step(10)

    def obey(asked: Request) -> None:
        run.accept("abort", "now", request=asked.id)
        run.end("aborted", reason="asked to abort", step=10)

    with worker(run, obey):
        said = cli("abort", "a", "--wait")
    assert said.code == 0
    assert "ends now" in said.err
    assert "aborted at step 10" in said.err


def test_a_refusal_is_told_with_its_reason(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "a").begin().plan()

    def refuse(asked: Request) -> None:
        run.events.write(
            "request", id=asked.id, action="stop", answer="refused", why="meant for attempt 1, attempt 2 runs now"
        )

    with worker(run, refuse):
        said = cli("stop", "a")
    assert said.code == 1
    assert "refuses to stop: meant for attempt 1, attempt 2 runs now" in said.err


def test_without_an_answer_the_request_stays(cli: Cli, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "ANSWER_SECONDS", 0.1)
    run = FakeRun(home, "a").begin().plan().beat(age=300)
    said = cli("stop", "a")
    assert said.code == 0
    assert "has not answered" in said.err
    assert "stalled" in said.err
    assert len(os.listdir(run.paths.control)) == 1


@pytest.mark.parametrize("verb", ["stop", "abort"])
def test_asking_a_run_that_is_over_says_so(cli: Cli, home: Home, verb: str) -> None:
    finished_run(home, "done")
    lost = FakeRun(home, "lost").begin().plan().step(10).die()
    over, gone = cli(verb, "done"), cli(verb, "lost")
    assert (over.code, gone.code) == (2, 2)
    assert "has ended already: finished" in over.err
    assert "process gone without a result" in gone.err
    assert f"resume {lost.short}" in gone.err
    assert os.listdir(lost.paths.control) == []


def test_a_second_stop_is_no_mistake(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "a").begin().plan().accept("stop")
    said = cli("stop", "a")
    assert said.code == 0
    assert "stopping already" in said.err
    assert os.listdir(run.paths.control) == []


def test_latest_for_stop_is_the_newest_that_runs(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "going").begin().plan()
    finished_run(home, "done")
    with worker(run, lambda asked: run.accept("stop", request=asked.id)):
        assert "going" in cli("stop", "latest").err


# rm, trash, edit


def test_rm_and_restore(cli: Cli, home: Home) -> None:
    runs = [finished_run(home, name) for name in ("a", "b")]
    moved = cli("rm", "a", "b", "a", "--json").json
    assert {one["id"] for one in moved} == {run.id for run in runs}
    assert all(Path(one["path"]).is_dir() for one in moved)
    assert cli("runs", "--json").json == []
    assert {one["name"] for one in cli("trash", "list", "--json").json} == {"a", "b"}
    assert cli("trash", "restore", "a", "--json").json["id"] == runs[0].id
    assert [one["name"] for one in cli("runs", "--json").json] == ["a"]


def test_rm_moves_nothing_when_one_of_them_lives(cli: Cli, home: Home) -> None:
    finished_run(home, "done")
    FakeRun(home, "going").begin().plan()
    FakeRun(home, "waiting").begin().phase("queued")
    said = cli("rm", "done", "going", "waiting")
    assert said.code == 2
    assert "going" in said.err
    assert "waiting" in said.err
    assert len(cli("runs", "--json").json) == 3


def test_the_trash_is_emptied_only_when_it_is_meant(cli: Cli, home: Home) -> None:
    finished_run(home, "a")
    cli("rm", "a")
    said = cli("trash", "empty")
    assert said.code == 2
    assert "--yes" in said.err
    assert [one["name"] for one in cli("trash", "empty", "--yes", "--json").json] == ["a"]
    assert "empty" in cli("trash", "list").out
    assert cli("trash", "empty").code == 0
    assert cli("trash", "restore", "a").code == 3


def test_edit_changes_name_tags_and_note(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "a").begin().plan()
    found = cli("edit", "a", "--name", "b", "--tag", "paper", "--tag", "draft", "--note", "first try", "--json").json
    assert (found["name"], found["tags"], found["note"]) == ("b", ["paper", "draft"], "first try")
    found = cli("edit", run.short, "--tag", "-draft", "--tag", "paper", "--note", "", "--json").json
    assert (found["name"], found["tags"], found["note"]) == ("b", ["paper"], "")
    assert RunStore(home).find("b").id == run.id


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "Nothing to change"),
        (["--name", "  "], "cannot be empty"),
        (["--tag", "two words"], "one word"),
        (["--tag", "-"], "no tag"),
        (["--tag", "-none"], "no tag 'none'"),
    ],
)
def test_edit_refuses_what_makes_no_sense(cli: Cli, home: Home, options: list[str], says: str) -> None:
    FakeRun(home, "a")
    said = cli("edit", "a", *options)
    assert said.code == 2
    assert says in said.err


def test_a_run_is_edited_by_no_name_that_is_unreadable(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "a")
    run.paths.run_json.write_text('{"v": 99}')
    said = cli("edit", run.short, "--name", "b")
    assert said.code == 2
    assert "newer version" in said.err


def test_a_read_only_run_says_so(cli: Cli, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeRun(home, "a")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(atomic, "write_json", refuse)
    said = cli("edit", "a", "--note", "x")
    assert said.code == 2
    assert "Permission denied" in said.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--state", "runing"], "no state 'runing'. Did you mean running?"),
        (["--state", "zzz"], "no state 'zzz'. There are: live, ended, queued, starting, running"),
        (["--kind", "trian"], "no kind 'trian'. Did you mean train?"),
    ],
)
def test_a_filter_with_a_slip_is_no_empty_list(cli: Cli, home: Home, options: list[str], told: str) -> None:
    finished_run(home, "a")
    said = cli("runs", *options)
    assert said.code == 2
    assert told in said.err


def test_an_empty_list_says_what_there_is(cli: Cli, home: Home) -> None:
    finished_run(home, "a")
    cli("edit", "a", "--tag", "paper")
    assert "No run with tag 'papre'. There are: paper." in cli("runs", "--tag", "papre").out
    assert "No run with task 'ner'. There are: text-classification." in cli("runs", "--task", "ner").out
    assert cli("runs", "--task", "ner", "--json").json == []
    assert cli("runs", "--state", "died").out == "No such runs.\n"


def test_no_run_goes_on_twice_and_none_that_is_done(cli: Cli, home: Home) -> None:
    done, live = finished_run(home, "done"), FakeRun(home, "live").begin().plan().step(10)
    said = cli("resume", "done")
    assert said.code == 2
    assert (
        f"there is nothing to go on with. Another can start from its model: train RECIPE --set model.path=run:{done.short}"
        in said.err
    )
    assert f"it needs no resume. tui-finetune watch {live.short} shows it." in cli("resume", "live").err


@pytest.mark.parametrize("verb", [["train", "r.toml"], ["demo"]])
def test_a_run_has_a_name(cli: Cli, verb: list[str]) -> None:
    said = cli(*verb, "--name", " ")
    assert said.code == 2
    assert "a name cannot be empty" in said.err


def test_a_folder_of_plugins_that_is_not_there_is_told(cli: Cli, tmp_path: Path) -> None:
    said = cli("runs", "--plugin-dir", str(tmp_path / "nope"))
    assert said.code == 2
    assert "does not exist" in said.err


@pytest.mark.parametrize(("answer", "left"), [(False, 1), (True, 0)])
def test_emptying_asks_by_name_and_takes_no_for_an_answer(
    cli: Cli, home: Home, monkeypatch: pytest.MonkeyPatch, answer: bool, left: int
) -> None:
    asked: list[str] = []

    def ask(question: str, **_: object) -> bool:
        asked.append(question)
        return answer

    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("click.confirm", ask)
    run = finished_run(home, "a")
    cli("rm", "a")
    said = cli("trash", "empty")
    assert said.code == 0
    assert asked[0].startswith(f"Delete a ({run.short}), ")
    assert ("Nothing was deleted." if left else "1 run deleted.") in said.err
    assert len(RunStore(home).trashed()) == left


def test_show_of_an_evaluation_has_its_own_split_alone_and_says_where_the_rest_lies(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "e", kind="evaluate").begin().phase("evaluating", "final")
    folder = run.paths.evaluation("test")
    folder.mkdir(parents=True)
    run.end("finished", metrics={"test_accuracy": 0.9, "test_loss": 0.3})
    said = cli("show", "e").out
    assert "metric     test\naccuracy  0.900\nloss      0.300\n" in said
    assert f"Figures of each label of test, and all predictions: {folder}" in said
    assert "device" not in said, "auto is no device that a person would recognise"


def test_show_of_a_resumed_run_does_not_take_its_last_attempt_for_all(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "a").begin().plan().step(10).checkpoint(10).end("stopped", step=10)
    run.begin(from_step=10).plan().step(100).end("finished")
    assert ", attempt 2 took 51.5 s" in cli("show", "a").out


def test_logs_leave_colours_out_and_show_every_other_sequence(cli: Cli, home: Home) -> None:
    FakeRun(home, "a").begin().prints("\x1b[1mLOAD REPORT\x1b[0m \x1b]52;c;aGk=\x07\n").end("finished")
    assert cli("logs", "a").out == "LOAD REPORT ␛]52;c;aGk=␇\n"


def test_logs_that_follow_say_how_it_ended(cli: Cli, home: Home) -> None:
    run = FakeRun(home, "a").begin().prints("done\n").end("failed", reason="out of memory", step=3)
    said = cli("logs", "-f", "a")
    assert said.out == "done\n"
    assert f"a ({run.short}): failed at step 3: out of memory" in said.err


@pytest.mark.parametrize("verb", [["watch"], ["logs", "--events"]])
def test_a_run_of_another_day_has_its_date(
    cli: Cli, home: Home, verb: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = FakeRun(home, "a").begin().plan()
    run.end("finished")
    lines = run.paths.events.read_text().splitlines()
    old = [json.dumps({**json.loads(line), "t": 1_760_000_000.0 + n}) for n, line in enumerate(lines)]
    run.paths.events.write_text("\n".join(old) + "\n")
    said = cli(*verb, "a").out.splitlines()
    assert re.fullmatch(r"2025-10-\d\d", said[0])
    assert sum(line.startswith("2025-10-") for line in said) == 1
