"""Conversations, as data sets write them and as this program keeps them: a text in which a line names who speaks.

    <|user|>
    What is the capital of France?
    <|assistant|>
    Paris.

A line of a message that would be read as such a line has a backslash before it. Calls of tools stand as JSON under
`<|tool_call|>`, what came back under `<|tool|>`, the tools that there are, a JSON list, under `<|tools|>` at the beginning.
A text without such a first line is one message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Message = dict[str, Any]
"""`role` and `content`; of an assistant that calls tools also `tool_calls`, as chat templates read them."""

ROLES = {
    "human": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "ai": "assistant",
    "developer": "system",
    "observation": "tool",
    "function": "tool",
    "ipython": "tool",
    "function_call": "tool_call",
}
"""Other names of who speaks: ShareGPT's and their like."""
SPEAKERS = ("system", "user", "assistant", "tool", "tool_call", "tools")
_HEADER = re.compile(r"(\\*)<\|([a-z_]+)\|>")
_BEGINS = re.compile(rf"<\|({'|'.join(SPEAKERS)})\|>(\n|$)")


@dataclass(frozen=True)
class Conversation:
    """Messages, and the tools that are offered in them."""

    messages: tuple[Message, ...]
    tools: tuple[Mapping[str, Any], ...] = ()


def conversation(text: str, *, speaker: str = "user") -> Conversation:
    """What a text holds; one that is no conversation is a message of `speaker`. Raises ValueError for JSON that is none."""
    if _BEGINS.match(text) is None:
        return Conversation(({"role": speaker, "content": text},))
    messages: list[Message] = []
    tools: tuple[Mapping[str, Any], ...] = ()
    for role, content in _parts(text):
        if role == "tools":
            tools = tools_of(content)
        elif role == "tool_call":
            if not messages or messages[-1]["role"] != "assistant":
                messages.append({"role": "assistant", "content": ""})
            messages[-1].setdefault("tool_calls", []).append({"type": "function", "function": _call(content)})
        else:
            messages.append({"role": role, "content": content})
    return Conversation(tuple(messages), tools)


def is_conversation(text: str) -> bool:
    """True for a text that begins with a line saying who speaks."""
    return _BEGINS.match(text) is not None


def as_text(messages: Sequence[Mapping[str, Any]], tools: Any = None) -> str:
    """Messages as this program keeps them, whichever way they are written: `role` and `content`, or `from` and `value`.

    Raises ValueError for what is no message.
    """
    parts: list[tuple[str, str]] = []
    if listed := tools_of(tools):
        parts.append(("tools", _json(list(listed))))
    for message in messages:
        parts += _written(message)
    return "\n".join(f"<|{role}|>\n{_guarded(content)}" for role, content in parts)


def raw_text(value: Any, *, speaker: str = "user") -> str | None:
    """A value of a data set as text: a text as it is, a message, a list of messages. Raises ValueError for anything else."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        value = [value] if any(value.get(name) is not None for name in ("role", "from", "content", "value")) else []
    if isinstance(value, Sequence) and all(isinstance(one, Mapping) for one in value):
        return as_text(value) if value else None
    if isinstance(value, int | float):
        return str(value)
    raise ValueError(f"{type(value).__name__} is neither a text nor messages")


def tools_of(given: Any) -> tuple[Mapping[str, Any], ...]:
    """Tools as chat templates read them, from a list or its JSON; a bare description of a function is wrapped."""
    if not given:
        return ()
    found = json.loads(given) if isinstance(given, str) else given
    listed = [found] if isinstance(found, Mapping) else list(found or ())
    if not all(isinstance(one, Mapping) for one in listed):
        raise ValueError("tools are to be a JSON list of objects")
    return tuple(one if "function" in one else {"type": "function", "function": dict(one)} for one in listed)


def _parts(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, list[str]]] = []
    for line in text.split("\n"):
        header = _HEADER.fullmatch(line)
        if header is not None and not header[1] and header[2] in SPEAKERS:
            found.append((header[2], []))
        else:
            found[-1][1].append(line[1:] if header is not None and header[1] else line)
    return [(role, "\n".join(lines)) for role, lines in found]


def _guarded(content: str) -> str:
    return "\n".join(f"\\{line}" if _HEADER.fullmatch(line) else line for line in content.split("\n"))


def _written(message: Mapping[str, Any]) -> list[tuple[str, str]]:
    """One message as parts: what is said, then each call of a tool."""
    role = message.get("role") or message.get("from")
    if not isinstance(role, str):
        raise ValueError("a message names nobody: role (or from) is missing")
    speaker = ROLES.get(role.casefold(), role.casefold())
    content = message.get("content", message.get("value"))
    if isinstance(content, Sequence) and not isinstance(content, str):
        content = "".join(_piece(part) for part in content)
    said = "" if content is None else content if isinstance(content, str) else _json(content)
    if speaker not in SPEAKERS:
        raise ValueError(f"{role!r} is none of {', '.join(sorted({*SPEAKERS, *ROLES}))}")
    calls = [("tool_call", _json(_of_call(call))) for call in message.get("tool_calls") or ()]
    return calls if calls and not said else [(speaker, said), *calls]


def _piece(part: Any) -> str:
    """A part of a content that is a list: texts only."""
    text = part if isinstance(part, str) else part.get("text") if isinstance(part, Mapping) else None
    if not isinstance(text, str):
        raise ValueError("a message holds something else than text")
    return text


def _of_call(call: Mapping[str, Any]) -> Mapping[str, Any]:
    function = call.get("function")
    found = dict(function) if isinstance(function, Mapping) else dict(call)
    arguments = found.get("arguments")
    if isinstance(arguments, str):
        found["arguments"] = _loaded(arguments)
    return {name: value for name, value in found.items() if name in ("name", "arguments")}


def _call(content: str) -> Mapping[str, Any]:
    found = _loaded(content)
    return _of_call(found) if isinstance(found, Mapping) else {"name": "", "arguments": content}


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
