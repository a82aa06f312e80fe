"""From `[data]` to the splits of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from tests.unit.data.conftest import Prepare, Told, Write, rows
from tui_finetune.builtin.tasks.text_classification import TextClassification
from tui_finetune.data.prepare import Prepared
from tui_finetune.plugin_api import LabelSet, Role, row_hash
from tui_finetune.plugin_api.manager import load_catalog


class Scored(TextClassification):
    """A plugin's regression head: one output, a number a row."""

    name = "scored"
    shape = "numbers"
    roles = (
        Role("text", "text", usual_names=("text",)),
        Role("label", "number", gold=True, usual_names=("label",)),
    )

    def infer_labels(self, values: pa.ChunkedArray, class_names: Sequence[str] | None) -> LabelSet:
        return LabelSet.of(["score"])


GOOD = "text,label\n" + rows()
OTHER = GOOD.replace("this is", "that was")


def sizes(found: Prepared) -> dict[str, int]:
    return {name: table.num_rows for name, table in found.splits.items()}


def ids(found: Prepared, split: str) -> list[str]:
    rows: list[str] = found.splits[split].column("row_id").to_pylist()
    return rows


@pytest.fixture
def folder(write: Write) -> Path:
    """train, dev and test."""
    for name in ("train", "dev"):
        write(f"d/{name}.csv", GOOD)
    return write("d/test.csv", OTHER).parent


def test_the_columns_are_roles_and_identity(write: Write, prepared: Prepare) -> None:
    found = prepared(write("a.csv", "stars,review\n" + "".join(f"{i % 2},review {i}\n" for i in range(20))))
    assert found.columns == {"text": "review", "label": "stars"}
    assert found.splits["train"].column_names == ["row_id", "row_hash", "text", "label"]
    row = found.splits["train"].slice(0, 1).to_pylist()[0]
    assert row["row_hash"] == row_hash({"stars": row["label"], "review": row["text"]})
    assert found.notes == ("Column review is taken as text.", "Column stars is taken as label.")
    assert found.split_origin == {
        "train": "the rest of all rows",
        "validation": "10 % of train, stratified, seed 42",
    }
    assert [file.path.name for file in found.files] == ["a.csv"]


class TestSplits:
    def test_the_sources_own(self, folder: Path, prepared: Prepare) -> None:
        assert sizes(prepared(folder)) == {"train": 40, "validation": 40, "test": 40}

    def test_fractions_of_train(self, write: Write, prepared: Prepare) -> None:
        found = prepared(write("a.csv", GOOD), validation=0.2, test=0.25)
        assert sizes(found) == {"train": 22, "validation": 8, "test": 10}
        assert not set(ids(found, "train")) & set(ids(found, "test"))
        counts = found.splits["validation"].column("label").value_counts().to_pylist()
        assert sorted(entry["counts"] for entry in counts) == [4, 4]

    def test_names_and_what_they_mean(self, folder: Path, prepared: Prepare) -> None:
        found = prepared(folder, split="train", validation="validation", test="dev")
        assert found.split_origin == {"train": "split train", "validation": "split dev", "test": "split dev"}

    def test_paths(self, write: Write, prepared: Prepare) -> None:
        dev = write("x/dev.jsonl", "".join(f'{{"text": "t {i}", "label": "good"}}\n' for i in range(5)))
        test = [str(write("x/t1.csv", OTHER)), str(write("x/t2.csv", OTHER))]
        found = prepared(write("a.csv", GOOD), validation=str(dev), test=test)
        assert sizes(found) == {"train": 40, "validation": 5, "test": 80}
        assert found.split_origin == {"train": "all rows", "validation": "dev.jsonl", "test": "t1.csv, t2.csv"}
        assert len(found.files) == 4

    def test_a_name_that_is_no_split(self, folder: Path, told: Told) -> None:
        assert told(folder, split="trian", test="quiz") == [
            "data.split: 'trian' is no split of this data. Did you mean train? It has: train, dev, test.",
            "data.test: 'quiz' is no split of this data, and no path. It has: train, dev, test.",
        ]

    def test_absent_paths_are_told_with_their_keys(self, write: Write, tmp_path: Path, told: Told) -> None:
        path = write("a.csv", GOOD)
        found = told(path, validation=str(tmp_path / "b.csv"), test=str(tmp_path / "c" / "d.csv"))
        assert [said.partition(":")[0] for said in found] == ["data.validation", "data.test"]

    def test_a_test_split_without_labels_is_left_out(self, write: Write, prepared: Prepare, told: Told) -> None:
        write("d/train.csv", GOOD)
        folder = write("d/test.csv", "text\na\nb\n").parent
        found = prepared(folder)
        assert list(found.splits) == ["train", "validation"]
        assert "Split test has no labels: it is left out." in found.notes
        assert told(folder, test="test") == [
            "data.columns: no column for label (texts, whole numbers or true/false that repeat) was found in test. "
            'It has: text. Name it: [data] columns = { label = "…" }.'
        ]

    def test_labels_of_minus_one_are_none(self, write: Write, prepared: Prepare) -> None:
        write("d/train.csv", "text,label\n" + rows(labels=("0", "1")))
        folder = write("d/test.csv", "text,label\na,-1\nb,-1\n").parent
        assert list(prepared(folder).splits) == ["train", "validation"]

    def test_other_column_names_in_test(self, write: Write, prepared: Prepare) -> None:
        write("d/train.csv", GOOD.replace("text,label", "sentence,category"))
        folder = write("d/test.csv", GOOD).parent
        assert prepared(folder).columns == {"text": "sentence", "label": "category"}

    def test_one_row_cannot_be_divided(self, write: Write, prepared: Prepare) -> None:
        found = prepared(write("a.csv", "text,label\na,x\nb,y\n"))
        assert sizes(found) == {"train": 2}
        assert found.warnings == ("No validation: every label has one row only, and train needs it.",)

    def test_a_label_with_one_row_is_in_train_and_named(self, write: Write, prepared: Prepare) -> None:
        found = prepared(write("a.csv", GOOD + "odd,rare\n"), validation=0.5)
        assert "rare" in found.splits["train"].column("label").to_pylist()
        assert "Label rare has one row only; it is in train." in found.notes

    def test_the_seed_chooses(self, write: Write, prepared: Prepare) -> None:
        path = write("a.csv", GOOD)
        first, again, other = (prepared(path, run={"seed": seed}) for seed in (1, 1, 2))
        assert ids(first, "validation") == ids(again, "validation") != ids(other, "validation")


class TestLimits:
    def test_after_splitting(self, folder: Path, prepared: Prepare) -> None:
        found = prepared(folder, limit=10, limit_eval=7)
        assert sizes(found) == {"train": 10, "validation": 7, "test": 7}
        assert found.split_origin is not None
        assert found.split_origin["train"] == "split train; 10 of 40 rows"

    def test_validation_is_the_same_with_and_without(self, write: Write, prepared: Prepare) -> None:
        path = write("a.csv", GOOD)
        assert ids(prepared(path), "validation") == ids(prepared(path, limit=4), "validation")

    def test_labels_are_of_all_rows(self, write: Write, prepared: Prepare) -> None:
        found = prepared(write("a.csv", "text,label\n" + rows(40, tuple("abcdefgh"))), limit=4)
        assert found.labels is not None
        assert len(found.labels) == 8
        assert found.warnings[-1].startswith("4 labels have no row in train: ")


class TestLabels:
    def test_given_ones_win(self, write: Write, prepared: Prepare) -> None:
        path = write("a.csv", "text,label\n" + rows(labels=("0", "1")))
        found = prepared(path, labels=[1, 0, 2], label_names=["yes", "no", "never"])
        assert found.labels is not None
        assert (found.labels.names, found.labels.values) == (("yes", "no", "never"), (1, 0, 2))
        assert found.warnings == ("Label never has no row in train.",)

    def test_numbers_are_not_looked_up_among_labels(self, write: Write, prepared: Prepare) -> None:
        catalog = load_catalog(None, third_party=False)
        catalog.tasks["scored"] = Scored()
        found = prepared(
            write("a.csv", "text,label\n" + "".join(f"review {i},{i / 4}\n" for i in range(40))),
            task="scored",
            catalog=catalog,
        )
        assert found.labels == LabelSet.of(["score"])
        assert found.warnings == ()
        assert found.splits["train"].schema.field("label").type == pa.float64()
        assert sizes(found) == {"train": 36, "validation": 4}

    def test_tags_in_test_that_train_lacks(self, write: Write, told: Told) -> None:
        write("d/train.conll", "a O\nb B-x\n\nc O\n")
        folder = write("d/test.conll", "a O\n\nb B-y\nc B-y\n").parent
        (said,) = told(folder, task="token-classification")
        assert said.startswith("data.labels: test has a label that train lacks: 'B-y' (row test.conll:3).")


class TestLeaks:
    def test_rows_of_train_in_test_are_counted(self, folder: Path, prepared: Prepare) -> None:
        found = prepared(folder)
        assert found.warnings == (
            "validation: 40 of 40 rows are in train too, word for word: dev.csv:2, dev.csv:3, dev.csv:4 and 37 more.",
        )

    def test_other_columns_do_not_count(self, write: Write, prepared: Prepare) -> None:
        write("d/train.csv", "id,text,label\n" + "".join(f"{i},text {i},{'ab'[i % 2]}\n" for i in range(20)))
        folder = write("d/test.csv", "id,text,label\n900,text 3,b\n901,text 3,a\n902,new,a\n").parent
        found = prepared(folder, validation=0.1)
        assert [w for w in found.warnings if w.startswith("test")] in (
            ["test: 1 row is in train too, word for word: test.csv:2."],
            [],  # where row 3 went into validation
        )

    def test_sentences_of_words(self, write: Write, prepared: Prepare) -> None:
        write("d/train.conll", "a O\nb B-x\n\nc O\n\nd O\n")
        folder = write("d/test.conll", "c O\n\nz O\n").parent
        write("d/dev.conll", "y O\n")
        found = prepared(folder, task="token-classification")
        assert found.warnings == ("test: 1 row is in train too, word for word: test.conll:1.",)


class TestEvaluate:
    """Recipes that measure: only the split that is measured."""

    GIVEN = {"labels": ["bad", "good"], "kind": "evaluate"}

    def test_test_by_default(self, folder: Path, prepared: Prepare) -> None:
        assert sizes(prepared(folder, **self.GIVEN)) == {"test": 40}

    def test_the_split_that_is_named(self, folder: Path, prepared: Prepare) -> None:
        assert sizes(prepared(folder, **self.GIVEN, evaluate={"split": "validation"})) == {"validation": 40}
        assert sizes(prepared(folder, **self.GIVEN, evaluate={"split": "train"})) == {"train": 40}

    def test_the_validation_that_a_run_held_out(self, write: Write, prepared: Prepare) -> None:
        path = write("a.csv", GOOD)
        run = prepared(path, validation=0.2, test=0.1)
        measured = prepared(path, validation=0.2, test=0.1, **self.GIVEN, evaluate={"split": "validation"})
        assert ids(measured, "validation") == ids(run, "validation")
        again = prepared(path, validation=0.2, test=0.1, **self.GIVEN)
        assert ids(again, "test") == ids(run, "test")

    def test_a_file_has_one_split(self, write: Write, prepared: Prepare) -> None:
        found = prepared(write("a.csv", GOOD), **self.GIVEN)
        assert sizes(found) == {"test": 40}
        assert found.notes == ("Its one split, train, is measured.",)

    def test_a_split_that_is_none(self, folder: Path, told: Told) -> None:
        (said,) = told(folder, **self.GIVEN, evaluate={"split": "quiz"})
        assert said == "evaluate.split: 'quiz' is no split of this data. It has: train, dev, test."


def test_pairs_are_found_by_their_twin_names(write: Write, prepared: Prepare) -> None:
    lines = "".join(f"{i % 2}\t{i}\tfirst {i}, long enough\tsecond {i}\n" for i in range(20))
    found = prepared(write("a.tsv", "Quality\t#1 ID\t#1 String\t#2 String\n" + lines))
    assert found.columns == {"text": "#1 String", "text_pair": "#2 String", "label": "Quality"}


def test_memory_is_mapped(write: Write, tmp_path: Path, prepared: Prepare) -> None:
    prepared(write("a.csv", GOOD))
    (file,) = (tmp_path / "cache" / "data").glob("csv-*/*.arrow")
    before = pa.total_allocated_bytes()
    table = pa.ipc.open_stream(pa.memory_map(str(file))).read_all()
    assert table.num_rows == 40
    assert pa.total_allocated_bytes() == before


class TestAlike:
    """Further splits are read as the first one."""

    def test_a_number_of_one_file_is_the_text_of_another(self, write: Write, prepared: Prepare) -> None:
        train = write("a.csv", "text,label\n" + rows(labels=("1", "2", "x")))
        found = prepared(train, test=str(write("t/b.csv", "text,label\na,1\nb,2\n")))
        assert found.splits["test"].column("label").to_pylist() == ["1", "2"]

    def test_a_pair_needs_both_texts_everywhere(self, write: Write, told: Told) -> None:
        pairs = "".join(f"a {i},b {i},{i % 2}\n" for i in range(20))
        train = write("a.csv", "sentence1,sentence2,label\n" + pairs)
        test = write("t/b.csv", "sentence1,label\nx,1\ny,0\n")
        assert told(train, test=str(test)) == [
            "data.columns.text_pair: no column 'sentence2' in b.csv. Did you mean sentence1?"
        ]

    def test_a_column_more_in_test_is_no_role(self, write: Write, prepared: Prepare) -> None:
        train = write("a.csv", GOOD)
        found = prepared(train, test=str(write("t/b.csv", "text,context,label\nx,y,good\n")))
        assert found.splits["test"].column_names == ["row_id", "row_hash", "text", "label"]

    def test_what_train_lacks_is_told_once(self, folder: Path, told: Told) -> None:
        assert told(folder, columns={"label": "verdict"}) == [
            "data.columns.label: no column 'verdict' in train. It has: text, label."
        ]

    def test_a_validation_split_without_labels(self, write: Write, prepared: Prepare) -> None:
        write("d/train.csv", GOOD)
        folder = write("d/dev.csv", "text\na\nb\n").parent
        assert sizes(prepared(folder)) == {"train": 36, "validation": 4}
