"""sft, light half: rows of every kind as conversations, and which tokens of them are learnt."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tui_finetune.builtin.tasks.chat_tokens import conversation_of, kept_tokens, read_row
from tui_finetune.builtin.tasks.sft import CONTINUATION, RENDERED, Sft
from tui_finetune.builtin.tasks.token_losses import IGNORED
from tui_finetune.data.selecting import select
from tui_finetune.errors import ModelError
from tui_finetune.plugin_api import LabelSet
from tui_finetune.plugin_api.chat import Chat
from tui_finetune.plugin_api.conversations import as_text
from tui_finetune.plugin_api.testing import PieceEncoder, check_task

NONE = LabelSet.of(())
TALK = as_text(
    [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "Sum?"},
        {"role": "assistant", "content": "Four."},
    ]
)


class Ended(PieceEncoder):
    chat = Chat(tokens={"eos_token": "<end>"})


def learnt(row: dict[str, Any], **options: Any) -> list[str]:
    """The pieces of the rendered text that are learnt, as words."""
    task = Sft().variant(options)
    encoded = task.encode({name: [value] for name, value in row.items()}, Ended(200), NONE)
    marked = [label != IGNORED for label in encoded["labels"][0]]
    text = encoded[RENDERED][0]
    spans: list[list[int]] = []
    places = zip(encoded["token_starts"][0], encoded["token_ends"][0], strict=True)
    for (start, end), is_learnt in zip(places, marked, strict=True):
        if is_learnt and spans and not text[spans[-1][1] : start].strip() and spans[-1][1] >= start - 1:
            spans[-1][1] = end
        elif is_learnt:
            spans.append([start, end])
    assert encoded["foretold_bytes"][0] >= sum(end - start for start, end in spans)
    return [text[start:end] for start, end in spans]


@pytest.mark.parametrize(
    "options", [{}, {"template": "chatml", "learn": "last"}, {"template": "none"}, {"learn": "all"}]
)
def test_the_kit(options: dict[str, Any]) -> None:
    check_task(Sft().variant(options))


@pytest.mark.parametrize(
    ("row", "options", "said"),
    [
        ({"prompt": "Sum?", "answer": "Four."}, {}, ["Four.<end>"]),
        ({"prompt": TALK}, {}, ["Hello.<end>", "Four.<end>"]),
        ({"prompt": TALK}, {"learn": "last"}, ["Four.<end>"]),
        ({"prompt": "Sum? ", "answer": "Four."}, {"learn": "last", "template": "none"}, ["Four.<end>"]),
        ({"prompt": "Sum?"}, {}, []),
        ({"prompt": "Sum? ", "answer": "Four."}, {"template": "none"}, ["Four.<end>"]),
    ],
)
def test_what_is_learnt(row: dict[str, Any], options: dict[str, Any], said: list[str]) -> None:
    assert learnt(row, **options) == said


def test_all_of_the_text_is_learnt_where_it_is_asked_for() -> None:
    assert "".join(learnt({"prompt": "Sum?", "answer": "Four."}, learn="all")).endswith("Four.<end>")
    assert "Sum?" in "".join(learnt({"prompt": "Sum?", "answer": "Four."}, learn="all"))


class TestConversations:
    def test_an_instruction_with_what_it_is_about(self) -> None:
        row = {"system": "Be kind.", "prompt": "Translate.", "input": "Ja", "answer": "Yes"}
        assert [message["content"] for message in conversation_of(row).messages] == [
            "Be kind.",
            "Translate.\n\nJa",
            "Yes",
        ]
        assert [message["role"] for message in conversation_of(row).messages] == ["system", "user", "assistant"]

    def test_tools_from_their_own_column(self) -> None:
        tool = {"name": "add", "description": "Adds", "parameters": {}}
        found = conversation_of({"prompt": TALK, "tools": json.dumps([tool])})
        assert found.tools == ({"type": "function", "function": tool},)
        told = conversation_of({"prompt": TALK, "tools": "add(a, b)", "system": "Be kind."})
        assert (told.tools, told.messages[0]["content"]) == ((), "Be kind.\n\nadd(a, b)")

    def test_the_place_of_the_last_answer(self) -> None:
        read = read_row({"prompt": TALK}, Ended(), None, "answers")
        assert read.text[read.asked :] == "Four.<end>"
        asked = read_row({"prompt": "Sum?"}, Ended(), None, "answers")
        assert asked.text.endswith("### Response:\n")
        assert asked.asked == len(asked.text)


class TestCutting:
    def encoded(self, row: dict[str, Any], most: int) -> dict[str, list[Any]]:
        return Sft().encode({name: [value] for name, value in row.items()}, Ended(most), NONE)

    def test_the_end_is_cut(self) -> None:
        found = self.encoded({"prompt": "a b", "answer": "word " * 40}, 20)
        assert (len(found["input_ids"][0]), found["truncated"], found["length"][0] > 40) == (20, [True], True)
        assert sum(label != IGNORED for label in found["labels"][0]) > 0

    def test_a_long_beginning_leaves_room_for_an_answer(self) -> None:
        found = self.encoded({"prompt": "word " * 100, "answer": "one two three"}, 20)
        assert sum(label != IGNORED for label in found["labels"][0]) >= 3
        assert found["asked"][0] < 20

    def test_what_fits_stays(self) -> None:
        found = self.encoded({"prompt": "a", "answer": "b"}, 64)
        assert found["truncated"] == [False]
        assert len(found["input_ids"][0]) == found["length"][0]


def test_an_answer_with_and_without_one_that_was_given() -> None:
    task, row = Sft(), {"prompt": "Sum?", "answer": "Four."}
    encoded = task.encode({name: [value] for name, value in row.items()}, Ended(), NONE)
    raw = np.full((len(encoded["input_ids"][0]), 2), np.nan, dtype=np.float32)
    wanted = [place for place, label in enumerate(encoded["labels"][0]) if label != IGNORED]
    raw[wanted] = [[0.5, 1.0]] * len(wanted)
    decoded = task.decode([raw], {**encoded, CONTINUATION: ["Five."]}, NONE, {})
    assert decoded.losses is not None
    assert decoded.losses[0] == pytest.approx(0.5)
    answer = task.answer(decoded, 0, row)
    assert (answer["prompt"], answer[CONTINUATION]) == ("Sum?", "Five.")
    assert "".join(token["text"] for token in answer["tokens"]) == "Four.<end>"
    assert task.prediction_columns(decoded)[RENDERED] == encoded[RENDERED]
    lines = task.show_answer(answer)
    assert lines[0] == "Five."
    assert any("0.500" in line for line in lines)


def test_a_tokenizer_without_places_is_refused() -> None:
    class Slow(Ended):
        def whole(self, texts: Any, *, special: bool = True) -> Any:
            found = super().whole(texts, special=special)
            for one in found:
                one.offsets = [(0, 0)] * len(one.ids)
            return found

    with pytest.raises(ModelError, match="where its tokens stand"):
        Sft().encode({"prompt": ["a"], "answer": ["b"]}, Slow(), NONE)


def test_kept_tokens_never_learns_a_first_token() -> None:
    encoded = Sft().variant({"learn": "all"}).encode({"prompt": ["a " * 90], "answer": ["b"]}, Ended(16), NONE)
    assert encoded["labels"][0][0] == IGNORED
    assert kept_tokens.__doc__


def test_rows_without_tools_are_rows() -> None:
    import pyarrow as pa

    table = pa.table(
        {
            "row_id": ["a", "b"],
            "row_hash": ["1", "2"],
            "messages": ["x", "y"],
            "output": ["1", None],
            "tools": ["[]", None],
        }
    )
    columns = {"prompt": "messages", "answer": "output", "tools": "tools"}
    found = select(table, columns, Sft(), where="", drop=None)
    assert (found.problems, found.warnings) == ((), ())
    assert found.table.column("tools").to_pylist() == ["[]", ""]
    assert found.table.column("answer").to_pylist() == ["1", ""]
