"""The real data sets open as they lie there, with the counts that their own pages give."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.unit.data.conftest import Prepare
from tui_finetune.data.prepare import Prepared

pytestmark = pytest.mark.real


def count(found: Prepared, split: str, role: str) -> dict[object, int]:
    """Rows (of tags: words) of each value."""
    column = found.splits[split].column(role)
    flat = pc.list_flatten(column) if pa.types.is_nested(column.type) else column
    return {entry["values"]: entry["counts"] for entry in flat.value_counts().to_pylist()}


def rows(found: Prepared) -> dict[str, int]:
    return {name: table.num_rows for name, table in found.splits.items()}


def both(found: Prepared, role: str) -> dict[object, int]:
    """Counts of train and the validation that was taken from it."""
    train, held_out = count(found, "train", role), count(found, "validation", role)
    return {value: train.get(value, 0) + held_out.get(value, 0) for value in {**train, **held_out}}


def test_imdb(real_data: Path, prepared: Prepare) -> None:
    found = prepared(real_data / "imdb")
    assert rows(found) == {"train": 1800, "validation": 200, "test": 2000}
    assert both(found, "label") == {0: 1000, 1: 1000}
    assert count(found, "test", "label") == {0: 1000, 1: 1000}
    texts = [*found.splits["train"].column("text").to_pylist(), *found.splits["validation"].column("text").to_pylist()]
    assert max(len(text.split()) for text in texts) == 1014
    assert any("<br /><br />" in text for text in texts)


def test_imdb_in_folders(real_data: Path, prepared: Prepare) -> None:
    found = prepared(real_data / "imdb" / "aclImdb")
    assert found.source == "folder"
    assert rows(found) == {"train": 45, "validation": 5, "test": 50}
    assert both(found, "label") == {"neg": 25, "pos": 25}


def test_banking77(real_data: Path, prepared: Prepare) -> None:
    found = prepared(real_data / "banking77")
    assert rows(found) == {"train": 9003, "validation": 1000, "test": 3080}
    assert found.columns == {"text": "text", "label": "category"}
    counts = both(found, "label")
    assert len(counts) == 77
    assert (counts["card_payment_fee_charged"], min(counts.values())) == (187, 35)
    assert set(count(found, "test", "label").values()) == {40}
    assert found.labels is not None
    assert {"Refund_not_showing_up", "reverted_card_payment?"} <= set(found.labels.names)
    texts = [r["text"] for name in ("train", "validation") for r in found.splits[name].to_pylist()]
    assert sum("\n" in text for text in texts) == 10
    assert sum(text.startswith("\n") for text in texts) == 8


def test_sst2(real_data: Path, prepared: Prepare) -> None:
    found = prepared(real_data / "sst2")
    assert rows(found) == {"train": 12000, "validation": 872, "test": 1821}
    assert count(found, "train", "label") == {1: 6632, 0: 5368}
    assert count(found, "validation", "label") == {1: 444, 0: 428}
    assert count(found, "test", "label") == {0: 912, 1: 909}


def test_mrpc(real_data: Path, prepared: Prepare) -> None:
    found = prepared(real_data / "mrpc")
    assert found.columns == {"text": "#1 String", "text_pair": "#2 String", "label": "Quality"}
    assert rows(found) == {"train": 3668, "validation": 408, "test": 1725}
    assert both(found, "label") == {1: 2753, 0: 1323}
    assert count(found, "test", "label") == {1: 1147, 0: 578}


def test_waimai(real_data: Path, prepared: Prepare) -> None:
    found = prepared(real_data / "waimai_10k" / "waimai_10k.csv")
    assert found.columns == {"text": "review", "label": "label"}
    assert rows(found) == {"train": 10788, "validation": 1199}
    assert both(found, "label") == {0: 7987, 1: 4000}
    # It is sorted by label: a share without a draw would have one of them only.
    assert count(found, "validation", "label") == {0: 799, 1: 400}


def test_wnut17(real_data: Path, prepared: Prepare) -> None:
    found = prepared(real_data / "wnut17", task="token-classification")
    assert rows(found) == {"train": 3394, "validation": 1009, "test": 1287}
    train = count(found, "train", "tags")
    assert (train["O"], train["B-person"], train["B-location"], len(train)) == (59570, 660, 548, 13)
    assert count(found, "validation", "tags")["O"] == 14483
    assert count(found, "test", "tags")["B-person"] == 429
    assert found.labels is not None
    assert found.labels.names[0] == "O"


def test_universal_dependencies(real_data: Path, prepared: Prepare) -> None:
    found = prepared(real_data / "ud_ewt", task="token-classification")
    assert rows(found) == {"train": 1407, "validation": 324, "test": 2077}
    assert found.columns == {"tokens": "tokens", "tags": "upos"}
    assert count(found, "train", "tags")["NOUN"] == 3888
    assert len(count(found, "test", "tags")) == 17


def test_a_test_split_without_labels(real_data: Path, prepared: Prepare) -> None:
    found = prepared(real_data / "rte")
    assert found.columns == {"text": "sentence1", "text_pair": "sentence2", "label": "label"}
    assert list(found.splits) == ["train", "validation"]
    assert "Split test has no labels: it is left out." in found.notes
