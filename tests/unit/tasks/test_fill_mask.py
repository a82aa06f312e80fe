"""fill-mask, light half: what is hidden by words and by tokens, how it is stored, what is said of a mask."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from tui_finetune.builtin.tasks.fill_mask import FillMask
from tui_finetune.builtin.tasks.language_options import FillMaskOptions
from tui_finetune.builtin.tasks.masking import NO_WORD, masked
from tui_finetune.builtin.tasks.token_losses import IGNORED
from tui_finetune.evaluation.measure import mean_loss
from tui_finetune.plugin_api import ROW_INDEX, LabelSet
from tui_finetune.plugin_api.testing import PieceEncoder, check_task

TASK = FillMask()
NONE = LabelSet.of(())
MASK, SIZE = 3, 1000
WORDS = [NO_WORD, *(word for word in range(40) for _ in range(1 + word % 3)), NO_WORD]
IDS = [1, *range(100, 98 + len(WORDS)), 2]


def hidden(turn: int, *, whole_words: bool = True, share: float = 0.15) -> tuple[np.ndarray, np.ndarray]:
    read, labels = masked(IDS, WORDS, share=share, whole_words=whole_words, mask=MASK, vocabulary=SIZE, turn=turn)
    return np.array(read), np.array(labels)


def test_it_holds_what_every_task_holds() -> None:
    check_task(TASK)


@pytest.mark.parametrize("whole_words", [True, False])
@pytest.mark.parametrize("share", [0.05, 0.15, 0.5])
def test_as_many_tokens_are_hidden_as_were_asked_for(share: float, *, whole_words: bool) -> None:
    wanted = round(share * (len(IDS) - 2))
    for turn in range(20):
        _, labels = hidden(turn, whole_words=whole_words, share=share)
        count = int((labels != IGNORED).sum())
        assert count == wanted
        assert labels[0] == labels[-1] == IGNORED


def test_a_word_is_hidden_whole_or_not_at_all() -> None:
    words = np.array(WORDS)
    for turn in range(20):
        _, labels = hidden(turn)
        chosen = set(words[labels != IGNORED].tolist())
        assert ((labels != IGNORED) == np.isin(words, list(chosen))).all()
    split = [hidden(turn, whole_words=False)[1] != IGNORED for turn in range(20)]
    assert any((one != np.isin(words, words[one])).any() for one in split)


def test_the_labels_are_what_was_there_and_most_of_it_became_the_mask() -> None:
    shares = np.zeros(3)
    for turn in range(400):
        read, labels = hidden(turn)
        chosen = labels != IGNORED
        assert (labels[chosen] == np.array(IDS)[chosen]).all()
        assert (read[~chosen] == np.array(IDS)[~chosen]).all()
        kept = read[chosen] == labels[chosen]
        shares += [(read[chosen] == MASK).sum(), (~kept & (read[chosen] != MASK)).sum(), kept.sum()]
    assert shares / shares.sum() == pytest.approx([0.8, 0.1, 0.1], abs=0.02)


def test_a_turn_is_the_same_whatever_was_drawn_before_and_another_turn_another() -> None:
    assert (hidden(1)[1] == hidden(1)[1]).all()
    assert (hidden(1)[0] == hidden(1)[0]).all()
    assert (hidden(1)[1] != hidden(2)[1]).any()


def test_texts_of_one_word_and_of_none() -> None:
    one = masked(
        [1, 50, 51, 2], [NO_WORD, 0, 0, NO_WORD], share=0.15, whole_words=True, mask=MASK, vocabulary=9, turn=0
    )
    assert one[1] == [IGNORED, 50, 51, IGNORED]
    none = masked([1, 2], [NO_WORD, NO_WORD], share=0.15, whole_words=True, mask=MASK, vocabulary=9, turn=0)
    assert none == ([1, 2], [IGNORED, IGNORED])


def test_a_long_text_is_in_windows_and_each_token_in_one() -> None:
    text = "the cat sat down upon that flat grey mat once more"
    encoded = TASK.encode({"text": [text, ""]}, PieceEncoder(7), NONE)
    whole = PieceEncoder().whole([text])[0]
    inner = [
        token
        for ids, row in zip(encoded["input_ids"], encoded[ROW_INDEX], strict=True)
        if not row
        for token in ids[1:-1]
    ]
    assert inner == whole.ids[1:-1]
    assert "labels" not in encoded
    scores = [np.full((len(ids), 2), np.nan, dtype=np.float32) for ids in encoded["input_ids"]]
    scores[0][1] = (2.0, 1.0)
    scores[1][1:3] = (4.0, 0.0)
    decoded = TASK.decode(scores, {"text": [text, ""], **encoded}, NONE, {})
    assert (decoded.predicted, decoded.gold) == ([1, 0], [3, 0])
    assert mean_loss(decoded) == pytest.approx(10 / 3)
    assert decoded.sizes is not None
    assert decoded.sizes.tolist() == [sum(end - start for start, end in whole.offsets[1:2] + whole.offsets[6:8]), 0]


def test_what_is_said_of_masks() -> None:
    text = "the [MASK] sat on the [MASK]"
    encoded = TASK.encode({"text": [text]}, PieceEncoder(), NONE)
    fills = [[{"text": " cat", "score": 0.5}, {"text": "dog", "score": 0.25}], [{"text": "mat", "score": 0.9}]]
    scores = [np.full((len(ids), 2), np.nan, dtype=np.float32) for ids in encoded["input_ids"]]
    decoded = TASK.decode(scores, {"text": [text], **encoded, "fills": [fills]}, NONE, {})
    answer = TASK.answer(decoded, 0, {"text": text})
    json.dumps(answer, allow_nan=False)
    assert answer["filled"] == "the cat sat on the mat"
    assert TASK.show_answer(answer) == ["the cat sat on the mat", "  cat 0.500  dog 0.250", "  mat 0.900"]
    bare = TASK.decode(scores, {"text": [text], **encoded}, NONE, {})
    assert "no [MASK] in the text" in TASK.show_answer(TASK.answer(bare, 0, {"text": "the cat"}))[0]


@pytest.mark.parametrize("given", [{"mlm_probability": 0}, {"mlm_probability": 1}, {"whole_words": 7}, {"words": True}])
def test_wrong_options_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FillMaskOptions.model_validate(given)
