"""Chat templates: a conversation as the text that a model reads, and where in it the answers stand.

Templates are jinja2, rendered as transformers' `apply_chat_template` does (a test compares), in a sandbox, for they come
with models from anywhere. jinja2 is imported when something is rendered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from tui_finetune.errors import DataError, Problem, first_line
from tui_finetune.plugin_api.conversations import Conversation, Message

NAMED: Final = {
    "chatml": (
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
    ),
    "alpaca": (
        "{% for message in messages %}{% if not loop.first %}{{ '\\n\\n' }}{% endif %}"
        "{% if message['role'] == 'system' %}{{ message['content'] }}"
        "{% elif message['role'] == 'assistant' %}{{ '### Response:\\n' + message['content'] }}{{ eos_token }}"
        "{% elif message['role'] == 'tool' %}{{ '### Result:\\n' + message['content'] }}"
        "{% else %}{{ '### Instruction:\\n' + message['content'] }}{% endif %}"
        "{% endfor %}{% if add_generation_prompt %}{{ '\\n\\n### Response:\\n' }}{% endif %}"
    ),
}
"""Templates that can be called by a name."""
Place = tuple[int, int]
"""Start and end in characters."""


@dataclass(frozen=True)
class Chat:
    """What a tokenizer says of conversations."""

    template: str | None = None
    """Its chat template; None where it has none."""
    tokens: Mapping[str, str] = field(default_factory=dict)
    """Its special tokens by name: `bos_token`, `eos_token` …"""

    @property
    def end(self) -> str:
        """The token after a text; empty where the tokenizer has none."""
        return self.tokens.get("eos_token", "")


@dataclass(frozen=True)
class Rendered:
    """A conversation as a model reads it."""

    text: str
    answers: tuple[Place, ...] = ()
    """What the assistant says in it, each with the token that ends it."""


def render(
    template: str, chat: Conversation, tokens: Mapping[str, str], *, ask: bool = False, upto: int | None = None
) -> str:
    """The text of a conversation, or of its first `upto` messages. ask: it ends where the assistant is to begin.

    Raises DataError where the template cannot be read or refuses the conversation.
    """
    import jinja2

    messages, tools = _fitted(template, chat.messages[:upto], chat.tools)
    try:
        found: str = _compiled(template).render(
            messages=messages, tools=tools or None, documents=None, add_generation_prompt=ask, **tokens
        )
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        hint = "Mend the rows, or choose another template: task_options.template."
        raise DataError(
            Problem(f"the chat template refuses a conversation: {first_line(error)}.", hint=hint)
        ) from error
    return found


def rendered(template: str, chat: Conversation, tokens: Mapping[str, str]) -> Rendered:
    """The whole conversation with the places of its answers.

    An answer stands between what is rendered before it (where the assistant is asked) and what is rendered with it. Raises
    DataError where the template writes earlier messages otherwise once more follow, so that no place can be told.
    """
    text = render(template, chat, tokens)
    places = []
    for at, message in enumerate(chat.messages):
        if message["role"] != "assistant":
            continue
        before = render(template, chat, tokens, ask=True, upto=at)
        after = render(template, chat, tokens, upto=at + 1)
        begin, end = _common(before, text), _common(after, text)
        if end < len(after.rstrip().removesuffix(tokens.get("eos_token", ""))):
            end = _end_of(str(message["content"]).strip(), after, text, begin)
        places.append((begin, end))
    return Rendered(text, tuple(places))


def _end_of(content: str, after: str, text: str, begin: int) -> int:
    """Where an answer ends that is written otherwise where nothing follows it: with the thoughts before it, for instance."""
    there, alone = text.find(content, begin), after.rfind(content)
    if not content or there < 0 or alone < 0:
        hint = 'Learn the last answer only: task_options.learn = "last".'
        message = "the chat template writes an answer otherwise once more messages follow it."
        raise DataError(Problem(message, key="task_options.template", hint=hint))
    end = there + len(content)
    return end + _common(after[alone + len(content) :], text[end:])


def last_rendered(template: str, chat: Conversation, tokens: Mapping[str, str]) -> Rendered:
    """The whole conversation with the place of its last message, which the assistant says."""
    text = render(template, chat, tokens)
    before = render(template, chat, tokens, ask=True, upto=len(chat.messages) - 1)
    return Rendered(text, ((_common(before, text), len(text)),))


def _common(one: str, other: str) -> int:
    """Characters with which both begin."""
    if other.startswith(one):
        return len(one)
    return next(at for at, (a, b) in enumerate(zip(one, other + "\0", strict=False)) if a != b)


def _fitted(
    template: str, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]
) -> tuple[list[Message], list[Mapping[str, Any]]]:
    """Calls and tools as plain text where the template knows none: they are said before all messages, and in them."""
    found = [dict(message) for message in messages]
    if "tool_calls" not in template:
        for message in found:
            calls = [json.dumps(call["function"], ensure_ascii=False) for call in message.pop("tool_calls", ())]
            message["content"] = "\n".join(part for part in (message["content"], *calls) if part)
    if tools and "tools" not in template:
        listed = "Tools:\n" + "\n".join(json.dumps(tool["function"], ensure_ascii=False) for tool in tools)
        if found and found[0]["role"] == "system":
            found[0]["content"] = f"{found[0]['content']}\n\n{listed}"
        else:
            found.insert(0, {"role": "system", "content": listed})
        return found, []
    return found, list(tools)


@lru_cache(maxsize=16)
def _compiled(template: str) -> Any:
    import jinja2.ext
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(jinja2.ext.Extension):  # type: ignore[misc]
        """`{% generation %}` marks answers for transformers; what is in it stays as it is."""

        tags = {"generation"}

        def parse(self, parser: Any) -> Any:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    def refuse(message: str) -> None:
        raise jinja2.TemplateError(message)

    def tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None, **more: Any) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **more)

    def now(pattern: str) -> str:
        import datetime

        return datetime.datetime.now().strftime(pattern)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = tojson
    environment.globals |= {"raise_exception": refuse, "strftime_now": now}
    return environment.from_string(template)
