"""The nineteen real sets open as they lie there: the sets, splits, rows, roles and labels that their own pages give."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tui_finetune.data.inspect import look_at_path
from tui_finetune.data.look import Look
from tui_finetune.plugin_api.manager import Catalog

pytestmark = pytest.mark.real

PAIR = {"text": "sentence1", "text_pair": "sentence2"}
ANSWERS = {"question": "question", "context": "context", "answers": "answers"}


@dataclass(frozen=True)
class Page:
    """What a set's page says of it."""

    folder: str
    splits: dict[str, int]
    roles: dict[str, str]
    labels: int = 0
    some: dict[str, int] = field(default_factory=dict)
    """Rows of some labels in the first split."""
    set: str | None = None


PAGES = [
    Page(
        "alpaca_en_demo", {"train": 999}, {"prompt": "instruction", "input": "input", "answer": "output"}
    ),
    Page(
        "alpaca_en_demo", {"train": 60}, {"prompt": "conversations", "tools": "tools"},
        set="glaive_toolcall_en_demo.first60",
    ),
    Page(
        "banking77", {"train": 10_003, "test": 3_080}, {"text": "text", "label": "category"}, 77,
        {"card_payment_fee_charged": 187, "card_payment_not_recognised": 168},
    ),
    Page("disaster_tweets", {"train": 7_613, "test": 3_263}, {"text": "text", "label": "target"}, 2, {"0": 4342, "1": 3271}),
    Page(
        "dpo_en_demo", {"train": 300}, {"prompt": "conversations", "chosen": "chosen.value", "rejected": "rejected.value"}
    ),
    Page(
        "goemotions", {"train": 43_410, "dev": 5_426, "test": 5_427}, {"text": "text", "label": "labels"}, 28,
        {"neutral": 14_219, "admiration": 4_130, "anger": 1_567, "grief": 77},
    ),
    Page("imdb", {"train": 2_000, "test": 2_000}, {"text": "text", "label": "label"}, 2, {"0": 1_000, "1": 1_000}),
    Page("imdb", {"train": 50, "test": 50}, {"text": "text", "label": "label"}, 2, {"neg": 25, "pos": 25}, set="aclImdb"),
    Page("langid12", {"train": 4_800, "test": 1_200}, {"text": "text", "label": "lang"}, 12, {"ar": 400, "zh": 400}),
    Page(
        "mrpc", {"train": 4_076, "test": 1_725}, {"text": "#1 String", "text_pair": "#2 String", "label": "Quality"}, 2,
        {"1": 2_753, "0": 1_323},
    ),
    Page("multi30k_en_de", {"train": 29_000, "val": 1_014, "test": 1_000}, {"source": "en", "target": "de"}),
    Page(
        "multi30k_en_de", {"train": 1_000, "val": 200}, {"source": "translation.en", "target": "translation.de"},
        set="derived_hf_json",
    ),
    Page("rte", {"train": 2_490, "dev": 277, "test": 300}, {**PAIR, "label": "label"}, 2, {"entailment": 1_249}),
    Page("sst2", {"train": 12_000, "dev": 872, "test": 1_821}, {"text": "sentence", "label": "label"}, 2, {"1": 6_632}),
    Page(
        "stsb", {"train": 5_749, "dev": 1_500, "test": 1_379},
        {"text": "column6", "text_pair": "column7", "score": "column5"},
    ),
    Page("tinyshakespeare", {"train": 7_222}, {"text": "text"}),
    Page(
        "tweet_emoji", {"train": 10_000, "val": 2_000, "test": 3_000}, {"text": "text", "label": "label"}, 20,
        {"❤": 2_119, "😍": 1_094, "🎄": 302},
    ),
    Page(
        "ud_ewt", {"train": 1_407, "dev": 324, "test": 2_077}, {"tokens": "tokens", "tags": "upos"}, 17,
        {"NOUN": 3_888, "PUNCT": 2_643},
    ),
    Page("waimai_10k", {"train": 11_987}, {"text": "review", "label": "label"}, 2, {"0": 7_987, "1": 4_000}),
    Page(
        "wnut17", {"train": 3_394, "dev": 1_009, "test": 1_287}, {"tokens": "tokens", "tags": "tags"}, 13,
        {"O": 59_570, "B-person": 660},
    ),
    Page("xquad", {"train": 1_190}, ANSWERS),
    Page("xquad", {"train": 1_190}, ANSWERS, set="xquad.ar"),
    Page("xquad", {"train": 1_190}, ANSWERS, set="xquad.zh"),
    Page("xquad", {"train": 945, "dev": 245}, ANSWERS, set="derived_en_split"),
    Page("hf_tests_samples", {"train": 31}, {"text": "text"}),
    Page("hf_tests_samples/GermEval", {"train": 11, "dev": 11}, {"tokens": "tokens", "tags": "tags"}, 25, {"O": 171, "B-PER": 4}),
    Page("hf_tests_samples/MRPC", {"train": 6, "dev": 6}, {**PAIR, "label": "label"}, 2, {"equivalent": 3}),
    Page(
        "hf_tests_samples/MRPC", {"train": 6, "dev": 6},
        {"text": "#1 String", "text_pair": "#2 String", "label": "Quality"}, 2, set="tsv",
    ),
    Page(
        "hf_tests_samples/SQUAD", {"train": 14}, {"question": "question", "context": "context", "answers": "answers.text"}
    ),
    Page("hf_tests_samples/STS-B", {"train": 9, "dev": 9}, {**PAIR, "score": "score"}),
    Page("hf_tests_samples/conll", {"train": 10}, {"tokens": "words", "tags": "ner"}),
    Page("hf_tests_samples/sft_chat", {"train": 32}, {"prompt": "messages"}),
    Page("hf_tests_samples/wiki_text", {"train": 128}, {"text": "text"}),
    Page("hf_tests_samples/wmt16", {"train": 10}, {"source": "translation.en", "target": "translation.ro"}),
    Page(
        "hf_tests_samples/wmt_en_ro", {"train": 11, "val": 16, "test": 20},
        {"source": "translation.en", "target": "translation.ro"},
    ),
    Page("hf_tests_samples/xsum", {"train": 10}, {"text": "document", "target": "summary"}),
]  # fmt: skip
SETS = {
    "alpaca_en_demo": ["alpaca_en_demo", "glaive_toolcall_en_demo.first60"],
    "hf_tests_samples": [
        "hf_tests_samples", "GermEval", "MRPC/csv", "MRPC/tsv", "SQUAD", "STS-B", "conll", "sft_chat", "swag",
        "wiki_text", "wmt16", "wmt_en_ro", "xsum",
    ],
    "imdb": ["imdb", "aclImdb"],
    "multi30k_en_de": ["multi30k_en_de", "derived_hf_json"],
    "xquad": ["xquad.en", "xquad.ar", "xquad.zh", "derived_en_split"],
}  # fmt: skip
"""Of the folders that hold several."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.folder} {page.set or ''}".strip())
def test_a_set_opens_with_what_its_page_says(page: Page, real_data: Path, tmp_path: Path, catalog: Catalog) -> None:
    look = look_at_path(str(real_data / page.folder), catalog, tmp_path / "cache", subset=page.set)
    found = look.as_json()
    assert found["splits"] == page.splits
    assert found["roles"] == page.roles
    assert len(found["labels"]) == page.labels or "/" in page.folder
    counts = {label["name"]: next(iter(label["counts"].values())) for label in found["labels"]}
    assert {name: counts[name] for name in page.some} == page.some
    assert not found["problems"] or "/" in page.folder, "samples of ten rows may be too few for a run"


@pytest.mark.parametrize("folder", sorted({page.folder for page in PAGES if "/" not in page.folder}))
def test_the_sets_of_a_folder_are_listed_and_open_where_they_are(
    folder: str, real_data: Path, tmp_path: Path, catalog: Catalog
) -> None:
    def look(path: Path, subset: str | None = None) -> Look:
        return look_at_path(str(path), catalog, tmp_path / "cache", subset=subset)

    sets = look(real_data / folder).as_json()["sets"]
    assert [one["name"] for one in sets] == SETS.get(folder, [folder])
    for one in sets[1:]:
        assert set(one["splits"]) == set(look(real_data / folder, one["name"]).opened.splits)


def test_all_nineteen_are_here(real_data: Path) -> None:
    there = {folder.name for folder in real_data.iterdir() if folder.is_dir()}
    assert there == {page.folder for page in PAGES if "/" not in page.folder}
