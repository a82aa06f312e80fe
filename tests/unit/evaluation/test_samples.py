"""Texts to try, from the rows that a run kept out of training."""

from __future__ import annotations

from tests.fakes import FakeRun
from tests.measured import store, store_tags
from tui_finetune.evaluation.samples import LONGEST, WANTED, Sample, read_samples
from tui_finetune.paths import Home


def test_short_texts_of_every_label_in_turn(home: Home) -> None:
    run = FakeRun(home)
    rows = [(f"text {n}", "common", "common", 0.9) for n in range(50)]
    rows += [
        ("the rare one", "rare", "common", 0.6),
        ("long " * LONGEST, "rare", "rare", 0.6),
        (" ", "rare", "rare", 0.6),
    ]
    store(run.paths, rows)
    found = read_samples(run.paths)
    assert found[:2] == (Sample("text 0", "", "common"), Sample("the rare one", "", "rare"))
    assert len(found) == WANTED


def test_validation_where_there_is_no_test_and_pairs_as_they_are(home: Home) -> None:
    run = FakeRun(home)
    store(run.paths, [("one", "a", "a", 0.9)], split="validation", text_pair=["other"])
    assert read_samples(run.paths) == (Sample("one", "other", "a", "validation"),)


def test_words_are_joined_and_nothing_is_invented(home: Home) -> None:
    run = FakeRun(home)
    assert read_samples(run.paths) == ()
    store_tags(run.paths, [(["Ada", "sleeps"], ["B-PER", "O"], ["O", "O"])])
    assert read_samples(run.paths) == (Sample("Ada sleeps"),)
