"""What the Predict screen says, and when it may be asked what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tui_finetune.live import batch_page
from tui_finetune.live.batch_page import BatchLook, BatchRow
from tui_finetune.live.kept import KEPT, as_json, has_words, keep, kept_from
from tui_finetune.live.predict_page import (
    Answered,
    ModelFacts,
    Side,
    Usable,
    compare_lines,
    compare_offer,
    looks_like_folder,
    matching,
    needs_pair,
    one_lines,
    thing_line,
    token_lines,
)
from tui_finetune.live.spans import Line, plain

FACTS = ModelFacts(
    title="banking77-minilm", short="b2m7", folder="/h/runs/x-b2m7/model", task="text-classification", labels=("a", "b"),
    max_length=128, device="cpu", run_id="x-b2m7", step=1410, made=100.0,
)  # fmt: skip
ANSWER = {"text": "hello", "label": "a", "score": 0.9, "scores": {"a": 0.9, "b": 0.1}}


def ready(**changes: object) -> Side:
    answered = Answered("hello", "", ANSWER, (), 0.0041, {"tokens": ["hello"], "ids": [7], "length": 1})
    side = Side("x-b2m7", "b2m7", "ready", FACTS, answered)
    for name, value in changes.items():
        setattr(side, name, value)
    return side


def text(lines: list[Line]) -> str:
    return "\n".join(plain(one) for one in lines)


def test_line_two_names_the_model_its_step_and_its_speed() -> None:
    said = plain(thing_line([ready()], 80))
    assert said.startswith(" banking77-minilm b2m7, step 1,410")
    assert said.rstrip().endswith("cpu · 4.1 ms · 2 labels")
    assert len(said) == 80


def test_line_two_of_two_of_none_and_of_one_that_ended() -> None:
    other = ready(facts=replace(FACTS, title="other", short="n4v8", run_id="y"))
    assert plain(thing_line([ready(), other], 80)).startswith(" banking77-minilm b2m7 beside other n4v8")
    assert "no model chosen" in plain(thing_line([], 80))
    assert "its helper has ended" in plain(thing_line([ready(state="failed")], 80))
    assert "loading …" in plain(thing_line([Side("q", "b2m7")], 80))
    assert "not loaded" in plain(thing_line([ready(state="free")], 80))


def test_an_answer_to_an_older_text_is_faded() -> None:
    now, older = one_lines(ready(), "hello", "", 80, 9), one_lines(ready(), "hello there", "", 80, 9)
    assert text(now) == text(older)
    assert {span.token for line in older for span in line} == {"muted"}
    assert {span.token for line in now for span in line} != {"muted"}


def test_a_failure_says_what_to_press_and_an_empty_text_says_nothing() -> None:
    assert "R starts it again" in text(one_lines(ready(state="failed", problem="killed"), "hello", "", 80, 9))
    assert one_lines(ready(), " ", "", 80, 9) == []


def test_pairs_wait_for_both() -> None:
    side = ready(facts=replace(FACTS, pair="yes"))
    assert needs_pair(side, "a", "") == "The second text is missing: this model reads pairs."
    assert needs_pair(side, "", "b") == "The first text is missing: this model reads pairs."
    assert needs_pair(side, "a", "b") is None
    assert needs_pair(ready(facts=replace(FACTS, pair="optional")), "a", "") is None


def test_two_answers_stand_beside_each_other_below_one_line_of_agreement() -> None:
    now = ready().answered
    assert now is not None
    other = ready(facts=replace(FACTS, short="n4v8"), answered=replace(now, answer={**ANSWER, "label": "b"}))
    lines = compare_lines([ready(), other], "hello", "", 80, 18)
    assert plain(lines[0]).strip() == "differ: b2m7 a 0.900, n4v8 b 0.900"
    assert "b2m7" in plain(lines[2])
    assert "n4v8" in plain(lines[2])
    assert plain(lines[3]).count("0.900") == 2


def usable(query: str, *labels: str) -> Usable:
    return Usable(query, f"name of {query}", query[-4:], "text-classification", labels, 1.0)


def test_only_models_with_the_same_labels_stand_beside_it() -> None:
    side = ready()
    assert (
        compare_offer([usable("x-b2m7", "a", "b"), usable("y", "a", "c")], side).why
        == "No other model for these labels."
    )
    assert compare_offer([usable("z", "b", "a")], side).on
    assert compare_offer(None, side).on
    assert not compare_offer([], None).on


def test_models_are_found_by_words_and_folders_by_their_slash() -> None:
    known = [usable("x-b2m7", "a"), usable("y-n4v8", "a")]
    assert matching(known, "n4v8 name") == [known[1]]
    assert matching(known, "") == known
    assert [looks_like_folder(one) for one in ("./m", "~/m", "a/b", "b2m7")] == [True, True, True, False]


def test_the_history_is_written_and_read_again() -> None:
    kept = keep(ready(), 5.0)
    assert kept is not None
    assert kept_from(as_json([kept] * (KEPT + 3)))[-1] == kept
    assert len(kept_from(as_json([kept] * (KEPT + 3)))) == KEPT
    assert has_words(kept, "HELLO b2m7")
    assert not has_words(kept, "other")


@pytest.mark.parametrize("found", [None, {}, {"kept": 3}, {"kept": [{}, 4, {"t": "x"}]}])
def test_a_history_that_cannot_be_read_is_forgotten(found: object) -> None:
    assert kept_from(found) == []


def test_tokens_in_columns() -> None:
    answered = Answered("x", "", {}, (), 0.1, {"tokens": [f"tok{n}" for n in range(20)], "ids": list(range(20))})
    lines = token_lines(answered, 40)
    assert plain(lines[0]).split()[:4] == ["tok0", "0", "tok1", "1"]
    assert all(len(plain(line)) <= 40 for line in lines)
    assert "tok19 19" in text(lines)


LOOK = BatchLook(1, Path("/d/rows.csv"), Path("/d/out.csv"), "b2m7 (b2m7)")


def batch(**changes: object) -> str:
    return text(batch_page.head_lines(replace(LOOK, **changes), 80))  # type: ignore[arg-type]


def test_a_file_on_its_way() -> None:
    going = batch(state="going", done=250, total=1000, seconds=5.0, counts={"a": 200, "b": 50})
    assert "250 of 1,000" in going
    assert "25 %" in going
    assert "50 rows/s  15 s left" in going
    assert "80 %" in going
    assert "Loading b2m7" in batch()
    assert "nothing written" in batch(state="failed", problem="no column text")
    assert "no column text" in batch(state="failed", problem="no column text")
    assert "✓ written  1,000 rows" in batch(state="done", done=1000, seconds=3.0)
    assert "stopped, nothing written" in batch(state="stopped")
    assert "enter chooses one" in text(batch_page.head_lines(None, 80))


def test_the_first_rows_are_said_to_be_the_first() -> None:
    rows = [BatchRow("a text", "a", 0.5)]
    assert batch_page.quiet_words(replace(LOOK, rows=rows, done=2000)) == (
        "The first 1 of 2,000 rows; all of them are in the file."
    )
    assert batch_page.quiet_words(replace(LOOK, rows=rows, done=1)) == ""
    assert plain(batch_page.row_of(replace(LOOK, rows=rows), 0, 80)).split() == ["0", "a", "0.500", "a", "text"]
