"""What is found in the real sets, against what their own pages say of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tui_finetune.data.inspect import look_at_path
from tui_finetune.data.quality import learned
from tui_finetune.data.quality.looked import material_of
from tui_finetune.data.quality.report import report
from tui_finetune.plugin_api.manager import Catalog

pytestmark = pytest.mark.real

EXPECTED = {
    # 110 repeated texts, 20 in the test; 18 contradicting; 614 with C1 controls; 359 with entities; 435 with line ends.
    "disaster_tweets": {
        "duplicates": {"train": 110, "test": 20},
        "contradictions": {"texts": 18},
        "mojibake": {"train": 614},
        "html_entities": {"train": 359},
        "line_ends": {"train": 435},
        "unlabelled_split": {},
        "leakage": {"test": 78},
    },
    # Train is phrases, dev and test are sentences; 19 repeated rows.
    "sst2": {"duplicates": {"train": 19}, "shift": {}, "near_duplicates": {}},
    # One apostrophe is a control character (Treasury\x12s).
    "mrpc": {"near_leakage": {}, "emails": {}, "invisible": {"train": 1}},
    # 35 to 187 rows a label; 10 texts with line ends; `reverted_card_payment?`; the file goes label by label.
    "banking77": {"rare_labels": {}, "line_ends": {"train": 10}, "odd_labels": {}, "sorted_by_label": {}},
}
"""Findings that have to be there, with their rows by split or what they tell beside."""
ABSENT = {
    "disaster_tweets": {"label_spellings", "shift", "sorted_by_label", "answer_in_text", "imbalance", "empty_texts"},
    "sst2": {"leakage", "contradictions", "mojibake", "html_tags", "answer_in_text", "rare_labels", "imbalance"},
    "mrpc": {"leakage", "contradictions", "shift", "mojibake", "duplicates", "artefacts", "imbalance"},
    "banking77": {"leakage", "contradictions", "duplicates", "shift", "mojibake", "label_spellings", "artefacts"},
}
"""Findings that would be false alarms."""
MISSING = {("disaster_tweets", "keyword"): (61, 26), ("disaster_tweets", "location"): (2533, 1105)}
"""Missing values of train and test."""


@pytest.mark.parametrize("name", EXPECTED)
def test_findings_are_those_of_its_page(name: str, real_data: Path, catalog: Catalog, tmp_path: Path) -> None:
    document = report(material_of(look_at_path(str(real_data / name), catalog, tmp_path)), None, 512).as_json()
    found = {one["id"]: one for one in document["findings"]}
    told: dict[str, Any] = {
        id: {key: {**found[id]["figures"], **found[id]["splits"]}.get(key) for key in expected}
        for id, expected in EXPECTED[name].items()
        if id in found
    }
    assert told == EXPECTED[name]
    assert ABSENT[name] & set(found) == set()
    for (data, column), missing in MISSING.items():
        if data == name:
            columns = document["profile"]["columns"]
            counted = [one["missing"] for own in columns.values() for one in own if one["name"] == column]
            assert tuple(counted) == missing


@pytest.mark.parametrize(
    ("name", "where", "rows", "majority", "linear"),
    [
        ("sst2", "dev", 872, 0.5092, 0.8131),
        ("banking77", "test", 3080, 0.013, 0.8938),
        ("mrpc", "test", 1725, 0.6649, 0.6916),
    ],
)
def test_the_floor_is_that_of_its_page(
    name: str, where: str, rows: int, majority: float, linear: float, real_data: Path, catalog: Catalog, tmp_path: Path
) -> None:
    floor = learned.floor(material_of(look_at_path(str(real_data / name), catalog, tmp_path)))
    assert floor is not None
    assert (floor.measured_on, floor.rows) == (where, rows)
    assert floor.majority == pytest.approx(majority, abs=0.001)
    assert floor.linear == pytest.approx(linear, abs=0.03)


def test_goemotions(real_data: Path, catalog: Catalog, tmp_path: Path) -> None:
    document = report(material_of(look_at_path(str(real_data / "goemotions"), catalog, tmp_path)), None, 512).as_json()
    found = {one["id"]: one for one in document["findings"]}
    assert found["duplicates"]["splits"] == {"train": 183, "dev": 3, "test": 6}
    assert found["leakage"]["severity"] == "warn"
    labels = {one["name"]: one["counts"]["train"] for one in document["profile"]["labels"]}
    assert (len(labels), labels["neutral"], labels["grief"]) == (28, 14219, 77)
    assert document["profile"]["splits"] == {"train": 43410, "dev": 5426, "test": 5427}
