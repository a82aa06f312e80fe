"""A row as the model sees it is what the task's own encoding makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_finetune.inference.encoders import BackendEncoder, light_encoder
from tui_finetune.inference.token_view import token_lengths, token_view
from tui_finetune.plugin_api import LabelSet
from tui_finetune.plugin_api.manager import Catalog
from tui_finetune.plugin_api.testing_heads import save_tokenizer


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> BackendEncoder:
    folder: Path = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(folder, 128)
    return light_encoder(folder, 8)


def test_a_text_with_its_special_tokens(catalog: Catalog, encoder: BackendEncoder) -> None:
    task, labels = catalog.tasks["text-classification"], LabelSet.of(["bad", "good"])
    view = token_view(task, {"text": "ab c", "label": "good"}, encoder, labels, "tiny")
    assert [piece.text for piece in view.pieces] == ["[CLS]", "a", "##b", "c", "[SEP]"]
    assert [piece.special for piece in view.pieces] == [True, False, False, False, True]
    assert (view.length, view.cut, view.words) == (5, 0, ())


def test_what_is_cut_is_counted(catalog: Catalog, encoder: BackendEncoder) -> None:
    view = token_view(catalog.tasks["text-classification"], {"text": "abcdefghij"}, encoder, None, "tiny")
    assert (view.length, len(view.pieces), view.cut) == (12, 8, 4)


def test_words_have_their_pieces_tags_and_labels(catalog: Catalog, encoder: BackendEncoder) -> None:
    labels = LabelSet.of(["O", "B-x"])
    view = token_view(
        catalog.tasks["token-classification"], {"tokens": ["ab", "c"], "tags": ["B-x", "O"]}, encoder, labels, "tiny"
    )
    assert [(piece.text, piece.word, piece.label) for piece in view.pieces] == [
        ("[CLS]", None, None),
        ("a", 0, "B-x"),
        ("##b", 0, None),
        ("c", 1, "O"),
        ("[SEP]", None, None),
    ]
    assert (view.words, view.tags) == (("ab", "c"), ("B-x", "O"))


@pytest.mark.parametrize(
    "row", [{"text": None}, {"text": 7, "label": "no label of these"}, {"text": "x", "label": None}]
)
def test_rows_that_lack_something_or_are_odd_are_shown_all_the_same(
    catalog: Catalog, encoder: BackendEncoder, row: dict[str, object]
) -> None:
    view = token_view(catalog.tasks["text-classification"], row, encoder, LabelSet.of(["bad", "good"]), "tiny")
    assert view.pieces[0].text == "[CLS]"


def test_lengths_of_many_are_before_cutting(catalog: Catalog, encoder: BackendEncoder) -> None:
    rows = {"text": ["ab c", None, "abcdefghij"]}
    assert token_lengths(catalog.tasks["text-classification"], rows, encoder) == [5, 2, 12]
