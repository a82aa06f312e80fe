"""Each finding on rows made for it, and none of them on rows that are as they should be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.data.quality.tables import clean, made
from tui_finetune.data.private_forms import masked
from tui_finetune.data.quality import duplicates, labels, languages, learned, near, private, texts, words
from tui_finetune.data.quality.finding import Finding
from tui_finetune.data.quality.material import Material, Roles, material
from tui_finetune.data.quality.report import CHECKS, limits, report


def found(check: Callable[[Material], list[Finding]], data: Material) -> dict[str, Finding]:
    return {finding.id: finding for finding in check(data)}


def rows(finding: Finding) -> dict[str, list[int]]:
    return {split: own.tolist() for split, own in finding.rows.items()}


CLEAN = made(clean(400, 1), validation=clean(100, 2), test=clean(100, 3))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_clean_set_stays_quiet(check: Callable[[Material], list[Finding]]) -> None:
    assert check(CLEAN) == []


def test_the_whole_report_of_a_clean_set_is_quiet() -> None:
    made_of = report(CLEAN, None, 512)
    assert made_of.findings == ()
    document = made_of.as_json()
    assert document["profile"]["splits"] == {"train": 400, "validation": 100, "test": 100}
    assert document["profile"]["lengths"]["train"]["words"]["p50"] == 10
    assert document["profile"]["floor"]["linear"] < 0.7


# Repeated texts


def test_contradicting_labels() -> None:
    data = made(
        [*clean(50, 1), ("both", "yes"), ("both", "no"), ("same", "yes"), ("same", "yes")], test=[("both", "yes")]
    )
    finding = found(duplicates.contradictions, data)["contradictions"]
    assert rows(finding) == {"train": [50, 51], "test": [0]}
    assert (finding.severity, finding.figures["texts"]) == ("bad", 1)


def test_missing_texts_contradict_nothing() -> None:
    data = made([(None, "yes"), (None, "no"), ("a", None), ("a", "no")], test=[(None, "yes")])
    assert duplicates.contradictions(data) == []
    assert duplicates.leakage(data) == []
    assert [rows(finding) for finding in duplicates.duplicates(data)] == [{"train": [3]}]


def test_repeated_and_leaked_rows() -> None:
    data = made([*clean(50, 1), ("twice", "no"), ("twice", "no")], test=[("new", "no"), ("twice", "no")])
    assert rows(found(duplicates.duplicates, data)["duplicates"]) == {"train": [51]}
    leaked = found(duplicates.leakage, data)["leakage"]
    assert (leaked.severity, rows(leaked)) == ("bad", {"test": [1]})
    unlabelled = made([("twice", "no")], test=[("new", None), ("twice", None)])
    assert found(duplicates.leakage, unlabelled)["leakage"].severity == "warn"


def test_one_leaked_row_of_many_is_a_warning() -> None:
    assert (
        found(duplicates.leakage, made([("a", "x")], test=[*clean(200, 1), ("a", "x")]))["leakage"].severity == "warn"
    )


def test_near_duplicates_within_and_across() -> None:
    text = "the quick brown fox jumps over the lazy dog while nobody is looking at the gate"
    data = made(
        [*clean(50, 1), (text, "no"), (text.upper().replace("GATE", "gates"), "no"), (text, "no")],
        test=[*clean(10, 2), (text + "!", "no"), (text, "no")],
    )
    near_found = found(near.near_duplicates, data)
    assert rows(near_found["near_duplicates"]) == {"train": [50, 51, 52]}
    assert rows(near_found["near_leakage"]) == {"test": [10]}
    assert near_found["near_leakage"].examples == (("test", 10), ("train", 50))


def test_near_groups_are_those_of_a_comparison_of_all_pairs() -> None:
    draw = np.random.default_rng(3)
    base = [text for text, _ in clean(60, 9)]
    changed = ["".join(c if draw.random() > 0.02 else "x" for c in text) for text in base]
    every = sorted({*base, *changed, "short", "shor"})
    groups = near.near_groups(pa.array(every, pa.large_string()))

    def shingles(text: str) -> set[bytes]:
        raw = text.encode()
        return {raw[i : i + near.SHINGLE] for i in range(len(raw) - near.SHINGLE + 1)}

    sets = [shingles(text) for text in every]
    for one in range(len(every)):
        for other in range(one):
            together = sets[one] | sets[other]
            if together and len(sets[one] & sets[other]) / len(together) >= near.ALIKE:
                assert groups[one] == groups[other] >= 0
    alone = [i for i in range(len(every)) if groups[i] < 0]
    assert every.index("short") in alone
    assert len(alone) > len(every) / 4


# Labels


def test_one_label_spelled_in_several_ways() -> None:
    data = made(
        [
            ("a", "sci_fi"),
            ("b", "Sci-Fi "),
            ("c", "-1"),
            ("d", "1"),
            ("e", "C#"),
            ("f", "C++"),
            ("g", "B-X"),
            ("h", "BX"),
        ]
    )
    finding = found(labels.spellings, data)["label_spellings"]
    assert finding.figures["labels"] == [["Sci-Fi ", "sci_fi"]]
    assert rows(finding) == {"train": [0, 1]}


def test_labels_that_a_split_lacks() -> None:
    data = made([("a", "x"), ("b", "y")], test=[("c", "x"), ("d", "z")])
    missing = found(labels.absent_labels, data)
    assert rows(missing["label_not_trained"]) == {"test": [1]}
    assert missing["label_not_measured"].figures["labels"]["test"] == ["y"]


def test_rare_labels_and_imbalance() -> None:
    data = made([*((f"text {i}", "often") for i in range(400)), ("one", "seldom"), ("two", "seldom")])
    rare = found(labels.rare_labels, data)["rare_labels"]
    assert (rare.severity, rows(rare)) == ("warn", {"train": [400, 401]})
    assert found(labels.imbalance, data)["imbalance"].figures["most"] == ["often", 400]
    some = made([*((f"text {i}", "often") for i in range(100)), *((f"more {i}", "less") for i in range(30))])
    assert found(labels.rare_labels, some)["rare_labels"].severity == "note"
    assert labels.imbalance(some) == []


def test_rows_and_splits_without_labels() -> None:
    data = made([("a", "x"), ("b", " "), ("c", None)], test=[("d", None)])
    assert rows(found(labels.missing_labels, data)["missing_labels"]) == {"train": [1, 2]}
    assert "test" in found(labels.unlabelled, data)["unlabelled_split"].told


def test_odd_names_and_sorted_rows() -> None:
    data = made([*((f"a {i}", "card?") for i in range(60)), *((f"b {i}", "plain_one") for i in range(60))])
    assert len(rows(found(labels.odd_labels, data)["odd_labels"])["train"]) == 60
    assert found(labels.order, data)["sorted_by_label"].figures == {"changes": 1, "expected": 60}


# Texts


@pytest.mark.parametrize(
    ("id", "odd", "fine"),
    [
        (
            "mojibake",
            ["cafÃ© noir", "donâ€™t", "\x89ÛÒ Two", "lost \ufffd sign"],
            ["café NÃO", "don’t", "Ârbol", "maçã »"],
        ),
        ("html_tags", ["a<br />b", "<p class='x'>hi</p>"], ["a < b > c", "<user> said", "x <3"]),
        ("html_entities", ["Tom &amp; Eve", "&#39;"], ["R&D; fine", "a & b;", "AT&T"]),
        ("invisible", ["zero\u200bwidth", "\u202aturned"], ["می\u200cخواهم", "👩\u200d🚀", "tab\tstop"]),
        ("mixed_words", ["pаypal"], ["привет world", "α-helix", "µm"]),
        ("line_ends", ["two\nlines"], ["one line"]),
        ("placeholders", ["N/A", " null ", "[deleted]", "-"], ["nullify", "none of it", "5"]),
    ],
)
def test_patterns(id: str, odd: list[str], fine: list[str]) -> None:
    data = made([*((text, "x") for text in fine), *((text, "y") for text in odd)])
    finding = found(texts.oddities, data)[id]
    assert rows(finding) == {"train": list(range(len(fine), len(fine) + len(odd)))}
    assert id not in found(texts.oddities, made([(text, "x") for text in fine]))


def test_empty_texts() -> None:
    data = made([*clean(5, 1), ("", "x"), (None, "x"), (" \t", "x")])
    assert rows(found(texts.empty_texts, data)["empty_texts"]) == {"train": [5, 6, 7]}


def test_either_text_of_a_pair_may_be_empty() -> None:
    table = pa.table({"a": ["one", "two", "three"], "b": ["x", "", None]})
    data = material({"train": table}, {"train": Roles(("a", "b"))})
    assert rows(texts.empty_texts(data)[0]) == {"train": [1, 2]}
    assert texts.empty_texts(material({"train": table}, {"train": Roles(("a", "b"), required=False)})) == []
    assert data.train.texts.to_pylist() == ["one\x1fx", "two\x1f", "three"]
    assert texts.oddities(data) == []


def test_another_script_than_the_rest() -> None:
    data = made([*clean(50, 1), ("это другой язык", "no")], test=[("中文评论", "no"), ("12345", "no")])
    finding = found(texts.other_scripts, data)["other_scripts"]
    assert rows(finding) == {"train": [50], "test": [0]}
    assert texts.other_scripts(made([*clean(20, 1), *(("ещё один текст", "no") for _ in range(20))])) == []


ENGLISH = "The parcel was late again, and nobody at the desk could tell me where it had been."
GERMAN = "Das Paket kam wieder zu spät, und niemand am Schalter konnte mir sagen, wo es gewesen war."


def test_another_language_than_the_rest() -> None:
    data = made(
        [*((f"{ENGLISH} Number {n}.", "no") for n in range(60)), (GERMAN, "no")], test=[(GERMAN, "no"), ("kurz", "no")]
    )
    spoken = languages.Spoken(data)
    assert spoken.as_json() == {"train": {"en": 60, "de": 1}, "test": {"de": 1, "unsure": 1}}
    (finding,) = languages.other_languages(data, spoken)
    assert rows(finding) == {"train": [60], "test": [0]}
    assert finding.severity == "note"
    assert "in another language than en: de 2." in finding.told


def test_a_set_of_several_languages_has_no_other_one() -> None:
    data = made([(text, "no") for text in (ENGLISH, GERMAN) * 10])
    assert languages.other_languages(data, languages.Spoken(data)) == []
    assert languages.other_languages(CLEAN, languages.Spoken(CLEAN)) == []


def test_a_text_far_longer_than_the_rest() -> None:
    data = made([*clean(200, 1), ("word " * 500, "no")])
    assert rows(found(texts.long_texts, data)["long_texts"]) == {"train": [200]}


def test_boilerplate() -> None:
    sent = "Sent from my telephone, please excuse what is mistyped."
    data = made([(f"{text} {sent}" if i % 2 else text, label) for i, (text, label) in enumerate(clean(100, 1))])
    assert len(rows(found(texts.sameness, data)["boilerplate_end"])["train"]) == 50


# Private data


@pytest.mark.parametrize(
    ("id", "text", "fine"),
    [
        ("emails", "write to ann.lee@mail.example.org soon", "@someone said hi"),
        ("phones", "call (415) 555-0199 now", "in 1999-2000 we had 100 200 300"),
        ("phones", "ring +44 20 7946 0958", "score 10-12-14"),
        ("cards", "card 4111 1111 1111 1111 please", "order 4111 1111 1111 1112"),
        ("cards", "card 378282246310005", "sum 1000000000000008 of 79927398713"),
        ("accounts", "to DE89 3704 0044 0532 0130 00", "part AB12 3456 7890 1234"),
        ("social_numbers", "mine is 078-05-1120", "dial 078-051-120"),
        ("keys", "key " + "AKIA" + "ABCDEFGHIJKLMNOP", "AKIA is short"),
    ],
)
def test_private_data(id: str, text: str, fine: str) -> None:
    finding = found(private.private_data, made([(fine, "x"), (text, "y")]))[id]
    assert rows(finding) == {"train": [1]}
    hidden = masked(text)
    assert hidden != text
    assert sum(c.isdigit() for c in hidden) <= 1


# What words tell


def test_the_label_is_in_the_text() -> None:
    data = made([(f"{text} category: {'sports' if i % 2 else 'weather'}", "sports" if i % 2 else "weather")
                 for i, (text, _) in enumerate(clean(60, 1))])  # fmt: skip
    finding = found(words.answers, data)["answer_in_text"]
    assert (finding.severity, finding.count) == ("bad", 60)


def test_a_label_that_both_mention_is_no_answer() -> None:
    assert (
        words.answers(
            made([(f"{text} sports or weather", label) for text, label in clean(60, 1, ("sports", "weather"))])
        )
        == []
    )


def test_a_word_that_gives_the_label_away() -> None:
    data = made([(f"{text} {'zebra' if label == 'yes' else ''}", label) for text, label in clean(200, 1)])
    telling = words.telling_words(data)
    assert (telling[0].word, telling[0].label, telling[0].precision, telling[0].recall) == ("zebra", "yes", 1.0, 1.0)
    assert telling[0].pmi == pytest.approx(1.0, abs=0.3)
    assert found(lambda d: words.artefacts(d, telling), data)["artefacts"].severity == "note"
    assert words.artefacts(CLEAN, words.telling_words(CLEAN)) == []


def test_a_shifted_split() -> None:
    other = [(f"{text} indeed" if i % 4 else text, label) for i, (text, label) in enumerate(clean(150, 5))]
    shift = learned.shifts(made(clean(150, 4), test=other))
    assert shift[0].auc > 0.75
    assert shift[0].words[0] == "indeed"
    assert found(lambda d: learned.shifted(d, shift), CLEAN)["shift"].severity == "warn"
    assert learned.shifted(CLEAN, learned.shifts(CLEAN)) == []


def test_the_floor_learns_what_can_be_learnt() -> None:
    rows_of = [(f"{text} {'fine' if label == 'yes' else 'poor'}", label) for text, label in clean(200, 1)]
    floor = learned.floor(made(rows_of[:120], test=rows_of[120:]))
    assert floor is not None
    assert floor.measured_on == "test"
    assert floor.linear > 0.85
    assert floor.majority < 0.7


# Lists of labels


def test_tags_and_words() -> None:
    table = pa.table(
        {"tokens": [["New", "York"], ["New", "York"], ["hi"]], "tags": [["B-LOC", "I-LOC"], ["O", "O"], ["O"]]}
    )
    data = material({"train": table}, {"train": Roles(("tokens",), "tags")})
    assert data.kind == "labels"
    assert rows(duplicates.contradictions(data)[0]) == {"train": [0, 1]}
    assert labels.label_counts(data.train) == {"O": 3, "B-LOC": 1, "I-LOC": 1}
    assert {name: own.tolist() for name, own in labels.rows_with(data, ["I-LOC"]).items()} == {"train": [0]}
    assert words.telling_words(data) == ()
    assert learned.floor(data) is None


def test_numbers_stand_for_the_names_of_classes() -> None:
    table = pa.table({"text": ["a", "b", "c"], "label": [0, 1, 7]})
    data = material({"train": table}, {"train": Roles(("text",), "label", ("bad", "good"))})
    assert labels.label_counts(data.train) == {"7": 1, "bad": 1, "good": 1}


def test_numbers_to_be_predicted_are_no_labels() -> None:
    table = pa.table({"text": ["a", "b", "a"], "label": [0.5, 1.5, 2.5]})
    data = material({"train": table}, {"train": Roles(("text",), "label")})
    assert data.kind == "none"
    assert "No column of labels" in limits(data)[0]
    assert duplicates.contradictions(data) == []
