"""What the speed benchmark reads and tells."""

from __future__ import annotations

from pathlib import Path

from benchmarks.speed import lines_of, questions, reviews


def test_rows_are_drawn_the_same_each_time(tmp_path: Path) -> None:
    for label in ("neg", "pos"):
        (folder := tmp_path / "imdb" / "aclImdb" / "train" / label).mkdir(parents=True)
        for number in range(4):
            (folder / f"{number}.txt").write_text(f"{label} {number}")
    (tmp_path / "banking77").mkdir()
    lines = [f"text {number},label {number % 12:02}" for number in range(48)]
    (tmp_path / "banking77" / "train.csv").write_text("\n".join(["text,category", *lines]))
    found = reviews(tmp_path, 4)
    assert found == reviews(tmp_path, 4)
    assert sorted(label for _, label in found) == ["neg", "neg", "pos", "pos"]
    assert len({label for _, label in questions(tmp_path, 40)}) == 10


def test_each_way_is_told_against_the_guide_and_against_dynamic_padding() -> None:
    turns = [{"guide": 8.0, "dynamic": 4.0, "ours": 2.0}]
    assert lines_of("imdb", 1000, turns) == [
        "| imdb, 1,000 rows | guide | 8.0 s | – | 2.00 |",
        "| imdb, 1,000 rows | dynamic | 4.0 s | 0.50 | – |",
        "| imdb, 1,000 rows | ours | 2.0 s | 0.25 | 0.50 |",
    ]
