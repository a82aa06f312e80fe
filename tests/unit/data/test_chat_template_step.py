"""The step chat-template: messages of every kind as one column of texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tui_finetune.builtin.preprocessors.chats import ChatTemplate
from tui_finetune.data.opening import validated
from tui_finetune.errors import DataError, UserError

TALK = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]
STEP = ChatTemplate()


def applied(row: Mapping[str, Any], **given: Any) -> Any:
    model = STEP.options_model()
    assert model is not None
    return STEP.apply(dict(row), validated(model, given))


@pytest.mark.parametrize(
    ("value", "given", "text"),
    [
        (TALK, {"end": "<end>"}, "### Instruction:\nHi\n\n### Response:\nHello.<end>"),
        (TALK[:1], {"ask": True}, "### Instruction:\nHi\n\n### Response:\n"),
        ([{"from": "human", "value": "Hi"}], {"template": "chatml"}, "<|im_start|>user\nHi<|im_end|>\n"),
        ("Hi", {"template": "{{ bos_token }}{{ messages[0].content }}", "begin": "<s>"}, "<s>Hi"),
        (None, {}, None),
    ],
)
def test_texts(value: Any, given: dict[str, Any], text: str | None) -> None:
    row = applied({"messages": value, "id": 1}, **given)
    assert row == {"messages": value, "id": 1, "text": text}


def test_tools_and_names_of_columns() -> None:
    row = applied({"chat": TALK, "tools": '[{"name": "add"}]'}, column="chat", tools="tools", into="read")
    assert '{"name": "add"}' in row["read"]


def test_what_cannot_be_read_is_named() -> None:
    with pytest.raises(UserError, match="no column messages"):
        applied({"text": "x"})
    with pytest.raises(DataError, match="wizard"):
        applied({"messages": [{"role": "wizard", "content": "x"}]})
    with pytest.raises(DataError, match="tools"):
        applied({"messages": TALK, "tools": "{"}, tools="tools")
    with pytest.raises(DataError, match="template"):
        applied({"messages": TALK}, template="{% for %}")
