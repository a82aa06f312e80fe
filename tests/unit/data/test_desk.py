"""The data desk: several requests at once, stopped, killed, dead, idle; and what it does."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.data.conftest import Write, rows
from tests.waiting import wait_until
from tui_finetune.data.desk import Desk, DeskSpec, Stopped
from tui_finetune.errors import DataError, LaunchError
from tui_finetune.paths import Home

FAKE = """
import json, os, sys, time
def say(**event): print(json.dumps(event), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if "cancel" in asked:
        say(id=asked["cancel"], event="stopped")
    elif asked["action"] == "echo":
        say(id=asked["id"], event="progress", what="echoing", done=1, total=2)
        say(id=asked["id"], event="told", early=1)
        print("Downloading")
        say(id=asked["id"], event="result", result={"said": asked["text"]})
    elif asked["action"] == "refuse":
        say(id=asked["id"], event="problems", problems=[{"message": "cannot."}])
    elif asked["action"] == "die":
        print("out of luck", file=sys.stderr, flush=True)
        sys.exit(3)
    elif asked["action"] == "leave":
        sys.exit(0)
"""


@pytest.fixture
def fake(home: Home) -> Iterator[Desk]:
    desk = Desk(DeskSpec(home), lambda scratch: [sys.executable, "-c", FAKE])
    yield desk
    desk.close()


@pytest.fixture
def desk(home: Home) -> Iterator[Desk]:
    found = Desk(DeskSpec(home, third_party=False))
    yield found
    found.close()


def test_an_answer_with_what_comes_before_it(fake: Desk) -> None:
    progress: list[tuple[str, int, int | None]] = []
    told: list[Mapping[str, Any]] = []
    answer = fake.ask("echo", {"text": "naïve \x1b"}, lambda *one: progress.append(one), told=told.append)
    assert answer == {"said": "naïve \x1b"}
    assert progress == [("echoing", 1, 2)]
    assert told[0]["early"] == 1


def test_the_process_stays_for_the_next_request(fake: Desk) -> None:
    fake.ask("echo", {"text": "a"})
    pid = fake.pid
    fake.ask("echo", {"text": "b"})
    assert fake.pid == pid is not None


def test_problems_are_raised(fake: Desk) -> None:
    with pytest.raises(DataError, match="cannot"):
        fake.ask("refuse", {})


def test_its_death_is_told_and_the_next_request_starts_another(fake: Desk) -> None:
    with pytest.raises(LaunchError, match=r"ended with code 3 without an answer. Its last words: out of luck"):
        fake.ask("die", {})
    assert fake.ask("echo", {"text": "again"}) == {"said": "again"}


def test_one_that_leaves_whenever_it_is_asked_is_told(fake: Desk) -> None:
    with pytest.raises(LaunchError, match="as soon as it is asked"):
        fake.ask("leave", {})


def test_what_is_not_wanted_any_more_is_stopped(fake: Desk) -> None:
    with pytest.raises(Stopped):
        fake.ask("hang", {}, stale=lambda: True)
    assert fake.ask("echo", {"text": "still there"})["said"] == "still there"


def test_killing_ends_what_waits(fake: Desk) -> None:
    ended: list[BaseException] = []

    def ask() -> None:
        try:
            fake.ask("hang", {})
        except Stopped as error:
            ended.append(error)

    waiting = threading.Thread(target=ask)
    waiting.start()
    wait_until(lambda: fake.pid, "the process")
    fake.kill()
    waiting.join(20)
    assert len(ended) == 1
    assert fake.pid is None


def test_open_tells_at_once_what_was_opened(desk: Desk, write: Write) -> None:
    path = write("reviews.csv", "text,label\n" + rows(50))
    told: list[Mapping[str, Any]] = []
    answer = desk.ask("open", {"path": str(path)}, told=told.append)
    assert told[0]["opened"]["splits"][0]["rows"] == 50
    assert answer["look"]["task"] == "text-classification"
    assert [label["name"] for label in answer["look"]["labels"]] == ["bad", "good"]
    assert (answer["tokenizer"], answer["max_length"], answer["steps"]) == (None, 512, [])


def test_open_of_bad_data_tells_every_problem(desk: Desk, write: Write) -> None:
    path = write("a.csv", "text,label\n" + rows() + "a,b,c\nd,e,f\n")
    with pytest.raises(DataError) as error:
        desk.ask("open", {"path": str(path)})
    assert [problem.line for problem in error.value.problems] == [42, 43]


def test_open_of_a_recipe(desk: Desk, write: Write) -> None:
    write("reviews.csv", "review,stars\n" + rows(50))
    recipe = write(
        "mine.toml",
        'task = "text-classification"\n[data]\npath = "reviews.csv"\ncolumns = { text = "review", label = "stars" }\n'
        '[model]\npath = "google-bert/bert-base-uncased"\nmax_length = 64\n',
    )
    answer = desk.ask("open", {"recipe": str(recipe)})
    assert answer["look"]["roles"] == {"text": "review", "label": "stars"}
    assert answer["max_length"] == 64
    recipe.write_text(recipe.read_text().replace('"stars" }', '"star" }'))
    found = desk.ask("open", {"recipe": str(recipe)})["look"]["problems"]
    assert (found[0]["line"], "star" in found[0]["message"]) == (4, True)


def test_view_column_preview_and_find(desk: Desk, write: Write) -> None:
    path = write("reviews.csv", "text,label\n" + rows(50))
    told: list[Mapping[str, Any]] = []
    desk.ask("open", {"path": str(path)}, told=told.append)
    arrow = told[0]["opened"]["splits"][0]["arrow"]
    found = desk.ask("view", {"arrow": arrow, "wish": {"filter": "label:good", "sort": "text", "reverse": True}})
    assert found["count"] == 25
    assert np.fromfile(found["rows"], dtype=np.int64)[0] == 9
    assert desk.ask("column", {"arrow": arrow, "column": "label"})["values"] == [["bad", 25], ["good", 25]]
    assert desk.ask("find", {"splits": {"train": arrow}, "row_id": "reviews.csv:4"}) == {"split": "train", "row": 2}
    with pytest.raises(DataError, match="no row x:9 here"):
        desk.ask("find", {"splits": {"train": arrow}, "row_id": "x:9"})
    with pytest.raises(DataError, match="no preprocessor 'calm'"):
        desk.ask("preview", {"arrow": arrow, "start": 0, "count": 2, "steps": [["calm", {}]]})


def test_preview_shows_each_step(home: Home, write: Write) -> None:
    (home.plugins / "steps.py").write_text(
        "from tui_finetune.plugin_api import Preprocessor, hookimpl\n"
        "class Upper(Preprocessor):\n    name = 'upper'\n"
        "    def apply(self, row, options): return {**row, 'text': row['text'].upper()}\n"
        "class Halves(Preprocessor):\n    name = 'halves'\n    batched = True\n"
        "    def apply_batch(self, rows, options): return [[r, r] if '0' in r['text'] else None for r in rows]\n"
        "@hookimpl\ndef register_preprocessors(): return [Upper(), Halves()]\n"
    )
    path = write("reviews.csv", "text,label\n" + rows(50))
    desk, told = Desk(DeskSpec(home)), []  # type: ignore[var-annotated]
    try:
        desk.ask("open", {"path": str(path)}, told=told.append)
        arrow = told[0]["opened"]["splits"][0]["arrow"]
        steps = [["upper", {}], ["halves", {}]]
        found = desk.ask("preview", {"arrow": arrow, "start": 0, "count": 2, "steps": steps})
    finally:
        desk.close()
    assert found["before"][0] == {"text": "this is text number 0", "label": "bad"}
    upper = {"text": "THIS IS TEXT NUMBER 0", "label": "bad"}
    assert found["after"][0] == [[upper], [upper, upper]]
    assert [len(after) for after in found["after"][1]] == [1, 0]


def test_check_names_a_file_of_row_numbers_for_each_finding(desk: Desk, write: Write) -> None:
    path = write("reviews.csv", "text,label\n" + rows(50) + "the very same words,good\nthe very same words,bad\n")
    progress: list[str] = []
    found = desk.ask("check", {"path": str(path)}, lambda what, done, total: progress.append(what))
    conflict = next(one for one in found["findings"] if one["title"] == "same text, different labels")
    assert np.fromfile(found["rows"][conflict["id"]]["train"], dtype=np.int64).tolist() == [50, 51]
    assert found["findings"][0]["severity"] == "bad"
    assert (found["kept"], bool(progress)) == (False, True)
    again = desk.ask("check", {"path": str(path)})
    assert again["kept"]
    assert again["rows"] == found["rows"]


def test_check_of_what_no_model_reads_is_refused(desk: Desk, write: Write) -> None:
    path = write("numbers.csv", "a,b\n" + "1,2\n" * 20)
    with pytest.raises(DataError, match="no column of texts"):
        desk.ask("check", {"path": str(path)})


def test_search_says_why_the_hub_was_not_asked(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    (tmp_path / "datasets--stanfordnlp--imdb").mkdir()
    (tmp_path / "datasets--other--thing").mkdir()
    found = desk.ask("search", {"text": "imdb"})
    assert found == {"cached": ["stanfordnlp/imdb"], "found": [], "why": "offline mode is on (HF_HUB_OFFLINE)"}


def test_closing_takes_its_files_away(desk: Desk, write: Write) -> None:
    path = write("reviews.csv", "text,label\n" + rows(50))
    told: list[Mapping[str, Any]] = []
    desk.ask("open", {"path": str(path)}, told=told.append)
    found = desk.ask("view", {"arrow": told[0]["opened"]["splits"][0]["arrow"], "wish": {"sort": "text"}})
    assert Path(found["rows"]).exists()
    desk.close()
    assert not Path(found["rows"]).parent.exists()
