"""Conversations: every way of writing them becomes one text and comes back; templates as transformers renders them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from tui_finetune.data.conversations import conversation_texts, is_conversations, is_messages
from tui_finetune.errors import DataError
from tui_finetune.plugin_api import Role
from tui_finetune.plugin_api.chat import NAMED, last_rendered, render, rendered
from tui_finetune.plugin_api.conversations import as_text, conversation, is_conversation, raw_text, tools_of

OPENAI: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Weather in Oslo?"},
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"type": "function", "function": {"name": "weather", "arguments": {"town": "Oslo"}}}],
    },
    {"role": "tool", "content": '{"degrees": 3}'},
    {"role": "assistant", "content": "Three degrees."},
]
SHAREGPT = [
    {"from": "system", "value": "Be brief."},
    {"from": "human", "value": "Weather in Oslo?"},
    {"from": "function_call", "value": '{"name": "weather", "arguments": {"town": "Oslo"}}'},
    {"from": "observation", "value": '{"degrees": 3}'},
    {"from": "gpt", "value": "Three degrees."},
]
TOOL = {"name": "weather", "description": "Degrees in a town", "parameters": {"type": "object", "properties": {}}}
ROLE = Role("prompt", "messages")


def test_both_ways_of_writing_are_one_text_and_come_back() -> None:
    assert as_text(OPENAI) == as_text(SHAREGPT)
    assert list(conversation(as_text(SHAREGPT)).messages) == OPENAI
    assert as_text(OPENAI).startswith("<|system|>\nBe brief.\n<|user|>\nWeather in Oslo?\n<|tool_call|>\n{")


@pytest.mark.parametrize("text", ["<|user|>", "\\<|user|>\nx", "a\n<|assistant|>\n", "", "\n\n", "<|other|>"])
def test_what_is_said_may_look_like_a_heading(text: str) -> None:
    kept = as_text([{"role": "user", "content": text}, {"role": "assistant", "content": text}])
    assert [message["content"] for message in conversation(kept).messages] == [text, text]


def test_a_plain_text_is_one_message_of_whom_one_asks_for() -> None:
    assert not is_conversation("Paris.")
    assert conversation("Paris.", speaker="assistant").messages == ({"role": "assistant", "content": "Paris."},)


def test_tools_are_a_list_or_its_json() -> None:
    wrapped = ({"type": "function", "function": TOOL},)
    assert tools_of([TOOL]) == wrapped
    assert tools_of('[{"name": "weather", "description": "Degrees in a town", "parameters": '
                    '{"type": "object", "properties": {}}}]') == wrapped  # fmt: skip
    assert tools_of(None) == tools_of("") == tools_of("[]") == ()
    assert conversation(as_text(OPENAI, [TOOL])).tools == wrapped


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([{"content": "no role"}], "names nobody"),
        ([{"role": "wizard", "content": "x"}], "wizard"),
        ([{"role": "user", "content": [{"type": "image", "url": "x"}]}], "something else than text"),
        ([1, 2], "neither a text nor messages"),
    ],
)
def test_what_is_no_message_is_named(value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        raw_text(value)


def test_columns_of_every_kind_become_texts() -> None:
    columns = {
        "texts": pa.array(["a", None]),
        "messages": pa.array([[{"role": "user", "content": "a"}], None]),
        "one": pa.array([{"from": "human", "value": "a"}, None]),
    }
    for name, column in columns.items():
        assert is_conversations(column.type)
        assert is_messages(column.type) is (name != "texts")
        made, problem = conversation_texts(pa.chunked_array([column]), ROLE, name, "")
        assert problem is None
        assert made.to_pylist() == ["a" if name == "texts" else "<|user|>\na", None]
    assert not is_conversations(pa.list_(pa.int64()))
    assert not is_conversations(pa.struct([("text", pa.string())]))


def test_a_row_that_is_no_conversation_is_told_with_its_number() -> None:
    column = pa.chunked_array([pa.array([[{"role": "user", "content": "a"}], [{"role": "wizard", "content": "b"}]])])
    _, problem = conversation_texts(column, ROLE, "messages", " in train")
    assert problem is not None
    assert "row 1" in problem.message
    assert "wizard" in problem.message


class TestTemplates:
    def test_the_places_of_answers(self) -> None:
        chat = conversation(
            as_text([*OPENAI, {"role": "user", "content": "And Rome?"}, {"role": "assistant", "content": "12"}])
        )
        found = rendered(NAMED["chatml"], chat, {})
        call = '{"name": "weather", "arguments": {"town": "Oslo"}}'
        said = [f"{call}<|im_end|>\n", "Three degrees.<|im_end|>\n", "12<|im_end|>\n"]
        assert [found.text[begin:end] for begin, end in found.answers] == said

    def test_a_template_that_takes_earlier_thoughts_away(self) -> None:
        template = (
            "{% for m in messages %}{{ '<' + m.role + '>' }}"
            "{% if m.role == 'assistant' and loop.last %}{{ '<think></think>' }}{% endif %}{{ m.content + '<end>' }}{% endfor %}"
            "{% if add_generation_prompt %}<assistant>{% endif %}"
        )
        chat = conversation(
            as_text([{"role": r, "content": c} for r, c in zip(("user", "assistant") * 2, "abcd", strict=True)])
        )
        found = rendered(template, chat, {})
        assert [found.text[begin:end] for begin, end in found.answers] == ["b<end>", "<think></think>d<end>"]
        last = last_rendered(template, chat, {})
        assert [last.text[begin:end] for begin, end in last.answers] == ["<think></think>d<end>"]

    def test_tools_that_a_template_does_not_know_are_said_in_the_system_message(self) -> None:
        text = render(NAMED["chatml"], conversation(as_text(OPENAI, [TOOL])), {})
        assert "Be brief.\n\nTools:\n" in text
        assert '"Degrees in a town"' in text

    def test_a_template_refuses_in_words(self) -> None:
        with pytest.raises(DataError, match="roles must alternate"):
            render("{{ raise_exception('roles must alternate') }}", conversation("x"), {})
        with pytest.raises(DataError, match=r"task_options\.template"):
            render("{% for %}", conversation("x"), {})
        with pytest.raises(DataError, match="template"):
            render("{{ ''.__class__.__mro__ }}", conversation("x"), {})
