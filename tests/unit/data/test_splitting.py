"""Dividing rows: in proportion, without loss, and the same everywhere."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.data.conftest import Prepare, Write
from tui_finetune.data.splitting import divide, draw, sample, shares

LABELS = st.lists(st.sampled_from("abcd"), min_size=2, max_size=200)


@settings(deadline=None)
@given(labels=LABELS, share=st.floats(0.01, 0.99), seed=st.integers(0, 2**32 - 1))
def test_every_row_is_in_one_part_and_every_label_in_train(labels: list[str], share: float, seed: int) -> None:
    count = round(len(labels) * share)
    parts = divide(len(labels), count, seed, "validation", pa.chunked_array([labels]))
    assert sorted([*parts.rest, *parts.taken]) == list(range(len(labels)))
    kept = {labels[i] for i in parts.rest}
    assert kept == set(labels)
    assert len(parts.taken) == min(count, len(labels) - len(kept))


@settings(deadline=None)
@given(labels=LABELS, seed=st.integers(0, 100))
def test_shares_are_in_proportion(labels: list[str], seed: int) -> None:
    count = len(labels) // 5
    parts = divide(len(labels), count, seed, "validation", pa.chunked_array([labels]))
    for label in set(labels):
        there = labels.count(label)
        got = sum(labels[i] == label for i in parts.taken)
        assert got <= there - 1
        if len(parts.taken) == count and there > 1 and min(map(labels.count, set(labels))) > 1:
            assert abs(got - there * count / len(labels)) <= 1 + len(set(labels)) * count / len(labels)


def test_labels_with_one_row_are_named() -> None:
    parts = divide(5, 2, 0, "test", pa.chunked_array([["a", "a", "b", "a", "a"]]))
    assert parts.alone == (2,)
    assert 2 in parts.rest


def test_the_draw_is_the_same_on_every_machine() -> None:
    """Fixed by value: who changes this moves rows between train and test of every run there is."""
    assert hashlib.sha256(draw(10_000, 42, "validation").tobytes()).hexdigest()[:16] == "0d4b5af2d5e1dbd5"
    assert divide(20, 4, 42, "validation", None).taken.tolist() == [0, 11, 18, 19]


def test_seeds_and_purposes_differ() -> None:
    assert not np.array_equal(draw(100, 1, "test"), draw(100, 2, "test"))
    assert not np.array_equal(draw(100, 1, "test"), draw(100, 1, "sample"))


def test_a_sample_has_the_size_that_was_asked_for() -> None:
    labels = pa.chunked_array([[str(i % 50) for i in range(200)]])
    for count in (1, 10, 60, 199, 200, 500):
        found = sample(200, count, 3, labels)
        assert len(found) == min(count, 200)
        assert np.all(np.diff(found) > 0)


def test_largest_remainders_come_first() -> None:
    assert shares(np.array([10, 10, 5]), 5).tolist() == [2, 2, 1]
    assert shares(np.array([1, 99]), 50).tolist() == [0, 50]


def test_near_duplicates_come_to_one_side(prepared: Prepare, write: Write) -> None:
    """Of 60 sentences each stands three times: as it is, with other blanks and capitals, with one letter more."""
    words = [
        f"the {n * 7919 % 1000} quick foxes of number {n} jump over {n * 104729 % 9973} lazy dogs" for n in range(60)
    ]
    lines = [
        f"{text},{'good' if n % 4 else 'bad'}\n"
        for n, sentence in enumerate(words)
        for text in (sentence, sentence.upper().replace(" ", "  "), f"{sentence}s")
    ]
    path = write("rows.csv", "text,label\n" + "".join(lines))
    made = prepared(path, validation=0.2, test=0.2, near_together=True)
    side = {
        int(row.rpartition(":")[2]): name
        for name, table in made.splits.items()
        for row in table.column("row_id").to_pylist()
    }
    numbers = sorted(side)
    triples = [numbers[at : at + 3] for at in range(0, 180, 3)]
    assert all(len({side[row] for row in triple}) == 1 for triple in triples)
    counts = {name: table.num_rows for name, table in made.splits.items()}
    assert counts == {"train": 108, "validation": 36, "test": 36}
    labels = made.splits["test"].column("label").to_pylist()
    assert labels.count("bad") == 9, "in proportion, by groups"
    assert "near duplicates together, stratified, seed 42" in (made.split_origin or {})["test"]
    plain = prepared(path, validation=0.2, test=0.2)
    apart = {
        int(row.rpartition(":")[2]): name
        for name, table in plain.splits.items()
        for row in table.column("row_id").to_pylist()
    }
    assert any(len({apart[row] for row in triple}) > 1 for triple in triples), "which is not so by chance alone"


def test_pieces_of_a_text_stay_with_what_is_near_to_one_of_them(prepared: Prepare, write: Write) -> None:
    long = [" ".join(f"{n}word{k}" for k in range(20)) for n in range(40)]
    near = " ".join(f"0word{k}" for k in range(10, 20))
    path = write("rows.csv", "text,label\n" + "".join(f"{t},{'ab'[n % 2]}\n" for n, t in enumerate([*long, near])))
    steps = [{"use": "split-text", "options": {"words": 10}}]
    made = prepared(path, validation=0.3, near_together=True, preprocess=steps)
    side = {row: name for name, table in made.splits.items() for row in table.column("row_id").to_pylist()}
    first = next(row for row in side if row.endswith(":2#0"))
    assert side[first] == side[first.replace("#0", "#1")] == side["rows.csv:42"]
