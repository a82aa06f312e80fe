"""Answers as lines: scores as bars, entities below their words, one against another."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tui_finetune.live.answers import agreement, answer_lines, bar, brief, faded, latency, more_line, tokens_words
from tui_finetune.live.marked import marked_text
from tui_finetune.live.spans import Line, plain, width_of

LABELS: dict[str, Any] = {
    "text": "x",
    "label": "card_arrival",
    "score": 0.962,
    "scores": {"card_arrival": 0.962, "card_linking": 0.03, "bad": math.nan},
}


def lines(found: list[Line]) -> list[str]:
    return [plain(one).rstrip() for one in found]


def entity(text: str, word: str, label: str, start: int = 0) -> dict[str, Any]:
    begin = text.index(word, start)
    return {"label": label, "start": begin, "end": begin + len(word), "text": word, "score": 0.9}


def test_the_label_then_a_bar_for_every_score_in_one_column() -> None:
    found = lines(answer_lines(LABELS, (), 80, 10))
    assert found[0].split() == ["card_arrival", "0.962"]
    assert len(found) == 4
    assert found[1].index("0.962") == found[2].index("0.030") == found[3].index("nan")
    assert found[1].count("█") > 30
    assert "█" not in found[3]


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_wider_than_there_is_room(width: int) -> None:
    long = {**LABELS, "scores": {"a_very_long_label_" * 4: 0.5, "日本" * 20: 0.5}}
    assert all(width_of(one) <= max(width, 30) for one in answer_lines(long, (), width, 10)[1:])


@pytest.mark.parametrize(
    ("share", "drawn"), [(0, ""), (1, "████"), (0.5, "██"), (0.53125, "██▏"), (2, "████"), (math.nan, "")]
)
def test_a_bar_in_eighths(share: float, drawn: str) -> None:
    assert bar(share, 4) == drawn


def test_labels_stand_below_the_words_that_carry_them() -> None:
    text = "Flying from Narita to Keflavik"
    found = lines(marked_text(text, [entity(text, "Narita", "location"), entity(text, "Keflavik", "place")], 60))
    assert found == [text, "            location  place"]


def test_labels_that_would_touch_go_lower_and_never_over_the_edge() -> None:
    text = "a b in New York"
    marks = [entity(text, "a", "person"), entity(text, "b", "corporation"), entity(text, "York", "location")]
    found = lines(marked_text(text, marks, 16))
    assert found[0] == text
    assert found[1].startswith("person")
    assert found[2].startswith("  corporation")
    assert all(len(one) <= 16 for one in found)
    assert any("location" in one for one in found)


def test_a_long_text_is_wrapped_and_an_entity_goes_on_in_the_next_line() -> None:
    text = "the United Kingdom of Great Britain and more"
    found = lines(marked_text(text, [entity(text, "United Kingdom of Great Britain", "country")], 24))
    assert [one for one in found if "country" in one] == ["    country", "country"]
    assert "".join(found).count("United Kingdom") == 1


def test_controls_in_the_text_are_shown_and_places_stay_right() -> None:
    text = "a\x1b[31m\nred \u202eNarita"
    found = lines(marked_text(text, [entity(text, "Narita", "location")], 60))
    assert "\x1b" not in "".join(found)
    assert found[0].index("Narita") == found[1].index("location")


def test_one_answer_in_few_words() -> None:
    assert brief(LABELS) == "card_arrival"
    assert brief({"entities": []}) == "nothing found"
    assert brief({"entities": [{"label": "PER", "text": "Ada"}]}) == "PER Ada"
    assert brief({"stars": 4}, ("4 of 5",)) == "4 of 5"
    assert brief({"stars": 4}) == "–"


def test_what_a_task_of_its_own_answers_is_said_by_it() -> None:
    assert lines(answer_lines({"stars": 4}, ("4 of 5 stars",), 80, 10)) == [" 4 of 5 stars"]


def test_agreement_names_both_where_they_differ() -> None:
    other = {**LABELS, "label": "card_linking", "score": 0.412}
    said = agreement(LABELS, other, ("b2m7", "n4v8"), ((), ()), 78)
    assert plain(said) == "differ: b2m7 card_arrival 0.962, n4v8 card_linking 0.412"
    assert plain(agreement(LABELS, LABELS, ("a", "b"), ((), ()), 78)) == "agree: card_arrival, 0.962 and 0.962"


def test_agreement_fits_its_line() -> None:
    long = {**LABELS, "label": "card_payment_wrong_exchange_rate_and_more"}
    said = agreement(long, {**long, "label": "another_label_that_is_long_too_indeed"}, ("b2m7", "n4v8"), ((), ()), 60)
    assert width_of(said) <= 60
    assert plain(said).endswith("0.962")


def test_of_entities_those_are_named_that_only_one_found() -> None:
    text = "Ada in Narita"
    ada, narita = entity(text, "Ada", "PER"), entity(text, "Narita", "LOC")
    one, other = {"entities": [ada, narita]}, {"entities": [ada]}
    assert plain(agreement(one, other, ("a", "b"), ((), ()), 78)) == "differ: 1 entity alike; only a: LOC Narita"
    assert plain(agreement(other, other, ("a", "b"), ((), ()), 78)) == "agree: 1 entity alike"
    assert plain(agreement({"entities": []}, {"entities": []}, ("a", "b"), ((), ()), 78)) == "agree: nothing found"


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "–"), (0.0041, "4.1 ms"), (0.0999, "100 ms"), (0.2124, "212 ms"), (1.34, "1.3 s")]
)
def test_latency(seconds: float | None, text: str) -> None:
    assert latency(seconds) == text


def test_more_tokens_than_are_read_is_a_warning() -> None:
    assert tokens_words(9, 128)[0].token == "muted"
    assert tokens_words(200, 128)[0].token == "warn"


def test_what_is_below_is_counted() -> None:
    assert plain(more_line([("a", 0.004), ("b", 0.002), ("c", math.nan)], 80)) == "   + 3 more, 0.006 together"


def test_an_older_answer_is_faded_as_a_whole() -> None:
    assert {span.token for one in faded(answer_lines(LABELS, (), 80, 9)) for span in one} == {"muted"}
